"""Where one shot ends and the next begins. Motion leads from one to the other nowhere, so no edit is carried across.

A cut is a pair of frames of which hardly any pixel is found again both ways, and which stay unlike each other when one is moved onto
the other. Local correlation forgives flashes and dips of exposure, which comparing colours (PySceneDetect's content detector) takes
for cuts. Dissolves are not found.

All of it looks at grey, like the flow. Where colours differ and grey does not (a red square on a blue that is just as bright) the channel
that shows most has to say the same, unless the colours change too, before it counts as a cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from .flow import PairFlow, dense_flow
from .pixels import Bytes, Floats, cv, evened, grey, grid, sample

FOUND_AGAIN = 0.5
ALIKE = 0.6
"""Real footage played six times too fast stays above 0.62, two unrelated shots below 0.58 (14 clips, 86 pairs)."""
TELLING = 2.0
"""So many times the texture of grey, and a channel is asked too. Pairs of real shots have at most 1.4 times as much (252 pairs)."""
SAME_COLOURS = 24.0
"""Levels by which two frames of one shot may differ on the average for a channel's word to count: flat shapes moving while it gets brighter
differ by 2 to 8, unrelated pictures of flat shapes by 48 and more (1080 and 150 pairs)."""
BLOCK = 15
SHRINK = 2


def is_cut(first: Bytes, second: Bytes, flow: PairFlow) -> bool:
    """Whether a new shot begins with `second`; both guides ``(h, w, 3)`` uint8, `flow` between them."""
    found = 0.5 * (flow.visible(True).mean() + flow.visible(False).mean())
    if found >= FOUND_AGAIN:
        return False
    greys = grey(first), grey(second)
    if alikeness(_moved(greys[0], flow.back), greys[1]) >= ALIKE:
        return False
    channels = ((np.ascontiguousarray(first[..., c]), np.ascontiguousarray(second[..., c])) for c in range(3))
    a, b = max(channels, key=lambda pair: _correlation(*pair)[1])
    if _correlation(a, b)[1] < TELLING * _correlation(*greys)[1]:
        return True
    before, after = (evened(np.repeat(plane[..., None], 3, axis=2)) for plane in (a, b))
    back = dense_flow(after, before)
    off = float(cv.absdiff(_moved(first, back), second).mean())
    return off > SAME_COLOURS or alikeness(_moved(a, back), b) < ALIKE


def _moved(picture: Bytes, back: Floats) -> Bytes:
    return np.asarray(sample(picture, grid(*picture.shape[:2]) + back), np.uint8)


def alikeness(a: Bytes | Floats, b: Bytes | Floats) -> float:
    """Correlation within small blocks of two ``(h, w)`` pictures, over all blocks, the more the texture the heavier."""
    both, texture = _correlation(a, b)
    return both / max(1.0, texture)


def _correlation(first: Bytes | Floats, second: Bytes | Floats) -> tuple[float, float]:
    """Covariance of two ``(h, w)`` pictures within small blocks, and what it would be if they were alike: how much texture both have."""
    size = (max(1, first.shape[1] // SHRINK), max(1, first.shape[0] // SHRINK))

    def shrunk(picture: Bytes | Floats) -> Floats:
        out: Floats = cv.resize(picture.astype(np.float32), size, interpolation=cv.INTER_AREA)
        return out

    def mean(plane: Floats) -> Floats:
        out: Floats = cv.blur(plane, (BLOCK // SHRINK, BLOCK // SHRINK))
        return out

    a, b = shrunk(first), shrunk(second)
    both = mean(a * b) - mean(a) * mean(b)
    each = [np.maximum(mean(p * p) - np.square(mean(p)), 0.0) for p in (a, b)]
    return float(both.sum()), float(np.sqrt(each[0] * each[1]).sum())


def shots(frames: Sequence[int], cuts: Sequence[int]) -> Iterator[range]:
    """The shots that hold `frames`: from the least of them to the greatest, divided at `cuts` (first frames of new shots)."""
    first, end = min(frames), max(frames) + 1
    bounds = [first, *sorted(c for c in cuts if first < c < end), end]
    for start, stop in pairwise(bounds):
        yield range(start, stop)
