"""What a person changed in a keyframe, told apart from what their editor's file format did to it."""

from __future__ import annotations

import numpy as np

from .pixels import Bools, Floats, cv, largest

AUTOMATIC = -1.0
TILE = 8
GROW_PX = 2


def change_mask(keyframe: Floats, source: Floats, threshold: float = AUTOMATIC) -> Bools:
    """Pixels that the edit touched, ``(h, w)``, grown by 2 px.

    Args:
        keyframe, source: ``(h, w, c)`` float32 in 8-bit units.
        threshold: largest difference (8-bit units, any channel) that still counts as untouched; `AUTOMATIC` finds it.
    """
    difference = largest(keyframe - source)
    if threshold < 0:
        threshold = noise_threshold(keyframe, source)
    changed = (difference > threshold).astype(np.uint8)
    if threshold > 0:
        changed = cv.morphologyEx(changed, cv.MORPH_OPEN, np.ones((2, 2), np.uint8))
    side = 2 * (GROW_PX + (2 if threshold > 0 else 0)) + 1
    out: Bools = cv.dilate(changed, cv.getStructuringElement(cv.MORPH_ELLIPSE, (side, side))) > 0
    return out


def noise_threshold(keyframe: Floats, source: Floats) -> float:
    """0 for a keyframe that was stored exactly; else a bound on what re-encoding it (JPEG…) did, in 8-bit units, at most 16.

    Re-encoding shows as 8 x 8 tiles that all differ a little around a mean of zero, where an exact file has tiles without any
    difference. It is believed when such tiles fill a third of the picture and outnumber the exact ones.
    """
    height, width = (n - n % TILE for n in source.shape[:2])
    if not height or not width:
        return 0.0
    difference = np.ascontiguousarray((keyframe - source)[:height, :width, :3])
    most = largest(difference).reshape(height // TILE, TILE, width // TILE, TILE).max(axis=3).max(axis=1)
    noisy = (most > 0) & (most < 24)
    if not _outnumber(noisy, most == 0):  # an exact file is told without the tiles' means, which take ten times as long
        return 0.0
    tiles = difference.reshape(height // TILE, TILE, width // TILE, TILE, 3)
    noisy &= np.abs(tiles.mean(axis=(1, 3))).max(axis=2) < 1.5
    if not _outnumber(noisy, most == 0):
        return 0.0
    return float(min(16.0, np.percentile(most[noisy], 99) + 1.0))


def _outnumber(noisy: Bools, exact: Bools) -> bool:
    return bool(noisy.mean() >= 1 / 3 and noisy.sum() >= 2 * exact.sum())
