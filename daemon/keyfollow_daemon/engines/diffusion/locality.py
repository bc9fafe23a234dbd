"""Where a run may change a frame: the person's masks, else what the keyframes changed, both carried along the picture's motion.

The motion is the patch engine's: its flows, its correspondences, its cache entries.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from keyfollow_daemon.engines.base import Context, Edit, EditMask, Frames, InversionSpec
from keyfollow_daemon.engines.patch import info as patch_info
from keyfollow_daemon.engines.patch.changes import change_mask
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.engines.patch.masks import Masks
from keyfollow_daemon.engines.patch.pixels import values
from keyfollow_daemon.engines.patch.track import Tracks

from .worksize import WorkSize, cv

Floats = npt.NDArray[np.float32]
EVERYWHERE = 0.9
"""Share of a keyframe from which on its edit is one of the whole picture."""


def patch_spec(draft: bool) -> InversionSpec:
    """The specification under which the patch engine caches its flows."""
    about = patch_info.describe()
    return InversionSpec(about.id, about.version, draft=draft)


class Locality:
    """`person` tells whose mask it is. Without any mask, everything may change."""

    def __init__(self, frames: Frames, edit: Edit, ctx: Context, size: WorkSize) -> None:
        self._frames, self._size = frames, size
        self.person = bool(len(edit.masks))
        self._tracks = Tracks(Flows(frames, patch_spec(edit.draft), ctx), ctx.check, edit.draft)
        given = edit.masks if self.person else _changed(frames, edit)
        self._masks = Masks(given, self._follow, float(edit.settings["feather"]))
        self._latent: dict[int, Tensor] = {}

    def __bool__(self) -> bool:
        return bool(self._masks)

    def at(self, frame: int) -> Floats | None:
        """``(H, W)`` in 0…1 at source size; None where everything may change."""
        return self._masks.at(frame).astype(np.float32) if self._masks else None

    def latent(self, frame: int) -> Tensor | None:
        """``(1, h, w)`` at the latent's size, each pixel the largest weight that it covers."""
        if not self._masks:
            return None
        if frame not in self._latent:
            small = self._size.shrink(self._masks.at(frame).astype(np.float32))
            block = torch.nn.functional.max_pool2d(torch.from_numpy(small)[None], 8)
            self._latent[frame] = block
        return self._latent[frame]

    def _follow(self, key: int, frame: int) -> Floats:
        return self._tracks.where(key, frame, self._frames.size).astype(np.float32)


def _changed(frames: Frames, edit: Edit) -> Sequence[EditMask]:
    """What each keyframe changed, as masks; none when an edit covers the picture, or the setting asks for none."""
    if not edit.settings["local"]:
        return ()
    grow = np.ones((9, 9), np.uint8)
    made = []
    for key in edit.keyframes:
        changed = change_mask(values(key.image), values(frames[key.frame]))
        if changed.mean() > EVERYWHERE:
            return ()
        made.append(EditMask("edit", key.frame, cv.dilate(changed.astype(np.uint8), grow).astype(np.float32)))
    return made
