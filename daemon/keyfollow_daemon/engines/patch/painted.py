"""What was painted onto a surface, rather than a thing recoloured: its outline lies amid the surface, which goes on alike on both sides of it.

Whatever its colours, a logo, a patch or a spot taken out goes where the surface goes; the outline of a recoloured thing is the thing's own.
"""

from __future__ import annotations

import numpy as np

from .pixels import Bools, Bytes, Floats, box, cv

LEAST_SHARE, MOST_SHARE = 0.0008, 0.05
"""Of the picture: what is smaller tells too little of how it lies, what is larger has enough of its own to be followed by."""
MERGE_PX = 9
"""What lies nearer to each other is painted together."""
BAND_PX, WINDOW_PX = 3, 3
"""How far from the outline colours are compared, and the radius over which their means are taken."""
LEAST_PX = 4
"""Of either side, so many px must lie in the window."""
ALIKE, AMID = 20.0, 0.5
"""Difference of mean colours (8-bit units, any channel) up to which both sides are alike, and share of the outline where they must be."""


def painted(source: Floats, inside: Bools) -> Bools:
    """``(h, w)``, those areas of an edit that were painted onto something.

    Args:
        source: ``(h, w, 3)`` float32 of the keyframe's source, 8-bit units.
        inside: ``(h, w)``, what the edit touched.
    """
    out = np.zeros_like(inside)
    joined = cv.dilate(inside.astype(np.uint8), np.ones((MERGE_PX, MERGE_PX), np.uint8))
    count, labels, stats, _ = cv.connectedComponentsWithStats(joined)
    margin = BAND_PX + WINDOW_PX + 2
    for n in range(1, count):
        left, top, width, height = stats[n, :4]
        rows, columns = slice(max(0, top - margin), top + height + margin), slice(max(0, left - margin), left + width + margin)
        area = (inside[rows, columns] & (labels[rows, columns] == n)).astype(np.uint8)
        if LEAST_SHARE < area.sum() / inside.size < MOST_SHARE and _amid(source[rows, columns], area, inside[rows, columns]):
            out[rows, columns] |= area > 0
    return out


def _amid(source: Floats, area: Bytes, inside: Bools) -> bool:
    """Whether most of the outline of an `area` has the same colours on both sides; other areas `inside` are left out."""
    depth, away = (cv.distanceTransform(each, cv.DIST_L2, cv.DIST_MASK_5) for each in (area, 1 - area))
    here, weight = _means(source, (depth > 1) & (depth <= BAND_PX))
    beside, other = _means(source, (away > 1) & (away <= BAND_PX) & ~inside)
    asked = (depth > 0) & (depth <= 1.5) & (weight > LEAST_PX) & (other > LEAST_PX)
    apart = np.abs(here - beside).max(axis=2)[asked]
    return bool(apart.size and (apart < ALIKE).mean() > AMID)


def _means(source: Floats, where: Bools) -> tuple[Floats, Floats]:
    """The mean colours of what is `where` around every pixel, and how many px that is."""
    weight = where.astype(np.float32)
    share = box(weight, WINDOW_PX)
    mean = box(source * weight[..., None], WINDOW_PX) / np.maximum(share, 1e-6)[..., None]
    return mean, share * (2 * WINDOW_PX + 1) ** 2
