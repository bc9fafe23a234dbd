"""How a curved surface departs from an affine pose: a map of second order through what is textured on it, fitted robustly.

A ball that turns, or a sleeve, shows a decal narrower and narrower toward one side; an affine map, fitted around the decal, does not
say so, and falls behind the more, the further the surface turns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .pixels import Bytes, Floats, cv, grid, sample, shown

SAMPLES = 4000
"""At most about as many places of the surface are asked."""
LEAST_SAMPLES = 60
SCALES = (8.0, 4.0, 2.0, 1.0, 1.0)
"""How far in px a sample may lie off the map through the others and still count, round by round."""
AGREED_PX, AGREED = 1.5, 0.75
"""A map is believed when so much of what it was fitted to lies no further off."""
BENT_PX = 0.5
"""Terms of second order that amount to less, a decal's size away, are none: the surface is plain, and its pose says it all."""
RIDGE = 1e-3
"""Share of the samples' weight that holds every coefficient back."""


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """What is to be added to a pose; `terms` ``(6, 2)`` px of 1, x, y, x², xy, y² about `centre`, in units of `scale` px."""

    centre: Floats
    scale: float
    terms: Floats

    def at(self, here: Floats) -> Floats:
        """``(h, w, 2)`` px for the places ``(h, w, 2)`` of a frame."""
        local = (here - self.centre.astype(np.float32)) / np.float32(self.scale)
        x, y = local[..., :1], local[..., 1:]
        one, right, down, wide, askew, high = self.terms.astype(np.float32)
        out: Floats = one + x * (right + x * wide + y * askew) + y * (down + y * high)
        return out


def bend(offset: Floats, tracked: Floats, weight: Floats, wide: Bytes, drawn: Bytes, pose: Floats) -> Bend | None:
    """How the surface of a decal departs from `pose`; None where it is plain, or too little tells, or does not agree.

    Args:
        offset, tracked: of a `Correspondence`.
        weight: ``(h, w)`` float32 >= 0, how well places of the keyframe can be followed; 0 is not asked at all.
        wide: ``(h, w)`` uint8 0 or 1, of the keyframe, what may be of the same surface; `drawn`, the decal.
        pose: 3 x 3, frame to keyframe coordinates.
    """
    area = float(drawn.sum())
    scale, step = math.sqrt(area), max(1, math.ceil(math.sqrt(wide.sum() / SAMPLES)))
    here = grid(*tracked.shape)[::step, ::step]
    there = here + offset[::step, ::step]
    held = sample(weight, there)
    asked = (tracked[::step, ::step] > 0.5) & (held > 0) & (shown(wide, there) > 0)
    if asked.sum() < LEAST_SAMPLES:
        return None
    place, target = here[asked].astype(np.float64), there[asked].astype(np.float64)
    moments = cv.moments(drawn, binaryImage=True)
    middle = np.array([moments["m10"], moments["m01"], area]) / area
    centre = (np.linalg.inv(pose) @ middle)[:2]
    local = (place - centre) / scale
    x, y = local.T
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    away = target - place @ pose[:2, :2].T - pose[:2, 2]
    # what is near tells most
    near = held[asked] / (1.0 + np.square(local).sum(axis=1))
    terms, left = np.zeros((6, 2)), np.square(away).sum(axis=1)
    for size in SCALES:
        share = near * np.square(size * size / (size * size + left))
        weighted = basis * share[:, None]
        terms = np.linalg.solve(weighted.T @ basis + RIDGE * near.sum() * np.eye(6), weighted.T @ away)
        left = np.square(away - basis @ terms).sum(axis=1)
    agreed = near[left < AGREED_PX * AGREED_PX].sum() / near.sum()
    bent = np.abs(terms[3:]).max() > BENT_PX
    return Bend(centre, scale, terms) if bent and agreed > AGREED else None
