"""Soft edges: a pixel between something edited and something that is not takes part of the edit, as much as its colour tells.

Antialiasing and motion blur make a pixel of an outline S = a F + (1 - a) B. What the keyframe had there is carried along, but behind the
outline there is something else now, or something passes in front, or the outline lies a fraction of a pixel off. The colours of what is
edited (F) and of what is not (B) around a pixel tell along which direction they differ more than their texture does (Fisher 1936): along
it, a is read off. It counts beside what was carried as far as both colours can be told apart:

    w = C / (C + 1 / D² + 3 V),    edit += w (a - a carried) (mean edit of F)

with D the distance of F and B in standard deviations, and V what a is off by in the keyframe, where it is known: an edit that follows no
outline of the source, such as what is drawn on a surface or a soft selection, shows there. Tracked outlines whose sides move alike stay as
they were painted. (Cf. Bayesian matting, Chuang et al. 2001, and matting by local linear classifiers, Zheng & Kambhamettu 2009.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, Ints, around, box, cv, largest

LEAST_PX, MOST_PX, SIDE_SHARE = 2, 4, 256
"""How far to either side an outline may be soft, one pixel of each so many of the picture's longer side."""
BLOCK, REACH = 2, 5
"""Pixels of a block are asked about together, and around it, in units of the softness; others are asked at its distance."""
LEAST_SAMPLES = 4
SURE = 0.5
"""Confidence of what is tracked."""
VISIBLE, FAINT = 12.0, 6.0
"""Edits (8-bit units) from which on something counts as edited, and below which what was untouched stays so."""
NOISE = 25.0
"""Added to the colours' variances (8-bit units squared)."""
APART, CLEAR, OFF_LINE = 9.0, 25.0, 12.0
"""Squared standard deviations: the least distance of both sides' colours; that at which colours alone tell, where both move alike but are
not tracked; and the most of a pixel from the line between them."""
MIXED = 0.5
"""Variance of the edited side's edit, as a share of its mean's square, from which on it is no one edit."""
CARRIED, KNOWN, UNKNOWN = 0.05, 3.0, 0.0025
"""C above; how much V counts, and what it is taken for where the keyframe shows no such outline."""
MOST_OFF = 0.06
"""V from which on colours do not tell how far the keyframe is edited."""
KEY_PX, LEAST_TOLD = 2, 0.02
"""V is the mean over so many pixels to either side, if of at least this share of them something is told."""
MOVED_PX = 2.0
"""Both sides lie in the keyframe as they do here if their offsets differ by less."""
ALIKE_PX, ALIKE_SHARE = 0.375, 0.05
"""Motions that differ by less are alike: pixels per frame, plus a share of the motion. Asked of what the keyframe does not show."""
LEAST_SURE = 0.3
"""Share of the samples beside the edit that are sure, from which on their offsets tell."""

MOMENTS = 15
"""Of a side's samples: count, colour, products of colours, motion, count of the sure, their offset."""

_BETWEEN, _EDITED, _UNTOUCHED = 1, 2, 3


class Where(NamedTuple):
    """Where a frame's pixels lie in a keyframe: `offset`, `motion` and `confidence` as in `Seen`, `off` as from `colours_off`."""

    offset: Floats
    motion: Floats
    confidence: Floats
    off: Floats


class _Outline(NamedTuple):
    """What colours tell of n pixels at an outline: their `row` and `column`, the `share` edited, how sure that is (`distance`, squared, of
    both sides), the `mean` ``(n, c)`` edit of the edited side, what of it is `carried` there, the edited side's `offset` ``(n, 2)``, and
    whether both sides move `apart`."""

    row: Ints
    column: Ints
    share: Floats
    distance: Floats
    mean: Floats
    carried: Floats
    offset: Floats
    apart: Bools


def soften(edit: Floats, source: Floats, where: Where) -> None:
    """Set the soft outlines of an `edit`, in place, by the frame's own colours; it stays as it is where these do not tell.

    Args:
        edit: ``(h, w, c)`` float32 in 8-bit units, exactly 0 where nothing is edited.
        source: ``(h, w, c)`` float32 of the frame, 8-bit units.
    """
    found = _outline(edit, source, where)
    height, width = edit.shape[:2]
    there = np.rint(np.stack([found.row, found.column]) + found.offset.T[::-1]).astype(np.intp)
    inside = (there >= 0).all(axis=0) & (there[0] < height) & (there[1] < width)
    off = np.where(inside, where.off[tuple(np.where(inside, there, 0))], np.float32(UNKNOWN))
    step = CARRIED / (CARRIED + 1 / found.distance + KNOWN * off) * (found.share - found.carried)
    before = edit[found.row, found.column]
    after = before + step[:, None] * found.mean
    untracked = where.confidence[found.row, found.column] <= SURE
    told = (off < MOST_OFF) & (found.apart | (untracked & (found.distance > CLEAR)))
    told &= before.any(axis=1) | (np.abs(after).max(axis=1, initial=0) >= FAINT)
    edit[found.row[told], found.column[told]] = after[told]


def colours_off(edit: Floats, source: Floats) -> Floats:
    """``(h, w)`` float32, by what (mean square) colours tell wrongly how much of a keyframe's pixel is edited, near its edit's outline;
    `UNKNOWN` elsewhere.

    Args:
        edit, source: ``(h, w, c)`` float32 of the keyframe, in 8-bit units.
    """
    size = edit.shape[:2]
    still, sure = np.zeros((*size, 2), np.float32), np.ones(size, np.float32)
    found = _outline(edit, source, Where(still, still, sure, sure))
    wrong, told = np.zeros(size, np.float32), np.zeros(size, np.float32)
    wrong[found.row, found.column] = np.square(found.share - found.carried)
    told[found.row, found.column] = 1
    share = box(told, KEY_PX)
    out: Floats = np.where(share > LEAST_TOLD, box(wrong, KEY_PX) / np.maximum(share, LEAST_TOLD), np.float32(UNKNOWN))
    return out


def _px(sides: Bytes) -> int:
    """How far to either side outlines may be soft."""
    return int(np.clip(round(max(sides.shape) / SIDE_SHARE), LEAST_PX, MOST_PX))


def _sides(edit: Floats) -> Bytes:
    """``(h, w)``, what of a pixel is known, 0 for nothing."""
    sides = np.zeros(edit.shape[:2], np.uint8)
    px, change = _px(sides), largest(edit)
    window = around(change > VISIBLE, (REACH + BLOCK) * px)
    visible = (change[window] > VISIBLE).astype(np.uint8)
    if visible.size:
        disc = cv.getStructuringElement(cv.MORPH_ELLIPSE, (2 * px + 1, 2 * px + 1))
        within, near = cv.erode(visible, disc) > 0, cv.dilate(visible, disc) > 0
        told = sides[window]
        told[~near & (change[window] == 0)] = _UNTOUCHED
        told[near] = _BETWEEN
        told[within] = _EDITED
    return sides


def _outline(edit: Floats, source: Floats, where: Where) -> _Outline:
    """What colours tell where they tell something."""
    sides = _sides(edit)
    size = BLOCK * (px := _px(sides))
    rows_near, columns_near = around(sides == _BETWEEN, 0)
    row, column = np.nonzero(sides[rows_near, columns_near] == _BETWEEN)
    row, column = row + rows_near.start, column + columns_near.start
    across = -(-sides.shape[1] // size)
    blocks, block = np.unique(row // size * across + column // size, return_inverse=True)
    corners = size * np.stack(np.divmod(blocks, across), axis=1)
    moments = np.zeros((len(blocks), 2, MOMENTS), np.float64)
    mean, square = np.zeros((len(blocks), edit.shape[2]), np.float64), np.zeros(len(blocks), np.float64)
    rows(
        _gather,
        len(blocks),
        corners,
        px,
        sides,
        edit,
        source,
        where.offset,
        where.motion,
        where.confidence,
        moments,
        mean,
        square,
    )
    edited, beside = _Side(moments[:, 0]), _Side(moments[:, 1])
    mean /= np.maximum(edited.count, 1)
    square /= np.maximum(edited.count[:, 0], 1)
    spread = (edited.covariance + beside.covariance) / 2 + NOISE * np.eye(3)
    inverse, apart = np.linalg.inv(spread), edited.colour - beside.colour
    weights = np.einsum("bij,bj->bi", inverse, apart)
    distance = (weights * apart).sum(axis=1)
    changed = np.square(mean[:, :3]).sum(axis=1)
    enough = np.minimum(edited.count, beside.count)[:, 0] >= LEAST_SAMPLES
    telling = enough & (changed >= VISIBLE**2) & (square < (1 + MIXED) * changed) & (distance > APART)

    pixels = telling[block]
    row, column, block = row[pixels], column[pixels], block[pixels]
    share, carried = np.empty(len(row), np.float32), np.empty(len(row), np.float32)
    lines = _Lines(
        beside.colour, apart, inverse, weights / np.maximum(distance, APART)[:, None], mean / np.maximum(changed, 1)[:, None]
    )
    rows(_read_off, len(row), row, column, block, lines, edit, source, share, carried)
    near = share >= 0
    row, column, block = row[near], column[near], block[near]
    moves = _moves_apart(edited, beside)[block]
    return _Outline(row, column, share[near], distance[block], mean[block], carried[near], edited.offset[block], moves)


class _Lines(NamedTuple):
    """Per block: the untouched side's mean colour, the edited one's less that, the inverse of their covariance, and what colour and edit
    are multiplied with to give how far to the edited side a pixel is."""

    start: Floats
    apart: Floats
    inverse: Floats
    by_colour: Floats
    by_edit: Floats


class _Side:
    """Samples of one side of outlines, by their `MOMENTS` per block, ``(n, 15)``: every mean is ``(n, …)``."""

    def __init__(self, moments: Floats) -> None:
        self.count, self.sure = moments[:, :1], moments[:, 12:13]
        mean = moments[:, 1:12] / np.maximum(self.count, 1)
        self.colour, products, self.motion = mean[:, :3], mean[:, 3:9], mean[:, 9:]
        square = products[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
        self.covariance = square - self.colour[:, :, None] * self.colour[:, None]
        self.offset = moments[:, 13:] / np.maximum(self.sure, 1)


def _moves_apart(edited: _Side, beside: _Side) -> Bools:
    """``(n,)``, whether the outline may show something else than in the keyframe: what is seen beside the edit moved otherwise since then,
    or, if that is not known, moves otherwise now."""
    known = (beside.sure > LEAST_SURE * beside.count) & (edited.sure > LEAST_SURE * edited.count)
    since, now = (
        np.linalg.norm(one - other, axis=1) for one, other in ((edited.offset, beside.offset), (edited.motion, beside.motion))
    )
    alike = ALIKE_PX + ALIKE_SHARE * np.linalg.norm(edited.motion, axis=1)
    out: Bools = np.where(known[:, 0], since >= MOVED_PX, now >= alike)
    return out


@kernel
def _gather(
    first: int,
    end: int,
    corners: Ints,
    px: int,
    sides: Bytes,
    edit: Floats,
    source: Floats,
    offset: Floats,
    motion: Floats,
    confidence: Floats,
    moments: Floats,
    mean: Floats,
    square: Floats,
) -> None:
    """Sums over what is known around each block: in `moments` of the edited and the untouched side, in `mean` of the edit, in `square` of its squared length."""
    height, width, channels = edit.shape
    size, far = BLOCK * px, REACH * px
    for block in range(first, end):
        top, left = corners[block]
        for y in range(max(top - far, 0), min(top + size + far, height), px):
            for x in range(max(left - far, 0), min(left + size + far, width), px):
                side = sides[y, x]
                if side <= _BETWEEN:
                    continue
                sums = moments[block, 0 if side == _EDITED else 1]
                red, green, blue = source[y, x, 0], source[y, x, 1], source[y, x, 2]
                sums[0] += 1
                sums[1] += red
                sums[2] += green
                sums[3] += blue
                sums[4] += red * red
                sums[5] += red * green
                sums[6] += red * blue
                sums[7] += green * green
                sums[8] += green * blue
                sums[9] += blue * blue
                sums[10] += motion[y, x, 0]
                sums[11] += motion[y, x, 1]
                if confidence[y, x] > SURE:
                    sums[12] += 1
                    sums[13] += offset[y, x, 0]
                    sums[14] += offset[y, x, 1]
                if side == _EDITED:
                    for c in range(channels):
                        mean[block, c] += edit[y, x, c]
                    for c in range(3):
                        square[block] += edit[y, x, c] ** 2


@kernel
def _read_off(
    first: int,
    end: int,
    row: Ints,
    column: Ints,
    block: Ints,
    lines: _Lines,
    edit: Floats,
    source: Floats,
    share: Floats,
    carried: Floats,
) -> None:
    """The `share` edited of pixels going by their colour, -1 where it is neither side's nor between them, and going by what is `carried`."""
    rest = np.empty(3, np.float64)
    for n in range(first, end):
        y, x, b = row[n], column[n], block[n]
        told, was = 0.0, 0.0
        for c in range(3):
            rest[c] = source[y, x, c] - lines.start[b, c]
            told += rest[c] * lines.by_colour[b, c]
            was += edit[y, x, c] * lines.by_edit[b, c]
        told = min(max(told, 0.0), 1.0)
        off = 0.0
        for c in range(3):
            rest[c] -= told * lines.apart[b, c]
        for c in range(3):
            for d in range(3):
                off += rest[c] * lines.inverse[b, c, d] * rest[d]
        share[n] = told if off < OFF_LINE else -1
        carried[n] = was
