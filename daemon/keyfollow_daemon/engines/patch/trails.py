"""Tracks from a keyframe as far as they follow from the source alone, in the cache: one entry per frame, of drafts per fourth.

Another edit of the same keyframe finds them there. A track goes on from what is stored, never from what was computed, so that
the result is the same with the cache and without.
"""

from __future__ import annotations

from keyfollow_daemon.engines.base import Tensors

from .correspondence import Correspondence, chain, pack, pull, start, unpack
from .inversion import Flows
from .matching import KeyView
from .pipeline import Begin, Step, later

DRAFT_REFINEMENT = 4
"""Drafts pull the chain back onto the keyframe at every fourth frame only, and keep no other: chaining costs less than packing and reading."""


class Trails:
    """Correspondences of frames with keyframes, going outward; the last one of each keyframe and direction is kept."""

    def __init__(self, flows: Flows, draft: bool, begin: Begin = later) -> None:
        self._flows, self._draft, self._begin = flows, draft, begin
        self._views: dict[int, KeyView] = {}
        self._keys: dict[tuple[int, bool], list[str]] = {}
        self._last: dict[tuple[int, bool], tuple[int, Correspondence]] = {}
        self._ahead: dict[tuple[int, bool], tuple[int, Step[Tensors]]] = {}

    def view(self, key: int) -> KeyView:
        """The keyframe's source as the target of matching."""
        if key not in self._views:
            self._views[key] = KeyView(self._flows.guide(key))
        return self._views[key]

    def at(self, key: int, frame: int) -> Correspondence:
        """Where the pixels of `frame` were in `key`; without motions."""
        far, side = abs(frame - key), (key, frame > key)
        state, index = self._at_hand(side, far)
        for i in range(index + 1, far + 1):
            state = self._made(side, i, state)
        self._last[side] = (far, state)
        if index < far:
            self._go_ahead(side, far + 1, state)
        return state

    def digest(self, key: int, frame: int) -> bytes:
        """Of all that `at` depends on."""
        return bytes.fromhex(self._key((key, frame > key), abs(frame - key)))

    def close(self) -> None:
        """Forget all that is not in the cache."""
        self._views.clear()
        self._keys.clear()
        self._last.clear()
        self._ahead.clear()

    def _at_hand(self, side: tuple[int, bool], far: int) -> tuple[Correspondence, int]:
        """The correspondence nearest before index `far` that need not be made, and its index."""
        last, state = self._last.get(side, (0, start(*self._flows.size[::-1])))
        for index in range(far, 0, -1):
            if index == last:
                return state, last
            if not self._kept(index):
                continue
            stored = self._flows.load(self._key(side, index))
            found = None if stored is None else unpack(stored, *self._flows.size)
            if found is not None:
                return found, index
        return start(*self._flows.size[::-1]), 0

    def _made(self, side: tuple[int, bool], index: int, before: Correspondence) -> Correspondence:
        if not self._kept(index):
            return chain(before, *self._flows.toward(side[0], _frame(side, index)))
        at, step = self._ahead.pop(side, (0, None))
        packed = step() if step and at == index else self._step(side, index, before)()
        self._flows.save(self._key(side, index), packed)
        kept = unpack(packed, *self._flows.size)
        assert kept is not None
        return kept

    def _go_ahead(self, side: tuple[int, bool], index: int, before: Correspondence) -> None:
        """Begin the next correspondence while this one is used, for what had to be made goes on outward."""
        if not self._draft and _pair(side, index) in self._flows:
            self._ahead[side] = index, self._begin(self._step(side, index, before))

    def _step(self, side: tuple[int, bool], index: int, before: Correspondence) -> Step[Tensors]:
        """What makes the entry of a correspondence from the one before it."""
        key, frame = side[0], _frame(side, index)
        flow, picture, view = self._flows.toward(key, frame), self._flows.evened(frame), self.view(key)

        def made() -> Tensors:
            state = pull(chain(before, *flow), picture, view, self._flows.finest, rough=self._draft)
            return pack(state, index)

        return made

    def _kept(self, index: int) -> bool:
        return not self._draft or index % DRAFT_REFINEMENT == 0

    def _key(self, side: tuple[int, bool], index: int) -> str:
        key = side[0]
        keys = self._keys.setdefault(side, [""])
        while len(keys) <= index:
            here = _frame(side, len(keys))
            before = bytes.fromhex(keys[-1]) or self._flows.digest(key)
            keys.append(self._flows.entry("track", [before, self._flows.digest(here)]))
        return keys[index]


def _frame(side: tuple[int, bool], index: int) -> int:
    """The frame `index` frames from the keyframe on one side (keyframe, forward or not) of it."""
    key, forward = side
    return key + index if forward else key - index


def _pair(side: tuple[int, bool], index: int) -> int:
    """The first frame of the pair that leads there."""
    return _frame(side, index) - (1 if side[1] else 0)
