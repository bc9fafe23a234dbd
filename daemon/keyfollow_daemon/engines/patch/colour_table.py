"""The edit as a function of source colour, one 25³ table per edited object, for what tracking does not reach.

A table holds the *prevailing* edit of a colour, not the mean: a decal on a recoloured globe, or on gravel that stays as it is,
must not tint the rest of it. Robust means by iterative reweighting (Geman & McClure 1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats

CELLS = 25
MAX_SAMPLES = 30_000
NEIGHBOURHOODS = ((0.5, 1.0), (1.5, 1e-2), (4.0, 1e-5), (12.0, 1e-8))
"""(sigma in cells, weight): a wider one only counts where the narrower ones are empty."""
SCALE = 10.0
SCALE_SHARE = 0.25
"""How far an edit may lie from the prevailing one and still agree with it: 8-bit units, plus a share of the edit itself."""
ROUNDS = 3
SPLIT, AGREED = 0.55, 0.8
"""Share of a colour's pixels that agree at which the table is not believed at all, and fully."""
SEEN_CELLS, SEEN = 0.5, 0.1
"""How near a colour others are that bear it out (sigma in cells), and how many of them are half believed. What is like no colour that the
keyframe shows there is known by none of them, however many lie around: dark brown wood is not the dark green of a globe."""
LIGHTS = (0.64, 0.8, 1.25, 1.56, 1.95)
"""So many times as bright as a colour of which the keyframe tells little are those that are asked instead."""
SURE, GUESSED = 0.9, 0.02
"""Belief from which they are asked, and that in what nothing but other colours nearby tell."""


class ColourTables:
    """Prevailing edit per source colour and label, and how far it can be believed.

    `cells` is ``(labels x 25 x 25 x 25, c + 1)`` float32, what `look_up` looks in: edit, belief.
    """

    def __init__(self, source: Floats, edit: Floats, regions: Sequence[Bools]) -> None:
        """From ``(h, w, c)`` float32 pixels and edits in 8-bit units; one table per region (``(h, w)`` bool), labelled from 0."""
        channels = edit.shape[2] + 1
        tables = [_table(source[region], edit[region], local=not region.all()) for region in regions]
        self.cells = np.concatenate([table.reshape(-1, channels) for table in tables])

    def __call__(self, colours: Floats, labels: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """(edit ``(h, w, c)`` in 8-bit units, belief ``(h, w)`` 0…1) for ``(h, w, >= 3)`` colours and ``(h, w)`` labels; nothing for
        labels without a table."""
        height, width = labels.shape
        edit = np.zeros((height, width, self.cells.shape[1] - 1), np.float32)
        belief = np.zeros((height, width), np.float32)
        rows(_look_up, height, self.cells, colours, labels, edit, belief)
        return edit, belief


def edited_share(source: Bytes, edited: Bools, unedited: Bools) -> Floats:
    """How much of a colour was edited in the whole of a picture: ``(25, 25, 25)`` float32 0…1 by cell, 0 of colours that are not `edited`.

    A table is learnt near its object, so that what lies elsewhere does not spoil it; but what has an edited colour far from the object may
    be elsewhere's.

    Args:
        source: ``(h, w, 3)`` uint8; `edited` and `unedited` pixels of it, ``(h, w)``.
    """
    counts = np.zeros((CELLS, CELLS, CELLS, 2))
    _count(source, edited, unedited, counts)
    own, others = np.moveaxis(_blurred(counts, SEEN_CELLS), -1, 0)
    out: Floats = (own / (own + others + 1e-6)).astype(np.float32)
    return out


@kernel
def _count(source: Bytes, edited: Bools, unedited: Bools, counts: Floats) -> None:
    for y in range(source.shape[0]):
        for x in range(source.shape[1]):
            i, j, k = cell(source[y, x])
            counts[i, j, k, 0] += edited[y, x]
            counts[i, j, k, 1] += unedited[y, x]


@kernel
def cell(colour: Bytes) -> Any:
    """Where in a table a colour lies, to the nearest cell."""
    scale, half = np.float32((CELLS - 1) / 255.0), np.float32(0.5)
    return int(colour[0] * scale + half), int(colour[1] * scale + half), int(colour[2] * scale + half)


def _table(colours: Floats, edits: Floats, *, local: bool) -> npt.NDArray[np.float32]:
    """``(25, 25, 25, c + 1)``: edit, and belief in it. A grade treats dark and bright otherwise; only of a `local` edit light tells anything."""
    step = max(1, len(colours) // MAX_SAMPLES)
    colours, edits = colours[::step, :3], edits[::step]
    place = np.clip(colours, 0.0, 255.0) * ((CELLS - 1) / 255.0)
    nearest = np.rint(place).astype(np.int64) @ np.array([CELLS * CELLS, CELLS, 1])
    weight = np.ones(len(edits), np.float32)
    everything = _splat(place, [weight])
    mean = np.zeros((CELLS, CELLS, CELLS, edits.shape[1]))
    for turn in range(ROUNDS):
        if turn:
            prevailing = mean.reshape(-1, mean.shape[-1])[nearest]
            away = np.square(edits - prevailing).sum(axis=1)
            scale = SCALE**2 + SCALE_SHARE**2 * np.square(prevailing).sum(axis=1)
            weight = np.square(scale / (scale + away)).astype(np.float32)
        sums = _splat(place, [weight, *(weight[:, None] * edits).T])
        # what lies further off matters to colours that the picture does not show
        reach = NEIGHBOURHOODS if turn == ROUNDS - 1 else NEIGHBOURHOODS[:2]
        filled = np.add.reduce([_blurred(sums, sigma) * share for sigma, share in reach])
        mean = filled[..., 1:] / np.maximum(filled[..., :1], 1e-20)
    near, agree = _blurred(everything, 1.0)[..., 0], _blurred(sums, 1.0)[..., 0]
    agreed = np.clip((agree / np.maximum(near, 1e-9) - SPLIT) / (AGREED - SPLIT), 0.0, 1.0)
    seen = _blurred(everything, SEEN_CELLS)[..., 0]
    belief = agreed * seen / (seen + SEEN)
    table = np.concatenate([mean, belief[..., None]], axis=-1).astype(np.float32)
    return in_other_light(table) if local else table


def in_other_light(table: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A table in which colours of which the keyframe tells little are edited no more than they surely are in another light.

    What turns into view is darker, or brighter, than all that the keyframe shows of a thing. Of colours nearby some may be edited that are another
    thing's: brown lies between orange and dark red, but is orange in the shade. Light multiplies, so of a colour that is s times as bright, 1/s of the
    edit is taken. Belief stays what it was.
    """
    flat, channels = table.reshape(-1, table.shape[-1]), table.shape[-1] - 1
    axis = np.linspace(0.0, 255.0, CELLS, dtype=np.float32)
    colours = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(1, -1, 3)
    labels = np.zeros(colours.shape[:2], np.uint8)
    known = flat[:, channels:]
    weight = known + np.float32(GUESSED)
    total = weight * flat[:, :channels]
    for light in LIGHTS:
        lit = colours * np.float32(light)
        edit, belief = np.zeros((*labels.shape, channels), np.float32), np.zeros(labels.shape, np.float32)
        _look_up(0, 1, flat, lit, labels, edit, belief)
        sure = np.clip((belief[0] - np.float32(SURE)) / np.float32(1 - SURE), 0, 1)
        share = np.where(lit[0].max(axis=1) <= 255, sure, np.float32(0))[:, None] * (np.float32(1) - known)
        weight = weight + share
        total += share * edit[0] / np.float32(light)
    told, guessed = total / weight, flat[:, :channels]
    less = np.abs(told).max(axis=1, keepdims=True) < np.abs(guessed).max(axis=1, keepdims=True)
    return np.concatenate([np.where(less, told, guessed), known], axis=1).reshape(table.shape)


@kernel
def _look_up(first: int, end: int, tables: Floats, colours: Floats, labels: Floats, edit: Floats, belief: Floats) -> None:
    channels = edit.shape[2]
    found = np.empty(channels + 1, np.float32)
    for y in range(first, end):
        for x in range(labels.shape[1]):
            if labels[y, x] < len(tables) // CELLS**3:
                look_up(tables, labels[y, x], colours[y, x, 0], colours[y, x, 1], colours[y, x, 2], found)
                for c in range(channels):
                    edit[y, x, c] = found[c]
                belief[y, x] = found[channels]


@kernel
def look_up(tables: Floats, label: int, red: Any, green: Any, blue: Any, found: Floats) -> None:
    """Trilinear interpolation in the table of `label`: the edit's channels and the belief go to `found`.

    Args:
        tables: `ColourTables.cells`.
    """
    zero, most = np.float32(0), np.float32(255)
    scale = np.float32((CELLS - 1) / 255.0)
    r, g, b = min(max(red, zero), most) * scale, min(max(green, zero), most) * scale, min(max(blue, zero), most) * scale
    i, j, k = min(int(r), CELLS - 2), min(int(g), CELLS - 2), min(int(b), CELLS - 2)
    p, q, s = np.float32(r - i), np.float32(g - j), np.float32(b - k)
    cell = ((label * CELLS + i) * CELLS + j) * CELLS + k
    one, two, three, four = tables[cell], tables[cell + 1], tables[cell + CELLS], tables[cell + CELLS + 1]
    cell += CELLS * CELLS
    five, six, seven, eight = tables[cell], tables[cell + 1], tables[cell + CELLS], tables[cell + CELLS + 1]
    o, t = np.float32(1) - q, np.float32(1) - s
    near, far, close, away = (np.float32(1) - p) * o, (np.float32(1) - p) * q, p * o, p * q
    for c in range(tables.shape[1]):
        front = near * (t * one[c] + s * two[c]) + far * (t * three[c] + s * four[c])
        found[c] = front + close * (t * five[c] + s * six[c]) + away * (t * seven[c] + s * eight[c])


def _splat(place: Floats, moments: list[Floats]) -> npt.NDArray[np.float64]:
    sums = np.zeros((CELLS, CELLS, CELLS, len(moments)))
    _spread(place, np.stack(moments, axis=1), sums)
    return sums


@kernel
def _spread(place: Floats, moments: Floats, sums: Floats) -> None:
    cells = sums.shape[0]
    low = np.empty(3, np.int64)
    part = np.empty(3, np.float32)
    for n in range(len(place)):
        for axis in range(3):
            low[axis] = min(int(place[n, axis]), cells - 2)
            part[axis] = place[n, axis] - np.float32(low[axis])
        for corner in range(8):
            i, j, k = corner >> 2, (corner >> 1) & 1, corner & 1
            share = (part[0] if i else 1 - part[0]) * (part[1] if j else 1 - part[1]) * (part[2] if k else 1 - part[2])
            for c in range(moments.shape[1]):
                sums[low[0] + i, low[1] + j, low[2] + k, c] += share * moments[n, c]


def _blurred(volume: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    radius = min(CELLS - 1, int(3 * sigma) + 1)
    gaussian = np.exp(-np.square(np.arange(-radius, radius + 1)) / (2 * sigma**2))
    out = volume
    for axis in range(3):
        moved = np.ascontiguousarray(np.moveaxis(out, axis, 0))
        blurred = np.zeros_like(moved)
        _along(moved.reshape(CELLS, -1), gaussian, blurred.reshape(CELLS, -1))
        out = np.moveaxis(blurred, 0, axis)
    return out


@kernel
def _along(volume: Floats, gaussian: Floats, out: Floats) -> None:
    radius = len(gaussian) // 2
    for i in range(volume.shape[0]):
        for j in range(max(0, i - radius), min(volume.shape[0], i + radius + 1)):
            for n in range(volume.shape[1]):
                out[i, n] += gaussian[j - i + radius] * volume[j, n]
