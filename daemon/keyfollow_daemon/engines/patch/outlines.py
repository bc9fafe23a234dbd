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
from .pixels import Bools, Floats, around, cv, enlarged

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
        rows_near, columns_near = around(reach > 0, MARGIN)
        top, left = int(rows_near.start * down), int(columns_near.start * across)
        window = out[top : int(rows_near.stop * down) + 1, left : int(columns_near.stop * across) + 1]
        for key in keys:
            track = offset(key)
            small = (track.shape[0] / out.shape[0], track.shape[1] / out.shape[1])
            rows(_within, len(window), track, self._of[key], (top, left), small, window)
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
def _within(first: int, end: int, offset: Floats, outline: Bools, corner: Any, small: Any, inside: Floats) -> None:
    height, width = outline.shape
    for i in range(first, end):
        v = min(max((i + corner[0] + 0.5) * small[0] - 0.5, 0.0), offset.shape[0] - 1.0)
        top = int(v)
        bottom, b = min(top + 1, offset.shape[0] - 1), np.float32(v - top)
        for j in range(inside.shape[1]):
            if inside[i, j] >= 1:
                continue
            u = min(max((j + corner[1] + 0.5) * small[1] - 0.5, 0.0), offset.shape[1] - 1.0)
            left = int(u)
            right, a = min(left + 1, offset.shape[1] - 1), np.float32(u - left)
            torn = False
            for c in range(2):
                p, q, r, s = offset[top, left, c], offset[top, right, c], offset[bottom, left, c], offset[bottom, right, c]
                torn = torn or max(max(p, q), max(r, s)) - min(min(p, q), min(r, s)) > np.float32(JUMP_PX)
            if torn:
                row, column = bottom if b > 0.5 else top, right if a > 0.5 else left
                shift_x, shift_y = offset[row, column, 0], offset[row, column, 1]
            else:
                above = offset[top, left, 0] + a * (offset[top, right, 0] - offset[top, left, 0])
                below = offset[bottom, left, 0] + a * (offset[bottom, right, 0] - offset[bottom, left, 0])
                shift_x = above + b * (below - above)
                above = offset[top, left, 1] + a * (offset[top, right, 1] - offset[top, left, 1])
                below = offset[bottom, left, 1] + a * (offset[bottom, right, 1] - offset[bottom, left, 1])
                shift_y = above + b * (below - above)
            x, y = j + corner[1] + shift_x / small[1], i + corner[0] + shift_y / small[0]
            column, row = int(np.floor(x)), int(np.floor(y))
            a, b, share = np.float32(x - column), np.float32(y - row), np.float32(0)
            for n in range(4):
                r, s = row + (n >> 1), column + (n & 1)
                if 0 <= r < height and 0 <= s < width and outline[r, s]:
                    share += (b if n >> 1 else 1 - b) * (a if n & 1 else 1 - a)
            inside[i, j] = max(inside[i, j], share)


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
