"""What a file format did to a keyframe, told apart from an edit: JPEG, or a program that converts colours a little otherwise."""

from __future__ import annotations

import numpy as np

from .pixels import Bools, Floats, box, largest

TILE = 8
MOST = 24.0
"""Of a tile that was only re-encoded no pixel is this far off, in 8-bit units."""
DRIFT, DRIFT_SHARE = 1.5, 0.25
"""Nor is its mean: 8-bit units, or a share of what differs most in it."""
EXPLAINED = 0.66
"""Share of the differences that follows from the source's colours and detail from which on they are an edit. Grades, sharpening and
blurring have .69 to .99, JPEG (quality 60 to 95) at most .51, a still from a program with other rounding .64 (seven pictures)."""
SAMPLES = 20_000


def noise_threshold(keyframe: Floats, source: Floats) -> float:
    """0 for a keyframe that was stored exactly; else a bound on what re-encoding it (JPEG…) did, in 8-bit units, at most 16.

    Re-encoding shows as 8 x 8 tiles that all differ a little around a mean of zero, where an exact file has tiles without any
    difference. It is believed when such tiles fill a third of the picture and outnumber the exact ones, and when what differs is not
    made of the source: that would be a faint grade, or sharpening.

    Args:
        keyframe, source: ``(h, w, c)`` float32 in 8-bit units.
    """
    height, width = (n - n % TILE for n in source.shape[:2])
    if not height or not width:
        return 0.0
    difference = np.ascontiguousarray((keyframe - source)[:height, :width, :3])
    most = largest(difference).reshape(height // TILE, TILE, width // TILE, TILE).max(axis=3).max(axis=1)
    noisy = (most > 0) & (most < MOST)
    if not _outnumber(noisy, most == 0):  # an exact file is told without the tiles' means, which take ten times as long
        return 0.0
    tiles = difference.reshape(height // TILE, TILE, width // TILE, TILE, 3)
    noisy &= np.abs(tiles.mean(axis=(1, 3))).max(axis=2) < np.maximum(DRIFT, DRIFT_SHARE * most)
    if not _outnumber(noisy, most == 0) or _explained(difference, source[:height, :width, :3], noisy) > EXPLAINED:
        return 0.0
    return float(min(16.0, np.percentile(most[noisy], 99) + 1.0))


def _outnumber(noisy: Bools, exact: Bools) -> bool:
    return bool(noisy.mean() >= 1 / 3 and noisy.sum() >= 2 * exact.sum())


def _explained(difference: Floats, source: Floats, noisy: Bools) -> float:
    """Share of the energy of the `difference` in the `noisy` tiles that is a linear function of the source's colours and of what stands
    out of their 3 x 3 px."""
    detail = source - box(source, 1)
    chosen = np.flatnonzero(np.repeat(np.repeat(noisy, TILE, axis=0), TILE, axis=1))
    chosen = chosen[:: max(1, len(chosen) // SAMPLES)]
    told = np.ones((len(chosen), 7))
    told[:, :3], told[:, 3:6] = source.reshape(-1, 3)[chosen], detail.reshape(-1, 3)[chosen]
    left = difference.reshape(-1, 3)[chosen].astype(np.float64)
    # a little more on the diagonal: a picture of one colour tells nothing apart
    normal = np.einsum("ni,nj->ij", told, told) + 1e-3 * len(chosen) * np.eye(7)
    fitted = told @ np.linalg.solve(normal, np.einsum("ni,nj->ij", told, left))
    return float(1 - np.square(left - fitted).sum() / np.square(left).sum())
