"""The edited areas of a keyframe as objects that move as a whole, so that they are found again behind what passes in front.

Every object's pose is an affine map (3 x 3, homogeneous) from frame to keyframe coordinates. It is fitted to the tracked pixels,
and drawn toward constant velocity in proportion to how much of the object is hidden.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .pixels import Bools, Bytes, Floats, cv, grid, sample, shown

MAX_OBJECTS = 8
MIN_AREA = 16
SAMPLES = 4000
"""Of an object's pixels, about so many tell its pose."""
MERGE_PX = 5
INERTIA = 0.75
STIFFNESS = 0.03
MOST_SCALE = 16.0
"""A pose that has grown or shrunk further was made up while nothing was seen: it stays as it was."""
OUTLINE_PX = 3
WITHIN_PX = 12.0
STRAY_PX, STRAY_SHARE = 1.0, 0.25
"""What belongs to an object moves as it does, within so many pixels per frame and this share of its motion."""
ON_OBJECT = 0.2
"""Share of its rim that is edited, from which a decal is taken to lie on an edited object."""
LEAST_RIM_PX, MOST_RIM_PX = 4, 20
WIDE = 3.0
"""How far around a decal its surface is asked how it bends, in square roots of the decal's area."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """`pose`: frame to keyframe coordinates; `step`: its change per frame, smoothed, in the frame's coordinates."""

    pose: Floats
    step: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Decal:
    """``(h, w)`` uint8 0 or 1 each: what was `drawn`, that with the `surface` that it is followed by, and all that may be of the same
    surface, far around (`wide`)."""

    drawn: Bytes
    surface: Bytes
    wide: Bytes


REST = Motion(np.eye(3), np.eye(3))


class Objects:
    """What moves as a whole: a keyframe's decals, each with the surface that it lies on, then its edited areas; the largest few.

    Args:
        decals: ``(h, w)`` bool at analysis size, what the edit drew that its own colours do not explain.
        changed: ``(h, w)`` bool, all that the edit touched.
        flat: ``(h, w)`` float32 0…1, where the picture has no texture to hold on to.
    """

    def __init__(self, decals: Bools, changed: Bools, flat: Floats) -> None:
        drawn, edited = _largest(decals), _largest(changed)
        surfaces = [_surfaces(decal, changed) for decal in drawn]
        self._cores = [area.astype(np.uint8) for area in [*drawn, *edited]]
        self._masks = [area.astype(np.uint8) for area in [*(surface for surface, _ in surfaces), *edited]]
        inside = cv.erode(changed.astype(np.uint8), np.ones((2 * OUTLINE_PX + 1,) * 2, np.uint8))
        texture = np.square(1.0 - flat).astype(np.float32)
        # an outline stays where it is when what it encloses turns
        inner = [texture * inside if bool(changed[mask > 0].mean() > 0.9) else texture for mask in self._masks[: len(drawn)]]
        # a decal may lie on a flat part of something that turns: its pose is what the texture around it says
        self._held = [*inner, *(np.ones_like(texture) for _ in edited)]
        self._holds = [float(held[mask > 0].sum()) for held, mask in zip(self._held, self._masks, strict=True)]

        self._areas = [int(mask.sum()) for mask in self._masks]
        cores, masks = self._cores[: len(drawn)], self._masks[: len(drawn)]
        wide = [around.astype(np.uint8) for _, around in surfaces]
        self.decals = [Decal(*areas) for areas in zip(cores, masks, wide, strict=True)]
        """Their motions come first."""

    def start(self) -> tuple[Motion, ...]:
        """Poses in the keyframe itself."""
        return (REST,) * len(self._masks)

    def follow(self, motions: Sequence[Motion], offset: Floats, tracked: Floats) -> tuple[Motion, ...]:
        """Poses one frame on, given the correspondence there."""
        out = []
        for motion, mask, area, holds, held in zip(motions, self._masks, self._areas, self._holds, self._held, strict=True):
            every = max(1, round(math.sqrt(area / SAMPLES)))
            here = grid(*tracked.shape)[every // 2 :: every, every // 2 :: every]
            where = here + offset[every // 2 :: every, every // 2 :: every]
            seen = (tracked[every // 2 :: every, every // 2 :: every] > 0.5) & (shown(mask, where) > 0)
            predicted = motion.pose @ motion.step
            pose = _fit(predicted, here[seen], where[seen], sample(held, where)[seen], holds / every**2, area)
            if not _possible(pose):
                out.append(Motion(motion.pose, REST.step))
                continue
            step = np.linalg.inv(motion.pose) @ pose
            out.append(Motion(pose, INERTIA * motion.step + (1.0 - INERTIA) * step))
        return tuple(out)

    def expected(self, motions: Sequence[Motion], offset: Floats, tracked: Floats) -> tuple[Floats, Bools]:
        """(offsets, lost): `offset` with the poses' own where an object should be and tracking has lost the picture."""
        out, lost = offset.copy(), np.zeros(tracked.shape, np.bool_)
        rows, columns = np.nonzero(tracked < 0.5)
        here = np.stack([columns, rows], axis=1).astype(np.float32)
        left = np.ones(len(rows), np.bool_)
        for motion, mask in zip(motions, self._cores, strict=True):
            pose = motion.pose.astype(np.float32)
            where = here @ pose[:2, :2].T + pose[:2, 2]
            height, width = mask.shape
            u, v = np.rint(where).astype(np.intp).T
            within = (u >= 0) & (v >= 0) & (u < width) & (v < height)
            behind = left & within & (mask[np.where(within, v, 0), np.where(within, u, 0)] > 0)
            out[rows[behind], columns[behind]] = (where - here)[behind]
            lost[rows[behind], columns[behind]] = True
            left &= ~behind
        return out, lost

    def strays(self, motions: Sequence[Motion], offset: Floats, motion: Floats, visible: Bools, among: Bools) -> Bools:
        """Those `among` the pixels that show a point of an object by `offset`, but far from where its pose has it, or that move otherwise
        (`motion`, px to the frame before, of those that were `visible` there)."""
        rows, columns = np.nonzero(among)
        place = np.stack([columns, rows], axis=1).astype(np.float32)
        shown, moved = place + offset[rows, columns], motion[rows, columns]
        inside, along = np.zeros(len(place), np.bool_), np.zeros(len(place), np.bool_)
        for each, mask in zip(motions, self._masks, strict=True):
            height, width = mask.shape
            u, v = np.clip(np.rint(shown).astype(np.intp), 0, (width - 1, height - 1)).T
            belongs = mask[v, u] > 0
            step = each.step.astype(np.float32)
            expected = place @ step[:2, :2].T + step[:2, 2] - place
            away = np.where(visible[rows, columns], np.linalg.norm(moved - expected, axis=1), 0.0)
            inside |= belongs
            pose = each.pose.astype(np.float32)
            apart = np.linalg.norm(place @ pose[:2, :2].T + pose[:2, 2] - shown, axis=1)
            along |= belongs & (apart < WITHIN_PX) & (away < STRAY_PX + STRAY_SHARE * np.linalg.norm(expected, axis=1))
        out = np.zeros(among.shape, np.bool_)
        out[rows, columns] = inside & ~along
        return out


def _largest(area: Bools) -> list[Bools]:
    joined = cv.dilate(area.astype(np.uint8), np.ones((MERGE_PX, MERGE_PX), np.uint8))
    count, labels = cv.connectedComponents(joined)
    areas = np.bincount(labels[area], minlength=count)[1:]
    chosen = [int(i) + 1 for i in np.argsort(-areas, kind="stable")[:MAX_OBJECTS] if areas[i] >= MIN_AREA]
    return [labels == i for i in chosen]


def _surfaces(decal: Bools, changed: Bools) -> tuple[Bools, Bools]:
    """The decal and a rim half as wide, and one `WIDE`; only what was edited, where the decal lies on an edited object."""
    size = float(np.sqrt(decal.sum()))
    radius = int(np.clip(0.5 * size, LEAST_RIM_PX, MOST_RIM_PX))
    around = cv.dilate(decal.astype(np.uint8), cv.getStructuringElement(cv.MORPH_ELLIPSE, (2 * radius + 1,) * 2)) > 0
    wide = cv.distanceTransform((~decal).astype(np.uint8), cv.DIST_L2, cv.DIST_MASK_5) <= WIDE * size
    rim = around & (cv.dilate(decal.astype(np.uint8), np.ones((2 * OUTLINE_PX + 1,) * 2, np.uint8)) == 0)
    if changed[rim].mean() > ON_OBJECT:
        around &= changed | decal
        wide &= changed | decal
    return around, wide


def _possible(pose: Floats) -> bool:
    """Whether a picture could still be seen in `pose`. A speed that is kept up for thousands of frames would lead to no number at all."""
    if not np.isfinite(pose).all():
        return False
    scales = np.linalg.svd(pose[:2, :2], compute_uv=False)
    return bool(scales[0] < MOST_SCALE and scales[1] * MOST_SCALE > 1.0)


def _median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    heap = np.cumsum(weights[order])
    return float(values[order[min(len(order) - 1, int(np.searchsorted(heap, heap[-1] / 2)))]])


def _fit(predicted: Floats, here: Floats, where: Floats, held: Floats, holds: float, area: int) -> Floats:
    """The affine map that takes the places `here` to `where`, both ``(n, 2)``, weighted by the texture that they are `held` by, ridge-regularised
    toward `predicted`; outliers are dropped once."""
    if not len(here):
        return predicted
    x, y = here.T.astype(np.float64)
    points = np.stack([x, y, np.ones_like(x)], axis=1)
    error = where - points @ predicted[:2].T
    centre, radius = points[:, :2].mean(axis=0), float(np.sqrt(area))
    local = np.stack([(x - centre[0]) / radius, (y - centre[1]) / radius, np.ones_like(x)], axis=1)
    ridge = (STIFFNESS * holds + 1e-6) * np.eye(3)
    texture = held.astype(np.float64)
    weight = texture
    correction = np.zeros((3, 2))
    for _ in range(3):
        weighted = local * weight[:, None]
        correction = np.linalg.solve(weighted.T @ local + ridge, weighted.T @ error)
        residual = np.hypot(*(error - local @ correction).T)
        weight = texture * (residual <= 3.0 * _median(residual, texture) + 0.5)
    shift = np.array([[1 / radius, 0, -centre[0] / radius], [0, 1 / radius, -centre[1] / radius], [0, 0, 1]])
    pose = predicted.copy()
    pose[:2] += correction.T @ shift
    return pose
