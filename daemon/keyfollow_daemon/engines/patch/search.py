"""What tracking lost is looked for in the keyframe: by the offsets of places near and far, kept where the evened patches agree.

A PatchMatch-like search (Barnes et al. 2009) over the lost pixels alone. Candidates come from the round before, at distances that
halve from round to round, and from a shrinking random neighbourhood; every pixel is on its own within a round, so the result does
not depend on the number of threads. Randomised patch search is covered by US patent 8,861,869: this module can be left out, its
one caller then keeps what tracking says.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .correspondence import within
from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, box, cv

JUMPS = (16, 8, 4, 2, 1)
"""Distance in px of the neighbours asked in a round; random steps reach half as far."""
REACH, ASKED = 3, 4
MOST = 0x7FFFFFFF
ACCEPTED = 500.0
"""Difference of evened patches (mean square) below which they agree; unrelated ones differ by some 2000."""
BETTER = 0.5
"""What is found must differ less than this share of what was there before."""
TEXTURED = 400.0
"""Variance of an evened patch from which agreement means something."""
ALIKE_PX = 2.0
COMPANY = 0.5
"""Share of the pixels around (5 x 5) that must have been found at a like offset."""


def search(detail: Bytes, key: Bytes, offset: Floats, lost: Bools, known: Bools, before: Floats) -> tuple[Floats, Bools]:
    """(offsets, found): offsets ``(h, w, 2)`` with those of the pixels found again replaced.

    Args:
        detail, key: evened pictures of the frame, or of a part of it that offsets count from, and of the keyframe, ``(h, w)`` uint8.
        offset: where to start from.
        lost: what to look for; `known`: whose offsets can be relied on.
        before: ``(h, w)``, the difference of the patches at `offset`.
    """
    if not lost.any():
        return offset, lost
    wide = detail.astype(np.float32)
    lost = lost & (box(wide * wide, REACH) - np.square(box(wide, REACH)) > TEXTURED)
    places = np.flatnonzero(lost).astype(np.int32)
    now = np.ascontiguousarray(offset)
    usable = known | lost
    error = np.full(len(places), np.inf, np.float32)
    columns = _columns(key)
    for turn, jump in enumerate(JUMPS):
        found = now.copy()
        rows(_round, len(places), detail, key, columns, places, now, usable, jump, turn, found, error)
        now = found
    best = np.full(lost.shape, np.inf, np.float32)
    best.flat[places] = error
    accepted = lost & (best < ACCEPTED) & (best < BETTER * before)
    accepted &= _accompanied(now, accepted)
    return np.where(accepted[..., None], now, offset), accepted


def _accompanied(offset: Floats, accepted: Bools) -> Bools:
    """Where most of the 5 x 5 px around were accepted as well, at about the same offset."""
    weight = accepted.astype(np.float32)
    share = box(weight, 2)
    mean = box(offset * weight[..., None], 2) / np.maximum(share, 1e-6)[..., None]
    alike = within(offset - mean, ALIKE_PX)
    out: Bools = cv.blur((accepted & alike).astype(np.float32), (5, 5)) > COMPANY
    return out


def _columns(key: Bytes) -> Floats:
    """``(2, h, (w + 1) / 2)`` float32, the even and the odd columns of the keyframe: those that a patch compares lie side by side there."""
    out = np.zeros((2, key.shape[0], (key.shape[1] + 1) // 2), np.float32)
    out[0], out[1, :, : key.shape[1] // 2] = key[:, ::2], key[:, 1::2]
    return out


@kernel
def _round(
    first: int,
    end: int,
    detail: Bytes,
    key: Bytes,
    columns: Floats,
    places: Floats,
    now: Floats,
    usable: Bools,
    jump: int,
    turn: int,
    found: Floats,
    error: Floats,
) -> None:
    height, width = detail.shape
    patch = np.empty(ASKED * ASKED, np.float32)
    for i in range(first, end):
        y, x = places[i] // width, places[i] % width
        amid = y >= REACH and x >= REACH and y < height - REACH and x < width - REACH
        if amid:
            for n in range(ASKED * ASKED):
                patch[n] = detail[y - REACH + 2 * (n // ASKED), x - REACH + 2 * (n % ASKED)]
        best_u, best_v, best = now[y, x, 0], now[y, x, 1], error[i]
        chance = np.uint32(places[i] * 2654435761 + turn * 40503)
        # first where it is, then its neighbours, then places at random
        for candidate in range(-1 if turn == 0 else 0, 10):
            if candidate < 0:
                u, v = best_u, best_v
            elif candidate < 8:
                step = candidate + (candidate >= 4)
                row, column = y + (step // 3 - 1) * jump, x + (step % 3 - 1) * jump
                if row < 0 or column < 0 or row >= height or column >= width or not usable[row, column]:
                    continue
                u, v = now[row, column, 0], now[row, column, 1]
            else:
                chance = np.uint32(chance * 1664525 + 1013904223)
                u = best_u + np.float32(((chance >> 8) & 255) / 255.0 - 0.5) * np.float32(jump)
                v = best_v + np.float32(((chance >> 16) & 255) / 255.0 - 0.5) * np.float32(jump)
            across, down = x + u, y + v
            if (
                amid
                and across >= REACH
                and down >= REACH
                and across < key.shape[1] - REACH - 1
                and down < key.shape[0] - REACH - 1
            ):
                difference = _difference(patch, columns, across, down, best)
            else:
                difference = _difference_at_border(detail, key, y, x, u, v, best)
            if difference < best:
                best_u, best_v, best = u, v, difference
        found[y, x, 0], found[y, x, 1], error[i] = best_u, best_v, best


@kernel
def _difference(patch: Floats, columns: Floats, across: Any, down: Any, enough: Any) -> Any:
    """Mean squared difference over every second pixel of 7 x 7 around a place of the keyframe; it stops once it is past `enough`."""
    left, top = int(across) - REACH, int(down) - REACH
    a, b = np.float32(across - int(across)), np.float32(down - int(down))
    # never negative, as who compiles this is told
    near, far = (left >> 1) & MOST, ((left + 1) >> 1) & MOST
    p, q = columns[left & 1], columns[(left + 1) & 1]
    total = np.float32(0)
    for n in range(ASKED):
        row = (top + 2 * n) & MOST
        for m in range(ASKED):
            above = p[row, near + m] + a * (q[row, far + m] - p[row, near + m])
            below = p[row + 1, near + m] + a * (q[row + 1, far + m] - p[row + 1, near + m])
            apart = above + b * (below - above) - patch[ASKED * n + m]
            total += apart * apart
        if n & 1 and total > enough * np.float32(ASKED * ASKED):
            return np.float32(np.inf)
    return total / np.float32(ASKED * ASKED)


@kernel
def _difference_at_border(detail: Bytes, key: Bytes, y: int, x: int, u: Any, v: Any, enough: Any) -> Any:
    """The same of what lies in both pictures."""
    height, width = key.shape
    column, row = int(np.floor(x + u)), int(np.floor(y + v))
    a, b = np.float32(x + u - column), np.float32(y + v - row)
    total, count = np.float32(0), 0
    for dy in range(-REACH, REACH + 1, 2):
        for dx in range(-REACH, REACH + 1, 2):
            r, c, top, left = y + dy, x + dx, row + dy, column + dx
            if (
                r < 0
                or c < 0
                or r >= detail.shape[0]
                or c >= detail.shape[1]
                or top < 0
                or left < 0
                or top >= height - 1
                or left >= width - 1
            ):
                continue
            above = key[top, left] + a * (np.float32(key[top, left + 1]) - key[top, left])
            below = key[top + 1, left] + a * (np.float32(key[top + 1, left + 1]) - key[top + 1, left])
            apart = above + b * (below - above) - detail[r, c]
            total += apart * apart
            count += 1
        if total > enough * 16:
            return np.float32(np.inf)
    return total / np.float32(count) if count >= 8 else np.float32(np.inf)
