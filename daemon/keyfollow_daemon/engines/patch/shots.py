"""Where one shot ends and the next begins. Motion leads from one to the other nowhere, so no edit is carried across.

A cut is a pair of frames of which hardly any pixel is found again both ways, and which stay unlike each other when one is moved onto
the other. Local correlation forgives flashes and dips of exposure, which comparing colours (PySceneDetect's content detector) takes
for cuts. Dissolves are not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from .flow import PairFlow
from .pixels import Bytes, Floats, cv, grey, grid, sample

FOUND_AGAIN = 0.5
ALIKE = 0.6
"""Real footage played six times too fast stays above 0.62, two unrelated shots below 0.58 (14 clips, 86 pairs)."""
BLOCK = 15
SHRINK = 2


def is_cut(first: Bytes, second: Bytes, flow: PairFlow) -> bool:
    """Whether a new shot begins with `second`; both guides ``(h, w, 3)`` uint8, `flow` between them."""
    found = 0.5 * (flow.visible(True).mean() + flow.visible(False).mean())
    if found >= FOUND_AGAIN:
        return False
    moved = sample(grey(first), grid(*first.shape[:2]) + flow.back)
    return alikeness(moved.astype(np.float32), grey(second).astype(np.float32)) < ALIKE


def alikeness(a: Floats, b: Floats) -> float:
    """Correlation within small blocks of two ``(h, w)`` pictures, over all blocks, the more the texture the heavier."""
    size = (max(1, a.shape[1] // SHRINK), max(1, a.shape[0] // SHRINK))
    a, b = (cv.resize(picture, size, interpolation=cv.INTER_AREA) for picture in (a, b))

    def mean(plane: Floats) -> Floats:
        out: Floats = cv.blur(plane, (BLOCK // SHRINK, BLOCK // SHRINK))
        return out

    both = mean(a * b) - mean(a) * mean(b)
    each = [np.maximum(mean(p * p) - np.square(mean(p)), 0.0) for p in (a, b)]
    return float(both.sum() / max(1.0, float(np.sqrt(each[0] * each[1]).sum())))


def shots(frames: Sequence[int], cuts: Sequence[int]) -> Iterator[range]:
    """The shots that hold `frames`: from the least of them to the greatest, divided at `cuts` (first frames of new shots)."""
    first, end = min(frames), max(frames) + 1
    bounds = [first, *sorted(c for c in cuts if first < c < end), end]
    for start, stop in pairwise(bounds):
        yield range(start, stop)
