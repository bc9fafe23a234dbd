"""The edited areas of a keyframe as objects that move as a whole, so that they are found again behind what passes in front.

Every object's pose is an affine map (3 x 3, homogeneous) from frame to keyframe coordinates. It is fitted to the tracked pixels,
and drawn toward constant velocity in proportion to how much of the object is hidden.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from .fitting import fit
from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, Ints, Window, around, cv, grid, moved, shown
from .planar import Plane

MAX_OBJECTS = 8
MIN_AREA = 16
SAMPLES = 4000
"""Of an object's pixels, about so many tell its pose."""
MOST_SAMPLES = 4 * SAMPLES
"""More are not asked, should it be seen so much larger than its last pose says."""
MERGE_PX = 5
_SAMPLE = 5
SLIGHT, TOLD = 0.1, 0.5
"""Share of an object of which next to nothing is seen, and which tells how one turns that moves fast."""
INERTIA = 0.75
MOST_SCALE = 16.0
"""A pose that has grown or shrunk further was made up while nothing was seen: it stays as it was."""
GROWTH = 1.25
"""Nothing grows or shrinks by more than this in a frame."""
OUTLINE_PX = 3
WITHIN_PX = 12.0
LONG = 12
"""Frames out of sight after which what is found bit by bit is chance."""
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
        hidden: for how many frames its colours were nowhere, either (`recognition`).
        sought: whether it was looked for as a whole, and found (`registration`); `sure`, whether it looks like that nowhere else around.
        outline: the pose in which it was found then; behind its outline an object may roll.
        smear: by how many (x, y) px of the keyframe its motion blurs it (`blur`).
        plain: whether its surface lies on the frame by its pose as a whole; `surface`, what that looked like when last known well (`planar`).
        draped: whether its pose is that of a piece of cloth (`draped`), which was `unseen` for so many frames; `whole`, whether the picture
            speaks for that rather than for tracks.
    """

    pose: Floats
    step: Floats
    lost: int = 0
    speed: float = 0.0
    seen: float = 1.0
    hidden: int = 0
    sought: bool = False
    sure: bool = False
    outline: Floats | None = None
    smear: tuple[float, float] = (0.0, 0.0)
    plain: bool = False
    surface: Plane | None = None
    draped: bool = False
    unseen: int = 0
    whole: bool = False

    @property
    def gone(self) -> bool:
        """Whether it has been out of sight for so long that it is believed only where its pose has it, or where it is recognised."""
        return self.hidden > LONG


@dataclass(frozen=True, eq=False)
class Decal:
    """``(h, w)`` uint8 0 or 1 each: what was `drawn`, that with the `surface` that it is followed by, and all that may be of the same
    surface, far around (`wide`)."""

    drawn: Bytes
    surface: Bytes
    wide: Bytes

    @cached_property
    def area(self) -> int:
        """Px that were drawn."""
        return int(np.count_nonzero(self.drawn))

    @cached_property
    def middle(self) -> Floats:
        """Of what was drawn: x, y, 1."""
        moments = cv.moments(self.drawn, binaryImage=True)
        out: Floats = np.array([moments["m10"], moments["m01"], moments["m00"]]) / moments["m00"]
        return out

    @cached_property
    def spread(self) -> int:
        """Px of `wide`."""
        return int(np.count_nonzero(self.wide))

    @cached_property
    def drawn_in(self) -> Window:
        """The rectangle that holds what was drawn."""
        return around(self.drawn > 0, 0)

    @cached_property
    def surface_in(self) -> Window:
        """The rectangle that holds the `surface`."""
        return around(self.surface > 0, 0)


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
        wide = [far.astype(np.uint8) for _, far in surfaces]
        self.decals = [Decal(*areas) for areas in zip(cores, masks, wide, strict=True)]
        """Their motions come first; then those of the edited `areas`."""
        self.areas = self.masks[len(drawn) :]
        self.holders = [_holder(decal.drawn, self.areas, len(drawn)) for decal in self.decals]
        """Per decal, which object it lies on, if any."""

    def start(self) -> tuple[Motion, ...]:
        """Poses in the keyframe itself."""
        return (REST,) * len(self.masks)

    def follow(
        self, motions: Sequence[Motion], offset: Floats, tracked: Floats, marked: Callable[[int], bool] = lambda _: False
    ) -> tuple[Motion, ...]:
        """Poses one frame on, given the correspondence there.

        Args:
            marked: which objects would be recognised anywhere (`recognition`): those need not be followed by a few pixels that went astray.
        """
        out = []
        expected = [motion.pose if motion.gone else motion.pose @ motion.step for motion in motions]
        fits = self.fitted(expected, motions, offset, tracked)
        each = zip(motions, expected, self.centres, fits, strict=True)
        for n, (motion, there, centre, (pose, seen)) in enumerate(each):
            lost = motion.lost + 1 if seen < SLIGHT else 0
            if lost and motion.hidden and possible(there):
                # what is found while its colours are nowhere tells nothing
                out.append(replace(motion, pose=there, lost=lost, seen=seen))
                continue
            jumped = possible(pose) and not _steady(motion, pose) and marked(n)
            if jumped or not possible(pose):
                lost = motion.lost + 1 if jumped else lost
                out.append(Motion(motion.pose, REST.step, lost, seen=seen, surface=motion.surface))
                continue
            step: Floats = np.linalg.inv(motion.pose) @ pose
            at = np.linalg.inv(pose) @ centre
            speed = float(np.linalg.norm(at - step @ at))
            step = INERTIA * motion.step + (1.0 - INERTIA) * step
            if motion.outline is not None and seen < TOLD:
                # a few pixels do not tell how it turns, and turns and growth kept up for long lead to no picture of it
                pose = shifted(motion.pose, pose, centre)
                step = shifted(np.eye(3), step, step @ np.linalg.inv(pose) @ centre)
            outline = motion.outline @ motion.step if lost and motion.outline is not None else None
            out.append(Motion(pose, step, lost, speed, seen, outline=outline, surface=motion.surface))
        return tuple(out)

    def fitted(
        self, poses: Sequence[Floats], before: Sequence[Motion], offset: Floats, tracked: Floats
    ) -> list[tuple[Floats, float]]:
        """Per object, the pose that a correspondence tells, drawn toward the one given; and how much of it is seen, 0…1, going by the size that
        it had `before`. What is hidden is seen only where it is expected."""
        sizes = [area / abs(float(np.linalg.det(each.pose))) for each, area in zip(before, self._areas, strict=True)]
        every = np.array(
            [max(1, round(math.sqrt(max(s, a) / SAMPLES))) for s, a in zip(sizes, self._areas, strict=True)], np.intp
        )
        asked, counts = np.empty((len(poses), _SAMPLE, MOST_SAMPLES), np.float64), np.zeros(len(poses), np.intp)
        _seen(offset, tracked, self._belongs, self._held, every, asked, counts)
        out = []
        each = zip(poses, before, self._areas, self._holds, strict=True)
        for n, (pose, was, area, holds) in enumerate(each):
            told = asked[n, :, : counts[n]]
            if was.hidden:
                told = np.ascontiguousarray(told[:, np.linalg.norm(moved(told[:2].T, pose) - told[2:4].T, axis=1) < WITHIN_PX])
            found = fit(pose, told, holds / every[n] ** 2, area, WITHIN_PX)
            out.append((found, float(told.shape[1] * every[n] ** 2 / sizes[n])))
        return out

    def expected(self, motions: Sequence[Motion], offset: Floats, tracked: Floats) -> tuple[Floats, Bools]:
        """(offsets, lost): `offset` with the poses' own where an object should be and tracking has lost the picture."""
        out, lost = offset.copy(), np.zeros(tracked.shape, np.bool_)
        if motions:
            poses = np.stack([motion.pose[:2] for motion in motions]).astype(np.float32)
            rows(_expected, len(lost), tracked, poses, self._cores, out, lost)
        return out, lost

    def elsewhere(self, motions: Sequence[Motion | None], offset: Floats) -> Bools:
        """``(h, w)``, pixels that show one of the objects given, far from where its pose has it."""
        here = grid(*offset.shape[:2])
        there, out = here + offset, np.zeros(offset.shape[:2], np.bool_)
        for motion, mask in zip(motions, self.masks, strict=True):
            if motion is not None:
                off = moved(here, motion.pose) - there
                out |= (shown(mask, there) > 0) & (np.square(off).sum(axis=2) > WITHIN_PX * WITHIN_PX)
        return out

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
    near = cv.dilate(decal.astype(np.uint8), cv.getStructuringElement(cv.MORPH_ELLIPSE, (2 * radius + 1,) * 2)) > 0
    wide = cv.distanceTransform((~decal).astype(np.uint8), cv.DIST_L2, cv.DIST_MASK_5) <= WIDE * size
    rim = near & (cv.dilate(decal.astype(np.uint8), np.ones((2 * OUTLINE_PX + 1,) * 2, np.uint8)) == 0)
    if changed[rim].mean() > ON_OBJECT:
        near &= changed | decal
        wide &= changed | decal
    return near, wide


def _holder(decal: Bytes, areas: Sequence[Bytes], first: int) -> int | None:
    """Which of the edited `areas` a decal lies on, numbered from `first` on."""
    shares = [float(area[decal > 0].mean()) for area in areas]
    return first + int(np.argmax(shares)) if shares and max(shares) > 0.5 else None


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


def _steady(motion: Motion, pose: Floats) -> bool:
    """Whether an object may have grown or shrunk so much since it was seen."""
    scales = np.linalg.svd((pose @ np.linalg.inv(motion.pose @ motion.step))[:2, :2], compute_uv=False)
    most = GROWTH ** (1 + motion.lost)
    return bool(scales[0] < most and scales[1] * most > 1.0)


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
