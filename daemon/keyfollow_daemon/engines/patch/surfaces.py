"""Where lost pixels lie in the keyframe, going by the surface that they are part of: the sure pixels around that move as they do.

Whatever passes in front of the edit hides a strip of it, in the keyframe or later, and flow smears the surroundings over what comes
into sight again; but they tell where it lies. What the keyframe saw there is then found by a match; what it did not see
(`Seen.hidden`) has no match, but both of its sides may be edited (`KeyModel.behind`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import kernel, rows, summing_kernel
from .pixels import Bools, Floats

NEAR_PX, STEP = 32, 4
"""Of the analysis: how far around a pixel, and how densely, others are asked."""
BLOCK = 3
"""Pixels of a block this wide that move alike are placed by one map."""
ALIKE_PX, ALIKE_SHARE = 0.25, 0.05
"""Motions that differ by less are alike: pixels per frame, plus a share of the motion."""
SCALES = (1e6, 8.0, 3.0, 1.0)
"""How far in px a sample may lie off the map through the others and still count, round by round."""
LEAST = 0.5
"""Samples, weighted, that a map is fitted to at least."""
AGREED = 0.3
"""Share of them that lies on the map."""
LEAST_AREA, MOST_AREA = 0.65, 1.5
"""Of the keyframe, in px, that a pixel of a surface shows."""
RIDGE = 4.0
"""Added to the samples' spread (px squared): a slope that few of them tell is none."""


def place(lost: Bools, sure: Bools, offset: Floats, motion: Floats, visible: Bools) -> tuple[Floats, Bools]:
    """(offsets, placed): `offset` with that of the `lost` pixels taken from an affine map through the `sure` ones around, fitted
    robustly, where enough of them agree.

    Args:
        offset: ``(h, w, 2)`` px to the keyframe.
        motion: ``(h, w, 2)`` px to the frame before, of what was `visible` there: what moves otherwise is not asked.
    """
    out, placed = offset.copy(), np.zeros_like(lost)
    if lost.any() and sure.any():
        blocks = -(-len(lost) // BLOCK)
        rows(_place, blocks, lost, sure, offset, motion, visible, out, placed)
    return out, placed


def stretched(offset: Floats) -> Bools:
    """``(h, w)``, where a pixel shows much more or less of the keyframe's area than its own: something is smeared there."""
    out = np.empty(offset.shape[:2], np.bool_)
    rows(_stretched, len(out), offset, out)
    return out


@kernel
def _stretched(first: int, end: int, offset: Floats, out: Bools) -> None:
    height, width = out.shape
    one = np.float32(1)
    for y in range(first, end):
        above, below = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            across, down = one / np.float32(right - left), one / np.float32(below - above)
            area = (one + across * (offset[y, right, 0] - offset[y, left, 0])) * (
                one + down * (offset[below, x, 1] - offset[above, x, 1])
            ) - across * (offset[y, right, 1] - offset[y, left, 1]) * down * (offset[below, x, 0] - offset[above, x, 0])
            out[y, x] = area < np.float32(LEAST_AREA) or area > np.float32(MOST_AREA)


@kernel
def _place(
    first: int,
    end: int,
    lost: Bools,
    sure: Bools,
    offset: Floats,
    motion: Floats,
    visible: Bools,
    out: Floats,
    placed: Bools,
) -> None:
    height, width = lost.shape
    samples = np.empty((5, (2 * (NEAR_PX // STEP) + 1) ** 2), np.float32)
    found = np.empty(6, np.float32)
    done = np.empty((BLOCK, BLOCK), np.bool_)
    for row in range(first, end):
        for column in range(-(-width // BLOCK)):
            top, left = row * BLOCK, column * BLOCK
            bottom, right = min(top + BLOCK, height), min(left + BLOCK, width)
            done[:] = False
            for y in range(top, bottom):
                for x in range(left, right):
                    if not lost[y, x] or done[y - top, x - left]:
                        continue
                    square = np.float32(ALIKE_PX) + np.float32(ALIKE_SHARE) * np.sqrt(
                        motion[y, x, 0] ** 2 + motion[y, x, 1] ** 2
                    )
                    square *= square
                    count = _asked(y, x, sure, offset, motion, visible, square, samples)
                    agree = _fit(samples, count, found)
                    for v in range(y, bottom):
                        for u in range(left, right):
                            apart = (motion[v, u, 0] - motion[y, x, 0]) ** 2 + (motion[v, u, 1] - motion[y, x, 1]) ** 2
                            if not lost[v, u] or done[v - top, u - left] or apart > square or visible[v, u] != visible[y, x]:
                                continue
                            done[v - top, u - left] = True
                            if agree > np.float32(AGREED):
                                placed[v, u] = True
                                dx, dy = np.float32(u - x), np.float32(v - y)
                                out[v, u, 0] = found[0] + found[1] * dx + found[2] * dy
                                out[v, u, 1] = found[3] + found[4] * dx + found[5] * dy


@kernel
def _asked(y: int, x: int, sure: Bools, offset: Floats, motion: Floats, visible: Bools, square: Any, samples: Floats) -> int:
    """How many samples there are around a pixel: columns of place, offset, weight."""
    height, width = sure.shape
    count = 0
    for v in range(y - NEAR_PX, y + NEAR_PX + 1, STEP):
        for u in range(x - NEAR_PX, x + NEAR_PX + 1, STEP):
            if v < 0 or u < 0 or v >= height or u >= width or not sure[v, u] or not visible[v, u]:
                continue
            apart = (motion[v, u, 0] - motion[y, x, 0]) ** 2 + (motion[v, u, 1] - motion[y, x, 1]) ** 2
            if not visible[y, x]:
                apart = np.float32(0)
            if apart > 9 * square:
                continue
            dx, dy = np.float32(u - x), np.float32(v - y)
            near = np.float32(1) / (np.float32(1) + (dx * dx + dy * dy) / np.float32(0.25 * NEAR_PX * NEAR_PX))
            alike = square / (square + apart)
            samples[0, count], samples[1, count] = dx, dy
            samples[2, count], samples[3, count] = offset[v, u, 0], offset[v, u, 1]
            samples[4, count] = near * near * alike * alike
            count += 1
    return count


@summing_kernel
def _fit(samples: Floats, count: int, found: Floats) -> Any:
    """The affine map (both offsets, each with its slopes) in `found`; the share of the weight that agrees, 0 if there is too little."""
    total = np.float32(0)
    for i in range(count):
        total += samples[4, i]
    if total < LEAST:
        return np.float32(0)
    # scalars, not arrays: what an array holds is written to memory and read again for every sample
    mean_u, u_x, u_y = np.float32(0), np.float32(0), np.float32(0)
    mean_v, v_x, v_y = np.float32(0), np.float32(0), np.float32(0)
    agree = np.float32(0)
    for scale in SCALES:
        square = np.float32(scale * scale)
        s, sx, sy, sxx, sxy, syy = np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        su, sux, suy, sv, svx, svy = np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for i in range(count):
            x, y, u, v = samples[0, i], samples[1, i], samples[2, i], samples[3, i]
            p = u - (mean_u + u_x * x + u_y * y)
            q = v - (mean_v + v_x * x + v_y * y)
            share = square / (square + p * p + q * q)
            share *= share * samples[4, i]
            by_x, by_y = share * x, share * y
            s += share
            sx += by_x
            sy += by_y
            sxx += by_x * x
            sxy += by_x * y
            syy += by_y * y
            su += share * u
            sux += by_x * u
            suy += by_y * u
            sv += share * v
            svx += by_x * v
            svy += by_y * v
        agree = s / total
        if agree < np.float32(0.01):
            return np.float32(0)
        x, y, u, v = sx / s, sy / s, su / s, sv / s
        xx, xy, yy = sxx / s - x * x + np.float32(RIDGE), sxy / s - x * y, syy / s - y * y + np.float32(RIDGE)
        determinant = xx * yy - xy * xy
        by_x, by_y = sux / s - u * x, suy / s - u * y
        u_x, u_y = (by_x * yy - by_y * xy) / determinant, (by_y * xx - by_x * xy) / determinant
        mean_u = u - u_x * x - u_y * y
        by_x, by_y = svx / s - v * x, svy / s - v * y
        v_x, v_y = (by_x * yy - by_y * xy) / determinant, (by_y * xx - by_x * xy) / determinant
        mean_v = v - v_x * x - v_y * y
    found[0], found[1], found[2] = mean_u, u_x, u_y
    found[3], found[4], found[5] = mean_v, v_x, v_y
    return agree
