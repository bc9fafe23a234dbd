"""What has left the picture, or was hidden for long, is recognised by its details wherever it comes back, turned and of another size.

Its colours say where it may be, at next to no cost, and mostly that it is not there. Only then marks of its texture (SIFT, Lowe 2004,
OpenCV's) are matched with the frame's, and the affine map that most of them go by is laid on the frame as a whole (`planar`). It is
believed if what is marked on the object is found there: two cards may bear the same letters.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from .correspondence import Correspondence
from .matching import PATCH_RADIUS, KeyView, matched
from .objects import REST, SLIGHT, Motion, Objects, possible
from .pixels import WHOLE, Bools, Bytes, Floats, Window, around, box, cv, grid, moved, shown, span
from .planar import Plane, agreed_on, plane

LITTLE = 2.0 * SLIGHT
"""Share of an object that is seen, below which it may have been lost before."""
BIN, SHRINK = 16, 4
"""Colours are told apart by so many 8-bit units, in every fourth pixel of every fourth row."""
AMONG_PX, AMONG = 2, 0.2
"""It may be where so much of what lies so near around one of those has its colours."""
OWN, RARE = 0.5, 1e-3
"""A colour is an object's own if so much of what has it in the keyframe is of it, and it makes up so much of it."""
LEAST_SHARE, MOST_OF = 0.1, 0.5
"""It may be in sight where most of its colours are, by share, each of them as often as in so much of it."""
MARGIN_PX = 16
"""Around that, so much is looked at as well."""
CONTRAST = 0.02
"""Of a mark (OpenCV's default is 0.04, for sharper pictures)."""
DISTINCT = 0.8
"""A mark is matched where it is so much nearer to one of the frame's than to the second (Lowe 2004, section 7.1)."""
OFF_PX, LEAST_MARKS = 3.0, 8
"""The map that is sought takes so many marks to within this of their matches."""
MARKED = 3 * LEAST_MARKS
"""What has so many marks would be recognised, were it in sight."""
LEAST_POINTS = 100
"""So many points of the object must be marked, and in the picture."""
ALIKE, LIKE = 0.7, 0.5
"""A pixel looks like the keyframe where the match error is below this share of its tolerance; so many of those of an object that are in the
picture must. Another card with the same letters reaches 0.25, the same one behind a post 0.6."""


class Recognition:
    """A keyframe's edited areas and decals, as what they are known by.

    Args:
        objects: what moves as a whole, decals first.
        key: the keyframe's source.
    """

    def __init__(self, objects: Objects, key: KeyView) -> None:
        self._key, self._masks = key, objects.masks
        self._areas = [int(mask.sum()) for mask in objects.masks]
        self._around = [*(decal.wide for decal in objects.decals), *objects.areas]
        """What shows where each is: the surface that a decal lies on, or the object itself."""
        self._holders = objects.holders
        self._sift = cv.SIFT_create(contrastThreshold=CONTRAST)
        self._planes: dict[int, Plane | None] = {}

    def found(self, motions: Sequence[Motion], guide: Bytes, detail: Bytes, free: Bools, since: int) -> tuple[Motion, ...]:
        """`motions` with those of objects that are recognised. Of others that are lost it is known for how long their colours were nowhere.

        Args:
            guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
            free: ``(h, w)``, what is not known to show something unedited.
            since: how many frames ago they were looked for before.
        """
        out, parts = list(motions), {}
        for n in self.sought(motions):
            part = self._where(n, guide, free)
            if part is not None:
                parts[n] = part
            if part is None and not out[n].sought:
                out[n] = replace(out[n], hidden=out[n].hidden + since)
            elif not out[n].gone:
                out[n] = replace(out[n], hidden=0)
        if not parts:
            return tuple(out)
        marks = self._marks(guide, _both(list(parts.values())))
        poses = {n: pose for n in parts if (pose := self._recognised(n, marks, guide, detail)) is not None}
        for n in self.sought(motions):
            known = next((poses[other] for other in (n, *self._with(n)) if other in poses), None)
            if known is not None:
                out[n] = Motion(known, REST.step)
        return tuple(out)

    def taken_up(self, back: Sequence[Motion | None], state: Correspondence, guide: Bytes) -> Correspondence:
        """`state` with objects that are `back` tracked where they look as in the keyframe."""
        offset, tracked = state.offset.copy(), state.tracked.copy()
        for n, motion in enumerate(back):
            if motion is not None:
                window, there, _, alike = self._looks(n, motion.pose, guide)
                offset[window][alike], tracked[window][alike] = there[alike], 1.0
        return replace(state, offset=offset, tracked=tracked)

    def _with(self, n: int) -> list[int]:
        """What an object lies on, or lies on it: where one is, the other is too."""
        pairs = [(decal, holder) for decal, holder in enumerate(self._holders) if holder is not None]
        return [a if b == n else b for a, b in pairs if n in (a, b)]

    def sought(self, motions: Sequence[Motion]) -> list[int]:
        """Which objects may be lost, and would be recognised. What is drawn on one that is not is only hidden."""
        lost = [motion.lost > 0 or motion.seen < LITTLE for motion in motions]
        over = [True if holder is None else lost[holder] for holder in self._holders] + lost[len(self._holders) :]
        asked = [n for n, each in enumerate(zip(lost, over, strict=True)) if all(each)]
        return [n for n in asked if any(any(self._told[other]) for other in (n, *self._with(n)))]

    def marked(self, n: int) -> bool:
        """Whether an object would be recognised by itself, were it in sight."""
        return self._told[n][0]

    def _where(self, n: int, guide: Bytes, free: Bools) -> Window | None:
        """The part of a frame in which an object may be, going by its colours."""
        few = np.s_[::SHRINK, ::SHRINK]
        picture, mask = np.ascontiguousarray(guide[few]), free[few].astype(np.uint8)
        least = LEAST_SHARE * self._areas[n] / SHRINK**2
        share = float(np.minimum(_histogram(picture, mask) / least, self._colours[n]).sum())
        if share < MOST_OF:
            return None
        red, green, blue = (picture[..., c] // BIN for c in range(3))
        alike = mask * (self._colours[n][red, green, blue] > 0)
        part = around(box(alike.astype(np.float32), AMONG_PX) > AMONG, MARGIN_PX // SHRINK)
        if not part[0].stop:
            return WHOLE
        return slice(SHRINK * part[0].start, SHRINK * part[0].stop), slice(SHRINK * part[1].start, SHRINK * part[1].stop)

    def _recognised(self, n: int, marks: tuple[Floats, Floats], guide: Bytes, detail: Bytes) -> Floats | None:
        """The pose of an object that is known by the frame's `marks`: its own, else what shows where it is."""
        surface = self._plane(n)
        if surface is None:
            return None
        column, row = np.rint(self._key_marks[0]).astype(np.intp).T
        for area in (self._masks[n], self._around[n]):
            pose = self._matched(area[row, column] > 0, marks)
            if pose is None or not possible(pose):
                continue
            pose, agreed = agreed_on(surface, detail, pose, LEAST_POINTS)
            if agreed > 0 and possible(pose) and self._like(n, pose, guide) > LIKE:
                return pose
        return None

    def _matched(self, which: Bools, marks: tuple[Floats, Floats]) -> Floats | None:
        """The map by which most of those `which` keyframe's marks that are found in the frame's `marks` lie."""
        places, told = (each[which] for each in self._key_marks)
        theirs, said = marks
        if min(len(told), len(said)) < LEAST_MARKS:
            return None
        pairs = [p for p in cv.BFMatcher(cv.NORM_L2).knnMatch(told, said, 2) if p[0].distance < DISTINCT * p[1].distance]
        if len(pairs) < LEAST_MARKS:
            return None
        here, there = theirs[[p.trainIdx for p, _ in pairs]], places[[p.queryIdx for p, _ in pairs]]
        # a similarity is told by two marks, an affine map by three of which none may be wrong
        found, by = cv.estimateAffinePartial2D(here, there, method=cv.RANSAC, ransacReprojThreshold=OFF_PX)
        return None if found is None or int(by.sum()) < LEAST_MARKS else np.vstack([found, (0.0, 0.0, 1.0)])

    def _like(self, n: int, pose: Floats, guide: Bytes) -> float:
        """How much of an object, of what is in the picture, looks as in the keyframe, 0…1."""
        _, _, on, alike = self._looks(n, pose, guide)
        return float(alike[on].mean()) if on.any() else 0.0

    def _looks(self, n: int, pose: Floats, guide: Bytes) -> tuple[Window, Floats, Bools, Bools]:
        """(window, offsets in it, where an object is in it, where it looks as in the keyframe), all as a pose has it."""
        here = grid(*guide.shape[:2])
        there = moved(here, pose)
        on = shown(self._masks[n], there) > 0
        part = around(on, PATCH_RADIUS)
        corner = np.array([part[1].start, part[0].start], np.float32)
        offset: Floats = (there[part] - here[part]).astype(np.float32)
        if not offset.size:
            return part, offset, on[part], on[part]
        error, tolerance = matched(guide[part], self._key, offset + corner)
        return part, offset, on[part], on[part] & (error < ALIKE * tolerance)

    def _marks(self, guide: Bytes, window: Window, area: Bytes | None = None) -> tuple[Floats, Floats]:
        """(places ``(n, 2)`` x, y px, descriptors ``(n, 128)``) of what marks a `window` of a picture, within an `area` ``(h, w)``."""
        grey = cv.cvtColor(guide[window], cv.COLOR_RGB2GRAY)
        points, told = self._sift.detectAndCompute(grey, area)
        if told is None:
            return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
        corner = np.array([window[1].start or 0, window[0].start or 0], np.float32)
        return np.array([point.pt for point in points], np.float32) + corner, told

    @cached_property
    def _told(self) -> list[tuple[bool, bool]]:
        """Per object, whether it has enough marks itself, and with what shows where it is."""
        column, row = np.rint(self._key_marks[0]).astype(np.intp).T

        def told(n: int, area: Bytes) -> bool:
            return int(np.count_nonzero(area[row, column])) >= MARKED and self._plane(n) is not None

        return [(told(n, own), told(n, wide)) for n, (own, wide) in enumerate(zip(self._masks, self._around, strict=True))]

    @cached_property
    def _key_marks(self) -> tuple[Floats, Floats]:
        return self._marks(self._key.guide, WHOLE, np.maximum.reduce(self._around))

    def _plane(self, n: int) -> Plane | None:
        if n not in self._planes:
            self._planes[n] = plane(self._key.evened, self._masks[n], self._masks[n], least=LEAST_POINTS)
        return self._planes[n]

    @cached_property
    def _colours(self) -> list[Floats]:
        """Per object, what share of it has which colours, of those that are rather its own than those of the rest of the keyframe."""
        every = _histogram(self._key.guide, np.ones_like(self._masks[0]))
        out: list[Floats] = []
        for mask in self._masks:
            has = _histogram(self._key.guide, mask)
            own = np.where((has > OWN * every) & (has > RARE * mask.sum()), has, np.float32(0.0))
            out.append(own / max(float(own.sum()), 1.0))
        return out


def _histogram(picture: Bytes, mask: Bytes) -> Floats:
    """``(16, 16, 16)``, how many pixels have a colour or one next to it, the less the further off."""
    bins = 256 // BIN
    found: Floats = cv.calcHist([picture], [0, 1, 2], mask, [bins] * 3, [0, 256] * 3)
    for axis in range(3):
        ends = [(0, 0)] * 3
        ends[axis] = (1, 1)
        wide = np.moveaxis(np.pad(found, ends), axis, 0)
        found = np.moveaxis((wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4, 0, axis)
    return found


def _both(parts: Collection[Window]) -> Window:
    """The window that holds all `parts`."""
    if WHOLE in parts:
        return WHOLE
    rows, columns = zip(*parts, strict=True)
    return span(rows), span(columns)
