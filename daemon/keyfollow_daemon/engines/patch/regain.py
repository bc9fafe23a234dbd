"""What the edit touched is found again where the source alone lost it: behind what passes in front, in flat places, after a turn.

The one part of tracking that depends on the edit: the rest is `correspondence`, computed once per clip and keyframe place.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from .blur import Smears
from .claims import impostors
from .correspondence import DOUBTFUL, Correspondence, chain, pulled_onto, start, within
from .decals import corners, lies, lying, settled, torn
from .islands import astray, islands, parts
from .matching import PATCH_RADIUS, KeyView, alike, detail_error, matched
from .objects import INERTIA, Motion, Objects
from .outlined import Outlines
from .pixels import Bools, Bytes, Floats, around, box, cv, grid, opened, sample, shown
from .planar import laid, plane
from .registration import Wholes
from .search import TEXTURED, search
from .seen import Seen
from .surfaces import place, stretched

UNHELD = 1.0
"""`corners` of a place that has half the say in where an object goes that the best have."""
AMID_PX = 4
SEARCHED_PX = 16
"""What is lost is searched for this near the tracked edit."""
COMPANY = 0.45
"""Share of the 5 x 5 px around that must lie on the surface, so that a pixel does as well."""
SURE = 500.0
"""Difference of evened patches up to which a pixel can place others."""
FOUND = 0.7
FOUND_WITHIN_PX = 12.0
"""A lost pixel counts as found again when its match error is below this share of the tolerance, this near its expected place."""
FOUND_PX, PULLED_PX = 5, 3
"""Least width of what is found again, and of what was found before and is pulled onto the keyframe."""
BESIDE_PX = 2
WELL_KNOWN = 0.8
"""A surface of which less agrees is compared with what it looks like here from now on."""
MARGIN_PX = 24
"""Of the surroundings, so much is looked at with what is lost: flow needs them."""


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
        self._changed = changed.astype(np.uint8)
        self._gaps = gaps.astype(np.uint8)
        self._near = cv.dilate(self._changed | self._gaps, np.ones((2 * BESIDE_PX + 1,) * 2, np.uint8))
        self._parts, self._areas = parts(changed)
        self.corners = corners(key.evened)
        self.objects = Objects(decals, changed, UNHELD / (self.corners + np.float32(UNHELD)))
        self._planes = [plane(key.evened, decal.drawn, decal.wide) for decal in self.objects.decals]
        self.outlines = Outlines(self.objects.areas, decals)
        self.smears = Smears(key, self.objects)
        self.wholes = Wholes(self.objects, key.guide, key.evened)

    def start(self) -> Correspondence:
        """The keyframe's correspondence with itself."""
        return replace(start(*self._changed.shape), motions=self.objects.start())

    def laid(
        self, motions: Sequence[Motion], state: Correspondence, own: Bools, guide: Bytes, detail: Bytes
    ) -> tuple[Motion, ...]:
        """`motions` with those of decals that the source's own tracks tear told by all that is marked around them.

        Args:
            state: with the motions of the frame before; `own`, as from `continued`.
            guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
        """
        out = list(motions)
        lost: Bools | None = None
        for n, (before, decal, surface) in enumerate(zip(state.motions, self.objects.decals, self._planes, strict=False)):
            if surface is None or out[n].sought:
                continue
            lost = own | (state.tracked < 0.5) | stretched(state.offset) if lost is None else lost
            if torn(decal, out[n], lost):
                known = before.surface or surface
                # torn tracks tell less than how it has moved so far
                expected = before.pose @ before.step if before.plain else out[n].pose
                pose, agreed = laid(known, detail, expected, known=before.plain)
                if agreed > 0 and not lies(guide, self.key, decal, pose):
                    pose, agreed = out[n].pose, 0.0
                if 0 < agreed < WELL_KNOWN:
                    known = plane(detail, decal.drawn, decal.wide, pose) or known
                step = INERTIA * before.step + (1.0 - INERTIA) * np.linalg.inv(before.pose) @ pose
                out[n] = replace(out[n], pose=pose, step=step, plain=agreed > 0, surface=known)
        return tuple(out)

    def lying(self, seen: Seen, guide: Bytes, motions: Sequence[Motion]) -> Seen:
        """`seen` with decals on plain surfaces where these have them."""
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


def continued(previous: Correspondence, source: Correspondence, flow: Floats, visible: Bools) -> tuple[Correspondence, Bools]:
    """(correspondence, own): one frame further out, by the `source`'s own track where that holds, else (`own`) chained on from what
    was found before. The objects' motions are those of the frame before."""
    chained = chain(previous, flow, visible, source)
    own = (source.tracked <= 0.5) & (chained.tracked > 0.5)
    return Correspondence(chained.offset, chained.tracked, previous.motions), own


def carried(
    state: Correspondence, own: Bools, guide: Bytes, detail: Bytes, area: EditedArea, found: Sequence[Motion | None] = ()
) -> Correspondence:
    """What was `continued`, with the objects followed, and what is flat of decals going along; `detail` is the frame's `evened` copy. Objects
    of which next to nothing can be followed are where they were `found`, if they were."""
    tracked = state.tracked
    if any(found):
        tracked = np.where(area.wholes.astray(found, state), np.float32(0.0), tracked)
    motions, decals = area.objects.follow(state.motions, state.offset, tracked), area.objects.decals
    if any(found):
        both = zip(motions, found, strict=True)
        motions = tuple(_either(motion, other) for motion, other in both)
    motions = area.laid(motions, state, own, guide, detail)
    offset = settled(state.offset, tracked, area.corners, decals, motions[: len(decals)])
    return Correspondence(offset, tracked, motions)


def _either(followed: Motion, found: Motion | None) -> Motion:
    """How an object moves that was followed, or `found` as a whole."""
    if found is None:
        return followed
    if followed.lost:
        return replace(found, lost=followed.lost, seen=followed.seen)
    return replace(followed, step=found.step, sought=True, sure=found.sure, outline=found.outline)


def regain(
    state: Correspondence,
    own: Bools,
    guide: Bytes,
    detail: Bytes,
    flow: Floats,
    visible: Bools,
    area: EditedArea,
    finest: int,
) -> Correspondence:
    """Find again what is lost of the edit. Where an object should be and the chain broke (something passed in front), it is looked for
    from its expected pose.

    Args:
        state: as from `carried`; `own`, as from `continued`.
        guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
        flow: to the frame before, `visible`, what was in sight there.
        finest: as for `dense_flow`.
    """
    error = detail_error(detail, area.key, state.offset)
    believed = np.where(error > DOUBTFUL, np.float32(0.0), state.tracked)
    expected, lost = area.objects.expected(state.motions, state.offset, believed)
    near = area.touched_nearby(state.offset, believed > 0.5)
    state, again = _resurfaced(state, believed > 0.5, error, near, guide, flow, visible, area)
    believed = np.where(again, np.float32(1.0), believed)
    own = own | again
    # smaller spots could not be believed, were they found
    sought = opened(lost, FOUND_PX) | opened(own, PULLED_PX)
    windows = [around(part, px) for part, px in ((near, PATCH_RADIUS + AMID_PX), (sought, MARGIN_PX)) if part.any()]
    if not windows:
        return state
    # the rest of the frame is not looked at: offsets are told from the corner of what is
    down, across = zip(*windows, strict=True)
    window = _span(down), _span(across)
    corner = np.array([window[1].start, window[0].start], np.float32)
    here = Correspondence(state.offset[window] + corner, state.tracked[window])
    sight = _Sight(area, guide[window], detail[window], error[window], finest)
    believed = believed[window]
    if sought.any():
        here, believed = sight.pulled(
            here, believed, expected[window] + corner, lost[window], own[window], around(sought[window], MARGIN_PX)
        )
    here, new = sight.searched(here, (here.tracked > 0.5) & (believed > 0.5))
    offset, tracked, among = state.offset.copy(), state.tracked.copy(), np.zeros_like(visible)
    offset[window], tracked[window], among[window] = here.offset - corner, here.tracked, new
    among &= ~area.objects.strays(state.motions, offset, flow, visible, among)
    tracked[among] = 1.0
    tracked[area.by_chance(offset, tracked, own, tracked > state.tracked)] = 0.0
    return replace(state, offset=offset, tracked=tracked)


def _resurfaced(
    state: Correspondence,
    believed: Bools,
    error: Floats,
    near: Bools,
    guide: Bytes,
    flow: Floats,
    visible: Bools,
    area: EditedArea,
) -> tuple[Correspondence, Bools]:
    """(correspondence, found): of what is lost or smeared `near` the edit, found is what looks right by itself where the surface around
    has it, and not where it was. At the rim of what passed in front, wide patches show two things and agree with neither."""
    smeared = near & stretched(state.offset)
    lost, sure = near & (smeared | ~believed), believed & (error < SURE) & ~smeared
    offset, known = place(lost, sure, state.offset, flow, visible)
    found = known & area.touched(offset) & (sample(area.key.texture, grid(*lost.shape) + offset) > TEXTURED)
    if found.any():
        found = alike(guide, area.key, offset, found, known)
        found = opened(found & ~alike(guide, area.key, state.offset, found), PULLED_PX)
        # single pixels look right elsewhere as well
        found |= known & (box(found.astype(np.float32), 2) > COMPANY)
        offset = np.where(found[..., None], offset, state.offset)
        state = replace(state, offset=offset, tracked=np.where(found, np.float32(1.0), state.tracked))
    return state, found


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """A window of a frame in which the edit is looked for.

    Args:
        guide, detail: as for `regain`; `error`, how badly they match where the window's correspondence takes them.
    """

    area: EditedArea
    guide: Bytes
    detail: Bytes
    error: Floats
    finest: int

    def pulled(
        self,
        state: Correspondence,
        believed: Floats,
        expected: Floats,
        lost: Bools,
        own: Bools,
        window: tuple[slice, slice],
    ) -> tuple[Correspondence, Floats]:
        """(correspondence, `believed`) with what was found again before pulled onto the keyframe, and what the objects' poses lead to."""
        key, offset, tracked = self.area.key, state.offset, state.tracked
        candidate, better, error = pulled_onto(expected, self.error, self.detail, key, self.finest, window, rough=True)
        share = cv.GaussianBlur((better & own & ~lost).astype(np.float32), (0, 0), 2.0) * own
        offset = offset + share[..., None] * (candidate - offset)
        worse = impostors(offset, believed, np.where(better & own, error, self.error), key.guide.shape[:2])
        tracked = np.where(worse, np.float32(0.0), tracked)
        found = lost & ((state.tracked < 0.5) | (error < FOUND * self.error)) & within(candidate - expected, FOUND_WITHIN_PX)
        found = self._alike(candidate, found)
        found = opened(found, FOUND_PX)
        offset = np.where(found[..., None], candidate, offset)
        return Correspondence(offset, np.where(found, np.float32(1.0), tracked)), np.where(found, np.float32(1.0), believed)

    def searched(self, state: Correspondence, known: Bools) -> tuple[Correspondence, Bools]:
        """(correspondence, found): what is lost near the `known` edit looked for; `found`, where that has come upon the edit."""
        wanted = self.area.touched_nearby(state.offset, known) & ~known
        if not wanted.any():
            return state, wanted
        offset, again = self._amid(state.offset, wanted, known)
        offset, found = search(self.detail, self.area.key.evened, offset, wanted & ~again, known | again, self.error)
        return replace(state, offset=offset), (found | again) & self.area.touched(offset)

    def _amid(self, offset: Floats, lost: Bools, known: Bools) -> tuple[Floats, Bools]:
        """(offsets, found): lost spots amid a tracked surface go on with it, where that looks the same: in flat places flow is noise."""
        share = box(known.astype(np.float32), AMID_PX)
        mean = box(offset * known[..., None], AMID_PX) / np.maximum(share, 1e-6)[..., None]
        found = self._alike(mean, lost & (share > 0.5))
        return np.where(found[..., None], mean, offset), found

    def _alike(self, offset: Floats, where: Bools) -> Bools:
        """Those `where` pixels that look as the keyframe does at an `offset`."""
        if not where.any():
            return where
        window = around(where, PATCH_RADIUS)
        corner = np.array([window[1].start, window[0].start], np.float32)
        there = offset[window] + corner
        out = np.zeros_like(where)
        error, tolerance = matched(self.guide[window], self.area.key, there, highlights=False)
        out[window] = where[window] & (error < FOUND * tolerance)
        return out


def _span(parts: Sequence[slice]) -> slice:
    """The stretch that holds all `parts`."""
    return slice(min(part.start for part in parts), max(part.stop for part in parts))
