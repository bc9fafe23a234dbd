"""The edited areas of a keyframe as objects that move as a whole, so that they are found again behind what passes in front.

Every object's pose is an affine map (3 x 3, homogeneous) from frame to keyframe coordinates. It is fitted to the tracked pixels,
and drawn toward constant velocity in proportion to how much of the object is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pixels import Bools, Floats, cv, grid, sample

MAX_OBJECTS = 8
MIN_AREA = 64
SAMPLES = 4000
MERGE_PX = 9
INERTIA = 0.75
STIFFNESS = 0.03
STEADY_PX = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """`pose`: frame to keyframe coordinates; `step`: its change per frame, smoothed, in the frame's coordinates."""

    pose: Floats
    step: Floats


REST = Motion(np.eye(3), np.eye(3))


class Objects:
    """Connected areas of a keyframe's change mask (``(h, w)`` bool at analysis size), the largest few."""

    def __init__(self, changed: Bools) -> None:
        joined = cv.dilate(changed.astype(np.uint8), np.ones((MERGE_PX, MERGE_PX), np.uint8))
        _, labels, stats, _ = cv.connectedComponentsWithStats(joined)
        areas = stats[1:, cv.CC_STAT_AREA]
        chosen = [int(i) + 1 for i in np.argsort(-areas, kind="stable")[:MAX_OBJECTS] if areas[i] >= MIN_AREA]
        self._masks = [(labels == i).astype(np.uint8) for i in chosen]
        self._areas = [int(m.sum()) for m in self._masks]

    def start(self) -> tuple[Motion, ...]:
        """Poses in the keyframe itself."""
        return (REST,) * len(self._masks)

    def follow(self, motions: Sequence[Motion], offset: Floats, tracked: Floats) -> tuple[Motion, ...]:
        """Poses one frame on, given the correspondence there."""
        where = grid(*tracked.shape) + offset
        sure = tracked > 0.5
        out = []
        for motion, mask, area in zip(motions, self._masks, self._areas, strict=True):
            seen = sure & (sample(mask, where, nearest=True, border=cv.BORDER_CONSTANT) > 0)
            predicted = motion.pose @ motion.step
            pose = _fit(predicted, where, seen, area)
            step = np.linalg.inv(motion.pose) @ pose
            out.append(Motion(pose, INERTIA * motion.step + (1.0 - INERTIA) * step))
        return tuple(out)

    def expected(self, motions: Sequence[Motion], offset: Floats, tracked: Floats) -> tuple[Floats, Bools]:
        """(offsets, lost): `offset` with the poses' own where an object should be and tracking has lost the picture."""
        here = grid(*tracked.shape)
        out, lost = offset.copy(), np.zeros(tracked.shape, np.bool_)
        for motion, mask in zip(motions, self._masks, strict=True):
            pose = motion.pose.astype(np.float32)
            where = here @ pose[:2, :2].T + pose[:2, 2]
            behind = (tracked < 0.5) & (sample(mask, where, nearest=True, border=cv.BORDER_CONSTANT) > 0) & ~lost
            out[behind] = (where - here)[behind]
            lost |= behind
        return out, lost

    def steadied(self, motions: Sequence[Motion], offset: Floats, tracked: Floats, flat: Floats) -> Floats:
        """`offset` where the object has no texture of its own to hold on to (`flat`, 0…1) pulled onto what its textured parts do.

        What is averaged (Gaussian, 12 px at full size) is the deviation from the object's pose, so turning and growing survive.
        """
        here = grid(*tracked.shape)
        height, width = tracked.shape
        small = (max(1, width // 4), max(1, height // 4))
        out = offset
        for motion, mask in zip(motions, self._masks, strict=True):
            pose = motion.pose.astype(np.float32)
            rigid = here @ pose[:2, :2].T + pose[:2, 2] - here
            own = sample(mask, here + offset, nearest=True, border=cv.BORDER_CONSTANT) * tracked
            weight = own * np.square(1.0 - flat)
            sums = np.dstack([(offset - rigid) * weight[..., None], weight])
            sums = cv.GaussianBlur(cv.resize(sums, small, interpolation=cv.INTER_AREA), (0, 0), STEADY_PX / 4)
            sums = cv.resize(sums, (width, height), interpolation=cv.INTER_LINEAR)
            held = np.minimum(1.0, sums[..., 2] * 20.0) * own * flat
            steady = rigid + sums[..., :2] / np.maximum(sums[..., 2:], 1e-6)
            out = out + held[..., None] * (steady - offset)
        return out


def _fit(predicted: Floats, where: Floats, seen: Bools, area: int) -> Floats:
    """The affine map ``p -> where(p)`` over the `seen` pixels, ridge-regularised toward `predicted`; outliers are dropped once."""
    rows, columns = np.nonzero(seen)
    step = max(1, len(rows) // SAMPLES)
    x, y = columns[::step].astype(np.float64), rows[::step].astype(np.float64)
    points = np.stack([x, y, np.ones_like(x)], axis=1)
    error = where[rows[::step], columns[::step]] - points @ predicted[:2].T
    if not len(x):
        return predicted
    centre, radius = points[:, :2].mean(axis=0), float(np.sqrt(area))
    local = np.stack([(x - centre[0]) / radius, (y - centre[1]) / radius, np.ones_like(x)], axis=1)
    ridge = STIFFNESS * area / step * np.eye(3)
    inlier = np.ones(len(x), np.bool_)
    correction = np.zeros((3, 2))
    for _ in range(2):
        kept = local[inlier]
        correction = np.linalg.solve(kept.T @ kept + ridge, kept.T @ error[inlier])
        residual = np.linalg.norm(error - local @ correction, axis=1)
        inlier = residual <= 3.0 * np.median(residual) + 0.5
    shift = np.array([[1 / radius, 0, -centre[0] / radius], [0, 1 / radius, -centre[1] / radius], [0, 0, 1]])
    pose = predicted.copy()
    pose[:2] += correction.T @ shift
    return pose
