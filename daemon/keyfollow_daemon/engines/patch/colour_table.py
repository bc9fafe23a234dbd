"""The edit as a function of source colour, one 25³ table per edited object, for what tracking does not reach.

A table holds the *prevailing* edit of a colour, not the mean: a decal on a recoloured globe, or on gravel that stays as it is,
must not tint the rest of it. Robust means by iterative reweighting (Geman & McClure 1987).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .kernels import kernel, rows
from .pixels import Bools, Floats

CELLS = 25
MAX_SAMPLES = 200_000
NEIGHBOURHOODS = ((0.5, 1.0), (1.5, 1e-2), (4.0, 1e-5), (12.0, 1e-8))
"""(sigma in cells, weight): a wider one only counts where the narrower ones are empty."""
SCALE = 10.0
SCALE_SHARE = 0.25
"""How far an edit may lie from the prevailing one and still agree with it: 8-bit units, plus a share of the edit itself."""
ROUNDS = 3
SPLIT, AGREED = 0.55, 0.8
"""Share of a colour's pixels that agree at which the table is not believed at all, and fully."""


class ColourTables:
    """Prevailing edit per source colour and label, and how far it can be believed."""

    def __init__(self, source: Floats, edit: Floats, regions: Sequence[Bools]) -> None:
        """From ``(h, w, c)`` float32 pixels and edits in 8-bit units; one table per region (``(h, w)`` bool), labelled from 0."""
        self._tables = np.stack([_table(source[region], edit[region]) for region in regions])

    def __call__(self, colours: Floats, labels: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """(edit ``(h, w, c)`` in 8-bit units, belief ``(h, w)`` 0…1) for ``(h, w, >= 3)`` colours and ``(h, w)`` labels; nothing for
        labels without a table."""
        height, width = labels.shape
        edit = np.zeros((height, width, self._tables.shape[-1] - 1), np.float32)
        belief = np.zeros((height, width), np.float32)
        rows(_look_up, height, self._tables, colours, labels, edit, belief)
        return edit, belief


def _table(colours: Floats, edits: Floats) -> npt.NDArray[np.float32]:
    """``(25, 25, 25, c + 1)``: edit, and belief in it."""
    step = max(1, len(colours) // MAX_SAMPLES)
    colours, edits = colours[::step, :3], edits[::step]
    place = np.clip(colours, 0.0, 255.0) * ((CELLS - 1) / 255.0)
    cell = np.rint(place).astype(np.int64) @ np.array([CELLS * CELLS, CELLS, 1])
    weight = np.ones(len(edits), np.float32)
    everything = _splat(place, [weight])
    mean = np.zeros((CELLS, CELLS, CELLS, edits.shape[1]))
    for turn in range(ROUNDS):
        if turn:
            prevailing = mean.reshape(-1, mean.shape[-1])[cell]
            away = np.square(edits - prevailing).sum(axis=1)
            scale = SCALE**2 + SCALE_SHARE**2 * np.square(prevailing).sum(axis=1)
            weight = np.square(scale / (scale + away)).astype(np.float32)
        sums = _splat(place, [weight, *(weight[:, None] * edits).T])
        filled = np.add.reduce([_blurred(sums, sigma) * share for sigma, share in NEIGHBOURHOODS])
        mean = filled[..., 1:] / np.maximum(filled[..., :1], 1e-20)
    near, agree = _blurred(everything, 1.0)[..., 0], _blurred(sums, 1.0)[..., 0]
    agreed = np.clip((agree / np.maximum(near, 1e-9) - SPLIT) / (AGREED - SPLIT), 0.0, 1.0)
    seen = _blurred(everything, 1.5)[..., 0]
    belief = agreed * seen / (seen + 1e-2)
    return np.concatenate([mean, belief[..., None]], axis=-1).astype(np.float32)


@kernel
def _look_up(first: int, end: int, tables: Floats, colours: Floats, labels: Floats, edit: Floats, belief: Floats) -> None:
    cells, channels = tables.shape[1], edit.shape[2]
    found = np.empty(channels + 1, np.float32)
    low = np.empty(3, np.int64)
    part = np.empty(3, np.float32)
    for y in range(first, end):
        for x in range(labels.shape[1]):
            label = labels[y, x]
            if label >= tables.shape[0]:
                continue
            for axis in range(3):
                place = min(max(colours[y, x, axis], np.float32(0)), np.float32(255)) * np.float32((cells - 1) / 255.0)
                low[axis] = min(int(place), cells - 2)
                part[axis] = place - low[axis]
            found[:] = 0
            for corner in range(8):
                i, j, k = corner >> 2, (corner >> 1) & 1, corner & 1
                share = (part[0] if i else 1 - part[0]) * (part[1] if j else 1 - part[1]) * (part[2] if k else 1 - part[2])
                for c in range(channels + 1):
                    found[c] += share * tables[label, low[0] + i, low[1] + j, low[2] + k, c]
            for c in range(channels):
                edit[y, x, c] = found[c]
            belief[y, x] = found[channels]


def _splat(place: Floats, moments: list[Floats]) -> npt.NDArray[np.float64]:
    low = np.minimum(place.astype(np.int64), CELLS - 2)
    part = place - low
    sums = np.zeros((CELLS**3, len(moments)))
    for corner in itertools.product((0, 1), repeat=3):
        weight = np.prod(np.where(corner, part, 1.0 - part), axis=1)
        cell = (low + corner) @ np.array([CELLS * CELLS, CELLS, 1])
        for column, moment in enumerate(moments):
            sums[:, column] += np.bincount(cell, weight * moment, CELLS**3)
    return sums.reshape(CELLS, CELLS, CELLS, len(moments))


def _blurred(volume: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    radius = min(CELLS, int(3 * sigma) + 1)
    offsets = np.subtract.outer(np.arange(CELLS), np.arange(CELLS))
    gaussian = np.where(np.abs(offsets) <= radius, np.exp(-(offsets**2) / (2 * sigma**2)), 0.0)
    out = volume
    for axis in range(3):
        out = np.moveaxis(np.tensordot(gaussian, out, axes=(1, axis)), 0, axis)
    return out
