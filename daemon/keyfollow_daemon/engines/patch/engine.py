"""The patch engine: an edit carried along tracked correspondences as a local colour map. No weights, no training.

source ── flow (cached) ── correspondence ┐
keyframes ── key model ───────────────────┴─ transfer ── merge ── fill ── mask ── source + edit
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from keyfollow.frames import FrameBuffer, FrameRange

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, EditKeyframe, Frames, Inversion, InversionSpec

from .carrying import Carrying, Made, whole
from .certainty import SURE, UNSURE, Certainty, certainty
from .changes import change_mask
from .explained import redrawn
from .inversion import Flows, PatchInversion
from .keymodel import KeyModel, core, key_model
from .masks import Masks
from .outlines import Outlines, Part
from .pixels import Bools, Floats, Window, add_edit, around, cropped, cv, enlarged, largest, pasted, shrunk, values
from .plan import Gap, gaps
from .recoding import noise_threshold
from .repaint import Repaints
from .shots import shots
from .soft import TOLD_PX, UNKNOWN, misleading
from .track import Tracks
from .transfer import SURE as TRUSTED


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
        cuts = tuple(first + 1 for first in range(span.start, span.stop - 1) if flows.cut(first))
        return PatchInversion(spec, span, tuple(keys), cuts)

    def propagate(self, frames: Frames, inversion: Inversion, edit: Edit, ctx: Context) -> Iterator[EditedFrame]:
        assert isinstance(inversion, PatchInversion)
        run = _Run(frames, inversion, edit, ctx)
        total = len(edit.range)
        made = total - len(edit.wanted)
        ctx.progress("Propagating", made, total)
        for done, edited in enumerate(run.frames(), made + 1):
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
            for frame in gap.frames:
                self._ctx.check()
                yield self._propagated(gap, frame)

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
        return self._finished(key.frame, source, change, whole(source), SURE, traced=changed, exact=key.image)

    def _propagated(self, gap: Gap, frame: int) -> EditedFrame:
        source = self._source[frame]
        work = self._work(source)
        everywhere = all(self._models[key].everywhere for key in gap.weights(frame))
        if self._repaint == 1 and everywhere:
            changed, sure = self._repaints.at(frame, gap.weights(frame), values(work))
            made = Made(whole(work), changed, sure, np.ones_like(sure), certainty(sure, largest(changed)), np.zeros_like(sure))
        else:
            made = self._carrying.at(frame, gap.weights(frame), work, everywhere=everywhere)
        if not self._edit.draft:
            traced = pasted(made.reach > 0, made.window, source.height, source.width)
            return self._finished(frame, source, made.changed, made.window, made.certainty, traced=traced)
        if everywhere:
            changed = enlarged(made.changed, source.width, source.height)
            traced = np.ones(changed.shape[:2], np.bool_)
            return self._finished(frame, source, changed, whole(source), made.certainty, traced=traced)
        return self._sharpened(frame, source, made, (work.height, work.width))

    def _sharpened(self, frame: int, source: FrameBuffer, made: Made, size: tuple[int, int]) -> EditedFrame:
        """A draft of a local edit, which was `made` in a copy of (rows, columns) `size`."""
        filled = (largest(made.changed) > 0) & ((made.reach <= 0) | (made.sure < TRUSTED))
        part = Part(made.window, size, made.changed, filled, made.reach > 0, made.misfit)
        window, changed, inside = self._outlines.enlarged(part, made.places, source.height, source.width)
        if made.soft is not None and changed.size:
            made.soft.soften(changed, values(cropped(source, window)), part.under(window, source.height, source.width))
        traced = pasted(inside > 0, window, source.height, source.width)
        return self._finished(frame, source, changed, window, made.certainty, traced=traced)

    def _finished(
        self,
        frame: int,
        source: FrameBuffer,
        change: Floats,
        window: Window,
        sure: Certainty,
        *,
        traced: Bools,
        exact: FrameBuffer | None = None,
    ) -> EditedFrame:
        """`change` of a `window` with strength and the person's masks applied; `exact` is what stands where both are full."""
        mask = self._masks.at(frame) if self._masks else None
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
