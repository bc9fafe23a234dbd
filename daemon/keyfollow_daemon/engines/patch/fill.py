"""The edit where tracking is unsure: what the source's colour suggests, and what the confident edit nearby does.

Falling back to "unedited" there leaves holes in a recoloured object; falling back to the keyframe's pixels leaves smears.
"""

from __future__ import annotations

import numpy as np

from .pixels import Bools, Floats, cv, grid
from .transfer import Proposal

CELL_PX = 8
LUMA_CELLS = 16
UNSURE = 0.2
SURE = 0.7
"""Confidence at which the tracked edit counts for nothing, and alone."""
FAINT = 1.5
"""What is filled below this (8-bit units) nobody would see: the source's own bits are worth more."""
VISIBLE = 12.0
"""Edits below this (8-bit units) are no evidence that a colour was edited."""


def fill(merged: Proposal, luma: Floats, px: float) -> Floats:
    """The edit with its unsure pixels replaced: by the colour table where it is believed, else by the confident edit nearby.

    Nothing is filled further than `px` from the tracked edit, but for untracked pixels of an edited colour that hang together
    with it: more of the same object that turned into view. ``inf`` px fills everywhere.

    Args:
        merged: what the keyframes say about the frame.
        luma: ``(h, w)`` 0…255.
    """
    edit, confidence, by_colour, belief = merged.edit, merged.confidence, merged.by_colour, merged.belief
    trust = np.clip((confidence - UNSURE) / (SURE - UNSURE), 0.0, 1.0)
    tracked = (merged.reach > 0) & (confidence > 0.5)
    if not tracked.any() and np.isfinite(px):
        faded: Floats = edit * trust[..., None]
        return faded
    nearby, evidence = diffuse(edit, trust * trust, luma)
    known = np.minimum(1.0, 4.0 * evidence)[..., None]
    guess = known * nearby + (1.0 - known) * by_colour
    area: Floats = np.ones((1, 1, 1), np.float32)
    if np.isfinite(px):
        close = near(tracked, px)
        guess[~close] = 0.0
        more = _hanging_together(
            tracked, (belief > 0.4) & (np.abs(by_colour[..., :3]).max(axis=2) > VISIBLE) & (confidence < 0.5), px
        )
        area = np.where(close, np.float32(1.0), cv.GaussianBlur(more.astype(np.float32), (0, 0), 2.0))[..., None]
    filled = area * merged.allowed[..., None] * (belief[..., None] * by_colour + (1.0 - belief[..., None]) * guess)
    out: Floats = filled + trust[..., None] * (edit - filled)
    if np.isfinite(px):
        out[(merged.reach <= 0) & (np.abs(out).max(axis=2) < FAINT)] = 0.0
    return out


def _hanging_together(seed: Bools, candidates: Bools, px: float) -> Bools:
    """The `candidates` in areas that hold a pixel of `seed`; areas less than ``2 px`` apart are one."""
    _, label = cv.connectedComponents(near(candidates | seed, px).astype(np.uint8), connectivity=4)
    keep = np.zeros(int(label.max()) + 1, np.bool_)
    keep[np.unique(label[seed])] = True
    out: Bools = keep[label] & candidates
    return out


def diffuse(edit: Floats, weight: Floats, luma: Floats) -> tuple[Floats, Floats]:
    """Weighted mean of `edit` over neighbours of similar brightness (bilateral grid, Chen et al. 2007).

    Args:
        edit: ``(h, w, c)`` float32; `weight` ``(h, w)`` float32 >= 0; `luma` ``(h, w)`` float32 0…255.

    Returns:
        The mean ``(h, w, c)`` and the weight it rests on, ``(h, w)`` (1 = as much as a fully weighted neighbourhood).
    """
    height, width = luma.shape
    rows, columns = height // CELL_PX + 2, width // CELL_PX + 2
    where = grid(height, width)
    level = luma * ((LUMA_CELLS - 1) / 255.0)
    cell = (np.rint(where[..., 1] / CELL_PX) * columns + np.rint(where[..., 0] / CELL_PX)) * LUMA_CELLS + np.rint(level)
    known = weight > 0
    index = cell[known].astype(np.int64)
    sums = [np.bincount(index, weight[known], rows * columns * LUMA_CELLS)]
    sums += [np.bincount(index, weight[known] * edit[..., c][known], len(sums[0])) for c in range(edit.shape[2])]
    volume = np.stack(sums, axis=-1).reshape(rows, columns, LUMA_CELLS, -1).astype(np.float32)
    found = _slice(_smooth(volume), where / CELL_PX, level)
    mass = found[..., 0]
    return found[..., 1:] / np.maximum(mass, 1e-6)[..., None], mass / (CELL_PX * CELL_PX)


def _smooth(volume: Floats) -> Floats:
    rows, columns, levels, n = volume.shape
    flat = cv.GaussianBlur(volume.reshape(rows, columns, levels * n), (0, 0), 1.5, borderType=cv.BORDER_CONSTANT)
    padded = np.pad(flat.reshape(rows, columns, levels, n), ((0, 0), (0, 0), (1, 1), (0, 0)))
    out: Floats = 0.25 * padded[:, :, :-2] + 0.5 * padded[:, :, 1:-1] + 0.25 * padded[:, :, 2:]
    return out


def _slice(volume: Floats, where: Floats, level: Floats) -> Floats:
    rows, columns, levels, n = volume.shape
    low = np.minimum(level.astype(np.int32), levels - 2)
    part = (level - low)[..., None]
    unrolled = np.ascontiguousarray(volume.transpose(2, 0, 1, 3)).reshape(levels * rows, columns, n)
    place = where.copy()
    place[..., 1] += low * rows
    below = cv.remap(unrolled, place, None, cv.INTER_LINEAR)
    place[..., 1] += rows
    above = cv.remap(unrolled, place, None, cv.INTER_LINEAR)
    out: Floats = below + part * (above - below)
    return out


def near(area: Bools, distance: float) -> Bools:
    """Pixels within `distance` px of `area`."""
    if not area.any():
        return np.zeros_like(area)
    out: Bools = cv.distanceTransform((~area).astype(np.uint8), cv.DIST_L2, 3) <= distance
    return out
