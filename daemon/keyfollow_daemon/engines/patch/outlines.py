"""Drafts are made small; what being enlarged spills over an edit's outline is taken away again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Floats

FAINT = 6.0
"""What a draft changes by less (8-bit units) outside the edit's outline comes from its being enlarged."""


class Outlines:
    """The change masks of the keyframes in use, at full size: a smaller picture's are wider."""

    def __init__(self) -> None:
        self._of: dict[int, Bools] = {}

    def add(self, key: int, changed: Bools) -> None:
        self._of[key] = changed

    def __getitem__(self, key: int) -> Bools:
        return self._of[key]

    def keep(self, keys: Iterable[int]) -> None:
        """Forget all but these."""
        self._of = {key: self._of[key] for key in keys if key in self._of}

    def trim(self, edit: Floats, keys: Iterable[int], offset: Callable[[int], Floats]) -> None:
        """Set to 0 what is faint in `edit` (``(h, w, c)``, in place) and lies outside all the keyframes' outlines.

        Args:
            offset: of each keyframe, from the frame's pixels to its own, ``(rows, columns, 2)`` px at any size.
        """
        inside = np.zeros(edit.shape[:2], np.bool_)
        for key in keys:
            rows(_mark, len(edit), edit, offset(key), self._of[key], inside)
        rows(_erase, len(edit), edit, inside)


@kernel
def _faint(edit: Floats, y: int, x: int) -> bool:
    most = np.float32(0)
    for c in range(edit.shape[2]):
        most = max(most, abs(edit[y, x, c]))
    return bool(0 < most < FAINT)


@kernel
def _mark(first: int, end: int, edit: Floats, offset: Floats, outline: Bools, inside: Bools) -> None:
    """Which of the faint pixels show something within the `outline`."""
    height, width = outline.shape
    down, across = offset.shape[0] / height, offset.shape[1] / width
    for y in range(first, end):
        for x in range(width):
            if inside[y, x] or not _faint(edit, y, x):
                continue
            v = min(max((y + 0.5) * down - 0.5, 0.0), offset.shape[0] - 1.0)
            u = min(max((x + 0.5) * across - 0.5, 0.0), offset.shape[1] - 1.0)
            top, left = int(v), int(u)
            bottom, right = min(top + 1, offset.shape[0] - 1), min(left + 1, offset.shape[1] - 1)
            a, b = u - left, v - top
            shift_x = (1 - b) * ((1 - a) * offset[top, left, 0] + a * offset[top, right, 0])
            shift_x += b * ((1 - a) * offset[bottom, left, 0] + a * offset[bottom, right, 0])
            shift_y = (1 - b) * ((1 - a) * offset[top, left, 1] + a * offset[top, right, 1])
            shift_y += b * ((1 - a) * offset[bottom, left, 1] + a * offset[bottom, right, 1])
            i, j = int(np.floor(x + shift_x / across)), int(np.floor(y + shift_y / down))
            for corner in range(4):
                row, column = j + (corner >> 1), i + (corner & 1)
                if 0 <= row < height and 0 <= column < width and outline[row, column]:
                    inside[y, x] = True


@kernel
def _erase(first: int, end: int, edit: Floats, inside: Bools) -> None:
    for y in range(first, end):
        for x in range(edit.shape[1]):
            if not inside[y, x] and _faint(edit, y, x):
                for c in range(edit.shape[2]):
                    edit[y, x, c] = 0
