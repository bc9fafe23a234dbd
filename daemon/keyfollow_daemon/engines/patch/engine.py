"""The patch engine: an edit carried along tracked correspondences as a local colour map. No weights, no training.

source ── flow (cached) ── correspondence ┐
keyframes ── key model ───────────────────┴─ transfer ── merge ── fill ── mask ── source + edit
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from keyfollow.frames import FrameBuffer, FrameRange

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, EditKeyframe, Frames, Inversion, InversionSpec

from .certainty import SURE, UNSURE, Certainty, certainty
from .changes import change_mask
from .explained import redrawn
from .fill import fill
from .inversion import Flows, PatchInversion
from .keymodel import KeyModel, core, key_model
from .masks import Masks
from .matching import detail_apart
from .merge import merge
from .outlines import Outlines, Part
from .pixels import Bools, Bytes, Floats, Window, add_edit, cropped, cv, enlarged, guide, largest, pasted, shrunk, values
from .plan import Gap, gaps
from .proposal import Proposal
from .recoding import noise_threshold
from .repaint import Repaints
from .seen import Seen, enlarge
from .shots import shots
from .soft import Small, Where, misleading, soften, told_small
from .track import Tracks
from .transfer import SURE as TRUSTED
from .transfer import transfer
from .window import enclosing


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


class _Made(NamedTuple):
    """A frame's edit, of the size that is worked at, in the `window` (rows, columns) that it can reach: what is `changed` ``(h, w, c)`` in 8-bit
    units, how `sure` every pixel is and how far it is within `reach`, ``(h, w)`` 0…1."""

    window: Window
    changed: Floats
    sure: Floats
    reach: Floats
    certainty: Certainty
    seen: Sequence[tuple[int, float, Floats]] = ()
    soft: Small | None = None


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
        for gap in gaps(keys, wanted) if keys else ():
            self._open(gap)
            for frame in gap.frames:
                self._ctx.check()
                yield self._propagated(gap, frame)

    def _open(self, gap: Gap) -> None:
        self._tracks.close()
        keys = [k for k in (gap.left, gap.right) if k is not None]
        self._models = {k: m for k, m in self._models.items() if k in keys}
        self._outlines.keep(keys)
        for source in {s for f in gap.frames for s in self._masks.sources(f)} - set(keys):
            for forward in (True, False):
                far = max((abs(f - source) for f in gap.frames if (f > source) == forward), default=0)
                if far:
                    self._tracks.open(source, forward, range(1, far + 1))
        for key in keys:
            if key not in self._models:
                self._models[key] = self._learnt(key)
            if not self._models[key].everywhere:
                model = self._models[key]
                self._tracks.look_at(key, model.decals, model.changed, model.gaps)
            if gap.left is not None and gap.right is not None:
                self._tracks.open(key, key == gap.left, gap.revisited)
        self._open_repaint(keys, gap)

    def _learnt(self, key: int) -> KeyModel:
        keyframe, source = self._keyframes[key].image, self._source[key]
        threshold = float(self._edit.settings["change_threshold"])
        if self._edit.draft:
            after, before = values(keyframe), values(source)
            if threshold < 0:
                # what a file format left in a keyframe is told by its tiles, which a smaller picture has not
                threshold = noise_threshold(after, before)
            self._outlines.add(key, after - before, core(change_mask(after, before, threshold)), self._flows.drawn_at)
        model = key_model(self._work(keyframe), self._work(source), threshold)
        if self._edit.draft and not model.everywhere:
            off = misleading((after - before) * self._outlines[key][..., None], before)
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
            changed = self._outlines[key] if self._edit.draft else self._models[key].changed
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
        return self._finished(key.frame, source, change, _whole(source), SURE, traced=changed, exact=key.image)

    def _propagated(self, gap: Gap, frame: int) -> EditedFrame:
        source = self._source[frame]
        work = self._work(source)
        everywhere = all(self._models[key].everywhere for key in gap.weights(frame))
        if self._repaint == 1 and everywhere:
            changed, sure = self._repaints.at(frame, gap.weights(frame), values(work))
            made = _Made(_whole(work), changed, sure, np.ones_like(sure), certainty(sure, largest(changed)))
        else:
            made = self._carried(gap, frame, work, everywhere)
        if not self._edit.draft:
            traced = pasted(made.reach > 0, made.window, source.height, source.width)
            return self._finished(frame, source, made.changed, made.window, made.certainty, traced=traced)
        if everywhere:
            changed = enlarged(made.changed, source.width, source.height)
            return self._finished(frame, source, changed, _whole(source), made.certainty, traced=np.ones(changed.shape[:2], np.bool_))
        filled = (largest(made.changed) > 0) & ((made.reach <= 0) | (made.sure < TRUSTED))
        small = Part(made.window, (work.height, work.width), made.changed, filled, made.reach > 0)
        window, changed, inside = self._outlines.enlarged(small, made.seen, source.height, source.width)
        if made.soft is not None and changed.size:
            at = tuple(
                np.clip(((np.arange(span.start, span.stop) + 0.5) * few / many).astype(np.intp) - part.start, 0, part.stop - part.start - 1)
                for span, part, few, many in zip(window, made.window, (work.height, work.width), (source.height, source.width), strict=True)
            )
            made.soft.soften(changed, values(cropped(source, window)), at)
        traced = pasted(inside > 0, window, source.height, source.width)
        return self._finished(frame, source, changed, window, made.certainty, traced=traced)

    def _carried(self, gap: Gap, frame: int, work: FrameBuffer, everywhere: bool) -> _Made:
        """The edit as the keyframes' colour maps carry it to the frame, completed; worked out in the window that it can reach."""
        weights = gap.weights(frame)
        px = float(self._edit.settings["fill"]) * work.width / self._source.size[0]
        states = {key: self._tracks.seen(key, frame) for key in weights}
        small = px * self._flows.size[0] / work.width
        parts = (self._tracks.reached(key, frame, states[key], self._models[key].tables.cells, small) for key in weights)
        window = enclosing(parts, work.width, work.height) if self._repaint == 0 else _whole(work)
        around = np.maximum.reduce([state.confidence for state in states.values()])
        sure = cv.resize(around, (work.width, work.height), interpolation=cv.INTER_LINEAR)
        if window[0].stop == 0:
            nothing = np.zeros((0, 0, work.pixels.shape[2]), np.float32)
            return _Made(window, nothing, nothing[..., 0], nothing[..., 0], certainty(sure, np.zeros_like(sure)))
        part = cropped(work, window)
        pixels = values(part)
        merged, followed, where, seen = self._transferred(weights, states, part, pixels, (window[0].start, window[1].start))
        changed, reach, here = merged.edit, np.ones_like(merged.reach) if everywhere else merged.reach, merged.confidence
        if px > 0:
            share = np.maximum.reduce([self._models[key].edited_share for key in weights])
            changed = fill(merged, guide(part), np.inf if everywhere else px, max(work.width, work.height), share)
        soft = None
        if not everywhere and self._edit.draft:
            soft = told_small(changed, pixels, where)
        elif not everywhere:
            soften(changed, pixels, where)
        if self._repaint > 0:
            drawn, seen = self._repaints.at(frame, weights, pixels)
            share = self._repaint * reach
            changed = changed + share[..., None] * (drawn - changed)
            here = here + share * (seen - here)
        sure[window] = here if everywhere else merged.vouched(here)
        known = certainty(sure, pasted(largest(changed), window, work.height, work.width), followed)
        return _Made(window, changed, here, reach, known, seen, soft)

    def _transferred(
        self,
        weights: Mapping[int, float],
        states: Mapping[int, Seen],
        part: FrameBuffer,
        pixels: Floats,
        corner: tuple[int, int],
    ) -> tuple[Proposal, float, Where, list[tuple[int, float, Floats]]]:
        """What the keyframes say about a part of a frame, the share of the edit's area that was followed all the way, and where the part lies
        in the nearest keyframe."""
        proposals: list[tuple[Proposal, float, Floats]] = []
        wheres: list[tuple[float, Where]] = []
        followed: list[Floats] = []
        rgb = guide(part)
        for key, share in weights.items():
            model = self._models[key]
            state = enlarge(states[key], rgb, model.guide, corner)
            proposal = transfer(model, state, pixels)
            proposals.append((proposal, share, state.offset))
            wheres.append((share, Where(state.offset, state.motion, proposal.confidence, model.misleading)))
            followed.append(proposal.reach * (state.tracked if model.everywhere else proposal.vouched(state.tracked)))
        merged = merge(proposals, self._apart(weights, rgb, proposals))
        # a keyframe far away, which lost the object, takes more to be edited than is
        area = merged.reach.sum()
        share_followed = float(np.maximum.reduce(followed).sum() / area) if area > 0 else 1.0
        seen = [(key, share, offset) for key, (_, share, offset) in zip(weights, proposals, strict=True)]
        return merged, share_followed, max(wheres, key=lambda each: each[0])[1], seen

    def _apart(self, keys: Iterable[int], rgb: Bytes, proposals: Sequence[tuple[Proposal, float, Floats]]) -> list[Floats]:
        """How far the part of the frame and each keyframe's picture are apart, where one of several takes it for edited."""
        if len(proposals) == 1:
            return []
        edited = np.logical_or.reduce([p.reach > 0 for p, _, _ in proposals])
        offsets = [offset for _, _, offset in proposals]
        return [detail_apart(rgb, self._models[k].guide, o, edited) for k, o in zip(keys, offsets, strict=True)]

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


def _whole(frame: FrameBuffer) -> Window:
    return slice(0, frame.height), slice(0, frame.width)
