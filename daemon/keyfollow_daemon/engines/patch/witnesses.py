"""Whether a colour is seen on what is edited or beside it, near here and in this very frame.

The keyframe knows only what it shows. A pillar that comes into the picture later and passes before a ball of much the same colour
shows that colour higher up as well, far from the edit: it is no part of the ball. Tracked pixels bear witness, and so, less, do untracked
ones that lie far from the edit or whose colour the keyframe knows. They are counted in a coarse histogram over place and colour,
spread and looked up linearly (cf. the local classifiers of Bai et al., Video SnapCut, SIGGRAPH 2009).

Tracked pixels are asked about as well where they look strange (`Proposal.strange`): at outlines, tracks lead a little off. But thin strokes
over a plain surface share its colour: only where the keyframe's own colours tell what is edited in it are witnesses believed (`telling`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, Ints, cv
from .proposal import Proposal

CELLS = 12
"""Of place, along the picture's longer side; cells of luma and of either chroma."""
LUMA_CELLS, CHROMA_CELLS, MOST_CHROMA = 14, 16, 96.0
CORNERS = 32
"""Of a cell, by place, luma and chroma: neighbours in the heap."""
SAMPLED = 96
"""Places along the longer side from which witnesses are called."""
COLOUR, FAR = 0.2, 0.5
"""How much their word counts, against 1 of a tracked pixel: that of an untracked one whose colour the keyframe knows, and that of one
which is far from the edit."""
SINGLE, UNEDITED = 0.8, 3.0
"""Belief in the keyframe's colours from which they are evidence against an edit, where they suggest less than this (8-bit units)."""
DOUBT = 0.01
"""Witnesses added to either side: with next to none nothing is decided."""
NO, YES = 0.3, 0.6
"""Share of the witnesses that speak for an edit, up to which there is none, and from which it is whole."""


def likely(merged: Proposal, rgb: Bytes, trust: Floats, close: Bools, told: Bools, side: int | None = None) -> Floats:
    """``(h, w)`` float32 0…1: how far the frame's untracked and strange pixels look like what is edited in it; 1 where nobody
    asks, in between where nobody knows.

    Args:
        rgb: ``(h, w, 3)`` uint8 of the frame.
        trust: ``(h, w)`` float32 0…1 in the tracked edit; only what has less than 1, and is `close` or `told`, is asked about, if anything
            hangs on that.
        close: ``(h, w)``, what is near the tracked edit.
        told: ``(h, w)``, what is untracked and, going by its colour, edited.
        side: the longer one of the whole frame, if this is a part.
    """
    planes = (merged.reach, merged.belief, merged.by_colour, merged.allowed)
    asked = (trust < 1) & (close | told) & ((merged.allowed > 0) | (merged.strange > 0))
    return _answers(rgb, trust, planes, close, told, asked, side or max(trust.shape))


def telling(rgb: Bytes, changed: Bools, core: Bools) -> Floats:
    """``(h, w)`` float32 0…1: how far a keyframe's own colours would tell that what was edited was; 1 where nothing was.

    Args:
        rgb: ``(h, w, 3)`` uint8 of the keyframe's source.
        changed, core: ``(h, w)``, as in `KeyModel`.
    """
    nothing = np.zeros(core.shape, np.float32)
    reach = np.where(core, np.float32(1), np.where(changed, np.float32(0.5), np.float32(0)))
    planes = (reach, nothing, np.zeros(rgb.shape, np.float32), nothing)
    everywhere, nowhere = np.ones_like(core), np.zeros_like(core)
    return _answers(rgb, np.ones_like(nothing), planes, everywhere, nowhere, core, max(core.shape))


def _answers(
    rgb: Bytes,
    trust: Floats,
    planes: tuple[Floats, Floats, Floats, Floats],
    close: Bools,
    told: Bools,
    asked: Bools,
    side: int,
) -> Floats:
    """What witnesses, by their `trust`, say of the pixels that are `asked` about; 1 elsewhere."""
    height, width = trust.shape
    out = np.ones_like(trust)
    colours: Bytes = cv.cvtColor(rgb, cv.COLOR_RGB2YCrCb)
    scale = np.float32(CELLS / side)
    shape = (int(height * scale) + 2, int(width * scale) + 2, LUMA_CELLS, CHROMA_CELLS, CHROMA_CELLS)
    heap = np.zeros((math.prod(shape), 2), np.float32)
    _hear(colours, trust, *planes, close, told, max(1, round(side / SAMPLED)), scale, shape[1], heap)
    rows(_judge, height, colours, asked, scale, shape[1], heap, out)
    return out


@kernel
def _around(y: int, x: int, colour: Bytes, scale: Any, across: int, cells: Ints, weights: Floats) -> None:
    """The 32 cells around a pixel, as rows of the heap, which is `across` cells wide, and how much of the pixel falls on each."""
    cells[0], weights[0] = 0, 1
    for axis in range(5):
        if axis < 2:
            at, last, count = np.float32(y if axis == 0 else x) * scale, 1 << 30, across
        elif axis == 2:
            at, last, count = colour[0] * np.float32((LUMA_CELLS - 1) / 255.0), LUMA_CELLS - 2, LUMA_CELLS
        else:
            at = (colour[axis - 2] - np.float32(128.0 - MOST_CHROMA)) * np.float32((CHROMA_CELLS - 1) / (2 * MOST_CHROMA))
            last, count = CHROMA_CELLS - 2, CHROMA_CELLS
        low = min(max(int(at), 0), last)
        share = min(max(at - np.float32(low), np.float32(0)), np.float32(1))
        for n in range((1 << axis) - 1, -1, -1):
            cell, weight = cells[n] * count + low, weights[n]
            cells[2 * n], weights[2 * n] = cell, weight * (np.float32(1) - share)
            cells[2 * n + 1], weights[2 * n + 1] = cell + 1, weight * share


@kernel
def _hear(
    colours: Bytes,
    trust: Floats,
    reach: Floats,
    belief: Floats,
    by_colour: Floats,
    allowed: Floats,
    close: Bools,
    told: Bools,
    step: int,
    scale: Any,
    across: int,
    heap: Floats,
) -> None:
    cells, weights = np.empty(CORNERS, np.intp), np.empty(CORNERS, np.float32)
    for y in range(step // 2, len(trust), step):
        for x in range(step // 2, trust.shape[1], step):
            sure = trust[y, x] * trust[y, x]
            guess = np.float32(1) - trust[y, x]
            edited = sure if reach[y, x] > 0.5 else np.float32(0)
            beside = sure if reach[y, x] <= 0 else np.float32(0)
            if told[y, x]:
                edited += np.float32(COLOUR) * guess * belief[y, x] * allowed[y, x]
            elif not close[y, x]:
                beside += np.float32(FAR) * guess
            elif belief[y, x] > SINGLE:
                most = max(abs(by_colour[y, x, 0]), max(abs(by_colour[y, x, 1]), abs(by_colour[y, x, 2])))
                beside += np.float32(COLOUR) * guess if most < UNEDITED else np.float32(0)
            if edited <= 0 and beside <= 0:
                continue
            _around(y, x, colours[y, x], scale, across, cells, weights)
            for n in range(CORNERS):
                heap[cells[n], 0] += weights[n] * edited
                heap[cells[n], 1] += weights[n] * beside


@kernel
def _judge(first: int, end: int, colours: Bytes, asked: Bools, scale: Any, across: int, heap: Floats, out: Floats) -> None:
    cells, weights = np.empty(CORNERS, np.intp), np.empty(CORNERS, np.float32)
    for y in range(first, end):
        for x in range(out.shape[1]):
            if not asked[y, x]:
                continue
            _around(y, x, colours[y, x], scale, across, cells, weights)
            edited = beside = np.float32(DOUBT)
            for n in range(CORNERS):
                edited += weights[n] * heap[cells[n], 0]
                beside += weights[n] * heap[cells[n], 1]
            out[y, x] = min(
                max((edited / (edited + beside) - np.float32(NO)) / np.float32(YES - NO), np.float32(0)), np.float32(1)
            )
