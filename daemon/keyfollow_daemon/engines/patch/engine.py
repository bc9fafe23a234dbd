"""The patch engine: an edit carried along tracked correspondences as a local colour map. No weights, no training.

source ── flow (cached) ── correspondence ┐
keyframes ── key model ───────────────────┴─ transfer ── merge ── fill ── mask ── source + edit
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from keyfollow.frames import FrameBuffer, FrameRange

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, EditKeyframe, Frames, Inversion, InversionSpec

from .correspondence import Correspondence, enlarge
from .fill import fill
from .inversion import Flows, PatchInversion
from .keymodel import KeyModel, key_model
from .masks import Masks
from .merge import merge
from .pixels import Bools, Floats, add_edit, grey, guide, values
from .plan import Gap, gaps
from .track import Tracks
from .transfer import transfer


class PatchEngine:
    """`engines.base.Engine` without weights, on the CPU."""

    def invert(self, frames: Frames, span: FrameRange, spec: InversionSpec, ctx: Context) -> PatchInversion:
        flows = Flows(frames, spec, ctx)
        pairs = len(span) - 1
        keys = []
        for done, first in enumerate(range(span.start, span.stop - 1)):
            ctx.check()
            ctx.progress("Preparing", done, pairs)
            keys.append(flows.prepare(first))
        ctx.progress("Preparing", pairs, pairs)
        return PatchInversion(spec, span, tuple(keys))

    def propagate(self, frames: Frames, inversion: Inversion, edit: Edit, ctx: Context) -> Iterator[EditedFrame]:
        assert isinstance(inversion, PatchInversion)
        run = _Run(frames, inversion, edit, ctx)
        total = len(edit.wanted)
        ctx.progress("Propagating", 0, total)
        for done, edited in enumerate(run.frames(), 1):
            yield edited
            ctx.progress("Propagating", done, total)


class _Run:
    """One propagation: the edit, the tracks in use, and the key models of the gap being worked on."""

    def __init__(self, frames: Frames, inversion: PatchInversion, edit: Edit, ctx: Context) -> None:
        self._source, self._edit, self._ctx = frames, edit, ctx
        self._flows = Flows(frames, inversion.spec, ctx, inversion)
        self._tracks = Tracks(self._flows, ctx.check, edit.draft)
        self._keyframes = {k.frame: k for k in edit.keyframes}
        self._models: dict[int, KeyModel] = {}
        self._strength = np.float32(edit.settings["strength"])
        self._masks = Masks(edit.masks, self._follow, float(edit.settings["feather"]))

    def frames(self) -> Iterator[EditedFrame]:
        for frame in sorted(set(self._edit.wanted) & set(self._keyframes)):
            self._ctx.check()
            yield self._keyframe(self._keyframes[frame])
        for gap in gaps(tuple(self._keyframes), self._edit.wanted):
            self._open(gap)
            for frame in gap.frames:
                self._ctx.check()
                yield self._propagated(gap, frame)

    def _open(self, gap: Gap) -> None:
        self._tracks.close()
        keys = [k for k in (gap.left, gap.right) if k is not None]
        self._models = {k: m for k, m in self._models.items() if k in keys}
        for source in {s for f in gap.frames for s in self._masks.sources(f)} - set(keys):
            for forward in (True, False):
                far = max((abs(f - source) for f in gap.frames if (f > source) == forward), default=0)
                if far:
                    self._tracks.open(source, forward, range(1, far + 1))
        for key in keys:
            if key not in self._models:
                threshold = float(self._edit.settings["change_threshold"])
                self._models[key] = key_model(self._keyframes[key].image, self._source[key], threshold)
            if not self._models[key].everywhere:
                self._tracks.look_at(key, self._models[key].decals, self._models[key].changed)
            if gap.left is not None and gap.right is not None:
                self._tracks.open(key, key == gap.left, gap.revisited)

    def _follow(self, key: int, frame: int) -> Correspondence:
        return enlarge(self._tracks.at(key, frame), *self._source.size)

    def _keyframe(self, key: EditKeyframe) -> EditedFrame:
        source = self._source[key.frame]
        changed = (key.image.pixels != source.pixels).any(axis=2)
        if self._strength == 1 and not self._masks:
            return EditedFrame(key.frame, key.image, 1.0, traced=changed)
        return self._finished(key.frame, source, values(key.image) - values(source), 1.0, traced=changed, exact=key.image)

    def _propagated(self, gap: Gap, frame: int) -> EditedFrame:
        source = self._source[frame]
        pixels = values(source)
        proposals = []
        for key, share in gap.weights(frame).items():
            state = self._tracks.seen(key, frame)
            proposals.append((transfer(self._models[key], enlarge(state, *self._source.size), pixels), share))
        merged = merge(proposals)
        everywhere = all(self._models[key].everywhere for key in gap.weights(frame))
        fill_px = float(self._edit.settings["fill"])
        changed = merged.edit
        if fill_px > 0:
            px = np.inf if everywhere else fill_px
            changed = fill(merged, grey(guide(source)).astype(np.float32), px)
        reached = merged.reach > 0
        amount = np.abs(changed).sum(axis=2)
        confidence = np.average(merged.confidence, weights=amount) if amount.any() else merged.confidence.mean()
        return self._finished(frame, source, changed, min(1.0, float(confidence)), traced=reached | everywhere)

    def _finished(
        self,
        frame: int,
        source: FrameBuffer,
        change: Floats,
        confidence: float,
        *,
        traced: Bools,
        exact: FrameBuffer | None = None,
    ) -> EditedFrame:
        """Strength and the person's masks applied; `exact` is what stands where both are full."""
        if not self._masks:
            return EditedFrame(frame, add_edit(source, self._strength * change), confidence, traced=traced)
        mask = self._masks.at(frame)
        made = add_edit(source, (self._strength * mask)[..., None] * change)
        if exact is not None and self._strength == 1:
            made.pixels[mask == 1] = exact.pixels[mask == 1]
        return EditedFrame(frame, made, confidence, mask=mask)
