"""Motion blur: an edited object that is sharp in the keyframe is not in a frame in which it moves fast, and would not be known again.

The keyframe is smeared along the object's motion before the two are compared, as far as makes them most alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .pixels import Bytes, Floats, around, cv

SHUTTERS = (0.25, 0.5)
"""Shares of a frame that shutters are open for: a film camera's is half, and less in bright light."""
LEAST_PX = 2.0
"""What is smeared by less (of the analysis) is sharp."""


def smears(motion: Floats) -> list[tuple[float, float]]:
    """What a motion (x, y), px of the keyframe per frame, may smear it by; nothing, if that is slow."""
    out = []
    for shutter in SHUTTERS:
        x, y = shutter * float(motion[0]), shutter * float(motion[1])
        if math.hypot(x, y) >= LEAST_PX:
            out.append((x, y))
    return out


def smeared(guide: Bytes, areas: Sequence[Bytes], by: Sequence[tuple[float, float]]) -> Bytes:
    """``(h, w, 3)`` uint8, a keyframe's source with each of the `areas` smeared `by` (x, y) px, and what lies beside it as far as that reaches."""
    out = guide.copy()
    for area, (x, y) in zip(areas, by, strict=True):
        length = math.hypot(x, y)
        if length == 0:
            continue
        margin = math.ceil(0.5 * length) + 1
        reach = cv.dilate(area, np.ones((2 * margin + 1,) * 2, np.uint8)) > 0
        window = around(reach, margin)
        sharp = guide[window].astype(np.float32)
        total, count = np.zeros_like(sharp), math.ceil(length) + 1
        for share in np.linspace(-0.5, 0.5, count):
            shift = np.array([[1, 0, share * x], [0, 1, share * y]], np.float32)
            total += cv.warpAffine(sharp, shift, sharp.shape[1::-1], flags=cv.INTER_LINEAR, borderMode=cv.BORDER_REPLICATE)
        out[window][reach[window]] = np.rint(total / count)[reach[window]].astype(np.uint8)
    return out
