"""Objects that move faster than flow follows, or that were out of sight, are registered as wholes.

Flow goes by fine detail, which blurs when things move fast, and it starts from nothing: what moves by more than a few pixels of a
coarse picture is lost. A whole object is not mistaken for another so easily. Its colours in the keyframe are looked for around where its
motion leads; the longer it has been lost, the further.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .appearance import ROLL, Appearance
from .correspondence import Correspondence
from .objects import TOLD, Motion, Objects, possible, shifted
from .pixels import Bools, Bytes, Floats, grid, moved, shown

FAST_PX, DROPPED = 4.0, 0.75
"""Speed (of the analysis, px per frame) from which an object may be too fast for flow, and the share of what could be followed before that
can no longer be if it is."""
REACH_PX, REACH_SHARE, REACH_LOST = 6.0, 0.6, 10.0
"""How far around where its motion leads: px, plus a share of that motion, plus px for every frame that it has been lost."""
DRIFT = 0.9
"""Radii that what is drawn on an object may lie off its outline, before it is looked for from there."""
CONFIRMED, WORTH = 0.05, 0.1
"""Share of an object that must be seen where it might be elsewhere as well; and by how much more must be followed of one that was not
lost."""


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

    def missed(self, before: Sequence[Motion], now: Sequence[Motion]) -> bool:
        """Whether any object is to be looked for, going by how much of it could be followed from the frame before."""
        return any(map(_missed, before[self._first :], now[self._first :], self._appearances))

    def found(
        self, state: Correspondence, now: Sequence[Motion], before: Bytes, guide: Bytes, detail: Bytes
    ) -> tuple[Motion | None, ...]:
        """Of every object that is looked for and found, its motion; what is drawn on one goes along.

        The outline of a rolling ball does not go where what it shows goes: both are kept, and the outline tells how far the object moved.

        Args:
            state: of the frame before, the guide of which is `before`, ``(h, w, 3)`` uint8; `now`, motions as they could be followed from there.
            guide: of the frame; `detail` its `evened` copy.
        """
        motions = state.motions
        out: list[Motion | None] = [None] * len(motions)
        for n, appearance in enumerate(self._appearances, self._first):
            motion = motions[n]
            if not _missed(motion, now[n], appearance):
                continue
            here = motion.outline
            if here is None:
                seen = appearance.located(motion.pose, before, REACH_PX + ROLL * appearance.radius)
                here = motion.pose if seen is None else seen.pose
            here = shifted(motion.pose, here, np.array([*appearance.centre, 1.0]))
            px = REACH_PX + REACH_SHARE * _speed(motion, appearance) + (0.0 if motion.sure else REACH_LOST * motion.lost)
            there = appearance.located(here @ motion.step, guide, px)
            if there is None:
                continue
            step = np.linalg.inv(here) @ there.pose
            pose: Floats = motion.pose @ step
            if motion.lost:
                drifted = _apart(pose, there.pose, appearance) > DRIFT * appearance.radius
                pose = appearance.textured(there.pose if drifted else pose, detail)
            out[n] = replace(motion, pose=pose, step=step, outline=there.pose, sought=True, sure=there.sure)
        for n, holder in enumerate(self._objects.holders):
            if holder is not None and (on := out[holder]) is not None:
                pose = motions[n].pose @ np.linalg.inv(motions[holder].pose) @ on.pose
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
                yield motion.step, shown(area, moved(grid(*shape), motion.outline)) > 0

    def astray(self, found: Sequence[Motion | None], state: Correspondence) -> Bools:
        """``(h, w)``, tracked pixels that show an object which was found elsewhere than they have it."""
        sure = [motion if motion is not None and motion.sure and motion.lost else None for motion in found]
        return self._objects.elsewhere(sure, state.offset)

    def confirmed(self, before: Sequence[Motion], state: Correspondence) -> Correspondence:
        """`state` with the motions of what was looked for as what is now seen of it has them; where that is next to nothing, and it may be
        elsewhere, it goes on as it did `before`."""
        motions = state.motions
        if not any(motion.sought for motion in motions):
            return state
        poses = [motion.pose for motion in motions]
        out = []
        fits = self._objects.fitted(poses, motions, state.offset, state.tracked)
        for motion, then, centre, (pose, seen) in zip(motions, before, self._objects.centres, fits, strict=True):
            if not motion.sought:
                out.append(motion)
            elif seen < CONFIRMED and not motion.sure:
                out.append(replace(motion, pose=then.pose @ then.step, step=then.step, sought=False))
            elif seen < TOLD or not possible(pose):
                out.append(replace(motion, pose=shifted(motion.pose, pose, centre) if possible(pose) else motion.pose))
            else:
                out.append(replace(motion, pose=pose))
        return replace(state, motions=tuple(out))


def _apart(pose: Floats, other: Floats, appearance: Appearance) -> float:
    """How far an object lies in one pose from where it does in another, px."""
    there, here = (np.linalg.inv(each) @ (*appearance.centre, 1.0) for each in (pose, other))
    return float(np.linalg.norm(there - here))


def _speed(motion: Motion, appearance: Appearance) -> float:
    """Of an object, going by its last frames: px per frame."""
    there = (np.linalg.inv(motion.pose @ motion.step) @ (*appearance.centre, 1.0))[:2]
    return float(np.linalg.norm(there - (motion.step @ (*there, 1.0))[:2]))


def _missed(before: Motion, now: Motion, appearance: Appearance) -> bool:
    if before.gone or not len(appearance.rough.places):
        return False
    fast = max(before.speed, _speed(before, appearance)) > FAST_PX
    return before.lost > 0 or (before.sought and now.seen < TOLD) or (fast and now.seen < DROPPED * before.seen)
