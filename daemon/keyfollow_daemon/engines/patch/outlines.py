"""Drafts are made small, and what is drawn small is blurred over the edit's outline when it is enlarged: the outline itself stays sharp.

A keyframe's change mask is kept at full size and carried to a frame by the same correspondence as the edit. What lies outside of it
is not the edit's, unless it was filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .correspondence import JUMP_PX
from .kernels import kernel, rows
from .pixels import Bools, Floats, around

MARGIN = 2
"""Pixels of the small picture by which an outline may lie outside of what was drawn there."""


class Outlines:
    """The change masks of the keyframes in use, at full size."""

    def __init__(self) -> None:
        self._of: dict[int, Bools] = {}

    def add(self, key: int, changed: Bools) -> None:
        self._of[key] = changed

    def keep(self, keys: Iterable[int]) -> None:
        """Forget all but these."""
        self._of = {key: self._of[key] for key in keys if key in self._of}

    def carried(self, keys: Iterable[int], offset: Callable[[int], Floats], reach: Floats) -> Bools:
        """``(h, w)``, what of a frame lies within the outline of any of the `keys`.

        Args:
            offset: of each keyframe, from the frame's pixels to its own, ``(rows, columns, 2)`` px of the small picture.
            reach: ``(rows, columns)``, not 0 where the small picture shows something of what was changed.
        """
        keys = list(keys)
        out = np.zeros_like(self._of[keys[0]])
        down, across = out.shape[0] / reach.shape[0], out.shape[1] / reach.shape[1]
        rows_near, columns_near = around(reach > 0, MARGIN)
        top, left = int(rows_near.start * down), int(columns_near.start * across)
        window = out[top : int(rows_near.stop * down) + 1, left : int(columns_near.stop * across) + 1]
        for key in keys:
            rows(_within, len(window), offset(key), self._of[key], (top, left), (1 / down, 1 / across), window)
        return out


def trim(edit: Floats, inside: Bools, filled: Floats) -> None:
    """Set an enlarged `edit` (``(h, w, c)``, in place) to 0 outside the outline, where less than half of it was filled in.

    Args:
        inside: ``(h, w)``, as from `Outlines.carried`.
        filled: ``(h, w)`` float32 0…1, enlarged from where the small picture was changed without showing anything of the change mask.
    """
    rows(_trim, len(edit), inside, filled, edit)


@kernel
def _within(first: int, end: int, offset: Floats, outline: Bools, corner: Any, small: Any, inside: Bools) -> None:
    height, width = outline.shape
    for i in range(first, end):
        v = min(max((i + corner[0] + 0.5) * small[0] - 0.5, 0.0), offset.shape[0] - 1.0)
        top = int(v)
        bottom, b = min(top + 1, offset.shape[0] - 1), np.float32(v - top)
        for j in range(inside.shape[1]):
            if inside[i, j]:
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
            for row in range(max(int(np.floor(y)), 0), min(int(np.ceil(y)) + 1, height)):
                for column in range(max(int(np.floor(x)), 0), min(int(np.ceil(x)) + 1, width)):
                    inside[i, j] |= outline[row, column]


@kernel
def _trim(first: int, end: int, inside: Bools, filled: Floats, edit: Floats) -> None:
    for y in range(first, end):
        for x in range(edit.shape[1]):
            if not inside[y, x] and filled[y, x] < np.float32(0.5):
                for c in range(edit.shape[2]):
                    edit[y, x, c] = 0
