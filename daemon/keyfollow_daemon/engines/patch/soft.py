"""Soft edges: a pixel between something edited and something that is not takes part of the edit, as much as its colour tells.

Antialiasing and motion blur mix what lies on both sides of an outline, S = a F + (1 - a) B, and so its edit. What the keyframe had there is
carried along, but behind the outline there is something else now, or something passes in front, or the outline lies a fraction of a pixel
off. Clear of outlines, the picture shows what edit goes with which colour nearby; fitted as an affine map, it gives a mixed colour the mixed
edit, without a to be known, between any number of sides. It counts beside what was carried as far as it explains what is clear:

    w = C / (C + (1 - R²) + V),    edit += w (M S + m - edit)

with R² the share of the edit's variance that is explained, and V, where that is known, the share by which the keyframe's outlines were edited
otherwise: an edit that follows no outline of the source, such as what is drawn on a surface or a soft selection, shows there. Tracked
outlines whose sides move alike stay as they were painted. (For two sides M is Fisher's discriminant of 1936; cf. matting by local linear
classifiers, Zheng & Kambhamettu 2009.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, Ints, around, box, cv, largest

PX = 3
"""How far inward outlines may be soft, at any size of the picture; outward one pixel less, as what is untouched there has more to lose."""
BLOCK, REACH, STEP = 6, 15, 3
"""In px: the size of a block that has one map, how far around it others are asked, and how densely."""
LEAST_SAMPLES = 4
SURE = 0.5
"""Confidence of what is tracked."""
VISIBLE, FAINT, FAINT_SHARE = 12.0, 8.0, 0.1
"""Edits (8-bit units) from which on something counts as edited, and below which, or below which share of those around, what was untouched
stays so."""
NOISE = 25.0
"""Added to the colours' variances (8-bit units squared)."""
EXPLAINED, CLEARLY = 0.7, 0.9
"""R² from which on a map is believed, and from which on where both sides move alike, but are not tracked."""
STRANGE = 9.0
"""Squared standard deviations from which on a colour is none that lies between those around."""
CARRIED, KNOWN = 0.4, 12.0
"""C above; and what the mean squared fault in the keyframe, as a share of the edit's square, is multiplied with to make V."""
UNKNOWN, MOST_OFF = 0.0025, 0.03
"""What that is taken for where the keyframe shows no such outline, and from which on colours do not tell."""
KEY_PX, LEAST_TOLD = 4, 0.02
"""It is the mean over so many pixels to either side, if of at least this share of them something is told."""
MOVED_PX = 2.0
"""Both sides lie in the keyframe as they do here if their offsets differ by less."""
LEAST_SURE = 0.3
"""Share of a side's samples that are sure, from which on their offsets tell."""
ALIKE_PX, ALIKE_SHARE = 0.375, 0.05
"""Motions that differ by less are alike: pixels per frame, plus a share of the motion. Asked where offsets do not tell."""

_BETWEEN, _EDITED, _UNTOUCHED = 1, 2, 3
_SUMS = 15
"""Of a side's samples: count, colour, products of colours, motion, count of the sure, their offset."""


class Where(NamedTuple):
    """Where a frame's pixels lie in a keyframe: `offset`, `motion` and `confidence` as in `Seen`, `misleading` as from the function of that name."""

    offset: Floats
    motion: Floats
    confidence: Floats
    misleading: Floats


class _Told(NamedTuple):
    """What colours tell of n pixels at outlines: their `row` and `column`, the `edit` ``(n, c)``, the share of the edits around that is
    `unexplained`, the mean `square` of those, where the edited side lies in the keyframe (`offset` ``(n, 2)``), and whether the sides move
    `apart`."""

    row: Ints
    column: Ints
    edit: Floats
    unexplained: Floats
    square: Floats
    offset: Floats
    apart: Bools


def soften(edit: Floats, source: Floats, where: Where) -> None:
    """Set the soft outlines of an `edit`, in place, by the frame's own colours; it stays as it is where these do not tell.

    Args:
        edit: ``(h, w, c)`` float32 in 8-bit units, exactly 0 where nothing is edited.
        source: ``(h, w, c)`` float32 of the frame, 8-bit units.
        where: of the same part of a frame; offsets count from its corner, `misleading` is the whole keyframe's.
    """
    found = _told(edit, source, where)
    height, width = where.misleading.shape
    there = np.rint(np.stack([found.row, found.column]) + found.offset.T[::-1]).astype(np.intp)
    inside = (there >= 0).all(axis=0) & (there[0] < height) & (there[1] < width)
    off = np.where(inside, where.misleading[tuple(np.where(inside, there, 0))], np.float32(UNKNOWN))
    share = CARRIED / (CARRIED + found.unexplained + KNOWN * off)
    before = edit[found.row, found.column]
    after = before + share[:, None] * (found.edit - before)
    untracked = where.confidence[found.row, found.column] <= SURE
    told = (off < MOST_OFF) & (found.apart | (untracked & (found.unexplained < 1 - CLEARLY)))
    was = before.any(axis=1)
    told &= was | (np.abs(after).max(axis=1, initial=0) >= np.maximum(FAINT, FAINT_SHARE * np.sqrt(found.square)))
    edit[found.row[told], found.column[told]] = after[told]


def misleading(edit: Floats, source: Floats) -> Floats:
    """``(h, w)`` float32, how far colours tell the edit of a keyframe's pixels near its outlines wrongly: the mean squared fault, as a share
    of the edit's square.

    Args:
        edit, source: ``(h, w, c)`` float32 of the keyframe, in 8-bit units.
    """
    size = edit.shape[:2]
    still, sure = np.zeros((*size, 2), np.float32), np.ones(size, np.float32)
    found = _told(edit, source, Where(still, still, sure, sure))
    wrong, told = np.zeros(size, np.float32), np.zeros(size, np.float32)
    fault = np.square(found.edit - edit[found.row, found.column])[:, :3].sum(axis=1)
    wrong[found.row, found.column] = fault / found.square
    told[found.row, found.column] = 1
    share = box(told, KEY_PX)
    out: Floats = np.where(share > LEAST_TOLD, box(wrong, KEY_PX) / np.maximum(share, LEAST_TOLD), np.float32(UNKNOWN))
    return out


def _sides(edit: Floats) -> Bytes:
    """``(h, w)``, what of a pixel is known, 0 for nothing."""
    sides = np.zeros(edit.shape[:2], np.uint8)
    change = largest(edit)
    window = around(change > VISIBLE, REACH + BLOCK)
    visible = (change[window] > VISIBLE).astype(np.uint8)
    if visible.size:
        inward, outward = (cv.getStructuringElement(cv.MORPH_ELLIPSE, (2 * n + 1, 2 * n + 1)) for n in (PX, PX - 1))
        within, near = cv.erode(visible, inward) > 0, cv.dilate(visible, outward) > 0
        told = sides[window]
        told[~near & (change[window] == 0)] = _UNTOUCHED
        told[near] = _BETWEEN
        told[within] = _EDITED
    return sides


def _told(edit: Floats, source: Floats, where: Where) -> _Told:
    """What colours tell where they tell something."""
    sides = _sides(edit)
    rows_near, columns_near = around(sides == _BETWEEN, 0)
    row, column = np.nonzero(sides[rows_near, columns_near] == _BETWEEN)
    row, column = row + rows_near.start, column + columns_near.start
    across = -(-sides.shape[1] // BLOCK)
    blocks, block = np.unique(row // BLOCK * across + column // BLOCK, return_inverse=True)
    corners = BLOCK * np.stack(np.divmod(blocks, across), axis=1)
    channels = edit.shape[2]
    sums, edits = np.zeros((len(blocks), 2, _SUMS), np.float64), np.zeros((len(blocks), 4 * channels + 1), np.float64)
    rows(_gather, len(blocks), corners, sides, edit, source, where.offset, where.motion, where.confidence, sums, edits)

    edited, beside = _Side(sums[:, 0]), _Side(sums[:, 1])
    both = _Side(sums.sum(axis=1))
    enough = (edited.count[:, 0] >= LEAST_SAMPLES) & (both.count[:, 0] >= 2 * LEAST_SAMPLES)
    edits /= np.maximum(both.count, 1)
    mean, products, square = edits[:, :channels], edits[:, channels:-1].reshape(-1, 3, channels), edits[:, -1]
    inverse = np.linalg.inv(both.covariance + NOISE * np.eye(3))
    together = products - both.colour[:, :, None] * mean[:, None]
    matrix = inverse @ together
    variance = square - np.square(mean[:, :3]).sum(axis=1)
    unexplained = 1 - (matrix * together)[..., :3].sum(axis=(1, 2)) / np.maximum(variance, 1)
    changed = square * both.count[:, 0] / np.maximum(edited.count[:, 0], 1)
    telling = enough & (unexplained < 1 - EXPLAINED) & (changed >= VISIBLE**2)

    there, usual = np.empty((len(row), channels), np.float32), np.zeros(len(row), np.bool_)
    maps = _Maps(telling, both.colour, inverse, mean, matrix)
    rows(_read_off, len(row), row, column, block, maps, source, there, usual)
    row, column, block, there = row[usual], column[usual], block[usual], there[usual]
    moves = _moves_apart(edited, beside)
    return _Told(row, column, there, np.maximum(unexplained, 0)[block], changed[block], edited.offset[block], moves[block])


class _Maps(NamedTuple):
    """Per block: whether colours tell edits there, their mean and the inverse of their covariance, the mean edit, and what differences of
    colour add to it ``(3, c)``."""

    telling: Bools
    colour: Floats
    inverse: Floats
    edit: Floats
    matrix: Floats


class _Side:
    """Samples of one side of outlines, from their sums per block, ``(n, 15)``: every mean is ``(n, …)``."""

    def __init__(self, sums: Floats) -> None:
        self.count, self.sure = sums[:, :1], sums[:, 12:13]
        mean = sums[:, 1:12] / np.maximum(self.count, 1)
        self.colour, products, self.motion = mean[:, :3], mean[:, 3:9], mean[:, 9:]
        square = products[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
        self.covariance = square - self.colour[:, :, None] * self.colour[:, None]
        self.offset = sums[:, 13:] / np.maximum(self.sure, 1)


def _moves_apart(edited: _Side, beside: _Side) -> Bools:
    """``(n,)``, whether the outline may show something else than in the keyframe: what is seen beside the edit moved otherwise since then,
    or, if that is not known, moves otherwise now."""
    known = (beside.sure > LEAST_SURE * beside.count) & (edited.sure > LEAST_SURE * edited.count)
    since = np.linalg.norm(edited.offset - beside.offset, axis=1)
    now = np.linalg.norm(edited.motion - beside.motion, axis=1)
    alike = ALIKE_PX + ALIKE_SHARE * np.linalg.norm(edited.motion, axis=1)
    out: Bools = (beside.count[:, 0] > 0) & np.where(known[:, 0], since >= MOVED_PX, now >= alike)
    return out


@kernel
def _gather(
    first: int,
    end: int,
    corners: Ints,
    sides: Bytes,
    edit: Floats,
    source: Floats,
    offset: Floats,
    motion: Floats,
    confidence: Floats,
    sums: Floats,
    edits: Floats,
) -> None:
    """Sums over what is known around each block: in `sums` of the edited and the untouched side, in `edits` of the edit, of its products with
    colour (``(3, c)``), and of its squared length."""
    height, width, channels = edit.shape
    for block in range(first, end):
        top, left = corners[block]
        for y in range(max(top - REACH, 0), min(top + BLOCK + REACH, height), STEP):
            for x in range(max(left - REACH, 0), min(left + BLOCK + REACH, width), STEP):
                side = sides[y, x]
                if side <= _BETWEEN:
                    continue
                of = sums[block, 0 if side == _EDITED else 1]
                red, green, blue = source[y, x, 0], source[y, x, 1], source[y, x, 2]
                of[0] += 1
                of[1] += red
                of[2] += green
                of[3] += blue
                of[4] += red * red
                of[5] += red * green
                of[6] += red * blue
                of[7] += green * green
                of[8] += green * blue
                of[9] += blue * blue
                of[10] += motion[y, x, 0]
                of[11] += motion[y, x, 1]
                if confidence[y, x] > SURE:
                    of[12] += 1
                    of[13] += offset[y, x, 0]
                    of[14] += offset[y, x, 1]
                if side == _EDITED:
                    for c in range(channels):
                        change = edit[y, x, c]
                        edits[block, c] += change
                        edits[block, channels + c] += red * change
                        edits[block, 2 * channels + c] += green * change
                        edits[block, 3 * channels + c] += blue * change
                        if c < 3:
                            edits[block, 4 * channels] += change * change


@kernel
def _read_off(
    first: int, end: int, row: Ints, column: Ints, block: Ints, maps: _Maps, source: Floats, there: Floats, usual: Bools
) -> None:
    """The edit of each pixel going by its colour, if that is `usual`: none but such as lie between those around."""
    colour = np.empty(3, np.float64)
    for n in range(first, end):
        b = block[n]
        if not maps.telling[b]:
            continue
        for i in range(3):
            colour[i] = source[row[n], column[n], i] - maps.colour[b, i]
        strange = 0.0
        for i in range(3):
            for j in range(3):
                strange += colour[i] * maps.inverse[b, i, j] * colour[j]
        usual[n] = strange < STRANGE
        for c in range(there.shape[1]):
            told = maps.edit[b, c]
            for i in range(3):
                told += colour[i] * maps.matrix[b, i, c]
            there[n, c] = told
