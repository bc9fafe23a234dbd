"""A point of the keyframe is in sight at most once: of two places that both claim it, the worse match is an impostor.

Where an object uncovers what lies behind it, flow smears, and background is taken along as if it were the object. It gives itself
away as soon as the object has moved on: then the true place and the impostor show the same point of the keyframe.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import kernel
from .pixels import Bools, Floats

CELL_PX = 2
APART_PX = 8.0
"""Claims nearer to each other than this are the same surface, seen larger."""
WORSE = 2.0
"""Ratio of match errors from which the worse of two claims is given up."""


def impostors(offset: Floats, tracked: Floats, error: Floats, key: tuple[int, int]) -> Bools:
    """``(h, w)``, the tracked pixels whose point of the keyframe is seen elsewhere, by a clearly better match.

    Args:
        offset: ``(h, w, 2)`` px, to the keyframe.
        tracked: ``(h, w)`` 0…1; only pixels above one half have a claim.
        error: ``(h, w)``, how badly each pixel matches the keyframe there.
        key: (height, width) of the keyframe; the pixels may be a part of a frame.
    """
    best = np.full((key[0] // CELL_PX + 1, key[1] // CELL_PX + 1), -1, np.int32)
    out = np.zeros(tracked.shape, np.bool_)
    _contest(offset, tracked, error, key, best, out)
    return out


@kernel
def _contest(offset: Floats, tracked: Floats, error: Floats, key: tuple[int, int], best: Any, out: Bools) -> None:
    height, width = tracked.shape
    for judging in range(2):
        for y in range(height):
            for x in range(width):
                u, v = x + offset[y, x, 0], y + offset[y, x, 1]
                if tracked[y, x] <= 0.5 or u < 0 or v < 0 or u > key[1] - 1 or v > key[0] - 1:
                    continue
                row, column = int(v) // CELL_PX, int(u) // CELL_PX
                holder = best[row, column]
                if judging == 0:
                    if holder < 0 or error[y, x] < error[holder // width, holder % width]:
                        best[row, column] = y * width + x
                    continue
                dy, dx = holder // width - y, holder % width - x
                if dx * dx + dy * dy > APART_PX * APART_PX:
                    out[y, x] = error[y, x] > WORSE * error[holder // width, holder % width]
