"""The patch engine's inversion: flows of all neighbouring frames of a span, one cache entry per pair."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from keyfollow.frames import FrameRange

from keyfollow_daemon.cache.keys import entry_key
from keyfollow_daemon.engines.base import Context, Frames, InversionSpec

from .flow import PairFlow, pair_flow, unpack
from .info import analysis_scale
from .pixels import Bytes, evened, guide, work_size
from .shots import is_cut


@dataclass(frozen=True, slots=True)
class PatchInversion:
    """Keys of the pairs (start, start + 1) … (stop - 2, stop - 1) of `span`; the flows themselves stay in the cache.

    `cuts` are the first frames of new shots in `span`.
    """

    spec: InversionSpec
    span: FrameRange
    keys: Sequence[str]
    cuts: Sequence[int] = ()


def pair_key(frames: Frames, spec: InversionSpec, first: int) -> str:
    """Cache key of the flows between `first` and `first` + 1."""
    return entry_key(
        engine=spec.engine,
        version=spec.version,
        settings={**spec.settings, "draft": spec.draft},
        model_revision=spec.model_revision,
        dtype=spec.dtype,
        prompt="",
        digests=[frames.digest(first), frames.digest(first + 1)],
    )


class Flows:
    """Flows of neighbouring frames from the cache, one pair at a time; what is missing or damaged is computed and saved."""

    def __init__(self, frames: Frames, spec: InversionSpec, ctx: Context, known: PatchInversion | None = None) -> None:
        self._frames, self._spec, self._ctx, self._known = frames, spec, ctx, known
        self.scale = analysis_scale(*frames.size, spec.draft)
        self.size = work_size(*frames.size, self.scale)
        self._guides: OrderedDict[int, Bytes] = OrderedDict()
        self._cuts: dict[int, bool] = {}
        self._evened: OrderedDict[int, Bytes] = OrderedDict()

    def guide(self, frame: int) -> Bytes:
        """The frame's analysis copy; the last two are kept."""
        if frame not in self._guides:
            self._guides[frame] = guide(self._frames[frame], self.scale)
            while len(self._guides) > 2:
                self._guides.popitem(last=False)
        return self._guides[frame]

    def evened(self, frame: int) -> Bytes:
        """The frame as motion is estimated from it; the last two are kept."""
        if frame not in self._evened:
            self._evened[frame] = evened(self.guide(frame))
            while len(self._evened) > 2:
                self._evened.popitem(last=False)
        return self._evened[frame]

    def __contains__(self, first: int) -> bool:
        """Whether the flows between `first` and `first` + 1 belong to the inversion."""
        return self._known is not None and self._known.span.start <= first < self._known.span.stop - 1

    def key(self, first: int) -> str:
        if self._known and first in self:
            return self._known.keys[first - self._known.span.start]
        return pair_key(self._frames, self._spec, first)

    def prepare(self, first: int) -> str:
        """Make sure that the pair's entry is stored; its key."""
        self._cuts[first] = self.pair(first).cut
        return self.key(first)

    def cut(self, first: int) -> bool:
        """Whether a new shot begins with frame `first` + 1."""
        if self._known and self._known.span.start <= first < self._known.span.stop - 1:
            return first + 1 in self._known.cuts
        if first not in self._cuts:
            self.prepare(first)
        return self._cuts[first]

    def pair(self, first: int) -> PairFlow:
        """Flows between `first` and `first` + 1 at the analysis size."""
        key = self.key(first)
        return self._load(key) or self._make(key, first)

    def _load(self, key: str) -> PairFlow | None:
        stored = self._ctx.cache.load(key)
        return None if stored is None else unpack(stored, *self.size)

    def _make(self, key: str, first: int) -> PairFlow:
        tensors = pair_flow(self.evened(first), self.evened(first + 1))
        flow = unpack(tensors, *self.size)
        assert flow is not None
        flow = replace(flow, cut=is_cut(self.guide(first), self.guide(first + 1), flow))
        self._ctx.cache.save(key, {**tensors, "cut": np.array([flow.cut], np.uint8)})
        return flow
