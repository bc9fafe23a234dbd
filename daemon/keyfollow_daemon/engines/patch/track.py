"""Correspondences of one keyframe in one direction, made frame by frame outward, with bounded memory for going back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import numpy as np

from .correspondence import Correspondence, KeyView, assess, chain, looked_ahead, refine
from .inversion import Flows
from .pixels import Bools, cv
from .plan import KEEP_BYTES

DRAFT_REFINEMENT = 4
"""Drafts pull the chain back onto the keyframe at every fourth frame only."""


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
    """The tracks in use, by keyframe (or frame with a mask) and direction; and the views that they match against."""

    def __init__(self, flows: Flows, check: Callable[[], None], draft: bool) -> None:
        self._flows, self._check, self._draft = flows, check, draft
        self._tracks: dict[tuple[int, bool], Track[Correspondence]] = {}
        self._views: dict[int, KeyView] = {}

    def look_at(self, key: int, decals: Bools, changed: Bools) -> None:
        """Tell what the edit drew and changed in keyframe `key`, so that it is found again after it was hidden."""

        def small(area: Bools) -> Bools:
            out: Bools = cv.resize(area.astype(np.uint8), self._flows.size, interpolation=cv.INTER_NEAREST) > 0
            return out

        self._views[key] = KeyView(self._flows.guide(key), small(decals), small(changed))

    def view(self, key: int) -> KeyView:
        if key not in self._views:
            self._views[key] = KeyView(self._flows.guide(key))
        return self._views[key]

    def open(self, key: int, forward: bool, window: range = range(0)) -> None:
        """Make the track from `key`; must come before `at` when states will be visited again."""
        view, step = self.view(key), 1 if forward else -1

        def advance(state: Correspondence, index: int) -> Correspondence:
            self._check()
            frame = key + step * index
            flow, inverse = self._flows.pair(min(frame, frame - step)).toward_key(forward)
            state = chain(state, view, flow, inverse)
            if self._draft and index % DRAFT_REFINEMENT:
                return state
            return refine(state, self._flows.guide(frame), self._flows.evened(frame), view)

        self._tracks[key, forward] = Track(view.start(), advance, window)

    def at(self, key: int, frame: int) -> Correspondence:
        """Where the pixels of `frame` were in `key`."""
        if (key, frame > key) not in self._tracks:
            self.open(key, frame > key)
        return self._tracks[key, frame > key].at(abs(frame - key))

    def seen(self, key: int, frame: int) -> Correspondence:
        """`at`, `assess`-ed for a delivery; with what the frame after tells about what has just come into sight."""
        state, step = self.at(key, frame), 1 if frame > key else -1
        first = min(frame, frame + step)
        if first in self._flows and not self._flows.cut(first):
            state = looked_ahead(state, *self._flows.pair(first).toward_key(frame < key))
        return assess(state, self._flows.guide(frame), self._flows.evened(frame), self.view(key))

    def close(self) -> None:
        """Forget all tracks and views."""
        self._tracks.clear()
        self._views.clear()
