"""The edit where tracking is unsure: what the source's colour suggests, and what the confident edit nearby does.

Falling back to "unedited" there leaves holes in a recoloured object; falling back to the keyframe's pixels leaves smears.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, cv, grey
from .proposal import Proposal
from .transfer import SURE
from .witnesses import likely

CELL_PX, STEP = 8, 2
LUMA_CELLS = 16
UNSURE = 0.2
"""Confidence at which the tracked edit counts for nothing; at `SURE` it stands alone."""
TOLD, WHOLE = 0.4, 0.5
"""Belief in a colour's edit from which a pixel far from the tracked edit is filled at all, and wholly: half an edit is no edit's colour."""
FAINT = 4.0
"""What is filled below this (8-bit units) nobody would see: the source's own bits are worth more."""
VISIBLE = 12.0
"""Edits below this (8-bit units) are no evidence that a colour was edited."""


def fill(merged: Proposal, rgb: Bytes, px: float, side: int | None = None) -> Floats:
    """The edit with its unsure pixels replaced: by the colour table where it is believed, else by the confident edit nearby.

    Nothing is filled further than `px` from the tracked edit, but for untracked pixels of an edited colour that hang together
    with it: more of the same object that turned into view. Nor is filled what rather looks like the unedited surroundings
    (`witnesses`). ``inf`` px fills everywhere.

    Args:
        merged: what the keyframes say about the frame.
        rgb: ``(h, w, 3)`` uint8 of the frame, or of a part of it.
        side: the longer one of the whole frame, if this is a part.
    """
    luma = grey(rgb).astype(np.float32)
    edit, confidence, belief = merged.edit, merged.confidence, merged.belief
    trust = np.clip((confidence - UNSURE) / (SURE - UNSURE), 0.0, 1.0)
    tracked = (merged.reach > 0) & (confidence > 0.5)
    local = np.isfinite(px)
    if local and not tracked.any():
        faded: Floats = edit * trust[..., None]
        return faded
    area: Floats = np.ones_like(trust)
    kept = area
    close = area > 0
    allowed = merged.allowed
    if local:
        close = near(tracked, px)
        area = close.astype(np.float32)
        told = np.empty_like(close)
        rows(_told, len(close), merged.by_colour, belief, confidence, told)
        looks = likely(merged, rgb, trust * (1 - merged.strange), close, told, side)
        allowed = allowed * looks
        kept = 1 - merged.strange * (1 - looks)
        if told.any():
            # an object of which next to nothing is tracked is one still
            seed = tracked | (told & (merged.reach > 0.5))
            more = cv.GaussianBlur(_hanging_together(seed, told, px).astype(np.float32), (0, 0), 2.0)
            np.copyto(area, more, where=~close)
    out = edit.copy()
    rows(
        _complete,
        len(out),
        merged.by_colour,
        belief,
        trust,
        area * allowed,
        kept,
        close,
        local & (merged.reach <= 0),
        evidence(edit, trust * trust, luma),
        luma,
        out,
    )
    return out


@kernel
def _told(first: int, end: int, by_colour: Floats, belief: Floats, confidence: Floats, told: Bools) -> None:
    """Untracked pixels of an edited colour."""
    for y in range(first, end):
        for x in range(belief.shape[1]):
            told[y, x] = False
            if belief[y, x] > TOLD and confidence[y, x] < 0.5:
                for c in range(3):
                    told[y, x] |= abs(by_colour[y, x, c]) > np.float32(VISIBLE)


@kernel
def _complete(
    first: int,
    end: int,
    by_colour: Floats,
    belief: Floats,
    trust: Floats,
    area: Floats,
    kept: Floats,
    close: Bools,
    optional: Bools,
    volume: Floats,
    luma: Floats,
    out: Floats,
) -> None:
    """Replace what is unsure of the edit in `out`, and take back what is not `kept`."""
    channels = out.shape[2]
    found = np.empty(channels + 1, np.float32)
    for y in range(first, end):
        for x in range(out.shape[1]):
            if trust[y, x] >= 1 and kept[y, x] >= 1:
                continue
            if trust[y, x] < 1 and area[y, x] > 0:
                sure = belief[y, x]
                known = np.float32(0)
                if not close[y, x]:
                    sure = min(max((sure - np.float32(TOLD)) / np.float32(WHOLE - TOLD), np.float32(0)), np.float32(1))
                elif sure < 1:
                    _look(volume, y, x, luma[y, x], found)
                    known = min(np.float32(1), np.float32(4.0 / (CELL_PX * CELL_PX)) * found[0])
                for c in range(channels):
                    nearby = found[c + 1] / max(found[0], np.float32(1e-6)) if known > 0 else np.float32(0)
                    guess = known * nearby + (1 - known) * by_colour[y, x, c] if close[y, x] else np.float32(0)
                    filled = area[y, x] * (sure * by_colour[y, x, c] + (1 - sure) * guess)
                    out[y, x, c] = filled + trust[y, x] * (out[y, x, c] - filled)
            else:
                for c in range(channels):
                    out[y, x, c] *= trust[y, x]
            for c in range(channels):
                out[y, x, c] *= kept[y, x]
            if optional[y, x] or kept[y, x] < 1:
                most = np.float32(0)
                for c in range(channels):
                    most = max(most, abs(out[y, x, c]))
                if most < FAINT:
                    for c in range(channels):
                        out[y, x, c] = 0


def _hanging_together(seed: Bools, candidates: Bools, px: float) -> Bools:
    """The `candidates` in areas that hold a pixel of `seed`; areas less than ``2 px`` apart are one."""
    _, label = cv.connectedComponents(near(candidates | seed, px).astype(np.uint8), connectivity=4)
    keep = np.zeros(int(label.max()) + 1, np.bool_)
    keep[label[seed]] = True
    out: Bools = keep[label] & candidates
    return out


def evidence(edit: Floats, weight: Floats, luma: Floats) -> Floats:
    """Weighted sums of `edit` over neighbours of similar brightness (bilateral grid, Chen et al. 2007), to `_look` them up.

    Args:
        edit: ``(h, w, c)`` float32; `weight` ``(h, w)`` float32 >= 0; `luma` ``(h, w)`` float32 0…255.

    Returns:
        ``(rows, columns, levels, 1 + c)``: weight, and weighted edit, in cells of 8 px, from every other pixel of every other row.
    """
    height, width = luma.shape
    shape = (height // CELL_PX + 2, width // CELL_PX + 2, LUMA_CELLS + 2, 1 + edit.shape[2])
    sums = np.zeros(shape, np.float32)
    _gather(edit, weight, luma, sums)
    flat = sums.reshape(*shape[:2], shape[2] * shape[3])
    flat = cv.GaussianBlur(flat, (0, 0), 1.5, borderType=cv.BORDER_CONSTANT).reshape(shape)
    out: Floats = 0.5 * flat[:, :, 1:-1]
    out += 0.25 * flat[:, :, :-2]
    out += 0.25 * flat[:, :, 2:]
    return out


@kernel
def _gather(edit: Floats, weight: Floats, luma: Floats, sums: Floats) -> None:
    """What falls on a level goes into the next one of `sums`, whose first and last stay empty."""
    for y in range(0, edit.shape[0], STEP):
        for x in range(0, edit.shape[1], STEP):
            if weight[y, x] > 0:
                level = int(luma[y, x] * np.float32((LUMA_CELLS - 1) / 255.0) + np.float32(1.5))
                cell = sums[(y + CELL_PX // 2) // CELL_PX, (x + CELL_PX // 2) // CELL_PX, level]
                share = np.float32(STEP * STEP) * weight[y, x]
                cell[0] += share
                for c in range(edit.shape[2]):
                    cell[c + 1] += share * edit[y, x, c]


@kernel
def _look(volume: Floats, y: int, x: int, luma: Any, found: Floats) -> None:
    """`found` becomes the sums around a pixel, trilinear between cells."""
    level = luma * np.float32((LUMA_CELLS - 1) / 255.0)
    low = min(int(level), LUMA_CELLS - 2)
    top, left = y // CELL_PX, x // CELL_PX
    a = level - np.float32(low)
    b, d = np.float32((y % CELL_PX) / CELL_PX), np.float32((x % CELL_PX) / CELL_PX)
    found[:] = 0
    for corner in range(8):
        i, j, k = corner >> 2, (corner >> 1) & 1, corner & 1
        share = (a if i else 1 - a) * (b if j else 1 - b) * (d if k else 1 - d)
        cell = volume[top + j, left + k, low + i]
        for c in range(len(found)):
            found[c] += share * cell[c]


def near(area: Bools, distance: float) -> Bools:
    """Pixels within `distance` px of `area`."""
    if not area.any():
        return np.zeros_like(area)
    out: Bools = cv.distanceTransform((~area).astype(np.uint8), cv.DIST_L2, 3) <= distance
    return out
