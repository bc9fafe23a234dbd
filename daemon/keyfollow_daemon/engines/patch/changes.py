"""What a person changed in a keyframe, told apart from what their editor's file format did to it."""

from __future__ import annotations

import numpy as np

from .pixels import Bools, Floats, cv, largest
from .recoding import noise_threshold

AUTOMATIC = -1.0
GROW_PX = 2
RIM_PX = 3
GAP_SHARE = 0.015
"""Half the greatest width of a gap, as a share of the picture's longer side."""


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


def inner(changed: Bools) -> Bools:
    """`changed` without what it was grown by and the soft edge of whatever passes in front."""
    out: Bools = cv.erode(changed.astype(np.uint8), np.ones((2 * RIM_PX + 1,) * 2, np.uint8)) > 0
    return out


def gaps(within: Bools) -> Bools:
    """``(h, w)``, narrow strips between what was changed (its `inner` part): something may have passed in front there."""
    radius = max(2, round(GAP_SHARE * max(within.shape)))
    bordered = cv.copyMakeBorder(within.astype(np.uint8), *(4 * (radius,)), cv.BORDER_CONSTANT)
    across, slope = np.ones((1, 2 * radius + 1), np.uint8), np.eye(2 * radius + 1, dtype=np.uint8)
    closed = np.zeros_like(bordered)
    for line in (across, across.T, slope, np.ascontiguousarray(slope[::-1])):
        closed |= cv.morphologyEx(bordered, cv.MORPH_CLOSE, line)
    out: Bools = (closed[radius:-radius, radius:-radius] > 0) & ~within
    return out
