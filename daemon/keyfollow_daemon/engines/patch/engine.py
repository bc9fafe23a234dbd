"""The patch engine: an edit carried along tracked correspondences as a local colour map. No weights, no training.

source ── flow (cached) ── correspondence ┐
keyframes ── key model ───────────────────┴─ transfer ── merge ── fill ── mask ── source + edit
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from keyfollow.frames import FrameBuffer, FrameRange

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, EditKeyframe, Frames, Inversion, InversionSpec

from .carrying import Carrying, Kept, Look, Made, whole
from .certainty import SURE, UNSURE, Certainty, certainty
from .changes import change_mask
from .explained import redrawn
from .inversion import Flows, PatchInversion
from .keymodel import KeyModel, core, key_model
from .masks import Masks
from .outlines import Outlines, Part
from .pipeline import Pipeline
from .pixels import Bools, Floats, Window, add_edit, around, cropped, cv, enlarged, largest, pasted, shrunk, values
from .plan import Gap, gaps
from .recoding import noise_threshold
from .repaint import Matched, Repaints, painted
from .shots import shots
from .soft import TOLD_PX, UNKNOWN, misleading
from .track import Tracks
from .transfer import SURE as TRUSTED


class PatchEngine:
    """`engines.base.Engine` without weights, on the CPU."""

    def invert(self, frames: Frames, span: FrameRange, spec: InversionSpec, ctx: Context) -> PatchInversion:
        flows = Flows(frames, spec, ctx)
        pairs = range(span.start, span.stop - 1)
        keys: list[str] = []
        ctx.progress("Preparing", 0, len(pairs))
        with Pipeline(math.prod(flows.size)) as pipeline:
            for key in flows.prepare(pairs, pipeline):
                ctx.check()
                keys.append(key)
                ctx.progress("Preparing", len(keys), len(pairs))
        cuts = tuple(first + 1 for first in pairs if flows.cut(first))
        return PatchInversion(spec, span, tuple(keys), cuts)

    def propagate(self, frames: Frames, inversion: Inversion, edit: Edit, ctx: Context) -> Iterator[EditedFrame]:
        assert isinstance(inversion, PatchInversion)
        flows = Flows(frames, inversion.spec, ctx, inversion)
        total = len(edit.range)
        made = total - len(edit.wanted)
        ctx.progress("Propagating", made, total)
        with Pipeline(math.prod(flows.drawn_at)) as pipeline:
            for done, edited in enumerate(_Run(frames, flows, edit, ctx, pipeline).frames(), made + 1):
                yield edited
                ctx.progress("Propagating", done, total)


class _Run:
    """One propagation: the edit, the tracks in use, and the key models of the gap being worked on."""

    def __init__(self, frames: Frames, flows: Flows, edit: Edit, ctx: Context, pipeline: Pipeline) -> None:
        self._source, self._flows, self._edit, self._ctx, self._pipeline = frames, flows, edit, ctx, pipeline
        self._tracks = Tracks(self._flows, ctx.check, edit.draft, pipeline.begin)
        self._keyframes = {k.frame: k for k in edit.keyframes}
        self._models: dict[int, KeyModel] = {}
        self._outlines = Outlines()
        self._repaints = Repaints(frames, self._flows, ctx.check, edit.draft)
        self._repaint = np.float32(0.0)
        self._redrawn: dict[int, bool] = {}
        self._strength = np.float32(edit.settings["strength"])
        self._masks = self._masks_in(range(0))

    def frames(self) -> Iterator[EditedFrame]:
        known = [*self._edit.wanted, *self._keyframes, *(m.frame for m in self._edit.masks)]
        cuts = [first + 1 for first in range(min(known), max(known)) if self._flows.cut(first)]
        for shot in shots(known, cuts):
            yield from self._shot(shot)

    def _shot(self, shot: range) -> Iterator[EditedFrame]:
        keys, wanted = ([f for f in numbers if f in shot] for numbers in (self._keyframes, self._edit.wanted))
        self._masks = self._masks_in(shot)
        for frame in wanted:
            self._ctx.check()
            if not keys:
                yield self._untouched(frame)
            elif frame in keys:
                yield self._keyframe(self._keyframes[frame])
        for each in gaps(keys, wanted) if keys else ():
            gap = self._open(each)
            for edited, kept in self._pipeline.results(self._begun(frame, gap.weights(frame)) for frame in gap.frames):
                self._carrying.keep(edited.frame, kept)
                yield edited

    def _open(self, gap: Gap) -> Gap:
        """Get ready to make the frames of a gap; what is drawn anew is drawn by one hand beyond the outermost keyframe."""
        if gap.beside is not None and any(self._is_style(key) for key in gap.keys):
            gap = replace(gap, beside=None)
        keys = gap.keys
        self._tracks.close(None if gap.beside is None else (gap.beside, gap.right is None))
        self._models = {k: m for k, m in self._models.items() if k in keys}
        self._outlines.keep(keys)
        for source in {s for f in gap.frames for s in self._masks.sources(f)} - set(keys):
            for forward in (True, False):
                far = max((abs(f - source) for f in gap.frames if (f > source) == forward), default=0)
                if far:
                    self._tracks.open(source, forward, range(1, far + 1))
        for key in keys:
            model = self._model(key)
            if not model.everywhere:
                self._tracks.look_at(key, model.decals, model.changed, model.gaps)
            if gap.left is not None and gap.right is not None:
                self._tracks.open(key, key == gap.left, gap.revisited)
        self._open_repaint(keys, gap)
        self._carrying = Carrying(
            self._tracks,
            self._models,
            self._repaints,
            self._source.size,
            self._flows.drawn_at,
            self._flows.size,
            float(self._edit.settings["fill"]),
            self._repaint,
            draft=self._edit.draft,
        )
        if gap.beside is not None:
            nearer, work = gap.keys[0], self._work
            pictures = work(self._keyframes[nearer].image), work(self._source[nearer])
            if not self._carrying.ask(nearer, gap.beside, *pictures):
                return replace(gap, beside=None)
        return gap

    def _model(self, key: int) -> KeyModel:
        if key not in self._models:
            self._models[key] = self._learnt(key)
        return self._models[key]

    def _learnt(self, key: int) -> KeyModel:
        keyframe, source = self._keyframes[key].image, self._source[key]
        threshold = float(self._edit.settings["change_threshold"])
        if self._edit.draft:
            after, before = values(keyframe), values(source)
            if threshold < 0:
                # what a file format left in a keyframe is told by its tiles, which a smaller picture has not
                threshold = noise_threshold(after, before)
            inside = core(change_mask(after, before, threshold))
            window = around(inside, TOLD_PX)
            edit = (after[window] - before[window]) * inside[window][..., None]
            self._outlines.add(key, edit, inside, window, self._flows.drawn_at)
        model = key_model(self._work(keyframe), self._work(source), threshold)
        if self._edit.draft and edit.size and not model.everywhere:
            # outlines that mix colours in a smaller picture say nothing of how well colours tell them in the whole one
            off = np.full(inside.shape, UNKNOWN, np.float32)
            off[window] = misleading(edit, before[window])
            model = replace(model, misleading=cv.resize(off, self._flows.drawn_at, interpolation=cv.INTER_AREA))
        return model

    def _work(self, frame: FrameBuffer) -> FrameBuffer:
        """A frame as it is worked on: drafts are made small, and enlarged."""
        return shrunk(frame, self._flows.drawn_at)

    def _open_repaint(self, keys: Sequence[int], gap: Gap) -> None:
        self._repaint = np.float32(self._edit.settings["repaint"] if any(self._is_style(k) for k in keys) else 0.0)
        painted = keys if self._repaint > 0 else ()
        self._repaints.keep({k: (self._work(self._keyframes[k].image), self._work(self._source[k])) for k in painted})
        if gap.left is not None and gap.right is not None:
            for key in painted:
                self._repaints.open(key, key == gap.left, gap.revisited)

    def _is_style(self, key: int) -> bool:
        preset = self._edit.settings["preset"]
        if preset != "auto":
            return preset == "style"
        if key not in self._redrawn:
            model = self._model(key)
            changed = self._outlines[key] if self._edit.draft else model.changed
            self._redrawn[key] = redrawn(self._keyframes[key].image, self._source[key], changed)
        return self._redrawn[key]

    def _masks_in(self, shot: range) -> Masks:
        return Masks(self._edit.masks, self._follow, float(self._edit.settings["feather"]), shot)

    def _untouched(self, frame: int) -> EditedFrame:
        """A frame of a shot without a keyframe."""
        source = self._source[frame]
        nothing = np.zeros((source.height, source.width), np.float32)
        mask = nothing if self._edit.masks else None
        return EditedFrame(frame, source, UNSURE.confidence, nothing > 0, mask, UNSURE.by_place, reached=False)

    def _follow(self, key: int, frame: int) -> Floats:
        return self._tracks.where(key, frame, self._source.size)

    def _keyframe(self, key: EditKeyframe) -> EditedFrame:
        source = self._source[key.frame]
        changed = (key.image.pixels != source.pixels).any(axis=2)
        if self._strength == 1 and not self._masks:
            return EditedFrame(key.frame, key.image, SURE.confidence, traced=changed, certainty=SURE.by_place)
        change = values(key.image) - values(source)
        every = whole(source.width, source.height)
        return self._finished(key.frame, source, self._mask(key.frame), change, every, SURE, traced=changed, exact=key.image)

    def _mask(self, frame: int) -> Floats | None:
        return self._masks.at(frame) if self._masks else None

    def _begun(self, frame: int, weights: Mapping[int, float]) -> Callable[[], tuple[EditedFrame, Kept]]:
        """What makes a frame, once all is known that comes from other frames; and what is to be kept of it."""
        self._ctx.check()
        source, mask = self._source[frame], self._mask(frame)
        everywhere = all(self._models[key].everywhere for key in weights)
        if self._repaint == 1 and everywhere:
            return partial(self._repainted, frame, source, mask, self._repaints.matched(frame, weights))
        return partial(self._carried, frame, source, mask, self._carrying.look(frame, weights), everywhere=everywhere)

    def _repainted(
        self, frame: int, source: FrameBuffer, mask: Floats | None, matched: Sequence[Matched]
    ) -> tuple[EditedFrame, Kept]:
        """A frame drawn anew all over."""
        changed, sure = painted(matched, values(self._work(source)))
        return self._everywhere(frame, source, mask, changed, certainty(sure, largest(changed))), {}

    def _carried(
        self, frame: int, source: FrameBuffer, mask: Floats | None, look: Look, *, everywhere: bool
    ) -> tuple[EditedFrame, Kept]:
        """A frame that a map of colours is carried to."""
        made = self._carrying.made(look, self._work(source), everywhere=everywhere)
        if everywhere and self._edit.draft:
            return self._everywhere(frame, source, mask, made.changed, made.certainty), made.kept
        if self._edit.draft:
            return self._sharpened(frame, source, mask, made), made.kept
        traced = pasted(made.reach > 0, made.window, source.height, source.width)
        return self._finished(frame, source, mask, made.changed, made.window, made.certainty, traced=traced), made.kept

    def _everywhere(
        self, frame: int, source: FrameBuffer, mask: Floats | None, changed: Floats, sure: Certainty
    ) -> EditedFrame:
        """A frame of which all was changed."""
        if self._edit.draft:
            changed = enlarged(changed, source.width, source.height)
        traced, every = np.ones(changed.shape[:2], np.bool_), whole(source.width, source.height)
        return self._finished(frame, source, mask, changed, every, sure, traced=traced)

    def _sharpened(self, frame: int, source: FrameBuffer, mask: Floats | None, made: Made) -> EditedFrame:
        """A draft of a local edit, which was `made` in a smaller copy."""
        filled = (largest(made.changed) > 0) & ((made.reach <= 0) | (made.sure < TRUSTED))
        size = self._flows.drawn_at[::-1]
        part = Part(made.window, size, made.changed, filled, made.reach > 0, made.misfit)
        window, changed, inside = self._outlines.enlarged(part, made.places, source.height, source.width)
        if made.soft is not None and changed.size:
            made.soft.soften(changed, values(cropped(source, window)), part.under(window, source.height, source.width))
        traced = pasted(inside > 0, window, source.height, source.width)
        return self._finished(frame, source, mask, changed, window, made.certainty, traced=traced)

    def _finished(
        self,
        frame: int,
        source: FrameBuffer,
        mask: Floats | None,
        change: Floats,
        window: Window,
        sure: Certainty,
        *,
        traced: Bools,
        exact: FrameBuffer | None = None,
    ) -> EditedFrame:
        """`change` of a `window` with strength and the person's `mask` applied; `exact` is what stands where both are full."""
        if mask is not None:
            change = (self._strength * mask[window])[..., None] * change
        elif self._strength != 1:
            change = self._strength * change
        made = add_edit(source, change, window)
        if mask is None:
            return EditedFrame(frame, made, sure.confidence, traced=traced, certainty=sure.by_place)
        if exact is not None and self._strength == 1:
            made.pixels[mask == 1] = exact.pixels[mask == 1]
        return EditedFrame(frame, made, sure.confidence, mask=mask, certainty=sure.by_place)
