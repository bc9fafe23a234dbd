"""What the edit touched is found again where the source alone lost it: behind what passes in front, in flat places, after a turn.

The one part of tracking that depends on the edit: the rest is `correspondence`, computed once per clip and keyframe place.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .claims import impostors
from .correspondence import DOUBTFUL, Correspondence, chain, pulled_onto, start, within
from .matching import KeyView, detail_error, match_error
from .objects import Objects
from .pixels import Bools, Bytes, Floats, box, cv, grid, sample
from .search import search

FLAT = 40.0
"""Local variance at which a patch starts to hold a track by itself."""
AMID_PX = 4
SEARCHED_PX = 16
"""What is lost is searched for this near the tracked edit."""
FOUND = 0.7
FOUND_WITHIN_PX = 12.0
"""A lost pixel counts as found again when its match error is below this share of the tolerance, this near its expected place."""
MARGIN_PX = 24
"""Of the surroundings, so much is looked at with what is lost: flow needs them."""


class EditedArea:
    """What the edit touched in a keyframe, and how it moves.

    Args:
        key: the keyframe's source.
        decals: ``(h, w)`` bool at analysis size, what the edit drew that its own colours do not explain.
        changed: ``(h, w)`` bool, all that the edit touched.
    """

    def __init__(self, key: KeyView, decals: Bools, changed: Bools) -> None:
        self.key = key
        self._changed = changed.astype(np.uint8)
        self.objects = Objects(decals, changed, (FLAT / (key.contrast + FLAT)).astype(np.float32))

    def start(self) -> Correspondence:
        """The keyframe's correspondence with itself."""
        return replace(start(*self._changed.shape), motions=self.objects.start())

    def touched(self, offset: Floats) -> Bools:
        """``(h, w)``, whether the edit touched what pixels show."""
        where = grid(*offset.shape[:2]) + offset
        out: Bools = sample(self._changed, where, nearest=True, border=cv.BORDER_CONSTANT) > 0
        return out

    def touched_nearby(self, offset: Floats, known: Bools) -> Bools:
        """``(h, w)``, within `SEARCHED_PX` of `known` pixels that the edit touched."""
        edited = known & self.touched(offset)
        if not edited.any() or edited.all():
            return np.zeros_like(known)
        out: Bools = cv.boxFilter(edited.astype(np.float32), -1, (2 * SEARCHED_PX + 1,) * 2, normalize=False) > 0.5
        return out


def carried(
    previous: Correspondence, source: Correspondence, flow: Floats, visible: Bools, area: EditedArea
) -> tuple[Correspondence, Bools]:
    """(correspondence, own): one frame further out, by the `source`'s own track where that holds, else (`own`) chained on from what
    was found before."""
    held = source.tracked > 0.5
    chained = chain(previous, flow, visible)
    offset = np.where(held[..., None], source.offset, chained.offset)
    tracked = np.where(held, source.tracked, chained.tracked)
    return Correspondence(offset, tracked, area.objects.follow(previous.motions, offset, tracked)), ~held & (tracked > 0.5)


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
        state, own: as from `carried`.
        guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
        flow: to the frame before, `visible`, what was in sight there.
        finest: as for `dense_flow`.
    """
    key, offset, tracked = area.key, state.offset, state.tracked
    error = detail_error(detail, key, offset)
    believed = np.where(error > DOUBTFUL, np.float32(0.0), tracked)
    expected, lost = area.objects.expected(state.motions, offset, believed)
    if lost.any() or own.any():
        candidate, better, pulled = pulled_onto(expected, error, detail, key, finest, _around(lost | own))
        share = cv.GaussianBlur((better & own & ~lost).astype(np.float32), (0, 0), 2.0) * own
        offset = offset + share[..., None] * (candidate - offset)
        worse = impostors(offset, believed, np.where(better & own, pulled, error))
        tracked = np.where(worse, np.float32(0.0), tracked)
        found = lost & ((state.tracked < 0.5) | (pulled < FOUND * error)) & within(candidate - expected, FOUND_WITHIN_PX)
        found &= match_error(guide, key, candidate, highlights=False) < FOUND * key.tolerance_at(candidate)
        found = cv.morphologyEx(found.astype(np.uint8), cv.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
        offset = np.where(found[..., None], candidate, offset)
        tracked = np.where(found, np.float32(1.0), tracked)
        believed = np.where(found, np.float32(1.0), believed)
    known = (tracked > 0.5) & (believed > 0.5)
    wanted = area.touched_nearby(offset, known) & ~known
    offset, again = _amid(offset, wanted, known, guide, key)
    sought, found = search(detail, key.evened, offset, wanted & ~again, known | again, error)
    offset = np.where(found[..., None], sought, offset)
    new = (found | again) & area.touched(offset)
    new &= ~area.objects.strays(state.motions, offset, flow, visible, new)
    return replace(state, offset=offset, tracked=np.where(new, np.float32(1.0), tracked))


def _amid(offset: Floats, lost: Bools, known: Bools, guide: Bytes, key: KeyView) -> tuple[Floats, Bools]:
    """(offsets, found): lost spots amid a tracked surface go on with it, where that looks the same: in flat places flow is noise."""
    if not lost.any():
        return offset, lost
    share = box(known.astype(np.float32), AMID_PX)
    mean = box(offset * known[..., None], AMID_PX) / np.maximum(share, 1e-6)[..., None]
    found = lost & (share > 0.5)
    found &= match_error(guide, key, mean, highlights=False) < FOUND * key.tolerance_at(mean)
    return np.where(found[..., None], mean, offset), found


def _around(area: Bools) -> tuple[slice, slice]:
    """The rectangle that holds `area` and `MARGIN_PX` around it."""
    rows, columns = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - MARGIN_PX), int(rows[-1]) + MARGIN_PX + 1),
        slice(max(0, int(columns[0]) - MARGIN_PX), int(columns[-1]) + MARGIN_PX + 1),
    )
