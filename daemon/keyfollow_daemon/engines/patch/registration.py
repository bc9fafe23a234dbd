"""Where an edited object is that moves faster than flow follows, or that was out of sight: its colours are looked for as a whole.

Flow goes by fine detail, which blurs when things move fast, and it starts from nothing: what moves by more than a few pixels of a
coarse picture is lost. A whole object is not mistaken for another so easily. It is compared, at a size at which it has some hundred
pixels, at every place around where its motion leads; the longer it has been lost, the further. Pixels that something hides count
for nothing, wherever that stands, and do not speak against a place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .correspondence import Correspondence, within
from .kernels import kernel, rows
from .objects import TOLD, WITHIN_PX, Motion, Objects, shifted
from .pixels import Bools, Bytes, Floats, Ints, cv, grid, shown

SAMPLES = 300
"""Of an object's pixels, about so many are compared."""
MOST_SHRINK = 8
FINE_SAMPLES = 600
"""The same for its place to a pixel, once it is known roughly."""
FAST_PX, DROPPED = 4.0, 0.75
"""Speed (of the analysis, px per frame) from which an object may be too fast for flow, and the share of what could be followed before that
can no longer be if it is."""
REACH_PX, REACH_SHARE, REACH_LOST = 6.0, 0.6, 10.0
"""How far around where its motion leads: px, plus a share of that motion, plus px for every frame since it was found for sure."""
TOLERANCE = 30.0
"""Mean difference of colour (8-bit units) at which a pixel counts for nothing."""
LEAST, STANDS_OUT = 0.2, 0.05
"""An object is found where it agrees with the picture so much (0…1), and so much better than at most places around."""
NEAR = 0.05
"""What lies as far off as is looked at must agree so much better than what lies where motion leads."""


TURNS, ROLL = (-16.0, -8.0, 0.0, 8.0, 16.0), 0.5
"""Degrees that a found object is turned by, and radii that what it shows is moved by, to agree better in its details."""
APART = 0.7
"""What lies further off than this, in radii, is elsewhere."""
DRIFT = 0.4
"""Radii by which an object may lie elsewhere, going by the frame before, than by the keyframe."""
CONFIRMED, WORTH = 0.05, 0.1
"""Share of an object that must then be seen, and of one that was not lost, by how much more."""


class Appearance:
    """An object's colours in some frame, at a size at which it has about `SAMPLES` pixels, and at full size.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
        area: ``(h, w)``, the object.
    """

    def __init__(self, guide: Bytes, detail: Bytes, area: Bytes) -> None:
        size = int(np.count_nonzero(area))
        self.shrink = int(np.clip(round(math.sqrt(size / SAMPLES)), 1, MOST_SHRINK))
        small = _shrunk(guide, self.shrink)
        inside = _shrunk(np.where(area > 0, np.uint8(255), np.uint8(0)), self.shrink) > 127
        self.rough = _Sampled(small, np.argwhere(inside), self.shrink)
        some = np.argwhere(area)[:: max(1, size // FINE_SAMPLES)]
        self.fine, self.detail = _Sampled(guide, some, 1), _Sampled(detail[..., None], some, 1)
        self.radius = math.sqrt(size / math.pi)
        """Of a disk of its area, px; its `centre` (x, y)."""
        self.centre = self.rough.places.mean(axis=0) if len(self.rough.places) else np.zeros(2)


class _Sampled:
    """Some of an object's pixels: `places` ``(n, 2)`` (x, y) px of the analysis, `colours` ``(n, 3)`` float32.

    Args:
        picture: of a frame, shrunk `by` so much; `pixels` ``(n, 2)`` of it, (row, column).
    """

    def __init__(self, picture: Bytes, pixels: Ints, by: int) -> None:
        self._by = by
        self.places = (pixels[:, ::-1] + 0.5) * by - 0.5
        self.colours: Floats = picture[pixels[:, 0], pixels[:, 1]].astype(np.float32)

    def agreement(self, picture: Bytes, pose: Floats, reach: int) -> Floats:
        """As `agreement`, with another frame's `picture` where the object has a `pose` (from that frame to its own), and so many pixels around."""
        there = self.places @ (back := np.linalg.inv(pose))[:2, :2].T + back[:2, 2]
        return agreement(picture, self.colours, np.rint((there + 0.5) / self._by - 0.5).astype(np.intp), reach)

    def best(self, picture: Bytes, pose: Floats, reach: int) -> tuple[float, Floats]:
        """The most that agrees around a pose, and the pose where it does."""
        agree = self.agreement(picture, pose, reach)
        row, column = np.unravel_index(int(np.argmax(agree)), agree.shape)
        return float(agree[row, column]), self.moved(pose, column - reach, row - reach)

    def moved(self, pose: Floats, across: int, down: int) -> Floats:
        """`pose` of an object that lies so many pixels of the shrunk picture further."""
        out = pose.copy()
        out[:2, 2] -= pose[:2, :2] @ (self._by * np.array([across, down], np.float64))
        return out


def _shrunk(picture: Bytes, by: int) -> Bytes:
    height, width = picture.shape[:2]
    out: Bytes = cv.resize(picture, (max(1, width // by), max(1, height // by)), interpolation=cv.INTER_AREA)
    return out


class Wholes:
    """What an edit touched in a keyframe, as whole objects that are looked for.

    Args:
        objects: decals and edited areas; `guide`, ``(h, w, 3)`` uint8 of the keyframe's source, `detail` its `evened` copy.
    """

    def __init__(self, objects: Objects, guide: Bytes, detail: Bytes) -> None:
        self._objects = objects
        self._first = len(objects.decals)
        self._appearances = [Appearance(guide, detail, area) for area in objects.areas]
        """The edited areas' motions come after those of decals."""
        self._lies_on = [_holder(decal.drawn, objects.areas) for decal in objects.decals]

    def missed(self, before: Sequence[Motion], now: Sequence[Motion]) -> bool:
        """Whether any object is to be looked for, going by how much of it could be followed from the frame before."""
        return any(map(_missed, before[self._first :], now[self._first :], self._appearances))

    def found(
        self, state: Correspondence, now: Sequence[Motion], before: Bytes, guide: Bytes, detail: Bytes
    ) -> tuple[Motion | None, ...]:
        """Of every object that is looked for and found, its motion; what is drawn on one goes along.

        Of what was seen in the frame before, that frame's colours are looked for: it looks the same, turned or blurred as it is. Of what
        was not, the keyframe's.

        Args:
            state: of the frame before, the guide of which is `before`, ``(h, w, 3)`` uint8; `now`, motions as they could be followed from there.
            guide: of the frame; `detail` its `evened` copy.
        """
        motions = state.motions
        out: list[Motion | None] = [None] * len(motions)
        for n, (key, area) in enumerate(zip(self._appearances, self._objects.areas, strict=True), self._first):
            motion = motions[n]
            if not _missed(motion, now[n], key):
                continue
            here = motion.outline
            if here is None:
                seen = _located(key, motion.pose, before, REACH_PX + ROLL * key.radius)
                here = motion.pose if seen is None else seen[0]
            here = shifted(motion.pose, here, np.array([*key.centre, 1.0]))
            px = REACH_PX + REACH_SHARE * speed(motion, key) + (0 if motion.sure else REACH_LOST * motion.lost)
            at = _located(key, here @ motion.step, guide, px)
            if at is None:
                continue
            there, sure = at
            step = np.linalg.inv(here) @ there
            pose = motion.pose @ step
            if motion.lost:
                pose = _textured(key, pose if _apart(pose, there, key) < DRIFT * key.radius else there, detail)
            out[n] = replace(motion, pose=pose, step=step, outline=there, sought=True, sure=sure)
        for n, holder in enumerate(self._lies_on):
            if holder is not None and (on := out[self._first + holder]) is not None:
                pose = motions[n].pose @ np.linalg.inv(motions[self._first + holder].pose) @ on.pose
                out[n] = replace(motions[n], pose=pose, sought=True, sure=on.sure)
        return tuple(out)

    def worth(self, before: Sequence[Motion], without: Sequence[Motion], found: Sequence[Motion]) -> bool:
        """Whether more is followed of some object now that it was `found`, or it had been lost `before`."""
        each = zip(before[self._first :], without[self._first :], found[self._first :], strict=True)
        return any(f.sought and (b.lost or f.lost or b.sought or f.seen > w.seen + WORTH) for b, w, f in each)

    def moved(self, motions: Sequence[Motion | None], shape: tuple[int, int]) -> Iterator[tuple[Floats, Bools]]:
        """Of every edited area that was found, the affine map (3 x 3) to the frame before, and where in the frame it is ``(h, w)``."""
        for motion, area in zip(motions[self._first :], self._objects.areas, strict=False):
            if motion is not None and motion.sought and motion.outline is not None:
                at = motion.outline.astype(np.float32)
                yield motion.step, shown(area, grid(*shape) @ at[:2, :2].T + at[:2, 2]) > 0

    def astray(self, found: Sequence[Motion | None], state: Correspondence) -> Bools:
        """``(h, w)``, tracked pixels that show an object which was found elsewhere than they have it."""
        out = np.zeros(state.tracked.shape, np.bool_)
        for motion, area in zip(found, self._objects.masks, strict=True):
            if motion is not None and motion.sure and motion.lost:
                place = grid(*out.shape)
                there = place + state.offset
                pose = motion.pose.astype(np.float32)
                apart = place @ pose[:2, :2].T + pose[:2, 2] - there
                out |= (shown(area, there) > 0) & ~within(apart, WITHIN_PX)
        return out

    def confirmed(self, before: Sequence[Motion], state: Correspondence) -> Correspondence:
        """`state` with the motions of what was looked for as what is now seen of it has them; where that is next to nothing, and it may be
        elsewhere, it goes on as it did `before`."""
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
                out.append(replace(motion, pose=then.pose @ then.step, step=then.step, sought=False))
            else:
                out.append(replace(motion, pose=pose if seen > TOLD else shifted(motion.pose, pose, centre)))
        return replace(state, motions=tuple(out))


def _holder(decal: Bytes, areas: Sequence[Bytes]) -> int | None:
    """Which of the edited `areas` a decal lies on."""
    shares = [float(area[decal > 0].mean()) for area in areas]
    return int(np.argmax(shares)) if shares and max(shares) > 0.5 else None


def _apart(pose: Floats, other: Floats, appearance: Appearance) -> float:
    """How far an object lies in one pose from where it does in another, px."""
    there, here = (np.linalg.inv(each) @ (*appearance.centre, 1.0) for each in (pose, other))
    return float(np.linalg.norm(there - here))


def speed(motion: Motion, appearance: Appearance) -> float:
    """Of an object, going by its last frames: px per frame."""
    there = (np.linalg.inv(motion.pose @ motion.step) @ (*appearance.centre, 1.0))[:2]
    return float(np.linalg.norm(there - (motion.step @ (*there, 1.0))[:2]))


def _missed(before: Motion, now: Motion, appearance: Appearance) -> bool:
    if not len(appearance.rough.places):
        return False
    fast = max(before.speed, speed(before, appearance)) > FAST_PX
    return before.lost > 0 or (before.sought and now.seen < TOLD) or (fast and now.seen < DROPPED * before.seen)


def _located(appearance: Appearance, predicted: Floats, guide: Bytes, px: float) -> tuple[Floats, bool] | None:
    """(pose of what is looked for `px` around the `predicted` one, whether it is like nowhere else there), if it is found."""
    if not len(appearance.rough.places):
        return None
    small = _shrunk(guide, appearance.shrink)
    reach = math.ceil(min(px, max(guide.shape[:2])) / appearance.shrink)
    agree = appearance.rough.agreement(small, predicted, reach)
    away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    row, column = np.unravel_index(int(np.argmax(agree - NEAR * away / reach)), agree.shape)
    best = float(agree[row, column])
    if best < LEAST or best < float(np.median(agree)) + STANDS_OUT:
        return None
    apart = np.hypot(*np.mgrid[-row : 2 * reach + 1 - row, -column : 2 * reach + 1 - column]) * appearance.shrink
    elsewhere = agree[apart > APART * appearance.radius]
    sure = not len(elsewhere) or best > float(elsewhere.max()) + STANDS_OUT
    pose = appearance.rough.moved(predicted, column - reach, row - reach)
    return appearance.fine.best(guide, pose, appearance.shrink)[1], sure


def _textured(appearance: Appearance, pose: Floats, detail: Bytes) -> Floats:
    """`pose`, moved and turned as far as makes details agree best: what rolls behind its outline is nowhere near where that says."""
    reach = math.ceil(ROLL * appearance.radius)
    here = appearance.detail.best(detail[..., None], pose, 0)[0]
    best, out = here + STANDS_OUT, pose
    for angle in TURNS:
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        about = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        about[:2, 2] = appearance.centre - about[:2, :2] @ appearance.centre
        agree, there = appearance.detail.best(detail[..., None], about @ pose, reach)
        if agree > best:
            best, out = agree, there
    return out


def agreement(picture: Bytes, colours: Floats, places: Ints, reach: int) -> Floats:
    """``(2 reach + 1, 2 reach + 1)`` 0…1: how far a picture has the colours given at the places given, moved by so many pixels."""
    out = np.zeros((2 * reach + 1,) * 2, np.float32)
    if len(places):
        rows(_agreement, len(out), picture, colours, places, reach, out)
    return out


@kernel
def _agreement(first: int, end: int, picture: Bytes, colours: Floats, places: Ints, reach: int, out: Floats) -> None:
    height, width = picture.shape[:2]
    channels = colours.shape[1]
    most = np.float32(channels * TOLERANCE)
    for row in range(first, end):
        for column in range(out.shape[1]):
            total = np.float32(0)
            for n in range(len(places)):
                x, y = places[n, 0] + column - reach, places[n, 1] + row - reach
                if x < 0 or y < 0 or x >= width or y >= height:
                    continue
                apart = np.float32(0)
                for c in range(channels):
                    apart += abs(np.float32(picture[y, x, c]) - colours[n, c])
                total += max(most - apart, np.float32(0))
            out[row, column] = total / (most * np.float32(len(places)))
