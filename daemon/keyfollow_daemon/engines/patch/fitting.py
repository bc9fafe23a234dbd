"""The affine map by which most of an object's pixels moved, though some of what is taken for it stayed behind or is something else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import kernel, summing_kernel
from .pixels import Floats

STIFFNESS = 0.03
"""How hard a pose is drawn toward the one predicted, by the share of the object that is hidden."""
CLEARLY = 0.5
"""A pose fitted without what lies far from where it is expected must leave half of the pixels nearer than this, of how near one leaves them
that is fitted to all: what an object's rim has left standing behind it draws the harder the further the object went."""
LEFT_PX = 0.5
"""What a pose leaves is told to no less."""
HALVINGS = 16
"""A median is told to this power of two."""


def fit(predicted: Floats, asked: Floats, holds: float, area: int, px: float) -> Floats:
    """The affine map that takes places of a frame to those of the keyframe, weighted by the texture that these are held by, ridge-regularised
    toward `predicted`; outliers are dropped.

    Args:
        predicted: ``(3, 3)``, frame to keyframe coordinates.
        asked: ``(5, n)``: places in the frame, x and y, those in the keyframe, and the texture that they are held by there.
        holds: the texture of the whole object; `area`, its size in px.
        px: what lies further from where it is predicted than this, and than most do, is left out if that explains the rest far better.
    """
    if not asked.shape[1]:
        return predicted
    centre, radius = asked[:2].mean(axis=1), math.sqrt(area)
    ridge = (STIFFNESS * holds + 1e-6) * np.eye(3)
    shift = np.array([[1 / radius, 0, -centre[0] / radius], [0, 1 / radius, -centre[1] / radius], [0, 0, 1]])
    sums = np.empty((3, 5))

    def fitted(weight: Floats) -> tuple[float, Floats]:
        pose, left = predicted, 0.0
        for _ in range(3):
            _sum_up(asked, weight, predicted, centre, radius, sums)
            correction = np.linalg.solve(sums[:, :3] + ridge, sums[:, 3:])
            pose = predicted.copy()
            pose[:2] += correction.T @ shift
            left = _drop_outliers(asked, pose, LEFT_PX, weight)
        return left, pose

    near = asked[4].copy()
    _drop_outliers(asked, predicted, px, near)
    all_left, pose = fitted(asked[4].copy())
    if np.array_equal(near, asked[4]):
        return pose
    near_left, other = fitted(near)
    return other if near_left < CLEARLY * all_left else pose


@summing_kernel
def _sum_up(asked: Floats, weight: Floats, predicted: Floats, centre: Floats, radius: float, sums: Floats) -> None:
    """Normal equations: ``(3, 3)`` products of the local places, and ``(3, 2)`` with the errors of what was `predicted`."""
    sums[:] = 0
    for n in range(len(weight)):
        x, y, share = asked[0, n], asked[1, n], weight[n]
        u = asked[2, n] - (predicted[0, 0] * x + predicted[0, 1] * y + predicted[0, 2])
        v = asked[3, n] - (predicted[1, 0] * x + predicted[1, 1] * y + predicted[1, 2])
        x, y = (x - centre[0]) / radius, (y - centre[1]) / radius
        by_x, by_y = share * x, share * y
        sums[0, 0] += by_x * x
        sums[0, 1] += by_x * y
        sums[0, 2] += by_x
        sums[1, 1] += by_y * y
        sums[1, 2] += by_y
        sums[2, 2] += share
        sums[0, 3] += by_x * u
        sums[0, 4] += by_x * v
        sums[1, 3] += by_y * u
        sums[1, 4] += by_y * v
        sums[2, 3] += share * u
        sums[2, 4] += share * v
    sums[1, 0], sums[2, 0], sums[2, 1] = sums[0, 1], sums[0, 2], sums[1, 2]


@kernel
def _drop_outliers(asked: Floats, pose: Floats, px: float, weight: Floats) -> Any:
    """Samples that `pose` leaves further off than most, by `px` and more, lose their `weight`; returned is by how much half of them are off."""
    left, most, total = np.empty(len(weight), np.float64), 0.0, 0.0
    for n in range(len(weight)):
        x, y = asked[0, n], asked[1, n]
        u = asked[2, n] - (pose[0, 0] * x + pose[0, 1] * y + pose[0, 2])
        v = asked[3, n] - (pose[1, 0] * x + pose[1, 1] * y + pose[1, 2])
        left[n] = np.sqrt(u * u + v * v)
        most, total = max(most, left[n]), total + asked[4, n]
    # the weighted median, by bisection
    low, high = 0.0, most
    for _ in range(HALVINGS):
        middle, heap = 0.5 * (low + high), 0.0
        for n in range(len(weight)):
            heap += asked[4, n] if left[n] <= middle else 0.0
        if heap >= 0.5 * total:
            high = middle
        else:
            low = middle
    for n in range(len(weight)):
        weight[n] = asked[4, n] if left[n] <= 3.0 * high + px else 0.0
    return high
