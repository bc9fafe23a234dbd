"""What the edit touched is found again where the source alone lost it: behind what passes in front, in flat places, after a turn.

The one part of tracking that depends on the edit: the rest is `correspondence`, computed once per clip and keyframe place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .area import EditedArea
from .claims import impostors
from .correspondence import DOUBTFUL, Correspondence, chain, pulled_onto, within
from .matching import PATCH_RADIUS, alike, detail_error, light, matched
from .pixels import Bools, Bytes, Floats, around, box, cv, grid, opened, sample, span
from .search import TEXTURED, search
from .surfaces import place, stretched

AMID_PX = 4
COMPANY = 0.45
"""Share of the 5 x 5 px around that must lie on the surface, so that a pixel does as well."""
SURE = 500.0
"""Difference of evened patches up to which a pixel can place others."""
FOUND = 0.7
FOUND_WITHIN_PX = 12.0
"""A lost pixel counts as found again when its match error is below this share of the tolerance, this near its expected place."""
FOUND_PX, PULLED_PX = 5, 3
"""Least width of what is found again, and of what was found before and is pulled onto the keyframe."""
MARGIN_PX = 24
"""Of the surroundings, so much is looked at with what is lost: flow needs them."""


def continued(previous: Correspondence, source: Correspondence, flow: Floats, visible: Bools) -> tuple[Correspondence, Bools]:
    """(correspondence, own): one frame further out, by the `source`'s own track where that holds, else (`own`) chained on from what
    was found before. The objects' motions are those of the frame before."""
    chained = chain(previous, flow, visible, source)
    own = (source.tracked <= 0.5) & (chained.tracked > 0.5)
    return Correspondence(chained.offset, chained.tracked, previous.motions), own


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
    window = span(down), span(across)
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
        lit = light(guide, area.key, state.offset, sure & area.touched(state.offset))
        found = alike(guide, area.key, offset, found, known, lit)
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
