"""The last fraction of a pixel: offsets moved to where the keyframe's detail agrees with the frame's, one step of Lucas & Kanade (1981).

Drafts estimate motion at a coarser level than finals, which leaves their tracks some tenths of a pixel off. From so near, the slope of
the keyframe's detail tells the rest: with d the difference of the evened pictures and g the slope, both over a small window,

    offset += (sum g g' + R I)^-1 sum g d

Where there is nothing to go by the ridge R keeps the offset as it is, and along an edge, which tells nothing of that direction.
"""

from __future__ import annotations

import numpy as np

from .kernels import kernel, rows
from .matching import PATCH_RADIUS, KeyView
from .pixels import Bools, Bytes, Floats, around, box, cv

RIDGE = 100.0
"""Mean squared slope (units of the evened picture per pixel) of noise: with as much of it from the picture, half a step is taken."""
MOST_PX = 1.0
"""Longest step: what lies further off is no fraction of a pixel."""
SUMS = 5


class Aligned:
    """A keyframe's detail as a target: the evened picture and its slopes across and down."""

    def __init__(self, key: KeyView) -> None:
        wide = key.evened.astype(np.float32)
        slopes = (cv.Scharr(wide, -1, *axis, scale=1 / 32) for axis in ((1, 0), (0, 1)))
        self._target = np.dstack([wide, *slopes])

    def __call__(self, offset: Floats, tracked: Floats, detail: Bytes, where: Bools) -> Floats:
        """`offset` ``(h, w, 2)``, aligned in the rectangle that holds `where` as far as it is `tracked`.

        Args:
            offset, tracked: as in `Correspondence`.
            detail: ``(h, w)`` uint8, the frame's `evened` copy.
        """
        window = around(where, PATCH_RADIUS)
        known = tracked[window] > 0.5
        if not known.any():
            return offset
        out = offset.copy()
        part, corner = out[window], (window[0].start, window[1].start)
        sums = np.empty((*known.shape, SUMS), np.float32)
        rows(_compared, len(known), self._target, detail[window], part, corner, known, sums)
        rows(_moved, len(known), box(sums, PATCH_RADIUS), known, part)
        return out


@kernel
def _compared(
    first: int, end: int, target: Floats, detail: Bytes, offset: Floats, corner: tuple[int, int], known: Bools, sums: Floats
) -> None:
    """Per `known` pixel: products of slopes (xx, xy, yy), and slopes (x, y) times the difference."""
    height, width, _ = target.shape
    zero, one = np.float32(0), np.float32(1)
    for y in range(first, end):
        for x in range(known.shape[1]):
            if not known[y, x]:
                for n in range(SUMS):
                    sums[y, x, n] = zero
                continue
            u = min(max(np.float32(x + corner[1]) + offset[y, x, 0], zero), np.float32(width - 1))
            v = min(max(np.float32(y + corner[0]) + offset[y, x, 1], zero), np.float32(height - 1))
            left, top = int(u), int(v)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            a, b = np.float32(u - left), np.float32(v - top)
            p, q, r, s = (one - a) * (one - b), a * (one - b), (one - a) * b, a * b
            up, low = target[top], target[bottom]
            there = p * up[left, 0] + q * up[right, 0] + r * low[left, 0] + s * low[right, 0]
            across = p * up[left, 1] + q * up[right, 1] + r * low[left, 1] + s * low[right, 1]
            down = p * up[left, 2] + q * up[right, 2] + r * low[left, 2] + s * low[right, 2]
            apart = np.float32(detail[y, x]) - there
            sums[y, x, 0], sums[y, x, 1], sums[y, x, 2] = across * across, across * down, down * down
            sums[y, x, 3], sums[y, x, 4] = across * apart, down * apart


@kernel
def _moved(first: int, end: int, means: Floats, known: Bools, offset: Floats) -> None:
    for y in range(first, end):
        for x in range(known.shape[1]):
            if known[y, x]:
                xx, xy, yy = means[y, x, 0] + np.float32(RIDGE), means[y, x, 1], means[y, x, 2] + np.float32(RIDGE)
                determinant = xx * yy - xy * xy
                across = (yy * means[y, x, 3] - xy * means[y, x, 4]) / determinant
                down = (xx * means[y, x, 4] - xy * means[y, x, 3]) / determinant
                share = min(np.float32(1), np.float32(MOST_PX) / max(np.sqrt(across * across + down * down), np.float32(1e-6)))
                offset[y, x, 0] += share * across
                offset[y, x, 1] += share * down
