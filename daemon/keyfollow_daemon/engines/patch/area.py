"""What the edit touched in a keyframe, and how that moves from frame to frame: objects, decals, the surfaces that these lie on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from .blur import Smears
from .correspondence import Correspondence, start
from .curved import bend
from .decals import corners, posed, settled, textured_by, torn
from .draped import Told, hung, looks_right, piece
from .islands import astray, islands, parts
from .matching import KeyView
from .objects import INERTIA, SLIGHT, Motion, Objects
from .outlined import Outlines
from .pixels import Bools, Bytes, Floats, cv, grid, shown
from .planar import laid, plane
from .recognition import Recognition
from .reflections import lies, lying
from .registration import Wholes
from .seen import Seen
from .surfaces import stretched

UNHELD = 1.0
"""`corners` of a place that has half the say in where an object goes that the best have."""
SEARCHED_PX = 16
"""What is lost is searched for this near the tracked edit."""
BESIDE_PX = 2
FRAYED = 0.05
"""Share of a decal that is lost from which on it is looked at as a piece of cloth."""
WELL_KNOWN = 0.8
"""A surface of which less agrees is compared with what it looks like here from now on."""


class EditedArea:
    """What the edit touched in a keyframe, and how it moves.

    Args:
        key: the keyframe's source.
        decals: ``(h, w)`` bool at analysis size, what the edit drew that its own colours do not explain.
        changed: ``(h, w)`` bool, all that the edit touched.
        gaps: ``(h, w)`` bool, strips between that (`changes.gaps`).
    """

    def __init__(self, key: KeyView, decals: Bools, changed: Bools, gaps: Bools) -> None:
        self.key = key
        self.digest = hashlib.sha256(b"".join(np.packbits(each).tobytes() for each in (decals, changed, gaps))).digest()
        """Of what tells this area from others of the same keyframe."""
        self._changed = changed.astype(np.uint8)
        self._gaps = gaps.astype(np.uint8)
        self._near = cv.dilate(self._changed | self._gaps, np.ones((2 * BESIDE_PX + 1,) * 2, np.uint8))
        self._parts, self._areas = parts(changed)
        self.corners = corners(key.evened)
        self.objects = Objects(decals, changed, UNHELD / (self.corners + np.float32(UNHELD)))
        self._textured = textured_by(self.corners)
        self._cloths = [piece(key.evened, key.contrast, decal.drawn, decal.wide) for decal in self.objects.decals]
        self._planes = [plane(key.evened, decal.drawn, decal.wide) for decal in self.objects.decals]
        self.outlines = Outlines(self.objects.areas, decals)
        self.smears = Smears(key, self.objects)
        self.wholes = Wholes(self.objects, key.guide, key.evened)
        self.recognition = Recognition(self.objects, key)

    def start(self) -> Correspondence:
        """The keyframe's correspondence with itself."""
        return replace(start(*self._changed.shape), motions=self.objects.start())

    def laid(self, motions: Sequence[Motion], state: Correspondence, guide: Bytes, detail: Bytes) -> tuple[Motion, ...]:
        """`motions` with those of decals that tracks tear told by all that is marked around them, on a plain surface or on cloth.

        Args:
            state: with the motions of the frame before.
            guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
        """
        out = list(motions)
        told: Told | None = None
        for n, (before, decal) in enumerate(zip(state.motions, self.objects.decals, strict=False)):
            if (self._planes[n] is None and self._cloths[n] is None) or out[n].sought:
                continue
            if told is None:
                told = Told(guide, detail, state.offset, (state.tracked < 0.5) | stretched(state.offset))
            if not (before.whole or before.unseen or torn(decal, out[n], told.lost, FRAYED)):
                continue
            # a globe is neither cloth nor plain, whatever a map of its middle explains; but tracks may agree on what is not so
            bent = bend(state.offset, state.tracked, self._textured, decal, out[n].pose) is not None
            if bent and looks_right(self.key.evened, decal, told, out[n].pose):
                continue
            ways = (self._hung,) if bent else (self._plain, self._hung) if before.plain else (self._hung, self._plain)
            for follow in ways:
                out[n] = follow(n, before, out[n], told)
                if out[n].plain:
                    break
        return tuple(out)

    def posed(self, seen: Seen, motions: Sequence[Motion], asked: Bools) -> tuple[Floats, Bools]:
        """Offsets of what was drawn as its poses have it, where `asked`."""
        return posed(seen.offset, seen.tracked, self._textured, self.objects.decals, motions, asked)

    def _hung(self, n: int, before: Motion, now: Motion, told: Told) -> Motion:
        """`now`, with the pose by which decal `n` is seen on cloth, if it is."""
        cloth = self._cloths[n]
        return now if cloth is None else hung(cloth, self.key.evened, self.objects.decals[n], told, before, now)

    def _plain(self, n: int, before: Motion, now: Motion, told: Told) -> Motion:
        """`now`, with the pose by which the surface that decal `n` lies on is seen as a whole, if it is torn, and plain."""
        decal, surface = self.objects.decals[n], self._planes[n]
        if surface is None or not torn(decal, now, told.lost):
            return now
        known = before.surface or surface
        # torn tracks tell less than how it has moved so far
        expected = before.pose @ before.step if before.plain else now.pose
        pose, agreed = laid(known, told.detail, expected, known=before.plain)
        if agreed <= 0 or not lies(told.guide, self.key, decal, pose):
            return now
        if agreed < WELL_KNOWN:
            known = plane(told.detail, decal.drawn, decal.wide, pose) or known
        step = INERTIA * before.step + (1.0 - INERTIA) * np.linalg.inv(before.pose) @ pose
        return replace(now, pose=pose, step=step, plain=True, surface=known)

    def lying(self, seen: Seen, guide: Bytes, motions: Sequence[Motion]) -> Seen:
        """`seen` with decals on plain surfaces and on cloth where these have them."""
        return lying(seen, guide, self.key, self.objects.decals, motions)

    def smeared(self, motions: Sequence[Motion]) -> EditedArea:
        """The same, with the keyframe as it looks blurred by the objects' `motions`."""
        key = self.smears.view(motions)
        if key is self.key:
            return self
        out = copy(self)
        out.key = key
        return out

    def touched(self, offset: Floats) -> Bools:
        """``(h, w)``, whether the edit touched what pixels show."""
        return _shown(self._changed, offset)

    def beside(self, offset: Floats) -> Bools:
        """``(h, w)``, whether what pixels show lies clearly outside of what the edit touched, and of its gaps."""
        return ~_shown(self._near, offset)

    def by_chance(self, offset: Floats, tracked: Floats, found: Bools, new: Bools) -> Bools:
        """`islands` of what was `found`, now if it is `new`."""
        return islands(self._parts, self._areas, offset, tracked, found, new)

    def astray(self, offset: Floats, confidence: Floats, motion: Floats, visible: Bools) -> Bools:
        """What goes `astray` of what seems to be edited."""
        return astray(self._parts, offset, confidence, motion, visible)

    def left_out(self, offset: Floats) -> Bools:
        """``(h, w)``, whether the edit left out what pixels show between two edited sides."""
        return _shown(self._gaps, offset)

    def touched_nearby(self, offset: Floats, known: Bools) -> Bools:
        """``(h, w)``, within `SEARCHED_PX` of `known` pixels that the edit touched."""
        edited = known & self.touched(offset)
        if not edited.any() or edited.all():
            return np.zeros_like(known)
        out: Bools = cv.boxFilter(edited.astype(np.float32), -1, (2 * SEARCHED_PX + 1,) * 2, normalize=False) > 0.5
        return out


def _shown(area: Bytes, offset: Floats) -> Bools:
    """``(h, w)``, whether pixels show a keyframe's `area`."""
    out: Bools = shown(area, grid(*offset.shape[:2]) + offset) > 0
    return out


def carried(
    state: Correspondence, guide: Bytes, detail: Bytes, area: EditedArea, found: Sequence[Motion | None] = ()
) -> Correspondence:
    """What was `continued`, with the objects followed, and what is flat of decals going along; `detail` is the frame's `evened` copy. Objects
    of which next to nothing can be followed are where they were `found`, if they were."""
    tracked = state.tracked
    if any(found):
        tracked = np.where(area.wholes.astray(found, state), np.float32(0.0), tracked)
    motions = area.objects.follow(state.motions, state.offset, tracked, area.recognition.marked)
    decals = area.objects.decals
    if any(found):
        both = zip(motions, found, strict=True)
        motions = tuple(_either(motion, other) for motion, other in both)
    motions = area.laid(motions, state, guide, detail)
    offset = settled(state.offset, tracked, area.corners, decals, motions[: len(decals)])
    return Correspondence(offset, tracked, motions)


def returned(
    state: Correspondence, guide: Bytes, detail: Bytes, area: EditedArea, since: int
) -> tuple[Correspondence, Sequence[Motion | None]]:
    """(`state` with objects that were lost where they are recognised, those that are back); they were looked for `since` frames ago."""
    if not area.recognition.sought(state.motions):
        return state, ()
    free = (state.tracked < 0.5) | area.touched(state.offset)
    motions = area.recognition.found(state.motions, guide, detail, free, since)
    back = [now if was.lost and not now.lost else None for now, was in zip(motions, state.motions, strict=True)]
    if any(back):
        tracked = np.where(area.objects.elsewhere(back, state.offset), np.float32(0.0), state.tracked)
        state = replace(state, tracked=tracked)
    return replace(state, motions=motions), back


def taken_up(state: Correspondence, back: Sequence[Motion | None], guide: Bytes, area: EditedArea) -> Correspondence:
    """`state` with objects that are `back` followed from where they were recognised, if no detail of them was found by itself: what comes in
    fast is blurred."""
    if not any(back):
        return state
    fits = area.objects.fitted([motion.pose for motion in state.motions], state.motions, state.offset, state.tracked)
    unseen = [now if now and seen < SLIGHT else None for now, (_, seen) in zip(back, fits, strict=True)]
    return area.recognition.taken_up(unseen, state, guide)


def given_up(state: Correspondence, source: Correspondence, area: EditedArea) -> Correspondence:
    """`state` without bits of what is gone, found where it cannot be: what left the picture is found in gravel too.

    Args:
        source: as far as the source alone tells; that stands.
    """
    gone = [motion if motion.gone else None for motion in state.motions]
    if not any(gone):
        return state
    chance = area.objects.elsewhere(gone, state.offset) & (source.tracked <= 0.5)
    return replace(state, tracked=np.where(chance, np.float32(0.0), state.tracked))


def _either(followed: Motion, found: Motion | None) -> Motion:
    """How an object moves that was followed, or `found` as a whole."""
    if found is None:
        return followed
    if followed.lost:
        return replace(found, lost=followed.lost, seen=followed.seen)
    return replace(followed, step=found.step, sought=True, sure=found.sure, outline=found.outline)
