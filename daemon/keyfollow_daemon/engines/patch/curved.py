"""How a curved surface departs from an affine pose: a map of second order through what is textured on it, fitted robustly.

A ball that turns, or a sleeve, shows a decal narrower and narrower toward one side; an affine map, fitted around the decal, does not
say so, and falls behind the more, the further the surface turns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .kernels import kernel
from .objects import Decal
from .pixels import Bytes, Floats

SAMPLES = 2000
"""At most about as many places of the surface are asked."""
LEAST_SAMPLES = 60
_SAMPLE = 5
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


def bend(offset: Floats, tracked: Floats, weight: Floats, decal: Decal, pose: Floats) -> Bend | None:
    """How the surface of a decal departs from `pose`; None where it is plain, or too little tells, or does not agree.

    Args:
        offset, tracked: of a `Correspondence`.
        weight: ``(h, w)`` float32 >= 0, how well places of the keyframe can be followed; 0 is not asked at all.
        pose: 3 x 3, frame to keyframe coordinates.
    """
    scale, step = math.sqrt(decal.area), max(1, math.ceil(math.sqrt(decal.spread / SAMPLES)))
    centre = (np.linalg.inv(pose) @ decal.middle)[:2]
    asked = np.empty((_SAMPLE, -(-tracked.shape[0] // step) * -(-tracked.shape[1] // step)), np.float64)
    asked = asked[:, : _asked(offset, tracked, weight, decal.wide, pose, centre, scale, step, asked)]
    if asked.shape[1] < LEAST_SAMPLES:
        return None
    terms, total = np.zeros((6, 2)), asked[4].sum()
    sums = np.empty((6, 8))
    for size in SCALES:
        _sum_up(asked, terms, size * size, sums)
        terms = np.linalg.solve(sums[:, :6] + RIDGE * total * np.eye(6), sums[:, 6:])
    agreed = _agreeing(asked, terms, AGREED_PX * AGREED_PX) / total
    bent = np.abs(terms[3:]).max() > BENT_PX
    return Bend(centre, scale, terms) if bent and agreed > AGREED else None


@kernel
def _asked(
    offset: Floats,
    tracked: Floats,
    weight: Floats,
    wide: Bytes,
    pose: Floats,
    centre: Floats,
    scale: float,
    step: int,
    out: Floats,
) -> int:
    """How many samples there are; the columns of `out` are their local places, how far they lie off `pose`, and how much they tell: what is near
    the most."""
    height, width = wide.shape
    count = 0
    for y in range(0, height, step):
        for x in range(0, width, step):
            u, v = x + offset[y, x, 0], y + offset[y, x, 1]
            i, j = np.rint(u), np.rint(v)
            if not (tracked[y, x] > 0.5 and 0 <= i < width and 0 <= j < height and wide[int(j), int(i)]):
                continue
            held = weight[int(j), int(i)]
            if held > 0:
                right, down = (x - centre[0]) / scale, (y - centre[1]) / scale
                out[0, count], out[1, count] = right, down
                out[2, count] = u - (pose[0, 0] * x + pose[0, 1] * y + pose[0, 2])
                out[3, count] = v - (pose[1, 0] * x + pose[1, 1] * y + pose[1, 2])
                out[4, count] = held / (1.0 + right * right + down * down)
                count += 1
    return count


@kernel
def _off(asked: Floats, terms: Floats, n: int) -> Any:
    """By how much a sample lies off the map, squared."""
    x, y = asked[0, n], asked[1, n]
    off = 0.0
    for c in range(2):
        at = terms[0, c] + x * (terms[1, c] + x * terms[3, c] + y * terms[4, c]) + y * (terms[2, c] + y * terms[5, c])
        off += (asked[2 + c, n] - at) ** 2
    return off


@kernel
def _sum_up(asked: Floats, terms: Floats, square: float, sums: Floats) -> None:
    """Normal equations, ``(6, 6 + 2)``, of the samples by what they tell and how far they lie off the map through `terms`."""
    sums[:] = 0
    basis = np.ones(6, np.float64)
    for n in range(asked.shape[1]):
        share = square / (square + _off(asked, terms, n))
        share *= share * asked[4, n]
        x, y = asked[0, n], asked[1, n]
        basis[1], basis[2], basis[3], basis[4], basis[5] = x, y, x * x, x * y, y * y
        for i in range(6):
            by = share * basis[i]
            for j in range(i, 6):
                sums[i, j] += by * basis[j]
            sums[i, 6] += by * asked[2, n]
            sums[i, 7] += by * asked[3, n]
    for i in range(6):
        for j in range(i):
            sums[i, j] = sums[j, i]


@kernel
def _agreeing(asked: Floats, terms: Floats, square: float) -> Any:
    """What the samples tell together that lie nearer than that to the map."""
    total = 0.0
    for n in range(asked.shape[1]):
        if _off(asked, terms, n) < square:
            total += asked[4, n]
    return total
