"""A change made at working size, at the source's size.

What a model did to a place is read as a map of colours, affine in a small window: drawn ≈ M s + b, for the source s. Where the source's
structure lived on, however strongly it was recoloured, M says how, and the full-size source put through it keeps its own detail and its
own edges. Where the picture is new nothing is explained by the source: M goes to nothing, and with it the source's detail, which would
be a ghost. What the maps leave is enlarged as it is. (Local affine maps: guided filter, He, Sun, Tang 2013, eq. 14 to 16, applied at
another size as in He, Sun 2015, arXiv 1505.00996; here ridge-regressed towards *unchanged*, and averaged by how well they fit, so that
windows across an edge give way to those beside it.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
cv: Any = cv2
RADIUS = 2
RIDGE = 4.0
"""Variance (8-bit units) below which a window's structure is not trusted to tell a slope: the source's detail stays as it is."""
MISFIT = 1.0
"""Variance left unexplained, at which a window counts a quarter of one that fits."""
UNSURE = 16.0
"""Variance of what was drawn, all channels together, below which unexplained parts are taken for noise."""
RETURNED = np.float32(0.7)
"""Share of what shrinking shows to be missing that is put back. All of it rings at edges that the source does not have."""


@dataclass(frozen=True, slots=True, eq=False)
class Enlarged:
    """`change` is ``(H, W, 3)``; `new` ``(h, w)`` in 0…1 says where no detail of the source, and so none of its grain, is left."""

    change: Floats
    new: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Maps:
    """change ≈ slope^T s + offset: ``(h, w, 3, 3)`` with source channels first, ``(h, w, 3)``."""

    slope: Floats
    offset: Floats
    new: Floats


def enlarge_change(change: Floats, small: Floats, full: Floats) -> Enlarged:
    """`change` ``(h, w, 3)`` at the size of the source `full` ``(H, W, 3)``; `small` is `full` at ``(h, w)``. All in 8-bit units.

    Shrunk again, the result is the change that was given, but for a small remainder.
    """
    size, low = (full.shape[1], full.shape[0]), (change.shape[1], change.shape[0])

    def larger(plane: Floats, kind: int = cv.INTER_LINEAR) -> Floats:
        out: Floats = cv.resize(np.ascontiguousarray(plane, np.float32), size, interpolation=kind)
        return out

    maps = _fitted(np.asarray(change, np.float32), np.asarray(small, np.float32))
    left = change - maps.offset - np.einsum("hwi,hwij->hwj", small, maps.slope)
    out = larger(left, cv.INTER_CUBIC)
    out += larger(maps.offset)
    for channel in range(3):  # one at a time: all nine planes of a 4K slope are 300 MB
        out += larger(maps.slope[:, :, channel]) * full[..., channel : channel + 1]
    out += larger(RETURNED * (change - cv.resize(out, low, interpolation=cv.INTER_AREA)), cv.INTER_CUBIC)
    return Enlarged(out, maps.new)


def _fitted(change: Floats, small: Floats) -> _Maps:
    middle, moved = _mean(small), _mean(change)
    height, width, _ = small.shape
    spread = np.empty((height, width, 3, 3), np.float32)
    shared = np.empty_like(spread)
    for i in range(3):
        own = small[..., i : i + 1]
        spread[:, :, i] = _mean(own * small) - middle[..., i : i + 1] * middle
        shared[:, :, i] = _mean(own * change) - middle[..., i : i + 1] * moved
    unchanged = np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(spread + np.float32(RIDGE) * unchanged, shared)
    total = (_mean(change * change) - moved * moved).sum(axis=2)
    bent = 2 * (slope * shared).sum(axis=(2, 3)) - (slope * (spread @ slope)).sum(axis=(2, 3))
    unexplained = np.clip(total - bent, 0, None)
    drawn = small + change
    varied = (_mean(drawn * drawn) - _mean(drawn) ** 2).sum(axis=2) + UNSURE
    sure = 1 - np.clip(unexplained / varied, 0, 1)
    slope = sure[..., None, None] * (unchanged + slope) - unchanged
    offset = moved - np.einsum("hwi,hwij->hwj", middle, slope)
    # in the directions in which the window varies at all
    mapped = unchanged + slope
    power = (mapped * ((spread + np.float32(RIDGE) * unchanged) @ mapped)).sum(axis=(2, 3))
    survives = np.sqrt(power / (np.trace(spread, axis1=2, axis2=3) + 3 * RIDGE))
    # something flat is explained by anything: only what varies with the source shows that it lived on
    lived_on = np.clip(sure - UNSURE / varied, 0, 1)
    new = np.clip(1 - 2 * survives, 0, 1) * (1 - lived_on)
    fit = (1 / (unexplained + np.float32(MISFIT)) ** 2).astype(np.float32)
    scale = _mean(fit)[..., None]
    for i in range(3):
        slope[:, :, i] = _mean(fit[..., None] * slope[:, :, i]) / scale
    return _Maps(slope, _mean(fit[..., None] * offset) / scale, _mean(fit * new) / scale[..., 0])


def _mean(picture: Floats) -> Floats:
    out: Floats = cv.blur(picture, (2 * RADIUS + 1, 2 * RADIUS + 1), borderType=cv.BORDER_REFLECT)
    return out
