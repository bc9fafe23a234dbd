"""What the engine knows of the source alone: latents, depth and inversion trajectories, one cache entry a frame.

A frame's entry depends on that frame, the settings that matter to inversion, the model, the source prompt and, where depth is scaled
for the clip, on the scale; that one is found on frames spread over the whole clip, so that it does not depend on a run's range.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from keyfollow.edits import SettingValue
from torch import Tensor

from keyfollow_daemon.cache.keys import entry_key
from keyfollow_daemon.engines.base import Array, Context, Frames, InversionSpec
from keyfollow_daemon.engines.diffusion import ddim, vae
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays
from keyfollow_daemon.engines.diffusion.backbone import TextState
from keyfollow_daemon.engines.diffusion.depth import normalised, resized
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.sarp import perturbed
from keyfollow_daemon.engines.diffusion.worksize import WorkSize
from keyfollow_daemon.engines.patch.pixels import guide

from .info import AT_HAND, trajectory_bytes

SAMPLED = 16
"""Frames on which a clip's depth scale is found."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedFrame:
    """One frame's inversion.

    Args:
        latents: ``(T + 1, 4, h, w)``, the clean latent first; the ends float32, what lies between half precision.
        depth: ``(1, h, w)`` normalised; None for models that read none.
    """

    latents: tuple[Tensor, Tensor, Tensor]
    depth: Tensor | None

    def level(self, risen: int) -> Tensor:
        """``(4, h, w)`` float32 after `risen` steps of inversion."""
        clean, between, noise = self.latents
        if risen == 0:
            return clean
        return noise if risen > len(between) else between[risen - 1].float()


class Prepared:
    """The source's inversion, frame by frame; what is missing or damaged is computed and saved."""

    def __init__(
        self,
        frames: Frames,
        spec: InversionSpec,
        ctx: Context,
        model: Model,
        size: WorkSize,
        levels: ddim.Schedule,
        prompt: str,
        batch: int,
    ) -> None:
        self._frames, self._spec, self._ctx, self._model = frames, spec, ctx, model
        self.size, self._levels, self._prompt, self._batch = size, levels, prompt, batch
        self._bounds: tuple[float, float] | None = None
        # by step every frame's trajectory is asked for at every step: those of a shot stay at hand
        height, width = size.latent
        self._room = max(8, AT_HAND // trajectory_bytes(height, width, len(levels)))
        self._at_hand: OrderedDict[int, PreparedFrame] = OrderedDict()
        self._keys: dict[int, str] = {}

    def key(self, frame: int) -> str:
        """Cache key of the frame's entry."""
        if frame not in self._keys:
            self._keys[frame] = self._key("", [self._frames.digest(frame)], low_high=self._scale())
        return self._keys[frame]

    def prepare(self, wanted: Sequence[int]) -> list[str]:
        """Make sure that all of `wanted` are in the cache; their keys, in order."""
        total = len(wanted)
        missing = []
        for done, frame in enumerate(wanted):
            self._ctx.check()
            if self._ctx.cache.load(self.key(frame)) is None:
                missing.append(frame)
            self._ctx.progress("Preparing", done - len(missing) + 1, total)
        for at in range(0, len(missing), self._batch):
            self._compute(missing[at : at + self._batch])
            self._ctx.progress("Preparing", total - len(missing) + min(len(missing), at + self._batch), total)
        return [self.key(f) for f in wanted]

    def __getitem__(self, frame: int) -> PreparedFrame:
        if frame in self._at_hand:
            self._at_hand.move_to_end(frame)
        else:
            stored = self._ctx.cache.load(self.key(frame))
            if stored is None:
                self._compute([frame])
                stored = self._ctx.cache.load(self.key(frame))
            assert stored is not None
            self._at_hand[frame] = _unpack(stored)
            while len(self._at_hand) > self._room:
                self._at_hand.popitem(last=False)
        return self._at_hand[frame]

    def depth_of(self, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Tensor | None:
        """Depth ``(1, h, w)`` of an RGB picture at padded working size, scaled like the source's."""
        if not self._model.backbone.needs_depth:
            return None
        found = self._raw_depth(picture)
        low, high = self._scale() or (float(found.min()), float(found.max()))
        return normalised(found, low, high)[None]

    def picture(self, frame: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """The frame as the model sees it: ``(h, w, 3)`` uint8, padded."""
        return self.size.shrink(guide(self._frames[frame]))

    def invert(self, latents: Tensor, depths: Sequence[Tensor | None], text: TextState) -> Tensor:
        """``(n, T + 1, 4, h, w)`` float32 trajectories on the device, conditional half only."""
        device = self._model.device
        maps = [d for d in depths if d is not None]
        depth = torch.stack(maps).to(device) if maps else None
        state = TextState(text.tokens.to(device), None if text.pooled is None else text.pooled.to(device))

        def predict(x: Tensor, t: Tensor) -> Tensor:
            self._ctx.check()
            self._model.backbone.tap.references = None
            return self._model.backbone(x, t, state, depth)

        return torch.stack(list(ddim.invert(predict, latents.to(device), self._levels)), dim=1)

    def _compute(self, missing: Sequence[int]) -> None:
        # always as many rows: a kernel's last bits may depend on their number, and must not on what happened to be in the cache
        frames = [*missing, *[missing[-1]] * (self._batch - len(missing))]
        pictures = [self.picture(f) for f in frames]
        inputs = torch.stack([vae.from_bytes(p) for p in pictures])
        strength = float(self._spec.settings["sarp"])
        clean = self._model.vae.encode(inputs)
        start = clean
        if strength > 0:
            noisy = [perturbed(x[None], strength, _seed(self._frames.digest(f))) for f, x in zip(frames, inputs, strict=True)]
            start = self._model.vae.encode(torch.cat(noisy))
        depths = [self.depth_of(p) for p in pictures]
        trajectories = self.invert(start, depths, self._model.text(self._prompt))
        for frame, own, latents, depth in list(zip(frames, clean, trajectories, depths, strict=True))[: len(missing)]:
            tensors = {"clean": own, "between": latents[1:-1].half(), "noise": latents[-1]}
            if depth is not None:
                tensors["depth"] = depth
            self._ctx.cache.save(self.key(frame), to_arrays(tensors))

    def _raw_depth(self, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Tensor:
        assert self._model.depth is not None
        return resized(self._model.depth(picture), *self.size.latent)

    def _scale(self) -> tuple[float, float] | None:
        if not self._model.backbone.needs_depth or self._spec.settings["depth_normalisation"] == "frame":
            return None
        if self._bounds is None:
            count = self._frames.count
            sampled = sorted({round(i * (count - 1) / (SAMPLED - 1)) for i in range(SAMPLED)})
            key = self._key("depth scale", [self._frames.digest(f) for f in sampled])
            stored = self._ctx.cache.load(key)
            if stored is None:
                maps = [self._raw_depth(self.picture(f)) for f in sampled]
                stored = {"bounds": np.array([min(float(m.min()) for m in maps), max(float(m.max()) for m in maps)])}
                self._ctx.cache.save(key, stored)
            low, high = stored["bounds"].tolist()
            self._bounds = (low, high)
        return self._bounds

    def _key(self, what: str, digests: Sequence[bytes], low_high: tuple[float, float] | None = None) -> str:
        settings: dict[str, SettingValue] = {
            **_matters(self._spec.settings, what),
            "what": what,
            "content": f"{self.size.content} in {self.size.padded}",
            "scale": str(low_high),
        }
        if not what:
            settings["timesteps"] = str(self._levels.timesteps)
        return entry_key(
            engine=self._spec.engine,
            version=self._spec.version,
            settings=settings,
            model_revision=self._spec.model_revision,
            dtype=self._spec.dtype,
            prompt=self._prompt if not what else "",
            digests=digests,
        )


def _matters(settings: Mapping[str, SettingValue], what: str) -> dict[str, SettingValue]:
    return {} if what else {name: settings[name] for name in ("sarp", "depth_normalisation")}


def _unpack(stored: Mapping[str, Array]) -> PreparedFrame:
    t = from_arrays(stored)
    return PreparedFrame((t["clean"], t["between"], t["noise"]), t.get("depth"))


def _seed(digest: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"sarp" + digest).digest()[:7], "big")
