"""What a run on latents hands out: drawn frames, keyframes as they came, and the frames between, carried there by the patch engine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from typing import Protocol

import torch
from torch import Tensor

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, EditKeyframe, Frames
from keyfollow_daemon.engines.patch.pixels import guide

from . import vae
from .between import fill_between
from .deliver import Delivery, Floats, apply_change
from .locality import Locality
from .worksize import WorkSize


class Decoder(Protocol):
    """`vae.Vae`, or another autoencoder."""

    def decode(self, latents: Tensor) -> Tensor: ...


class Handout:
    """Makes `EditedFrame`s for one edit. Reads the settings ``deliver`` and ``grain``."""

    def __init__(
        self, frames: Frames, edit: Edit, ctx: Context, size: WorkSize, autoencoder: Decoder, locality: Locality
    ) -> None:
        self._source, self._edit, self._ctx, self._vae, self._locality = frames, edit, ctx, autoencoder, locality
        self._delivery = Delivery(size, edit.settings["deliver"] == "difference", float(edit.settings["grain"]))

    def drawn(self, frame: int, latent: Tensor, source: Tensor, confidence: float) -> EditedFrame:
        """A frame from its edited latent ``(4, h, w)`` and from its source's."""
        # one by one: a smaller plan must not decode other bits
        edited, roundtrip = (vae.to_values(self._vae.decode(x[None])[0]) for x in (latent, source.to(latent)))
        return self.pictured(frame, edited, roundtrip, confidence)

    def pictured(self, frame: int, edited: Floats, roundtrip: Floats, confidence: float) -> EditedFrame:
        """A frame from what was decoded of its edit and of its source, ``(h, w, 3)`` in 0…255 at padded working size."""
        mask = self._locality.at(frame)
        seed = int.from_bytes(self._source.digest(frame)[:7], "big") ^ self._edit.seed
        image = self._delivery.frame(self._source[frame], edited, roundtrip, mask, seed)
        person = self._locality.person
        traced = None if person else (torch.ones(image.height, image.width).bool().numpy() if mask is None else mask > 0)
        return EditedFrame(frame, image, confidence, traced=traced, mask=mask if person else None)

    def keyframe(self, key: EditKeyframe) -> EditedFrame:
        """A keyframe as it is; with a person's mask, as far as that lets it."""
        source = self._source[key.frame]
        if not self._locality.person:
            return EditedFrame(key.frame, key.image, 1.0, traced=(key.image.pixels != source.pixels).any(axis=2))
        mask = self._locality.at(key.frame)
        assert mask is not None
        change = guide(key.image).astype("float32") - guide(source)
        image = apply_change(source, change * mask[..., None])
        image.pixels[mask == 1] = key.image.pixels[mask == 1]
        return EditedFrame(key.frame, image, 1.0, mask=mask)

    def with_those_between(self, made: Collection[int], finished: Callable[[int], EditedFrame]) -> Iterator[EditedFrame]:
        """The wanted ones of the frames `made`, ascending, which `finished` hands out, and of all that lie between and beyond them."""
        keyframes = {k.frame: k for k in self._edit.keyframes}
        marks = sorted({*made, *keyframes})
        between = sorted(set(self._edit.wanted) - set(marks))
        last: EditKeyframe | None = None
        for place, mark in enumerate(marks):
            if mark in keyframes:
                key = keyframes[mark]
            else:
                frame = finished(mark)
                key = EditKeyframe(mark, frame.image)
                if mark in self._edit.wanted:
                    yield frame
            keys = [key] if last is None else [last, key]
            yield from self._gap(between, -1 if last is None else last.frame, mark, keys)
            if place == len(marks) - 1:
                yield from self._gap(between, mark, self._source.count, [key])
            last = key

    def _gap(self, between: list[int], after: int, before: int, keys: list[EditKeyframe]) -> Iterator[EditedFrame]:
        inside = between[bisect_left(between, after + 1) : bisect_left(between, before)]
        masks = self._edit.masks if self._locality.person else ()
        yield from fill_between(self._source, keys, inside, masks, self._edit, self._ctx)


def similarity(a: Tensor, b: Tensor) -> float:
    """Cosine of two latents, 0…1: how much of one frame is found in the other at the same place."""
    found = torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0)
    return float(found.clamp(0, 1))
