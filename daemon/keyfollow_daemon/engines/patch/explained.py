"""How well the edit model explains a keyframe: a grade or a retouch is a local map of colours, a new manner of drawing is not."""

from __future__ import annotations

import numpy as np
from keyfollow.frames import FrameBuffer

from .affine import fit
from .pixels import Bools, Floats, cv, values

LONG_SIDE = 512
"""Judged at this size at most: what counts as detail depends on the picture, not on its resolution."""
TILES = 16
LEAST, SHARE = 8.0, 0.25
"""Unexplained is what the map misses by more than this (8-bit units), plus a share of the edit."""
IN_A_TILE = 0.04
REDRAWN = 0.2
"""Share of the picture's tiles from which on it counts as redrawn."""
COVERED = 0.9


def redrawn(keyframe: FrameBuffer, source: FrameBuffer, changed: Bools) -> bool:
    """Whether the edit, which `changed` (a `change_mask`) these pixels, redraws the whole picture, so that carrying a colour map along
    would lose it."""
    return bool(changed.mean() > COVERED and unexplained(values(keyframe)[..., :3], values(source)[..., :3]) > REDRAWN)


def unexplained(after: Floats, before: Floats) -> float:
    """Share 0…1 of the picture's tiles in which the local affine colour map (`affine.fit`) misses part of the edit.

    Counted in tiles, since a logo on top of a grade is not explained either, but in few places.

    Args:
        after, before: ``(h, w, 3)`` float32, 8-bit units.
    """
    height, width = after.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    after, before = (cv.resize(picture, size, interpolation=cv.INTER_AREA) for picture in (after, before))
    matrix, shift = fit(before, after)
    missed = np.abs(after - np.einsum("hwij,hwj->hwi", matrix, before) - shift).mean(axis=2)
    much = missed > LEAST + SHARE * np.abs(after - before).mean(axis=2)
    tiles = cv.resize(much.astype(np.float32), (TILES, TILES), interpolation=cv.INTER_AREA)
    return float((tiles > IN_A_TILE).mean())
