"""Edited keyframes as frames of the target video whose latents are given (spec § 16).

An edited picture is inverted with the target prompt. At every step it joins the target video with the latent that its trajectory has
there; the source video has the source's frame in that place. A trajectory follows from the edit, so it is a checkpoint of the job.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from keyfollow_daemon.engines.base import Context, EditKeyframe
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays
from keyfollow_daemon.engines.patch.pixels import guide

from .info import SLOTS
from .prepared import Prepared
from .windows import Window

AT_HAND = 4
"""Trajectories kept in memory; the others lie in checkpoints."""


class Keyframes:
    """The trajectories of a run's keyframes, each made once.

    Args:
        windows: all windows of the clip: a keyframe on a frame of theirs has its source there.
        texts: embeddings of the target prompts, by prompt.
    """

    def __init__(
        self,
        given: Sequence[EditKeyframe],
        windows: Sequence[Window],
        prepared: Prepared,
        texts: Mapping[str, Tensor],
        ctx: Context,
    ) -> None:
        self._given = {k.frame: k for k in given}
        self._windows, self._prepared, self._texts, self._ctx = windows, prepared, texts, ctx
        self._levels: OrderedDict[int, Tensor] = OrderedDict()

    def near(self, window: Window) -> list[int]:
        """The keyframes that `window` looks at: the nearest two, ascending."""
        middle = (window.frames[0] + window.frames[-1]) / 2
        return sorted(sorted(self._given, key=lambda k: (window.distance([k]), abs(k - middle), k))[:SLOTS])

    def levels(self, frame: int) -> Tensor:
        """``(S + 1, 1 + targets, 4, h, w)`` float32, noisiest first: the source's frame, and the edited picture as each prompt reads it."""
        if frame not in self._levels:
            kept = self._ctx.restore(name := self.name(frame))
            if kept is None:
                picture = self._prepared.size.shrink(guide(self._given[frame].image))
                edited = [self._prepared.still(picture, text) for text in self._texts.values()]
                tensors = {"levels": torch.stack([self._source(frame), *edited], dim=1).flip(0).cpu()}
                self._ctx.checkpoint(name, to_arrays(tensors))
            else:
                tensors = from_arrays(kept)
            self._levels[frame] = tensors["levels"]
            while len(self._levels) > AT_HAND:
                self._levels.popitem(last=False)
        return self._levels[frame]

    def name(self, frame: int) -> str:
        """Of the checkpoint: a digest of all that `levels` are made from."""
        about = (
            self._given[frame].image.digest()
            + repr((frame, list(self._texts), self._prepared.keys(self._window(frame)))).encode()
        )
        return f"keyframe {hashlib.sha256(about).hexdigest()}"

    def slots(self, window: Window) -> Tensor:
        """``(S + 1, 1 + targets, E, 4, h, w)`` of the keyframes near `window`."""
        return torch.stack([self.levels(f) for f in self.near(window)], dim=2)

    def _window(self, frame: int) -> Window:
        return min(self._windows, key=lambda w: w.distance([frame]))

    def _source(self, frame: int) -> Tensor:
        window = self._window(frame)
        if frame in window.frames:
            return self._prepared[window].trajectory[:, window.frames.index(frame)]
        return self._prepared.still(self._prepared.picture(frame), self._prepared.source)
