"""Drafts are made small, and what is drawn small is blurred over the edit's outline when it is enlarged: the outline itself stays sharp.

What a keyframe changed is kept at full size and carried to a frame by the same correspondence as the edit. What lies outside of it
is not the edit's, unless it was filled in; and what blurring took from the inside is given back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .correspondence import JUMP_PX
from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, around, cv, enlarged

LEAST = 0.25
"""Share of an enlarged pixel that is inside, from which on the edit there is brought up to the whole."""
MARGIN = 2
"""Pixels of the small picture by which an outline may lie outside of what was drawn there."""


class Outlines:
    """What the keyframes in use changed, at full size."""

    def __init__(self) -> None:
        self._of: dict[int, Bools] = {}

    def add(self, key: int, changed: Bools) -> None:
        self._of[key] = changed

    def __getitem__(self, key: int) -> Bools:
        return self._of[key]

    def keep(self, keys: Iterable[int]) -> None:
        """Forget all but these."""
        self._of = {key: self._of[key] for key in keys if key in self._of}

    def carried(self, keys: Iterable[int], offset: Callable[[int], Floats], reach: Floats) -> Floats:
        """``(h, w)`` float32 0…1, how much of a frame's pixels any of the `keys` changed.

        Args:
            offset: of each keyframe, from the frame's pixels to its own, ``(rows, columns, 2)`` px at any size.
            reach: ``(rows, columns)`` of the small picture, not 0 where it shows something of what was changed.
        """
        keys = list(keys)
        out: Floats = np.zeros(self._of[keys[0]].shape, np.float32)
        down, across = out.shape[0] / reach.shape[0], out.shape[1] / reach.shape[1]
        near: Bytes = cv.dilate((reach > 0).astype(np.uint8), np.ones((2 * MARGIN + 1,) * 2, np.uint8))
        rows_near, columns_near = around(near > 0, 0)
        top, left = int(rows_near.start * down), int(columns_near.start * across)
        window = out[top : int(rows_near.stop * down) + 1, left : int(columns_near.stop * across) + 1]
        for key in keys if window.size else ():
            rows(_within, len(window), offset(key), self._of[key], near, (top, left), window)
        return out


def trim(edit: Floats, inside: Floats, filled: Floats) -> None:
    """Sharpen an enlarged `edit` (``(h, w, c)``, in place) along the outline, where less than half of it was filled in.

    Args:
        inside: ``(h, w)``, as from `Outlines.carried`.
        filled: ``(rows, columns)`` float32 0 or 1 of the small picture, where it was changed by something else than what a keyframe shows there.
    """
    height, width = inside.shape
    small = cv.resize(inside, filled.shape[::-1], interpolation=cv.INTER_AREA)
    rows(_trim, len(edit), inside, enlarged(small, width, height), enlarged(filled, width, height), edit)


@kernel
def _within(first: int, end: int, offset: Floats, outline: Bools, near: Bytes, corner: Any, inside: Floats) -> None:
    """`inside` where the small picture is `near` what was changed, the part of the frame that begins at `corner` (row, column)."""
    (height, width), (rows, columns, _) = outline.shape, offset.shape
    down, across = rows / height, columns / width
    grown_x, grown_y = np.float32(1 / across), np.float32(1 / down)
    place = np.minimum(np.maximum((np.arange(corner[1], corner[1] + inside.shape[1]) + 0.5) * across - 0.5, 0.0), columns - 1.0)
    lefts = place.astype(np.int64)
    shares = (place - lefts).astype(np.float32)
    torn_at, known = np.empty(columns, np.bool_), -1
    for i in range(first, end):
        v = min(max((i + corner[0] + 0.5) * down - 0.5, 0.0), rows - 1.0)
        top = int(v)
        bottom, b = min(top + 1, rows - 1), np.float32(v - top)
        up, low, close = offset[top], offset[bottom], near[(i + corner[0]) * near.shape[0] // height]
        if top != known:
            known = top
            for left in range(lefts[0], lefts[-1] + 1):
                right = min(left + 1, columns - 1)
                torn_at[left] = False
                for c in range(2):
                    p, q, r, s = up[left, c], up[right, c], low[left, c], low[right, c]
                    torn_at[left] |= max(max(p, q), max(r, s)) - min(min(p, q), min(r, s)) > np.float32(JUMP_PX)
        for j in range(inside.shape[1]):
            if inside[i, j] >= 1 or close[(j + corner[1]) * near.shape[1] // width] == 0:
                continue
            left, a = lefts[j], shares[j]
            right = min(left + 1, columns - 1)
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
            inside[i, j] = max(
                inside[i, j], _share(outline, j + corner[1] + shift_x * grown_x, i + corner[0] + shift_y * grown_y)
            )


@kernel
def _share(outline: Bools, x: Any, y: Any) -> Any:
    """How far a place lies in the outline, which ends at the picture's border."""
    height, width = outline.shape
    column, row = int(np.floor(x)), int(np.floor(y))
    a, b, share = np.float32(x - column), np.float32(y - row), np.float32(0)
    for n in range(4):
        r, s = row + (n >> 1), column + (n & 1)
        if 0 <= r < height and 0 <= s < width and outline[r, s]:
            share += (b if n >> 1 else 1 - b) * (a if n & 1 else 1 - a)
    return share


@kernel
def _trim(first: int, end: int, inside: Floats, blurred: Floats, filled: Floats, edit: Floats) -> None:
    for y in range(first, end):
        for x in range(edit.shape[1]):
            if filled[y, x] < np.float32(0.5) and inside[y, x] != blurred[y, x]:
                share = inside[y, x] / max(blurred[y, x], np.float32(LEAST))
                for c in range(edit.shape[2]):
                    edit[y, x, c] *= share
            elif filled[y, x] < np.float32(0.5) and inside[y, x] <= 0:
                for c in range(edit.shape[2]):
                    edit[y, x, c] = 0
