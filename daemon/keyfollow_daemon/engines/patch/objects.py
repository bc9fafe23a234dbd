"""The edited areas of a keyframe as objects that move as a whole, so that they are found again behind what passes in front.

Every object's pose is an affine map (3 x 3, homogeneous) from frame to keyframe coordinates. It is fitted to the tracked pixels,
and drawn toward constant velocity in proportion to how much of the object is hidden.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .kernels import kernel, rows, summing_kernel
from .pixels import Bools, Bytes, Floats, Ints, cv, moved
from .planar import Plane

MAX_OBJECTS = 8
MIN_AREA = 16
SAMPLES = 4000
"""Of an object's pixels, about so many tell its pose."""
MOST_SAMPLES = 4 * SAMPLES
"""More are not asked, should it be seen so much larger than its last pose says."""
MERGE_PX = 5
_SAMPLE = 5
HALVINGS = 16
"""A median is told to this power of two."""
SLIGHT, TOLD = 0.1, 0.5
"""Share of an object of which next to nothing is seen, and which tells how one turns that moves fast."""
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
    """How an object moves.

    Args:
        pose: frame to keyframe coordinates.
        step: its change per frame, smoothed, in the frame's coordinates; `speed`, of the last one, px.
        lost: for how many frames next to nothing of the object was seen; `seen`, how much is, 0…1.
        sought: whether it was looked for as a whole, and found (`registration`); `sure`, whether it looks like that nowhere else around.
        outline: the pose in which it was found then; behind its outline an object may roll.
        smear: by how many (x, y) px of the keyframe its motion blurs it (`blur`).
        plain: whether its surface lies on the frame by its pose as a whole; `surface`, what that looked like when last known well (`planar`).
        draped: whether its pose is that of a piece of cloth (`draped`), which was `hidden` for so many frames; `whole`, whether the picture
            speaks for that rather than for tracks.
    """

    pose: Floats
    step: Floats
    lost: int = 0
    speed: float = 0.0
    seen: float = 1.0
    sought: bool = False
    sure: bool = False
    outline: Floats | None = None
    smear: tuple[float, float] = (0.0, 0.0)
    plain: bool = False
    surface: Plane | None = None
    draped: bool = False
    hidden: int = 0
    whole: bool = False


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
        self._cores = np.array([*drawn, *edited], np.uint8).reshape(-1, *decals.shape)
        self.masks = [area.astype(np.uint8) for area in [*(surface for surface, _ in surfaces), *edited]]
        inside = cv.erode(changed.astype(np.uint8), np.ones((2 * OUTLINE_PX + 1,) * 2, np.uint8))
        texture = np.square(1.0 - flat).astype(np.float32)
        # an outline stays where it is when what it encloses turns
        inner = [texture * inside if bool(changed[mask > 0].mean() > 0.9) else texture for mask in self.masks[: len(drawn)]]
        # a decal may lie on a flat part of something that turns: its pose is what the texture around it says
        self._held = np.array([*inner, *(np.ones_like(texture) for _ in edited)], np.float32).reshape(-1, *decals.shape)
        self._holds = [float(held[mask > 0].sum()) for held, mask in zip(self._held, self.masks, strict=True)]

        self.centres = [np.array([*np.argwhere(mask).mean(axis=0)[::-1], 1.0]) for mask in self.masks]
        self._areas = [int(mask.sum()) for mask in self.masks]
        self._belongs = np.zeros(decals.shape, np.uint32)
        for n, mask in enumerate(self.masks):
            self._belongs |= mask.astype(np.uint32) << np.uint32(n)
        cores, masks = list(self._cores[: len(drawn)]), self.masks[: len(drawn)]
        wide = [around.astype(np.uint8) for _, around in surfaces]
        self.decals = [Decal(*areas) for areas in zip(cores, masks, wide, strict=True)]
        """Their motions come first; then those of the edited `areas`."""
        self.areas = self.masks[len(drawn) :]

    def start(self) -> tuple[Motion, ...]:
        """Poses in the keyframe itself."""
        return (REST,) * len(self.masks)

    def follow(self, motions: Sequence[Motion], offset: Floats, tracked: Floats) -> tuple[Motion, ...]:
        """Poses one frame on, given the correspondence there."""
        out = []
        fits = self.fitted([m.pose @ m.step for m in motions], [m.pose for m in motions], offset, tracked)
        for motion, centre, (pose, seen) in zip(motions, self.centres, fits, strict=True):
            lost = motion.lost + 1 if seen < SLIGHT else 0
            if not possible(pose):
                out.append(Motion(motion.pose, REST.step, lost, seen=seen, surface=motion.surface))
                continue
            step: Floats = np.linalg.inv(motion.pose) @ pose
            there = np.linalg.inv(pose) @ centre
            speed = float(np.linalg.norm(there - step @ there))
            step = INERTIA * motion.step + (1.0 - INERTIA) * step
            if motion.outline is not None and seen < TOLD:
                # a few pixels do not tell how it turns, and turns and growth kept up for long lead to no picture of it
                pose = shifted(motion.pose, pose, centre)
                step = shifted(np.eye(3), step, step @ np.linalg.inv(pose) @ centre)
            outline = motion.outline @ motion.step if lost and motion.outline is not None else None
            out.append(Motion(pose, step, lost, speed, seen, outline=outline, surface=motion.surface))
        return tuple(out)

    def fitted(
        self, poses: Sequence[Floats], before: Sequence[Floats], offset: Floats, tracked: Floats
    ) -> list[tuple[Floats, float]]:
        """Per object, the pose that a correspondence tells, drawn toward the one given; and how much of it is seen, 0…1, going by the size that
        it had in the pose `before`."""
        sizes = [area / abs(float(np.linalg.det(pose))) for pose, area in zip(before, self._areas, strict=True)]
        every = np.array(
            [max(1, round(math.sqrt(max(s, a) / SAMPLES))) for s, a in zip(sizes, self._areas, strict=True)], np.intp
        )
        asked, counts = np.empty((len(poses), _SAMPLE, MOST_SAMPLES), np.float64), np.zeros(len(poses), np.intp)
        _seen(offset, tracked, self._belongs, self._held, every, asked, counts)
        out = []
        for n, (pose, area, holds) in enumerate(zip(poses, self._areas, self._holds, strict=True)):
            fit = _fit(pose, asked[n, :, : counts[n]], holds / every[n] ** 2, area)
            out.append((fit, float(counts[n] * every[n] ** 2 / sizes[n])))
        return out

    def expected(self, motions: Sequence[Motion], offset: Floats, tracked: Floats) -> tuple[Floats, Bools]:
        """(offsets, lost): `offset` with the poses' own where an object should be and tracking has lost the picture."""
        out, lost = offset.copy(), np.zeros(tracked.shape, np.bool_)
        if motions:
            poses = np.stack([motion.pose[:2] for motion in motions]).astype(np.float32)
            rows(_expected, len(lost), tracked, poses, self._cores, out, lost)
        return out, lost

    def strays(self, motions: Sequence[Motion], offset: Floats, motion: Floats, visible: Bools, among: Bools) -> Bools:
        """Those `among` the pixels that show a point of an object by `offset`, but far from where its pose has it, or that move otherwise
        (`motion`, px to the frame before, of those that were `visible` there)."""
        row, column = np.nonzero(among)
        place = np.stack([column, row], axis=1).astype(np.float32)
        shown, went = place + offset[row, column], motion[row, column]
        inside, along = np.zeros(len(place), np.bool_), np.zeros(len(place), np.bool_)
        for each, mask in zip(motions, self.masks, strict=True):
            height, width = mask.shape
            u, v = np.clip(np.rint(shown).astype(np.intp), 0, (width - 1, height - 1)).T
            belongs = mask[v, u] > 0
            expected = moved(place, each.step) - place
            away = np.where(visible[row, column], np.linalg.norm(went - expected, axis=1), 0.0)
            inside |= belongs
            apart = np.linalg.norm(moved(place, each.pose) - shown, axis=1)
            along |= belongs & (apart < WITHIN_PX) & (away < STRAY_PX + STRAY_SHARE * np.linalg.norm(expected, axis=1))
        out = np.zeros(among.shape, np.bool_)
        out[row, column] = inside & ~along
        return out


@kernel
def _expected(first: int, end: int, tracked: Floats, poses: Floats, cores: Bytes, offset: Floats, lost: Bools) -> None:
    _, height, width = cores.shape
    for y in range(first, end):
        for x in range(tracked.shape[1]):
            if tracked[y, x] >= np.float32(0.5):
                continue
            for n in range(len(cores)):
                u = poses[n, 0, 0] * np.float32(x) + poses[n, 0, 1] * np.float32(y) + poses[n, 0, 2]
                v = poses[n, 1, 0] * np.float32(x) + poses[n, 1, 1] * np.float32(y) + poses[n, 1, 2]
                i, j = np.rint(u), np.rint(v)
                if 0 <= i < width and 0 <= j < height and cores[n, int(j), int(i)]:
                    offset[y, x, 0], offset[y, x, 1] = u - np.float32(x), v - np.float32(y)
                    lost[y, x] = True
                    break


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


def shifted(pose: Floats, like: Floats, centre: Floats) -> Floats:
    """`pose`, shifted so that the keyframe's `centre` (x, y, 1) falls where it does in the pose that it shall be `like`."""
    out = pose.copy()
    out[:2, 2] += (centre - pose @ np.linalg.inv(like) @ centre)[:2]
    return out


def possible(pose: Floats) -> bool:
    """Whether a picture could still be seen in `pose`. A speed that is kept up for thousands of frames would lead to no number at all."""
    if not np.isfinite(pose).all():
        return False
    scales = np.linalg.svd(pose[:2, :2], compute_uv=False)
    return bool(scales[0] < MOST_SCALE and scales[1] * MOST_SCALE > 1.0)


@kernel
def _seen(offset: Floats, tracked: Floats, belongs: Any, held: Floats, every: Ints, out: Floats, counts: Ints) -> None:
    """Per object, how many of its pixels are seen; the columns of `out` are their places, where these are in the keyframe, and the texture that
    they are held by there."""
    height, width = belongs.shape
    for y in range(height):
        for x in range(width):
            u, v = x + offset[y, x, 0], y + offset[y, x, 1]
            i, j = np.rint(u), np.rint(v)
            if not (tracked[y, x] > 0.5 and 0 <= i < width and 0 <= j < height):
                continue
            objects = belongs[int(j), int(i)]
            for n in range(len(every)):
                first, step, count = every[n] // 2, every[n], counts[n]
                if not (objects >> n) & 1 or y % step != first or x % step != first or count == MOST_SAMPLES:
                    continue
                out[n, 0, count], out[n, 1, count], out[n, 2, count], out[n, 3, count] = x, y, u, v
                out[n, 4, count] = held[n, int(j), int(i)]
                counts[n] += 1


def _fit(predicted: Floats, asked: Floats, holds: float, area: int) -> Floats:
    """The affine map that takes places of a frame to those of the keyframe, weighted by the texture that these are held by, ridge-regularised
    toward `predicted`; outliers are dropped.

    Args:
        asked: ``(5, n)`` as from `_seen`.
    """
    if not asked.shape[1]:
        return predicted
    centre, radius = asked[:2].mean(axis=1), math.sqrt(area)
    ridge = (STIFFNESS * holds + 1e-6) * np.eye(3)
    weight: Floats = asked[4].copy()
    correction: Floats = np.zeros((3, 2))
    shift = np.array([[1 / radius, 0, -centre[0] / radius], [0, 1 / radius, -centre[1] / radius], [0, 0, 1]])
    sums = np.empty((3, 5))
    for _ in range(3):
        _sum_up(asked, weight, predicted, centre, radius, sums)
        correction = np.linalg.solve(sums[:, :3] + ridge, sums[:, 3:])
        _drop_outliers(asked, predicted[:2] + correction.T @ shift, weight)
    pose = predicted.copy()
    pose[:2] += correction.T @ shift
    return pose


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
def _drop_outliers(asked: Floats, pose: Floats, weight: Floats) -> None:
    """Samples that `pose` leaves further off than most lose their `weight`."""
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
        weight[n] = asked[4, n] if left[n] <= 3.0 * high + 0.5 else 0.0
