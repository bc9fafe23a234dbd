"""The edit as a function of source colour alone: a 25³ table, for edits that are one and for pixels that nothing else reaches."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from .pixels import Floats, cv

CELLS = 25
MAX_SAMPLES = 400_000
NEIGHBOURHOODS = ((0.5, 1.0), (1.5, 1e-2), (4.0, 1e-5), (12.0, 1e-8))
"""(sigma in cells, weight): a wider one only counts where the narrower ones are empty."""
AMBIGUOUS = 12.0
AMBIGUOUS_SHARE = 0.6
"""Standard deviation of the edit within one colour at which the table is no longer believed: 8-bit units, plus a share of the
edit itself (a recoloured crate with a decal on it is still a recoloured crate)."""


class ColourTable:
    """Mean edit per source colour, and how far it can be believed.

    Built by trilinear splatting; empty cells are filled from ever wider Gaussian neighbourhoods.
    """

    def __init__(self, source: Floats, edit: Floats) -> None:
        """From ``(h, w, c)`` float32 pixels and edits in 8-bit units; cells are those of the first three channels."""
        step = max(1, source.shape[0] * source.shape[1] // MAX_SAMPLES)
        colours = source.reshape(-1, source.shape[2])[::step, :3]
        edits = edit.reshape(-1, edit.shape[2])[::step]
        moments = [np.ones(len(edits), np.float32), *edits.T, np.square(edits).sum(axis=1)]
        sums = _splat(colours, moments)
        filled = np.add.reduce([_blurred(sums, sigma) * weight for sigma, weight in NEIGHBOURHOODS])
        mean = filled / np.maximum(filled[..., :1], 1e-20)
        spread = np.maximum(mean[..., -1] - np.square(mean[..., 1:-1]).sum(axis=-1), 0.0)
        seen = _blurred(sums, 1.5)[..., 0]
        self._table = mean[..., 1:].astype(np.float32)
        doubt = AMBIGUOUS**2 + AMBIGUOUS_SHARE**2 * np.square(mean[..., 1:-1]).sum(axis=-1)
        belief = np.clip(1.5 * np.exp(-spread / (2 * doubt)) - 0.25, 0.0, 1.0)
        self._table[..., -1] = belief * seen / (seen + 1e-3)

    def __call__(self, colours: Floats) -> tuple[Floats, Floats]:
        """(edit ``(h, w, c)`` in 8-bit units, belief ``(h, w)`` 0…1) for ``(h, w, >= 3)`` source colours."""
        place = np.clip(colours[..., :3], 0.0, 255.0) * ((CELLS - 1) / 255.0)
        low = np.minimum(place[..., 2].astype(np.int32), CELLS - 2)
        part = (place[..., 2] - low)[..., None]
        unrolled = self._table.transpose(2, 1, 0, 3).reshape(CELLS * CELLS, CELLS, -1)
        where = np.stack([place[..., 0], place[..., 1] + low * CELLS], axis=-1).astype(np.float32)
        below = cv.remap(unrolled, where, None, cv.INTER_LINEAR)
        where[..., 1] += CELLS
        found = below + part * (cv.remap(unrolled, where, None, cv.INTER_LINEAR) - below)
        return found[..., :-1].astype(np.float32), found[..., -1].astype(np.float32)


def _splat(colours: Floats, moments: list[Floats]) -> npt.NDArray[np.float64]:
    place = np.clip(colours, 0.0, 255.0) * ((CELLS - 1) / 255.0)
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
    kernel = np.where(np.abs(offsets) <= radius, np.exp(-(offsets**2) / (2 * sigma**2)), 0.0)
    out = volume
    for axis in range(3):
        out = np.moveaxis(np.tensordot(kernel, out, axes=(1, axis)), 0, axis)
    return out
