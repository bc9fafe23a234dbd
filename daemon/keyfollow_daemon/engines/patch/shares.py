"""How much of a say each keyframe has in a pixel.

Where both take a pixel for edited and much the same way, what sets them apart is noise, which a mean of the two has less of. The further
their edits are apart, beside how far the pictures themselves are, the surer one of them is wrong, and the better one is chosen. Whether a
pixel is edited at all is always chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Floats, around, box, cv
from .proposal import Proposal

FLOOR = 1e-4
"""Keeps the better match in charge where no keyframe saw the content."""
SHRINK = 2
LEAST_AREA, MOST_AREA = 0.25, 4.0
"""Where neighbours lie on two objects, the area between them tells nothing."""
MISFIT_NOISE, MISFIT_RADIUS = 40.0, 4
"""Misfit that noise alone makes; and how far around a pixel it is averaged."""
APART_NOISE = 10.0
"""The same of `matching.detail_apart`."""
SPREAD_NOISE, SPREAD_RADIUS = 2.0, 2
"""How far two edits are apart by noise alone, 8-bit units; and how far around a pixel that is averaged."""
STRICT, DISAGREED = 0.175, 14.0
"""How fast choosing grows with disagreement; fitted, as were the powers in `_weigh`, on ten clips whose answer is known, each left out once."""
LEAST_CONFIDENCE = 1e-3


def shares(proposals: Sequence[tuple[Proposal, float, Floats]], apart: Sequence[Floats] | None) -> list[Floats]:
    """Each keyframe's share of every pixel, ``(h, w)`` float32, together 1; smoothed over 3 px.

    Args:
        proposals: as `merge.merge` takes them.
        apart: per keyframe ``(h, w)``, `matching.detail_apart` of its source and the frame. None: how noisy they are is not known, and one is
            always chosen.
    """
    parts = [p for p, _, _ in proposals]
    misfit = tuple(box(p.misfit, MISFIT_RADIUS) for p in parts)
    area = tuple(magnified(offset) for _, _, offset in proposals)
    agreed = np.zeros(misfit[0].shape, np.bool_)
    if apart is not None:
        agreed = np.logical_and.reduce([p.reach > 0 for p in parts])
    away = tuple(np.zeros_like(misfit[0]) for _ in parts) if apart is None else tuple(apart)
    in_time = np.array([share for _, share, _ in proposals], np.float32)
    out = np.empty((len(parts), *agreed.shape), np.float32)
    confidence = tuple(p.confidence for p in parts)
    rows(_weigh, len(agreed), in_time, confidence, misfit, area, away, agreed, spread([p.edit for p in parts], agreed), out)
    smooth = [box(out[k], 1) for k in range(len(parts))]
    total = np.maximum(np.add.reduce(smooth), 1e-12)
    return [weight / total for weight in smooth]


def spread(edits: Sequence[Floats], where: Bools) -> Floats:
    """``(h, w)`` float32, how far the `edits`, ``(h, w, c)`` each, are apart around each pixel of `where`: for two, the root mean square
    difference; elsewhere 0."""
    out = np.zeros(where.shape, np.float32)
    part = around(where, SPREAD_RADIUS)
    square = np.empty_like(out[part])
    if square.size:
        rows(_squared, len(square), tuple(edit[part] for edit in edits), square)
        out[part] = np.sqrt(box(square, SPREAD_RADIUS) + np.float32(SPREAD_NOISE**2))
    return out


@kernel
def _squared(first: int, end: int, edits: tuple[Floats, ...], square: Floats) -> None:
    """Twice the variance of several `edits`, mean of the three colours."""
    count = len(edits)
    share = np.float32(2 / (3 * max(1, count - 1)))
    for y in range(first, end):
        for x in range(square.shape[1]):
            total = np.float32(0)
            for c in range(3):
                mean = np.float32(0)
                for k in range(count):
                    mean += edits[k][y, x, c] / np.float32(count)
                for k in range(count):
                    total += (edits[k][y, x, c] - mean) ** 2
            square[y, x] = share * total


def magnified(offset: Floats) -> Floats:
    """``(h, w)``, how many of the keyframe's pixels a pixel shows: a surface that the keyframe shows larger was painted finer there."""
    height, width = offset.shape[:2]
    small = cv.resize(offset, (max(1, width // SHRINK), max(1, height // SHRINK)), interpolation=cv.INTER_AREA)
    across, down = (cv.Scharr(small, cv.CV_32F, *axes, scale=1 / (32 * SHRINK)) for axes in ((1, 0), (0, 1)))
    area = np.abs((1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0])
    out: Floats = cv.resize(box(np.clip(area, LEAST_AREA, MOST_AREA), 1), (width, height))
    return out


@kernel
def _weigh(
    first: int,
    end: int,
    in_time: Floats,
    confidence: tuple[Floats, ...],
    misfit: tuple[Floats, ...],
    area: tuple[Floats, ...],
    apart: tuple[Floats, ...],
    agreed: Bools,
    spread: Floats,
    out: Floats,
) -> None:
    """Weights that add up to 1, ``(keyframes, h, w)``; `in_time` is ``(keyframes,)``, planes ``(h, w)``."""
    count = len(in_time)
    for y in range(first, end):
        for x in range(agreed.shape[1]):
            total, most, noise = np.float32(0), np.float32(-np.inf), np.float32(1)
            for k in range(count):
                poor = misfit[k][y, x] + np.float32(MISFIT_NOISE)
                sure, away = confidence[k][y, x], apart[k][y, x] + np.float32(APART_NOISE)
                if agreed[y, x]:
                    sure = max(sure, np.float32(LEAST_CONFIDENCE))
                    out[k, y, x] = np.log(in_time[k] * sure * area[k][y, x] ** 4 / (poor * poor * poor * away * away))
                    most = max(most, out[k, y, x])
                    noise *= away
                else:
                    seen = sure * sure + np.float32(FLOOR) * (sure + np.float32(0.01))
                    out[k, y, x] = seen * in_time[k] * area[k][y, x] / (poor * poor * away)
                    total += out[k, y, x]
            if agreed[y, x]:
                strict = np.float32(STRICT) * np.log1p(np.float32(DISAGREED) * spread[y, x] / noise ** np.float32(1 / count))
                for k in range(count):
                    out[k, y, x] = np.exp(strict * (out[k, y, x] - most))
                    total += out[k, y, x]
            for k in range(count):
                out[k, y, x] /= total
