"""Where an edited object is that moves faster than flow follows, or that was out of sight: its colours are looked for as a whole.

Flow goes by fine detail, which blurs when things move fast, and it starts from nothing: what moves by more than a few pixels of a
coarse picture is lost. A whole object is not mistaken for another so easily. It is compared, at a size at which it has some hundred
pixels, at every place around where its motion leads; the longer it has been lost, the further. Pixels that something hides count
for nothing, wherever that stands, and do not speak against a place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .correspondence import Correspondence, within
from .kernels import kernel, rows
from .objects import WITHIN_PX, Motion, Objects, shifted
from .pixels import Bools, Bytes, Floats, Ints, cv, grid, shown

SAMPLES = 300
"""Of an object's pixels, about so many are compared."""
MOST_SHRINK = 8
FAST_PX = 4.0
"""Speed (of the analysis, px per frame) from which an object is looked for although most of it seems to be followed: flow is at its limit at
about twice that."""
REACH_PX, REACH_SHARE, REACH_LOST = 6.0, 0.6, 8.0
"""How far around where its motion leads: px, plus a share of that motion, plus px for every frame that it was lost."""
TOLERANCE = 30.0
"""Mean difference of colour (8-bit units) at which a pixel counts for nothing."""
LEAST, STANDS_OUT = 0.2, 0.05
"""An object is found where it agrees with the picture so much (0…1), and so much better than at most places around."""
BETTER = 0.05
"""By so much more must it agree there than where its tracks say that it is."""
NEAR = 0.05
"""What lies as far off as is looked at must agree so much better than what lies where motion leads."""


TURNS, SCALES, ROUNDS = (-6.0, 0.0, 6.0), (0.94, 1.0, 1.06), 3
"""Degrees and scales that a found object is turned by to agree better, again and again."""
SLIGHTLY = 0.005
APART = 0.7
"""What lies further off than this, in radii, is elsewhere."""
CONFIRMED, TOLD = 0.05, 0.25
"""Share of an object that must then be seen, and from which it tells more than where the object is."""


class Appearance:
    """An object's colours in the keyframe, at a size at which it has about `SAMPLES` pixels.

    Args:
        guide: ``(h, w, 3)`` uint8 of the keyframe's source.
        area: ``(h, w)``, the object.
    """

    def __init__(self, guide: Bytes, area: Bytes) -> None:
        self.shrink = int(np.clip(round(math.sqrt(area.sum() / SAMPLES)), 1, MOST_SHRINK))
        inside = _shrunk(np.where(area > 0, np.uint8(255), np.uint8(0)), self.shrink) > 127
        row, column = np.nonzero(inside)
        self.places = self.whole(np.stack([column, row], axis=1).astype(np.float64))
        """``(n, 2)`` (x, y) px of the keyframe; `colours` ``(n, 3)`` float32 there."""
        self.colours: Floats = _shrunk(guide, self.shrink)[inside].astype(np.float32)
        self.radius = math.sqrt(len(self.places) / math.pi)
        """Shrunk pixels, of a disk of its area; its `centre` in the keyframe."""
        self.centre = self.places.mean(axis=0) if len(self.places) else np.zeros(2)

    def whole(self, place: Floats) -> Floats:
        """Places of the shrunk picture in that of the analysis."""
        return (place + 0.5) * self.shrink - 0.5

    def moved(self, pose: Floats, across: int, down: int) -> Floats:
        """`pose` of an object that lies so many shrunk pixels further."""
        out = pose.copy()
        out[:2, 2] -= pose[:2, :2] @ (self.shrink * np.array([across, down], np.float64))
        return out

    def at(self, pose: Floats) -> Ints:
        """``(n, 2)``, where the object's pixels fall on a shrunk frame."""
        there = self.places @ (back := np.linalg.inv(pose))[:2, :2].T + back[:2, 2]
        return np.rint((there + 0.5) / self.shrink - 0.5).astype(np.intp)


def _shrunk(picture: Bytes, by: int) -> Bytes:
    height, width = picture.shape[:2]
    out: Bytes = cv.resize(picture, (max(1, width // by), max(1, height // by)), interpolation=cv.INTER_AREA)
    return out


class Wholes:
    """What an edit touched in a keyframe, as whole objects that are looked for.

    Args:
        objects: decals and edited areas; `guide`, ``(h, w, 3)`` uint8 of the keyframe's source.
    """

    def __init__(self, objects: Objects, guide: Bytes) -> None:
        self._objects = objects
        self._first = len(objects.decals)
        self._appearances = [Appearance(guide, area) for area in objects.areas]
        """The edited areas' motions come after those of decals."""
        self._lies_on = [_holder(decal.drawn, objects.areas) for decal in objects.decals]

    def sought(self, motions: Sequence[Motion]) -> bool:
        """Whether any object is to be looked for in the next frame."""
        return any(_sought(m, a) for m, a in zip(motions[self._first :], self._appearances, strict=True))

    def registered(self, before: Sequence[Motion], followed: Sequence[Motion], guide: Bytes) -> tuple[Motion, ...]:
        """Motions with those of the objects replaced that are found elsewhere than their tracks say; what is drawn on them goes along.

        Args:
            before: of the frame before; `followed`, of this one, by tracks.
            guide: ``(h, w, 3)`` uint8 of the frame.
        """
        out = list(followed)
        for n, appearance in enumerate(self._appearances, self._first):
            found = _registered(before[n], followed[n], guide, appearance) if _sought(before[n], appearance) else None
            if found is not None:
                out[n] = replace(followed[n], pose=found[0], sought=True, sure=found[1])
        for n, holder in enumerate(self._lies_on):
            if holder is not None and out[holder := self._first + holder].sought:
                pose = before[n].pose @ np.linalg.inv(before[holder].pose) @ out[holder].pose
                out[n] = replace(followed[n], pose=pose, sought=True, sure=out[holder].sure)
        return tuple(out)

    def astray(self, state: Correspondence) -> Bools:
        """``(h, w)``, tracked pixels that show an object which was found elsewhere than they have it."""
        out = np.zeros(state.tracked.shape, np.bool_)
        for motion, area in zip(state.motions, self._objects.masks, strict=True):
            if motion.sought:
                place = grid(*out.shape)
                there = place + state.offset
                pose = motion.pose.astype(np.float32)
                apart = place @ pose[:2, :2].T + pose[:2, 2] - there
                out |= (shown(area, there) > 0) & ~within(apart, WITHIN_PX)
        return out

    def confirmed(self, before: Sequence[Motion], state: Correspondence) -> Correspondence:
        """`state` with the motions of what was looked for as what is now seen of it has them; where that is next to nothing, it goes on as
        it did `before`."""
        motions = state.motions
        if not any(motion.sought for motion in motions):
            return state
        poses = [motion.pose for motion in motions]
        out = []
        fits = self._objects.fitted(poses, poses, state.offset, state.tracked)
        for motion, then, centre, (pose, seen) in zip(motions, before, self._objects.centres, fits, strict=True):
            if not motion.sought:
                out.append(motion)
            elif seen < CONFIRMED and not motion.sure:
                out.append(Motion(then.pose @ then.step, then.step, motion.lost))
            else:
                pose = pose if seen > TOLD else shifted(motion.pose, pose, centre)
                step = np.linalg.inv(then.pose) @ pose
                if motion.lost:
                    step = shifted(np.eye(3), step, step @ np.linalg.inv(pose) @ centre)
                out.append(Motion(pose, step, motion.lost))
        return replace(state, motions=tuple(out))


def _holder(decal: Bytes, areas: Sequence[Bytes]) -> int | None:
    """Which of the edited `areas` a decal lies on."""
    shares = [float(area[decal > 0].mean()) for area in areas]
    return int(np.argmax(shares)) if shares and max(shares) > 0.5 else None


def speed(motion: Motion, appearance: Appearance) -> float:
    """Of an object, going by its last frames: px per frame."""
    there = (np.linalg.inv(motion.pose @ motion.step) @ (*appearance.centre, 1.0))[:2]
    return float(np.linalg.norm(there - (motion.step @ (*there, 1.0))[:2]))


def _sought(motion: Motion, appearance: Appearance) -> bool:
    return len(appearance.places) > 0 and (motion.lost > 0 or speed(motion, appearance) > FAST_PX)


def _registered(before: Motion, followed: Motion, guide: Bytes, appearance: Appearance) -> tuple[Floats, bool] | None:
    """The pose of an object that is found elsewhere than tracks say, and whether it is like nowhere else; None where that is not so."""
    small = _shrunk(guide, appearance.shrink)
    predicted = before.pose @ before.step
    px = REACH_PX + REACH_SHARE * speed(before, appearance) + REACH_LOST * before.lost
    reach = math.ceil(min(px, max(guide.shape[:2])) / appearance.shrink)
    agree = agreement(small, appearance.colours, appearance.at(predicted), reach)
    away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    row, column = np.unravel_index(int(np.argmax(agree - NEAR * away / reach)), agree.shape)
    best = float(agree[row, column])
    elsewhere = np.hypot(*np.mgrid[-row : 2 * reach + 1 - row, -column : 2 * reach + 1 - column]) > APART * appearance.radius
    second = float(agree[elsewhere].max()) if elsewhere.any() else 0.0
    if best < LEAST or best < float(np.median(agree)) + STANDS_OUT:
        return None
    if not followed.lost and best < float(agreement(small, appearance.colours, appearance.at(followed.pose), 0)[0, 0]) + BETTER:
        return None
    pose = appearance.moved(predicted, column - reach, row - reach)
    return _turned(small, appearance, pose, best), best > second + STANDS_OUT


def _turned(picture: Bytes, appearance: Appearance, pose: Floats, best: float) -> Floats:
    """`pose`, turned and scaled so that the picture agrees best."""
    for _ in range(ROUNDS):
        start = pose
        for angle in TURNS:
            for scale in SCALES:
                cos, sin = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
                about = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
                about[:2, 2] = appearance.centre - about[:2, :2] @ appearance.centre
                agree = agreement(picture, appearance.colours, appearance.at(about @ start), 1)
                row, column = np.unravel_index(int(np.argmax(agree)), agree.shape)
                if agree[row, column] > best + SLIGHTLY:
                    best, pose = float(agree[row, column]), appearance.moved(about @ start, column - 1, row - 1)
    return pose


def agreement(picture: Bytes, colours: Floats, places: Ints, reach: int) -> Floats:
    """``(2 reach + 1, 2 reach + 1)`` 0…1: how far a picture has the colours given at the places given, moved by so many pixels."""
    out = np.zeros((2 * reach + 1,) * 2, np.float32)
    if len(places):
        rows(_agreement, len(out), picture, colours, places, reach, out)
    return out


@kernel
def _agreement(first: int, end: int, picture: Bytes, colours: Floats, places: Ints, reach: int, out: Floats) -> None:
    height, width = picture.shape[:2]
    most = np.float32(3 * TOLERANCE)
    for row in range(first, end):
        for column in range(out.shape[1]):
            total = np.float32(0)
            for n in range(len(places)):
                x, y = places[n, 0] + column - reach, places[n, 1] + row - reach
                if x < 0 or y < 0 or x >= width or y >= height:
                    continue
                apart = np.float32(0)
                for c in range(3):
                    apart += abs(np.float32(picture[y, x, c]) - colours[n, c])
                total += max(most - apart, np.float32(0))
            out[row, column] = total / (most * np.float32(len(places)))
