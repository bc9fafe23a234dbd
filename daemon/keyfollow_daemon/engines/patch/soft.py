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

from typing import Any, NamedTuple

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, Ints, around, box, cv, largest

PX = 3
"""How far inward outlines may be soft, at any size of the picture; outward one pixel less, as what is untouched there has more to lose."""
SMALL_PX = 2
"""The same in a copy of half the size."""
BLOCK, REACH, STEP = 6, 15, 3
"""In px: the size of a block that has one map, how far around it others are asked, and how densely: multiples of the last."""
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
TOLD_PX = BLOCK + REACH + KEY_PX
"""How far around an edit the picture tells something of its outlines."""
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


class _Blocks(NamedTuple):
    """What colours tell of edits around each block of `BLOCK` px, ``(rows, columns, …)``.

    Args:
        telling: whether they tell anything.
        colour: their mean ``(3,)``; `inverse` ``(3, 3)`` of their covariance.
        edit: the mean edit ``(c,)``; `matrix` ``(3, c)``, what differences of colour add to it.
        unexplained: share of the edits around that the colours do not explain; `square`, the mean square of those.
        offset: where the edited side lies in the keyframe, ``(2,)``.
        apart: whether the sides move apart.
    """

    telling: Bools
    colour: Floats
    inverse: Floats
    edit: Floats
    matrix: Floats
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
    sides = _sides(edit)
    at = (np.arange(sides.shape[0]), np.arange(sides.shape[1]))
    rows(_soften, len(sides), sides, source, _blocks(sides, edit, source, where), where, at, edit)


class Small(NamedTuple):
    """What colours tell in a smaller copy, of an edit that is drawn small: to `soften` it when it is enlarged."""

    sides: Bytes
    blocks: _Blocks
    where: Where

    def soften(self, edit: Floats, source: Floats, at: tuple[Ints, Ints]) -> None:
        """As the function, of a larger `edit`, of whose rows and columns `at` says which of the copy's they lie in."""
        rows(_soften, len(edit), self.sides, source, self.blocks, self.where, at, edit)


def told_small(edit: Floats, source: Floats, where: Where) -> Small:
    """What colours tell of a small edit; arguments as for `soften`."""
    sides = _sides(edit, SMALL_PX)
    return Small(sides, _blocks(sides, edit, source, where), where)


def misleading(edit: Floats, source: Floats) -> Floats:
    """``(h, w)`` float32, how far colours tell the edit of a keyframe's pixels near its outlines wrongly: the mean squared fault, as a share
    of the edit's square.

    Args:
        edit, source: ``(h, w, c)`` float32 of the keyframe, in 8-bit units.
    """
    size = edit.shape[:2]
    still, sure = np.zeros((*size, 2), np.float32), np.ones(size, np.float32)
    wrong, told = np.zeros(size, np.float32), np.zeros(size, np.float32)
    sides = _sides(edit)
    rows(_faults, len(sides), sides, source, _blocks(sides, edit, source, Where(still, still, sure, sure)), edit, wrong, told)
    share = box(told, KEY_PX)
    out: Floats = np.where(share > LEAST_TOLD, box(wrong, KEY_PX) / np.maximum(share, LEAST_TOLD), np.float32(UNKNOWN))
    return out


def _sides(edit: Floats, px: int = PX) -> Bytes:
    """``(h, w)``, what of a pixel is known, 0 for nothing."""
    sides, change = np.zeros(edit.shape[:2], np.uint8), largest(edit)
    window = around(change > VISIBLE, REACH + BLOCK)
    visible = (change[window] > VISIBLE).astype(np.uint8)
    if visible.size:
        inward, outward = (cv.getStructuringElement(cv.MORPH_ELLIPSE, (2 * n + 1, 2 * n + 1)) for n in (px, px - 1))
        within, near = cv.erode(visible, inward) > 0, cv.dilate(visible, outward) > 0
        told = sides[window]
        told[change[window] == 0] = _UNTOUCHED
        told[near] = _BETWEEN
        told[within] = _EDITED
    return sides


def _blocks(sides: Bytes, edit: Floats, source: Floats, where: Where) -> _Blocks:
    size, channels = tuple(-(-n // BLOCK) for n in sides.shape), edit.shape[2]

    def planes(*shape: int) -> Floats:
        return np.empty((*size, *shape), np.float64)

    out = _Blocks(
        telling=np.zeros(size, np.bool_),
        colour=planes(3),
        inverse=planes(3, 3),
        edit=planes(channels),
        matrix=planes(3, channels),
        unexplained=planes(),
        square=planes(),
        offset=planes(2),
        apart=np.zeros(size, np.bool_),
    )
    rows(_learn, size[0], sides, edit, source, where, out)
    return out


@kernel
def _learn(first: int, end: int, sides: Bytes, edit: Floats, source: Floats, where: Where, out: _Blocks) -> None:
    """Fill `out` for the blocks that an outline runs through."""
    height, width, channels = edit.shape
    around = np.empty(2 * _SUMS + 4 * channels + 1, np.float64)
    sums, edits = around[: 2 * _SUMS].reshape(2, _SUMS), around[2 * _SUMS :]
    # blocks beside each other ask mostly the same columns
    columns, known = np.empty((width // STEP + 1, len(around)), np.float64), np.empty(width // STEP + 1, np.bool_)
    for row in range(first, end):
        known[:] = False
        top, bottom = max(row * BLOCK - REACH, 0), min((row + 1) * BLOCK + REACH, height)
        for column in range(out.telling.shape[1]):
            between = False
            for y in range(row * BLOCK, min((row + 1) * BLOCK, height)):
                for x in range(column * BLOCK, min((column + 1) * BLOCK, width)):
                    between |= sides[y, x] == _BETWEEN
            if not between:
                continue
            around[:] = 0
            for n in range(max(column * BLOCK - REACH, 0) // STEP, (min((column + 1) * BLOCK + REACH, width) - 1) // STEP + 1):
                if not known[n]:
                    known[n] = True
                    _gather(top, bottom, n * STEP, sides, edit, source, where, columns[n])
                around += columns[n]
            _fit(sums, edits, channels, row, column, out)


@kernel
def _gather(top: int, bottom: int, x: int, sides: Bytes, edit: Floats, source: Floats, where: Where, column: Floats) -> None:
    """Sums over what is known in a column, from a `top` that is a multiple of `STEP`: of the edited side, of the untouched one, of the edit, of
    its products with colour (``(3, c)``), and of its squared length."""
    channels = edit.shape[2]
    column[:] = 0
    edits = 2 * _SUMS
    for y in range(top, bottom, STEP):
        if sides[y, x] > _BETWEEN:
            side = sides[y, x]
            of = 0 if side == _EDITED else _SUMS
            red, green, blue = source[y, x, 0], source[y, x, 1], source[y, x, 2]
            column[of] += 1
            column[of + 1] += red
            column[of + 2] += green
            column[of + 3] += blue
            column[of + 4] += red * red
            column[of + 5] += red * green
            column[of + 6] += red * blue
            column[of + 7] += green * green
            column[of + 8] += green * blue
            column[of + 9] += blue * blue
            column[of + 10] += where.motion[y, x, 0]
            column[of + 11] += where.motion[y, x, 1]
            if where.confidence[y, x] > SURE:
                column[of + 12] += 1
                column[of + 13] += where.offset[y, x, 0]
                column[of + 14] += where.offset[y, x, 1]
            if side == _EDITED:
                for c in range(channels):
                    change = edit[y, x, c]
                    column[edits + c] += change
                    column[edits + channels + c] += red * change
                    column[edits + 2 * channels + c] += green * change
                    column[edits + 3 * channels + c] += blue * change
                    if c < 3:
                        column[edits + 4 * channels] += change * change


@kernel
def _fit(sums: Floats, edits: Floats, channels: int, row: int, column: int, out: _Blocks) -> None:
    """A block's map in `out`, from what was gathered around it."""
    edited, beside = sums[0], sums[1]
    count = edited[0] + beside[0]
    if edited[0] < LEAST_SAMPLES or count < 2 * LEAST_SAMPLES:
        return
    colour, mean, matrix = out.colour[row, column], out.edit[row, column], out.matrix[row, column]
    for i in range(3):
        colour[i] = (edited[1 + i] + beside[1 + i]) / count
    for c in range(channels):
        mean[c] = edits[c] / count
    _invert((edited[4:10] + beside[4:10]) / count, colour, out.inverse[row, column])
    variance, explained = edits[4 * channels] / count, 0.0
    for c in range(channels):
        if c < 3:
            variance -= mean[c] * mean[c]
        for i in range(3):
            matrix[i, c] = 0
            for j in range(3):
                together = edits[(1 + j) * channels + c] / count - colour[j] * mean[c]
                matrix[i, c] += out.inverse[row, column, i, j] * together
            if c < 3:
                explained += matrix[i, c] * (edits[(1 + i) * channels + c] / count - colour[i] * mean[c])
    unexplained, square = 1 - explained / max(variance, 1.0), edits[4 * channels] / edited[0]
    out.telling[row, column] = unexplained < 1 - EXPLAINED and square >= VISIBLE**2
    out.unexplained[row, column], out.square[row, column] = max(unexplained, 0.0), square
    out.apart[row, column] = _move_apart(edited, beside)
    for axis in range(2):
        out.offset[row, column, axis] = edited[13 + axis] / max(edited[12], 1.0)


@kernel
def _invert(products: Floats, mean: Floats, out: Floats) -> None:
    """The inverse of the covariance of colours, from the means of their products (rr, rg, rb, gg, gb, bb), by cofactors."""
    a, b, c = products[0] - mean[0] ** 2 + NOISE, products[1] - mean[0] * mean[1], products[2] - mean[0] * mean[2]
    d, e, f = products[3] - mean[1] ** 2 + NOISE, products[4] - mean[1] * mean[2], products[5] - mean[2] ** 2 + NOISE
    determinant = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d)
    out[0, 0], out[1, 1], out[2, 2] = d * f - e * e, a * f - c * c, a * d - b * b
    out[0, 1], out[0, 2], out[1, 2] = c * e - b * f, b * e - c * d, b * c - a * e
    out[1, 0], out[2, 0], out[2, 1] = out[0, 1], out[0, 2], out[1, 2]
    out /= determinant


@kernel
def _move_apart(edited: Floats, beside: Floats) -> Any:
    """Whether the outline may show something else than in the keyframe: what is seen beside the edit moved otherwise since then, or, if
    that is not known, moves otherwise now."""
    if beside[0] == 0:
        return False
    if beside[12] > LEAST_SURE * beside[0] and edited[12] > LEAST_SURE * edited[0]:
        return (
            np.hypot(edited[13] / edited[12] - beside[13] / beside[12], edited[14] / edited[12] - beside[14] / beside[12])
            >= MOVED_PX
        )
    across, down = edited[10] / edited[0], edited[11] / edited[0]
    apart = np.hypot(across - beside[10] / beside[0], down - beside[11] / beside[0])
    return apart >= ALIKE_PX + ALIKE_SHARE * np.hypot(across, down)


@kernel
def _tell(y: int, x: int, at_y: int, at_x: int, source: Floats, blocks: _Blocks, there: Floats) -> Any:
    """The edit of a pixel going by its colour, in `there`, if that is usual: none but such as lie between those around."""
    row, column = at_y // BLOCK, at_x // BLOCK
    if not blocks.telling[row, column]:
        return False
    mean, inverse, matrix = blocks.colour[row, column], blocks.inverse[row, column], blocks.matrix[row, column]
    red, green, blue = source[y, x, 0] - mean[0], source[y, x, 1] - mean[1], source[y, x, 2] - mean[2]
    strange = red * red * inverse[0, 0] + green * green * inverse[1, 1] + blue * blue * inverse[2, 2]
    strange += 2.0 * (red * green * inverse[0, 1] + red * blue * inverse[0, 2] + green * blue * inverse[1, 2])
    for c in range(len(there)):
        there[c] = blocks.edit[row, column, c] + red * matrix[0, c] + green * matrix[1, c] + blue * matrix[2, c]
    return strange < STRANGE


@kernel
def _soften(
    first: int, end: int, sides: Bytes, source: Floats, blocks: _Blocks, where: Where, at: tuple[Ints, Ints], edit: Floats
) -> None:
    channels, (height, width) = edit.shape[2], where.misleading.shape
    there = np.empty(channels, np.float64)
    for y in range(first, end):
        for x in range(edit.shape[1]):
            if sides[at[0][y], at[1][x]] != _BETWEEN or not _tell(y, x, at[0][y], at[1][x], source, blocks, there):
                continue
            row, column = at[0][y] // BLOCK, at[1][x] // BLOCK
            unexplained = blocks.unexplained[row, column]
            if not blocks.apart[row, column] and (where.confidence[at[0][y], at[1][x]] > SURE or unexplained >= 1 - CLEARLY):
                continue
            v, u = np.rint(at[0][y] + blocks.offset[row, column, 1]), np.rint(at[1][x] + blocks.offset[row, column, 0])
            off = where.misleading[int(v), int(u)] if 0 <= v < height and 0 <= u < width else np.float32(UNKNOWN)
            if off >= np.float32(MOST_OFF):
                continue
            share = CARRIED / (CARRIED + unexplained + KNOWN * off)
            was, most = False, 0.0
            for c in range(channels):
                was |= edit[y, x, c] != 0
                there[c] = edit[y, x, c] + share * (there[c] - edit[y, x, c])
                most = max(most, abs(there[c]))
            if was or most >= max(FAINT, FAINT_SHARE * np.sqrt(blocks.square[row, column])):
                edit[y, x] = there


@kernel
def _faults(
    first: int, end: int, sides: Bytes, source: Floats, blocks: _Blocks, edit: Floats, wrong: Floats, told: Floats
) -> None:
    """In `wrong`, the squared fault of what colours tell, as a share of the edit's square, where (`told`) they do."""
    there = np.empty(edit.shape[2], np.float64)
    for y in range(first, end):
        for x in range(sides.shape[1]):
            if sides[y, x] == _BETWEEN and _tell(y, x, y, x, source, blocks, there):
                fault = 0.0
                for c in range(3):
                    fault += (there[c] - edit[y, x, c]) ** 2
                wrong[y, x], told[y, x] = fault / blocks.square[y // BLOCK, x // BLOCK], 1
