"""The patch engine's inversion: flows of all neighbouring frames of a span, one cache entry per pair.

A run adds the tracks from its keyframes, as far as they follow from the source alone: see `trails`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from keyfollow.frames import FrameRange

from keyfollow_daemon.cache.keys import entry_key
from keyfollow_daemon.engines.base import Array, Context, Frames, InversionSpec, Tensors

from .flow import PairFlow, pair_flow, unpack
from .info import analysis_scale, draft_scale, finest_level
from .pipeline import Pipeline
from .pixels import Bools, Bytes, Floats, evened, guide, work_size
from .shots import is_cut


@dataclass(frozen=True, slots=True)
class PatchInversion:
    """Pairs (start, start + 1) … (stop - 2, stop - 1) of `span`, by their cache keys; the flows themselves stay in the cache.

    `cuts` are the first frames of new shots in `span`; `tracked` the cache keys of the tracks that runs have used.
    """

    spec: InversionSpec
    span: FrameRange
    pairs: Sequence[str]
    cuts: Sequence[int] = ()
    tracked: dict[str, None] = field(default_factory=dict)

    @property
    def keys(self) -> Sequence[str]:
        """All cache keys: those of the pairs, then those of tracks."""
        return (*self.pairs, *self.tracked)


def pair_key(frames: Frames, spec: InversionSpec, first: int) -> str:
    """Cache key of the flows between `first` and `first` + 1."""
    return _key(spec, "flow", [frames.digest(first), frames.digest(first + 1)])


def _key(spec: InversionSpec, of: str, digests: Sequence[bytes]) -> str:
    return entry_key(
        engine=spec.engine,
        version=spec.version,
        settings={**spec.settings, "draft": spec.draft, "of": of},
        model_revision=spec.model_revision,
        dtype=spec.dtype,
        prompt="",
        digests=digests,
    )


class Flows:
    """Flows of neighbouring frames from the cache, one pair at a time; what is missing or damaged is computed and saved.

    They, and all tracks, are of (width, height) `size`; edits are applied at the size `drawn_at`.
    """

    def __init__(self, frames: Frames, spec: InversionSpec, ctx: Context, known: PatchInversion | None = None) -> None:
        self._frames, self._spec, self._ctx, self._known = frames, spec, ctx, known
        self.scale = analysis_scale(*frames.size, spec.draft)
        self.size = work_size(*frames.size, self.scale)
        self.drawn_at = work_size(*frames.size, draft_scale(*frames.size)) if spec.draft else frames.size
        self.finest = finest_level(*frames.size, spec.draft)
        self._pairs: OrderedDict[int, PairFlow] = OrderedDict()
        self._guides: OrderedDict[int, Bytes] = OrderedDict()
        self._cuts: dict[int, bool] = {}
        self._evened: OrderedDict[int, Bytes] = OrderedDict()

    def guide(self, frame: int) -> Bytes:
        """The frame's analysis copy; the last three are kept."""
        if frame not in self._guides:
            self._guides[frame] = guide(self._frames[frame], self.scale)
            while len(self._guides) > 3:
                self._guides.popitem(last=False)
        return self._guides[frame]

    def evened(self, frame: int) -> Bytes:
        """The frame as motion is estimated from it; the last three are kept."""
        if frame not in self._evened:
            before = self._pairs.get(frame - 1)
            known = None if before is None else before.second
            self._evened[frame] = evened(self.guide(frame)) if known is None else known
            while len(self._evened) > 3:
                self._evened.popitem(last=False)
        return self._evened[frame]

    def __contains__(self, first: int) -> bool:
        """Whether the flows between `first` and `first` + 1 belong to the inversion."""
        return self._known is not None and self._known.span.start <= first < self._known.span.stop - 1

    def key(self, first: int) -> str:
        if self._known and first in self:
            return self._known.pairs[first - self._known.span.start]
        return pair_key(self._frames, self._spec, first)

    def prepare(self, pairs: range, pipeline: Pipeline) -> Iterator[str]:
        """Make sure that the entries of `pairs` are stored; their keys, in order."""
        for first, (key, tensors, flow) in zip(pairs, pipeline.results(map(self._begun, pairs)), strict=True):
            if tensors:
                self._ctx.cache.save(key, tensors)
            self._cuts[first] = flow.cut
            yield key

    def cut(self, first: int) -> bool:
        """Whether a new shot begins with frame `first` + 1."""
        if self._known and self._known.span.start <= first < self._known.span.stop - 1:
            return first + 1 in self._known.cuts
        if first not in self._cuts:
            self._cuts[first] = self.pair(first).cut
        return self._cuts[first]

    def pair(self, first: int) -> PairFlow:
        """Flows between `first` and `first` + 1 at the analysis size; the last three are kept."""
        if first not in self._pairs:
            key, tensors, self._pairs[first] = self._begun(first)()
            if tensors:
                self._ctx.cache.save(key, tensors)
            while len(self._pairs) > 3:
                self._pairs.popitem(last=False)
        return self._pairs[first]

    def toward(self, key: int, frame: int) -> tuple[Floats, Bools]:
        """(flow from `frame` to its neighbour on the way to `key`, what was in sight there)."""
        forward = frame > key
        pair = self.pair(frame - 1 if forward else frame)
        return pair.toward_key(forward), pair.visible(forward)

    def digest(self, frame: int) -> bytes:
        return self._frames.digest(frame)

    def entry(self, of: str, digests: Sequence[bytes]) -> str:
        """Cache key of something else made from the source (`of` says what), by the digests of what it depends on."""
        return _key(self._spec, of, digests)

    def load(self, key: str) -> dict[str, Array] | None:
        """An entry of the inversion, which uses it from now on."""
        stored = self._ctx.cache.load(key)
        if stored is not None:
            self._use(key)
        return stored

    def save(self, key: str, tensors: Tensors) -> None:
        """Add an entry to the inversion."""
        self._ctx.cache.save(key, tensors)
        self._use(key)

    def _use(self, key: str) -> None:
        if self._known:
            self._known.tracked[key] = None

    def _load(self, key: str) -> PairFlow | None:
        stored = self._ctx.cache.load(key)
        return None if stored is None else unpack(stored, *self.size, self.finest)

    def _begun(self, first: int) -> Callable[[], tuple[str, Tensors, PairFlow]]:
        """What makes (cache key, entry to be saved, flows) of a pair, all that it needs at hand; there is nothing to be saved of what was stored."""
        key = self.key(first)
        stored = self._load(key)
        if stored is not None:
            return lambda: (key, {}, stored)
        guides = self.guide(first), self.guide(first + 1)
        pictures = self.evened(first), self.evened(first + 1)

        def made() -> tuple[str, Tensors, PairFlow]:
            tensors = pair_flow(*pictures, self.finest, rough=self._spec.draft)
            flow = unpack(tensors, *self.size, self.finest)
            assert flow is not None
            flow.cut = is_cut(*guides, flow)
            return key, {**tensors, "cut": np.array([flow.cut], np.uint8), "seen": flow.seen, "second": pictures[1]}, flow

        return made
