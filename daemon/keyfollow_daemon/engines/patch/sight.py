"""What a frame shows of a keyframe, told from what following it left at hand.

Nothing in here depends on the order of frames, or is changed by one that comes later: it may be done at any time and on any thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from keyfollow_daemon.engines.base import Tensors

from .alignment import Aligned
from .area import EditedArea
from .correspondence import Correspondence
from .hidden import told_by_pose, told_by_surface
from .matching import KeyView
from .pixels import Bools, Bytes, Floats
from .seeded import seeded
from .seen import Seen, assess
from .sightings import pack, unpack
from .window import reached


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A frame next to another one: its `guide` ``(h, w, 3)`` uint8 and `evened` copy."""

    guide: Bytes
    evened: Bytes


class Told(NamedTuple):
    """What a frame shows of a keyframe, and the tensors of the entry that is to be kept of it; none where there is nothing to keep."""

    seen: Seen
    entry: Tensors


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A frame beside a keyframe.

    Args:
        view: the keyframe's source as the target of matching.
        source: where the frame's pixels were in it, as far as the source alone tells.
        guide: ``(h, w, 3)`` uint8 of the frame; `evened`, of that.
        flow: to the frame before (on the way from the keyframe); `visible`, what was in sight there.
        finest: as for `dense_flow`.
        area: what was edited in the keyframe; None of an edit of the whole picture.
        stored: what an entry of the cache holds of it, if that was told before (`sightings`).
        state: where the frame's pixels were, as it was followed; None if it is `stored`.
        before: the frame before, if an object was looked for as a whole.
        aligned: what offsets are aligned by, of a draft; of that, nothing is kept.
    """

    view: KeyView
    source: Correspondence
    guide: Bytes
    evened: Bytes
    flow: Floats
    visible: Bools
    finest: int
    area: EditedArea | None = None
    stored: Tensors | None = None
    state: Correspondence | None = None
    before: Neighbour | None = None
    aligned: Aligned | None = None

    def told(self) -> Told:
        """What the frame shows; of an edited area as the cache holds it, so that the bytes are the same with it and without."""
        if self.area is not None and self.aligned is not None:
            return Told(self._followed(self.area), {})
        # what the source's own track tells
        plain = assess(self.source, self.guide, self.evened, self.view, self.flow, self.visible)
        if self.area is None:
            return Told(plain, {})
        if self.stored is not None:
            return Told(unpack(self.stored, plain), {})
        seen = self._followed(self.area)
        entry = pack(seen, plain, self.area.touched(seen.offset) | self.area.touched(plain.offset))
        return Told(unpack(entry, plain), entry)

    def reached(self, seen: Seen, tables: Floats, px: float, telling: Bools) -> Bools:
        """What of the frame the edit can reach (`window`), at the size of the analysis; all, of an edit of the whole picture.

        Args:
            seen: as `told`.
            tables: the edit by colour; `telling`, as `window.telling` has it.
            px: how far from the edit unsure pixels are filled, of the analysis.
        """
        if self.area is None:
            return np.ones(seen.tracked.shape, np.bool_)
        return reached(seen, self.area.touched(seen.offset), self.guide, tables, px, telling)

    def _followed(self, area: EditedArea) -> Seen:
        """What was followed, `assess`-ed, with what is `hidden`.

        Drafts leave the last out: at their size surfaces tell too little, and it took a tenth of their time.
        """
        assert self.state is not None
        state, flow, visible = self.state, self.flow, self.visible
        if self.aligned is not None:
            offset = self.aligned(state.offset, state.tracked, self.evened, area.touched(state.offset))
            state = replace(state, offset=offset)
        if self.before is not None:
            objects = area.wholes.moved(state.motions, visible.shape)
            flow, visible = seeded(flow, visible, self.evened, self.before.evened, objects, self.finest)
        seen = assess(state, self.guide, self.evened, area.key, flow, visible)
        astray = area.astray(seen.offset, seen.confidence, flow, visible)
        seen = replace(seen, confidence=np.where(astray, np.float32(0.0), seen.confidence))
        if self.aligned is None:
            seen = told_by_surface(seen, self.guide, self.evened, area)
            seen = told_by_pose(seen, self.guide, area, state.motions)
        seen = area.lying(seen, self.guide, state.motions)
        if self.aligned is not None or self.before is None:
            return seen
        return area.outlines.told(seen, state.motions[len(area.objects.decals) :], self.guide, self.before.guide)
