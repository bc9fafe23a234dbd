"""Drafts are made small, and what is drawn small is blurred when it is enlarged: detail and outlines come from the keyframe's own edit.

What a keyframe changed is kept at full size, E, and carried to a frame by the same correspondence phi as the small edit e:

    edit = up(e - k small(E)(phi)) + up(k) E(phi)

so that only the difference is enlarged, which is light and what was filled in. k is how much of E there is in e, by least squares
around each pixel. What lies outside of what the keyframe changed is not the edit's, unless it was filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .correspondence import JUMP_PX
from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, Ints, Window, around, box, cv, largest, pasted

MARGIN = 2
"""Pixels of the small picture by which an outline may lie outside of what was drawn there."""
RADIUS, FAINT = 1, 6.0
"""How far around a pixel k is asked, and an edit (8-bit units) that would halve it."""
TAKEN = 0.6
"""Share of the keyframe's own detail that is taken: drafts' tracks lie some tenths of a pixel off, where half sharp is nearer to the truth than
sharp."""
OFF = 500.0
"""`misfit` from which on nothing is taken from the keyframe: detail that lies off is worse than none."""
MOST = 1.5
"""k at most: light may be brighter than in the keyframe."""


class Own(NamedTuple):
    """What a keyframe changed: its `edit` ``(h, w, c)`` (8-bit units, 0 where it is none) and `core` ``(h, w)`` in the part that starts at `corner`
    (row, column); `small` is the whole edit ``(rows, columns, c)`` at the size of the small picture."""

    edit: Floats
    core: Bools
    corner: tuple[int, int]
    small: Floats


class Part(NamedTuple):
    """What of a frame is drawn small: a `window` of the small picture of (rows, columns) `size`, in it the `edit` ``(h, w, c)``, what was
    changed by something else than what a keyframe shows there (`filled`), and what shows something of what was changed (`shown`), and how far frame and keyframe
    differ (`misfit`, as in `Seen`), ``(h, w)``."""

    window: Window
    size: tuple[int, int]
    edit: Floats
    filled: Bools
    shown: Bools
    misfit: Floats

    def under(self, window: Window, height: int, width: int) -> tuple[Ints, Ints]:
        """Which of the part's rows and columns those of a `window` of the ``height x width`` picture lie in."""
        down, across = (
            np.clip(
                ((np.arange(span.start, span.stop) + 0.5) * few / many).astype(np.intp) - part.start,
                0,
                part.stop - part.start - 1,
            )
            for span, part, few, many in zip(window, self.window, self.size, (height, width), strict=True)
        )
        return down, across


class Place(NamedTuple):
    """Where a part's pixels lie in the `keyframe`: `offset` ``(h, w, 2)`` small px, counted from the part's corner; the keyframe's `share` in time."""

    keyframe: int
    share: float
    offset: Floats


class Outlines:
    """What the keyframes in use changed, at full size."""

    def __init__(self) -> None:
        self._core: dict[int, Bools] = {}
        self._own: dict[int, Own] = {}

    def add(self, key: int, edit: Floats, core: Bools, window: Window, size: tuple[int, int]) -> None:
        """Remember what a keyframe changed.

        Args:
            edit: ``(h, w, c)`` in 8-bit units, of a `window` that holds all of the edit and is 0 where there is none.
            core: ``(height, width)`` of the keyframe, where the edit is.
            size: (width, height) of the small picture.
        """
        small = cv.resize(pasted(edit, window, *core.shape), size, interpolation=cv.INTER_AREA)
        # a border all around, which is none of the edit's: four neighbours are read at once
        part: Floats = np.pad(edit, ((1, 1), (1, 1), (0, 0)))
        inner: Bools = np.pad(core[window], 1)
        self._core[key] = core
        self._own[key] = Own(part, inner, (window[0].start - 1, window[1].start - 1), small)

    def __getitem__(self, key: int) -> Bools:
        return self._core[key]

    def keep(self, keys: Iterable[int]) -> None:
        """Forget all but these."""
        self._core = {key: self._core[key] for key in keys if key in self._core}
        self._own = {key: self._own[key] for key in keys if key in self._own}

    def enlarged(self, part: Part, places: Sequence[Place], height: int, width: int) -> tuple[Window, Floats, Floats]:
        """(window of the ``height x width`` picture, edit there ``(h, w, c)``, how much of its pixels any keyframe changed, ``(h, w)`` 0…1)."""
        if not part.shown.size:
            return part.window, part.edit, part.edit[..., 0]
        near: Bytes = cv.dilate((part.shown | part.filled).astype(np.uint8), np.ones((2 * MARGIN + 1,) * 2, np.uint8))
        inner = around(near > 0, 0)
        corner = (part.window[0].start, part.window[1].start)
        spans = [
            (int((start + span.start) * side / small), min(side, int((start + span.stop) * side / small) + 1))
            for start, span, side, small in zip(corner, inner, (height, width), part.size, strict=True)
        ]
        window = (slice(*spans[0]), slice(*spans[1]))
        shape = (spans[0][1] - spans[0][0], spans[1][1] - spans[1][0])
        edit, inside = np.zeros((*shape, part.edit.shape[2]), np.float32), np.zeros(shape, np.float32)
        if not near.any():
            return window, edit, inside
        frame = (height, width, *part.size, *corner, spans[0][0], spans[1][0])
        rest, shares = part.edit.copy(), self._shares(part, places)
        for (key, _, offset), (share, there) in zip(places, shares, strict=True):
            own = self._own[key]
            rows(_without, len(rest), share, there, rest)
            if own.core.any():
                rows(_own, len(edit), own, offset, share, near, frame, edit, inside)
        rows(_rest, len(edit), rest, part.filled, near, frame, inside, edit)
        return window, edit, inside

    def _shares(self, part: Part, places: Sequence[Place]) -> list[tuple[Floats, Floats]]:
        """Per keyframe, how much of its own edit there is in the small one, ``(h, w)``, and that edit there."""
        out, untouched = [], largest(part.edit) == 0
        for key, in_time, offset in places:
            there = np.empty_like(part.edit)
            sums = np.empty((*part.shown.shape, 2), np.float32)
            rows(_compared, len(sums), self._own[key].small, part.edit, offset, there, sums)
            means = box(sums, RADIUS)
            share = np.clip(means[..., 0] / (means[..., 1] + np.float32(FAINT**2)), np.float32(0), np.float32(MOST))
            share *= np.float32(TAKEN) * np.clip(np.float32(1) - part.misfit / np.float32(OFF), np.float32(0), np.float32(1))
            share[untouched] = 0
            out.append((share, in_time * share, there))
        if len(out) == 1:
            return [(share, there) for share, _, there in out]
        total = np.maximum(np.add.reduce([weight for _, weight, _ in out]), np.float32(1e-6))
        return [(share * weight / total, there) for share, weight, there in out]


@kernel
def _compared(first: int, end: int, small: Floats, edit: Floats, offset: Floats, there: Floats, sums: Floats) -> None:
    """The keyframe's small edit where the part's pixels lie (`there`), its product with `edit`, and its square."""
    (height, width, channels), zero = small.shape, np.float32(0)
    for y in range(first, end):
        for x in range(edit.shape[1]):
            u, v = x + offset[y, x, 0], y + offset[y, x, 1]
            together, square = zero, zero
            if u > -1 and v > -1 and u < width and v < height:
                left, top = int(u + np.float32(1)) - 1, int(v + np.float32(1)) - 1
                a, b = np.float32(u - left), np.float32(v - top)
                right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
                left, top = max(left, 0), max(top, 0)
                for c in range(channels):
                    above = small[top, left, c] + a * (small[top, right, c] - small[top, left, c])
                    below = small[bottom, left, c] + a * (small[bottom, right, c] - small[bottom, left, c])
                    value = above + b * (below - above)
                    there[y, x, c] = value
                    together += value * edit[y, x, c]
                    square += value * value
            else:
                for c in range(channels):
                    there[y, x, c] = zero
            sums[y, x, 0], sums[y, x, 1] = together, square


@kernel
def _without(first: int, end: int, share: Floats, there: Floats, rest: Floats) -> None:
    for y in range(first, end):
        for x in range(rest.shape[1]):
            if share[y, x] > 0:
                for c in range(rest.shape[2]):
                    rest[y, x, c] -= share[y, x] * there[y, x, c]


@kernel
def _own(
    first: int, end: int, own: Own, offset: Floats, share: Floats, near: Bytes, frame: Any, edit: Floats, inside: Floats
) -> None:
    """Add a keyframe's own edit to `edit`, as much as there is `share` of it, `near` what the small picture shows of it."""
    height, width, small_height, small_width, from_row, from_column, first_row, first_column = frame
    rows, columns = share.shape
    (core_rows, core_columns), channels = own.core.shape, edit.shape[2]
    down, across = small_height / height, small_width / width
    grown_x, grown_y = np.float32(1 / across), np.float32(1 / down)
    place = (np.arange(first_column, first_column + edit.shape[1]) + 0.5) * across - 0.5 - from_column
    place = np.minimum(np.maximum(place, 0.0), columns - 1.0)
    lefts = place.astype(np.int64)
    shares = (place - lefts).astype(np.float32)
    torn_at, known = np.empty(columns, np.bool_), -1
    one, core, changed = np.float32(1), own.core, own.edit
    for i in range(first, end):
        v = min(max((i + first_row + 0.5) * down - 0.5 - from_row, 0.0), rows - 1.0)
        top = int(v)
        bottom, b = min(top + 1, rows - 1), np.float32(v - top)
        up, low = offset[top], offset[bottom]
        close = near[bottom if b > 0.5 else top]
        if top != known:
            known = top
            for left in range(lefts[0], lefts[-1] + 1):
                right = min(left + 1, columns - 1)
                torn_at[left] = False
                for c in range(2):
                    p, q, r, s = up[left, c], up[right, c], low[left, c], low[right, c]
                    torn_at[left] |= max(max(p, q), max(r, s)) - min(min(p, q), min(r, s)) > np.float32(JUMP_PX)
        for j in range(edit.shape[1]):
            left, a = lefts[j], shares[j]
            right = min(left + 1, columns - 1)
            if close[right if a > 0.5 else left] == 0:
                continue
            if torn_at[left]:
                at = right if a > 0.5 else left
                shift_x, shift_y = (low[at, 0], low[at, 1]) if b > 0.5 else (up[at, 0], up[at, 1])
            else:
                above = up[left, 0] + a * (up[right, 0] - up[left, 0])
                below = low[left, 0] + a * (low[right, 0] - low[left, 0])
                shift_x = above + b * (below - above)
                above = up[left, 1] + a * (up[right, 1] - up[left, 1])
                below = low[left, 1] + a * (low[right, 1] - low[left, 1])
                shift_y = above + b * (below - above)
            x = j + first_column + (shift_x - np.float32(from_column)) * grown_x - own.corner[1]
            y = i + first_row + (shift_y - np.float32(from_row)) * grown_y - own.corner[0]
            if not (x >= 0 and y >= 0 and x < core_columns and y < core_rows):
                continue
            column, row = int(x + one) - 1, int(y + one) - 1
            over, under = np.float32(x - column), np.float32(y - row)
            # the edit is 0 outside of the core, and both end before their border
            if not (0 <= row < core_rows - 1 and 0 <= column < core_columns - 1):
                continue
            p, q = core[row, column], core[row, column + 1]
            r, s = core[row + 1, column], core[row + 1, column + 1]
            if not (p or q or r or s):
                continue
            to_a, to_b = one - over, one - under
            of_p, of_q, of_r, of_s = to_a * to_b, over * to_b, to_a * under, over * under
            part = np.float32(p) * of_p + np.float32(q) * of_q + np.float32(r) * of_r + np.float32(s) * of_s
            if part <= 0:
                continue
            inside[i, j] = max(inside[i, j], part)
            much = share[bottom if b > 0.5 else top, right if a > 0.5 else left]
            for c in range(3):
                here = of_p * changed[row, column, c] + of_q * changed[row, column + 1, c]
                here += of_r * changed[row + 1, column, c] + of_s * changed[row + 1, column + 1, c]
                edit[i, j, c] += much * here
            if channels == 4:
                here = of_p * changed[row, column, 3] + of_q * changed[row, column + 1, 3]
                here += of_r * changed[row + 1, column, 3] + of_s * changed[row + 1, column + 1, 3]
                edit[i, j, 3] += much * here


@kernel
def _rest(first: int, end: int, rest: Floats, filled: Bools, near: Bytes, frame: Any, inside: Floats, edit: Floats) -> None:
    """Add the enlarged `rest` to `edit` where that lies `inside`, or was for the larger part `filled`; nothing is left elsewhere."""
    height, width, small_height, small_width, from_row, from_column, first_row, first_column = frame
    (rows, columns), channels, one = filled.shape, edit.shape[2], np.float32(1)
    down, across = small_height / height, small_width / width
    place = (np.arange(first_column, first_column + edit.shape[1]) + 0.5) * across - 0.5 - from_column
    place = np.minimum(np.maximum(place, 0.0), columns - 1.0)
    lefts = place.astype(np.int64)
    shares = (place - lefts).astype(np.float32)
    for i in range(first, end):
        v = min(max((i + first_row + 0.5) * down - 0.5 - from_row, 0.0), rows - 1.0)
        top = int(v)
        bottom, b = min(top + 1, rows - 1), np.float32(v - top)
        for j in range(edit.shape[1]):
            left, a = lefts[j], shares[j]
            right = min(left + 1, columns - 1)
            if inside[i, j] <= 0:
                p, q, r, s = filled[top, left], filled[top, right], filled[bottom, left], filled[bottom, right]
                if not (p or q or r or s):
                    continue
                above = (one - a) * np.float32(p) + a * np.float32(q)
                below = (one - a) * np.float32(r) + a * np.float32(s)
                if above + b * (below - above) < np.float32(0.5):
                    continue
            of_p, of_q = (one - a) * (one - b), a * (one - b)
            of_r, of_s = (one - a) * b, a * b
            for c in range(3):
                here = of_p * rest[top, left, c] + of_q * rest[top, right, c]
                edit[i, j, c] += here + of_r * rest[bottom, left, c] + of_s * rest[bottom, right, c]
            if channels == 4:
                here = of_p * rest[top, left, 3] + of_q * rest[top, right, 3]
                edit[i, j, 3] += here + of_r * rest[bottom, left, 3] + of_s * rest[bottom, right, 3]
