"""How sure the engine is of a frame, as one number and by place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pixels import Bytes, Floats, cv

MOST_CELLS = 128
LENIENCE = 1.1
"""Edges are never followed quite; ranks frames alike from 1.1 to 1.5."""


@dataclass(frozen=True, slots=True, eq=False)
class Certainty:
    """`confidence` 0…1; `by_place` ``(rows, columns)`` uint8, 255 = sure, spread over the picture."""

    confidence: float
    by_place: Bytes


SURE = Certainty(1.0, np.full((1, 1), 255, np.uint8))
UNSURE = Certainty(0.0, np.zeros((1, 1), np.uint8))


def certainty(sure: Floats, amount: Floats, followed: float = 1.0) -> Certainty:
    """From each pixel's confidence 0…1 and how much the edit changes it (>= 0), both ``(h, w)``.

    The one number is the mean over what the edit changes, the more the heavier; but an edit of which only a part could be followed all
    the way is hardly surer than that part is large: what is in sight may match well while the rest is lost.

    Args:
        followed: that share, 0…1.
    """
    height, width = sure.shape
    scale = min(1.0, MOST_CELLS / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    by_place = cv.resize(np.clip(sure, 0.0, 1.0).astype(np.float32), size, interpolation=cv.INTER_AREA)
    confidence = np.average(sure, weights=amount) if amount.any() else sure.mean()
    return Certainty(float(np.clip(min(confidence, LENIENCE * followed), 0.0, 1.0)), np.rint(255.0 * by_place).astype(np.uint8))
