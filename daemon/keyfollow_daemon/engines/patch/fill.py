"""The edit where tracking is unsure: what the source's colour suggests, and what the confident edit nearby does.

Falling back to "unedited" there leaves holes in a recoloured object; falling back to the keyframe's pixels leaves smears.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from .colour_table import cell
from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, around, box, cv, grey
from .proposal import Proposal
from .transfer import SURE
from .witnesses import SINGLE, UNEDITED, likely

CELL_PX, STEP = 8, 2
SHRINK, SMOOTH_PX = 2, 2.0
"""What hangs together is told in a smaller picture, and ends smoothly."""
APART, LEAST_SEED = 0.7, 0.02
"""Half the distance, in `px`, up to which areas hang together; and the share of an area that must be tracked, or lead to the edit, so that the rest of
it does: a speck beside another thing of the same colours makes that none of the edit's.
"""
LUMA_CELLS = 16
AMID_PX = 8
"""So far around a pixel colours are asked together with its own."""
UNSURE = 0.2
"""Confidence at which the tracked edit counts for nothing; at `SURE` it stands alone."""
TOLD, WHOLE = 0.4, 0.5
"""Belief in a colour's edit from which a pixel far from the tracked edit is filled at all, and wholly: half an edit is no edit's colour."""
FAINT = 4.0
"""What is filled below this (8-bit units) nobody would see: the source's own bits are worth more."""
VISIBLE = 12.0
"""Edits below this (8-bit units) are no evidence that a colour was edited."""


def fill(merged: Proposal, rgb: Bytes, px: float, side: int | None = None, share: Floats | None = None) -> Floats:
    """The edit with its unsure pixels replaced: by the colour table where it is believed, else by the confident edit nearby.

    Nothing is filled further than `px` from the tracked edit, but for untracked pixels of an edited colour that hang together
    with it: more of the same object that turned into view. Nor is filled what rather looks like the unedited surroundings
    (`witnesses`). ``inf`` px fills everywhere.

    Args:
        merged: what the keyframes say about the frame.
        rgb: ``(h, w, 3)`` uint8 of the frame, or of a part of it.
        side: the longer one of the whole frame, if this is a part.
        share: of each colour that was edited in the keyframes (`edited_share`): so far is a colour believed that is far from the tracked edit.
    """
    luma, edit = grey(rgb), merged.edit
    trust, sure = np.empty_like(merged.confidence), np.empty_like(merged.confidence)
    tracked, told = np.empty(trust.shape, np.bool_), np.empty(trust.shape, np.bool_)
    planes = (merged.reach, merged.confidence, merged.strange, merged.by_colour, merged.belief)
    rows(_known, len(trust), planes, trust, sure, tracked, told)
    local = np.isfinite(px)
    if local and not tracked.any():
        faded: Floats = edit * trust[..., None]
        return faded
    if local:
        close = near(tracked, px)
        if share is not None:
            merged = replace(merged, belief=merged.belief.copy())
            rows(_doubt, len(close), _edited(share, rgb, told), close, merged.belief, told)
        looks = likely(merged, rgb, sure, close, told, side)
        more = _hanging_together(merged, looks, tracked, told, px)
    else:
        close, looks, more = np.ones_like(tracked), np.ones_like(trust), np.zeros_like(trust)
    out = edit.copy()
    unsure = _Unsure(merged.by_colour, merged.belief, merged.allowed, merged.reach, merged.strange, trust, looks, more, close)
    rows(_complete, len(out), unsure, local, evidence(edit, trust * trust, luma), luma, out)
    return out


class _Unsure(NamedTuple):
    """What there is to go by where tracking is unsure, ``(h, w)`` each: planes of the `Proposal`; `trust` in its edit; how far a pixel `looks`
    edited (`likely`); how far it belongs to what is edited of `more` of the object, beyond what lies `close`."""

    by_colour: Floats
    belief: Floats
    allowed: Floats
    reach: Floats
    strange: Floats
    trust: Floats
    looks: Floats
    more: Floats
    close: Bools


@kernel
def _known(
    first: int,
    end: int,
    planes: tuple[Floats, Floats, Floats, Floats, Floats],
    trust: Floats,
    sure: Floats,
    tracked: Bools,
    told: Bools,
) -> None:
    """Trust in the tracked edit, and how `sure` that is where some look strange; what is tracked; and untracked pixels of an edited colour."""
    reach, confidence, strange, by_colour, belief = planes
    for y in range(first, end):
        for x in range(trust.shape[1]):
            share = (confidence[y, x] - np.float32(UNSURE)) / np.float32(SURE - UNSURE)
            trust[y, x] = min(max(share, np.float32(0)), np.float32(1))
            sure[y, x] = trust[y, x] * (np.float32(1) - strange[y, x])
            tracked[y, x] = reach[y, x] > 0 and confidence[y, x] > np.float32(0.5)
            told[y, x] = False
            if belief[y, x] > np.float32(TOLD) and confidence[y, x] < np.float32(0.5):
                for c in range(3):
                    told[y, x] |= abs(by_colour[y, x, c]) > np.float32(VISIBLE)


def _edited(share: Floats, rgb: Bytes, told: Bools) -> Floats:
    """``(h, w)`` 0…1, how much of what looks like the pixels that are `told` was edited in the keyframes: of the colour of each, and of those around
    (their geometric mean), for a colour that the keyframes hardly show tells little by itself."""
    out = np.zeros(told.shape, np.float32)
    part = around(told, AMID_PX)
    if not out[part].size:
        return out
    where = np.ascontiguousarray(told[part])
    own = np.zeros(where.shape, np.float32)
    rows(_own, len(own), share, np.ascontiguousarray(rgb[part]), where, own)
    amid = box(own, AMID_PX) / np.maximum(box(where.astype(np.float32), AMID_PX), np.float32(1e-6))
    out[part] = np.sqrt(own * amid)
    return out


@kernel
def _own(first: int, end: int, share: Floats, rgb: Bytes, told: Bools, out: Floats) -> None:
    for y in range(first, end):
        for x in range(told.shape[1]):
            if told[y, x]:
                out[y, x] = share[cell(rgb[y, x])]


@kernel
def _doubt(first: int, end: int, share: Floats, close: Bools, belief: Floats, told: Bools) -> None:
    """What is not `close` is believed as far as the edit has a `share` in what looks like it, and told no more if that is too little."""
    for y in range(first, end):
        for x in range(close.shape[1]):
            if not close[y, x] and belief[y, x] > 0:
                belief[y, x] *= share[y, x]
                told[y, x] &= belief[y, x] > np.float32(TOLD)


@kernel
def _complete(first: int, end: int, at: _Unsure, local: bool, volume: Floats, luma: Bytes, out: Floats) -> None:
    """Replace what is unsure of the edit in `out`, and take back what looks like its surroundings."""
    channels = out.shape[2]
    found = np.empty(channels + 1, np.float32)
    zero, one = np.float32(0), np.float32(1)
    for y in range(first, end):
        for x in range(out.shape[1]):
            trust, looks = at.trust[y, x], at.looks[y, x]
            kept = one - at.strange[y, x] * (one - looks) if local else one
            if trust >= 1 and kept >= 1:
                continue
            close = at.close[y, x]
            area = (one if close else at.more[y, x]) * at.allowed[y, x] * looks
            if trust < 1 and area > 0:
                sure, known = at.belief[y, x], zero
                if not close:
                    sure = min(max((sure - np.float32(TOLD)) / np.float32(WHOLE - TOLD), zero), one)
                elif sure < 1:
                    _look(volume, y, x, np.float32(luma[y, x]), found)
                    known = min(one, np.float32(4.0 / (CELL_PX * CELL_PX)) * found[0])
                    if at.reach[y, x] <= 0:
                        # what seems to lie beside the edit is none of a thin line's: only much of the edit around it tells
                        known *= known
                for c in range(channels):
                    nearby = found[c + 1] / max(found[0], np.float32(1e-6)) if known > 0 else zero
                    guess = known * nearby + (one - known) * at.by_colour[y, x, c] if close else zero
                    filled = area * (sure * at.by_colour[y, x, c] + (one - sure) * guess)
                    out[y, x, c] = filled + trust * (out[y, x, c] - filled)
            else:
                for c in range(channels):
                    out[y, x, c] *= trust
            most = zero
            for c in range(channels):
                out[y, x, c] *= kept
                most = max(most, abs(out[y, x, c]))
            if most < np.float32(FAINT) and ((local and at.reach[y, x] <= 0) or kept < 1):
                for c in range(channels):
                    out[y, x, c] = 0


def _hanging_together(merged: Proposal, looks: Floats, tracked: Bools, told: Bools, px: float) -> Floats:
    """``(h, w)`` 0…1, smooth: what is `told` in areas enough of which is `tracked` as edited, or leads to the edit: an object of which next to
    nothing is tracked is one still. Areas less than ``2 APART px`` apart are one, unless what lies between shows to be none of it."""
    size = tuple(-(-n // SHRINK) for n in told.shape)
    seed, barred = np.empty(size, np.bool_), np.empty(size, np.bool_)
    planes = (merged.reach, merged.confidence, merged.strange, merged.by_colour, merged.belief, merged.allowed)
    rows(_between, size[0], planes, looks, tracked, told, seed, barred)
    among = told[::SHRINK, ::SHRINK]
    joined = near(among | seed, APART * px / SHRINK) & ~barred
    _, label = cv.connectedComponents(joined.astype(np.uint8), connectivity=4)
    count = int(label.max()) + 1
    seeds, others = (np.bincount(label[area], minlength=count) for area in (seed, among))
    keep = seeds > LEAST_SEED * others
    kept = cv.GaussianBlur((keep[label] & among).astype(np.float32), (0, 0), SMOOTH_PX / SHRINK)
    out: Floats = cv.resize(kept, told.shape[::-1], interpolation=cv.INTER_LINEAR)
    return out


@kernel
def _between(
    first: int,
    end: int,
    planes: tuple[Floats, Floats, Floats, Floats, Floats, Floats],
    looks: Floats,
    tracked: Bools,
    told: Bools,
    seed: Bools,
    barred: Bools,
) -> None:
    """What an area hangs together with; and what is unedited, or looks so, or moves otherwise than all that is edited."""
    reach, confidence, strange, by_colour, belief, allowed = planes
    for row in range(first, end):
        for column in range(seed.shape[1]):
            y, x = row * SHRINK, column * SHRINK
            seed[row, column] = told[y, x] and reach[y, x] > np.float32(0.5)
            if confidence[y, x] > np.float32(0.5):
                taken_back = strange[y, x] * (np.float32(1) - looks[y, x]) > np.float32(0.5)
                seed[row, column] |= tracked[y, x] and not taken_back
                barred[row, column] = reach[y, x] <= 0 or taken_back
            else:
                most = max(abs(by_colour[y, x, 0]), max(abs(by_colour[y, x, 1]), abs(by_colour[y, x, 2])))
                unlike = belief[y, x] > np.float32(SINGLE) and most < np.float32(UNEDITED)
                barred[row, column] = unlike or allowed[y, x] <= 0


def evidence(edit: Floats, weight: Floats, luma: Floats | Bytes) -> Floats:
    """Weighted sums of `edit` over neighbours of similar brightness (bilateral grid, Chen et al. 2007), to `_look` them up.

    Args:
        edit: ``(h, w, c)`` float32; `weight` ``(h, w)`` float32 >= 0; `luma` ``(h, w)`` 0…255.

    Returns:
        ``(rows, columns, levels, 1 + c)``: weight, and weighted edit, in cells of 8 px, from every other pixel of every other row.
    """
    height, width = luma.shape
    shape = (height // CELL_PX + 2, width // CELL_PX + 2, LUMA_CELLS + 2, 1 + edit.shape[2])
    sums = np.zeros(shape, np.float32)
    _gather(edit, weight, luma, sums)
    flat = sums.reshape(*shape[:2], shape[2] * shape[3])
    out: Floats = cv.GaussianBlur(flat, (7, 7), 1.5, borderType=cv.BORDER_CONSTANT).reshape(shape)[:, :, 1:-1]
    return out


@kernel
def _gather(edit: Floats, weight: Floats, luma: Floats | Bytes, sums: Floats) -> None:
    """What falls on a level goes into the next one of `sums`, and half as much into those beside that."""
    for y in range(0, edit.shape[0], STEP):
        for x in range(0, edit.shape[1], STEP):
            if weight[y, x] > 0:
                level = int(np.float32(luma[y, x]) * np.float32((LUMA_CELLS - 1) / 255.0) + np.float32(1.5))
                cells = sums[(y + CELL_PX // 2) // CELL_PX, (x + CELL_PX // 2) // CELL_PX, level - 1 : level + 2]
                for n in range(3):
                    share = np.float32(STEP * STEP * (0.5 if n == 1 else 0.25)) * weight[y, x]
                    cells[n, 0] += share
                    for c in range(edit.shape[2]):
                        cells[n, c + 1] += share * edit[y, x, c]


@kernel
def _look(volume: Floats, y: int, x: int, luma: Any, found: Floats) -> None:
    """`found` becomes the sums around a pixel, trilinear between cells."""
    level = luma * np.float32((LUMA_CELLS - 1) / 255.0)
    low = min(int(level), LUMA_CELLS - 2)
    top, left = y // CELL_PX, x // CELL_PX
    a = level - np.float32(low)
    b, d = np.float32((y % CELL_PX) / CELL_PX), np.float32((x % CELL_PX) / CELL_PX)
    one = np.float32(1)
    found[:] = 0
    for corner in range(8):
        i, j, k = corner >> 2, (corner >> 1) & 1, corner & 1
        share = (a if i else one - a) * (b if j else one - b) * (d if k else one - d)
        cell = volume[top + j, left + k, low + i]
        for c in range(len(found)):
            found[c] += share * cell[c]


def near(area: Bools, distance: float) -> Bools:
    """Pixels within `distance` px of `area`."""
    if not area.any():
        return np.zeros_like(area)
    out: Bools = cv.distanceTransform((~area).astype(np.uint8), cv.DIST_L2, 3) <= distance
    return out
