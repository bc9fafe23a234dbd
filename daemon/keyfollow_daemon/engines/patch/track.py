"""Correspondences of one keyframe in one direction, made frame by frame outward, with bounded memory for going back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from keyfollow_daemon.engines.base import Tensors

from .alignment import Aligned
from .area import EditedArea, carried, given_up, returned, taken_up
from .correspondence import Correspondence, start
from .inversion import Flows
from .objects import Motion
from .pipeline import Begin, later
from .pixels import Bools, Floats, cv, enlarged, grid
from .plan import KEEP_BYTES
from .regain import continued, regain
from .seeded import seeded
from .sight import Neighbour, Sight
from .sightings import fits
from .trails import DRAFT_REFINEMENT, Trails

REGAINED = 2
"""What is lost of the edit is looked for at every second frame, the one between is carried on from it; but at all while next to
nothing is seen of an object, the last bit of which is soon lost, and the first one found."""
HALF = 0.5
"""Share of an object that is in sight, below which drafts look for it as often; else at every fourth frame."""


class Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


State = TypeVar("State", bound=Sized)


class Track(Generic[State]):
    """State i is the correspondence of the i-th frame from the keyframe (0 is the keyframe itself).

    States are computed in order. Inside `window` enough of them are kept to come back to any at the cost of a short
    recomputation: all if they fit in `KEEP_BYTES`, else every sqrt(n)-th and the block last used.

    Args:
        start: state 0.
        advance: makes state i from state i - 1 and i.
        window: indices that will be visited again.
    """

    def __init__(self, start: State, advance: Callable[[State, int], State], window: range = range(0)) -> None:
        self._advance = advance
        self._window = window
        self._spacing = 1 if len(window) * start.nbytes <= KEEP_BYTES else math.isqrt(len(window)) + 1
        self._checkpoints = {0: start}
        self._block: dict[int, State] = {}
        self._cursor = (0, start)

    def at(self, index: int) -> State:
        """State `index`, computed from the nearest one before it that is at hand."""
        at_hand = {self._cursor[0]: self._cursor[1], **self._block, **self._checkpoints}
        base = max(i for i in at_hand if i <= index)
        state = at_hand[base]
        for i in range(base + 1, index + 1):
            state = self._advance(state, i)
            self._keep(i, state)
        self._cursor = (index, state)
        return state

    def _keep(self, index: int, state: State) -> None:
        if not self._window.start - self._spacing <= index < self._window.stop:
            return
        if index % self._spacing == 0:
            self._checkpoints[index] = state
            self._block = {}
        else:
            if self._block and min(self._block) // self._spacing != index // self._spacing:
                self._block = {}
            self._block[index] = state


class Tracks:
    """The tracks in use, by keyframe (or frame with a mask) and direction.

    Where an edited area is known, what tracking lost of it is found again; that part is made anew in every run, the rest is cached.
    """

    def __init__(self, flows: Flows, check: Callable[[], None], draft: bool, begin: Begin = later) -> None:
        self._flows, self._check, self._draft = flows, check, draft
        self._trails = Trails(flows, draft, begin)
        self._tracks: dict[tuple[int, bool], Track[Correspondence]] = {}
        self._areas: dict[int, EditedArea] = {}
        self._aligned: dict[int, Aligned] = {}

    def look_at(self, key: int, decals: Bools, changed: Bools, gaps: Bools) -> None:
        """Tell what the edit drew and changed in keyframe `key`, and left out between, so that it is found again after it was hidden."""

        def small(area: Bools) -> Bools:
            out: Bools = cv.resize(area.astype(np.uint8), self._flows.size, interpolation=cv.INTER_NEAREST) > 0
            return out

        if key not in self._areas:
            self._areas[key] = EditedArea(self._trails.view(key), small(decals), small(changed), small(gaps))

    def open(self, key: int, forward: bool, window: range = range(0)) -> None:
        """Make the track from `key`; must come before `at` when states will be visited again."""
        area = self._areas.get(key)

        def advance(state: Correspondence, index: int) -> Correspondence:
            self._check()
            frame = key + index if forward else key - index
            source = self._trails.at(key, frame)
            if area is None:
                return source
            flow, visible = self._flows.toward(key, frame)
            before = state
            chained, own = continued(before, source, flow, visible)
            guide, detail = self._flows.guide(frame), self._flows.evened(frame)
            state = carried(chained, guide, detail, area)
            # drafts look too seldom: by then what is fast is somewhere else
            if not self._draft and area.wholes.missed(before.motions, state.motions):
                earlier = self._flows.guide(frame - 1 if forward else frame + 1)
                found = area.wholes.found(before, state.motions, earlier, guide, detail)
                if any(found):
                    flows = self._toward(key, frame, area, found)
                    again, own_again = continued(before, source, *flows)
                    better = carried(again, guide, detail, area, found)
                    if area.wholes.worth(before.motions, state.motions, better.motions):
                        (flow, visible), own, state = flows, own_again, better
            every = DRAFT_REFINEMENT if self._draft else REGAINED
            back: Sequence[Motion | None] = ()
            if index % every == 0:
                state, back = returned(state, guide, detail, area, every)
            if self._looked_for(index, state.motions):
                state = area.smears.told(state, detail)
                state = regain(state, own, guide, detail, flow, visible, area.smeared(state.motions), self._flows.finest)
                state = area.wholes.confirmed(before.motions, state)
            state = taken_up(state, back, guide, area)
            return given_up(state, source, area)

        first = start(*self._flows.size[::-1]) if area is None else area.start()
        self._tracks[key, forward] = Track(first, advance, window)

    def _looked_for(self, index: int, motions: Sequence[Motion]) -> bool:
        """Whether what is lost of the edit is looked for at the `index`-th frame from the keyframe."""
        if self._draft:
            return index % (REGAINED if any(motion.seen < HALF for motion in motions) else DRAFT_REFINEMENT) == 0
        return index % REGAINED == 0 or any(motion.lost or motion.sought for motion in motions)

    def _toward(self, key: int, frame: int, area: EditedArea, motions: Sequence[Motion | None]) -> tuple[Floats, Bools]:
        """`Flows.toward`, with what is known of edited objects that were looked for as a whole."""
        flow, visible = self._flows.toward(key, frame)
        now, then = self._flows.evened(frame), self._flows.evened(frame - 1 if frame > key else frame + 1)
        return seeded(flow, visible, now, then, area.wholes.moved(motions, visible.shape), self._flows.finest)

    def at(self, key: int, frame: int) -> Correspondence:
        """Where the pixels of `frame` were in `key`."""
        if (key, frame > key) not in self._tracks:
            self.open(key, frame > key)
        return self._tracks[key, frame > key].at(abs(frame - key))

    def where(self, key: int, frame: int, size: tuple[int, int]) -> Floats:
        """``(h, w, 2)`` px: where the pixels of `frame` were in `key`, both of `size` (width, height)."""
        offset = self.at(key, frame).offset
        scale = np.array([size[0] / offset.shape[1], size[1] / offset.shape[0]], np.float32)
        out: Floats = enlarged(offset, *size) * scale + grid(size[1], size[0])
        return out

    def sight(self, key: int, frame: int) -> Sight:
        """`frame` beside keyframe `key`, followed to there; of an edited area as the cache holds it, if that was told before.

        Drafts keep nothing of that: they would be a tenth dearer, and half as dear the next time.
        """
        area, stored, state, before = self._areas.get(key), None, None, None
        if area is not None and not self._draft:
            found = self._flows.load(self._entry(key, frame, area))
            stored = found if found is not None and fits(found, self._flows.size) else None
        if area is not None and stored is None:
            state = self.at(key, frame)
            area = area.smeared(state.motions)
            if any(motion.sought for motion in state.motions):
                beside = frame - 1 if frame > key else frame + 1
                before = Neighbour(self._flows.guide(beside), self._flows.evened(beside))
        if self._draft and area is not None and key not in self._aligned:
            self._aligned[key] = Aligned(self._trails.view(key))
        flow, visible = self._flows.toward(key, frame)
        return Sight(
            view=self._trails.view(key),
            source=self._trails.at(key, frame),
            guide=self._flows.guide(frame),
            evened=self._flows.evened(frame),
            flow=flow,
            visible=visible,
            finest=self._flows.finest,
            area=area,
            stored=stored,
            state=state,
            before=before,
            aligned=self._aligned.get(key),
        )

    def keep(self, key: int, frame: int, entry: Tensors) -> None:
        """Store what is to be kept of a sight, if anything is."""
        if entry:
            self._flows.save(self._entry(key, frame, self._areas[key]), entry)

    def _entry(self, key: int, frame: int, area: EditedArea) -> str:
        return self._flows.entry("seen", [self._trails.digest(key, frame), area.digest])

    def close(self, but: tuple[int, bool] | None = None) -> None:
        """Forget all tracks and areas, `but` those of one keyframe in one direction (forward or not), which go on."""
        self._tracks = {side: track for side, track in self._tracks.items() if side == but}
        kept = but[0] if self._tracks and but else None
        self._areas = {key: area for key, area in self._areas.items() if key == kept}
        self._aligned.clear()
        self._trails.close()
