"""A frame's edit as the keyframes' colour maps carry it, completed: tracks, transfer, merge and fill, in the window that it can reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from keyfollow.frames import FrameBuffer

from keyfollow_daemon.engines.base import Tensors

from .accord import disputed
from .certainty import Certainty, certainty
from .faint import faint, without
from .fill import fill
from .keymodel import KeyModel
from .matching import detail_apart
from .merge import merge
from .outlines import Place
from .pixels import Bools, Bytes, Floats, Window, cropped, cv, grid, guide, largest, pasted, shown, values
from .proposal import Proposal
from .repaint import Matched, Repaints, painted
from .seen import Seen, enlarge
from .sight import Sight
from .soft import Small, Where, soften, told_small
from .track import Tracks
from .transfer import transfer
from .window import enclosing, telling

Kept = Mapping[int, Tensors]
"""Entries of what was told of a frame, by keyframe."""


class Made(NamedTuple):
    """A frame's edit, of the size that is worked at, in the `window` (rows, columns) that it can reach.

    Args:
        changed: ``(h, w, c)``, 8-bit units.
        sure, reach: ``(h, w)`` 0…1, how sure every pixel is, and how far it is within reach.
        misfit: ``(h, w)``, as in `Proposal`.
        kept: what is to be kept of it, see `Carrying.keep`.
        places: where the window's pixels lie in each keyframe.
        soft: what there is to tell soft edges by, where that is not done yet.
    """

    window: Window
    changed: Floats
    sure: Floats
    reach: Floats
    certainty: Certainty
    misfit: Floats
    kept: Kept
    places: Sequence[Place] = ()
    soft: Small | None = None


class Look(NamedTuple):
    """What a frame shows of the keyframes, and all else that its edit follows from: nothing that comes later changes it.

    Args:
        weights: the keyframes' shares in time.
        sights: the frame beside each of them.
        matched: what it is painted from, where the picture is drawn anew.
    """

    weights: Mapping[int, float]
    sights: Mapping[int, Sight]
    matched: Sequence[Matched]


class Carrying:
    """What carries the edit of keyframes to frames: `look` at one, going outward, then `made`, at any time and on any thread.

    Args:
        size: (width, height) of the source; `worked`, of what is made here, `analysed`, of the tracks.
        fill_px: how far around the tracked edit it is completed, px of the source.
        repaint: how far the picture is drawn anew, 0…1.
        draft: whether what is made here is enlarged afterwards.
    """

    def __init__(
        self,
        tracks: Tracks,
        models: Mapping[int, KeyModel],
        repaints: Repaints,
        size: tuple[int, int],
        worked: tuple[int, int],
        analysed: tuple[int, int],
        fill_px: float,
        repaint: np.float32,
        *,
        draft: bool,
    ) -> None:
        self._tracks, self._models, self._repaints = tracks, models, repaints
        self._worked, self._repaint, self._draft = worked, repaint, draft
        self._px = fill_px * worked[0] / size[0]
        self._near = self._px * analysed[0] / worked[0]
        self._telling: dict[int, Bools] = {}
        self._disputed: tuple[int, int, Bytes] | None = None

    def look(self, frame: int, weights: Mapping[int, float]) -> Look:
        """What there is to be known of a frame; `weights` are the keyframes' shares in time."""
        sights = {key: self._tracks.sight(key, frame) for key in weights}
        for key in weights:
            if key not in self._telling:
                self._telling[key] = telling(self._models[key].tables.cells)
        return Look(weights, sights, self._repaints.matched(frame, weights) if self._repaint > 0 else ())

    def keep(self, frame: int, kept: Kept) -> None:
        """Store what is to be kept of a frame that was made, on the thread that looked at it."""
        for key, entry in kept.items():
            self._tracks.keep(key, frame, entry)

    def made(self, look: Look, work: FrameBuffer, *, everywhere: bool) -> Made:
        """The edit of a frame that was looked at.

        Args:
            work: the frame at the size that is worked at.
            everywhere: the edit covers the whole picture.
        """
        weights, px = look.weights, self._px
        told = {key: sight.told() for key, sight in look.sights.items()}
        states = {key: each.seen for key, each in told.items()}
        kept = {key: each.entry for key, each in told.items() if each.entry}
        window = self._window(look, states)
        around = np.maximum.reduce([state.confidence for state in states.values()])
        sure = cv.resize(around, (work.width, work.height), interpolation=cv.INTER_LINEAR)
        if window[0].stop == 0:
            nothing = np.zeros((0, 0, work.pixels.shape[2]), np.float32)
            unsure = certainty(sure, np.zeros_like(sure))
            return Made(window, nothing, nothing[..., 0], nothing[..., 0], unsure, nothing[..., 0], kept)
        part = cropped(work, window)
        pixels = values(part)
        merged, followed, where, places = self._transferred(weights, states, part, pixels, (window[0].start, window[1].start))
        changed, reach, here = merged.edit, np.ones_like(merged.reach) if everywhere else merged.reach, merged.confidence
        if px > 0:
            share = np.maximum.reduce([self._models[key].edited_share for key in weights])
            changed = fill(merged, guide(part), np.inf if everywhere else px, max(work.width, work.height), share)
        soft = None
        if not everywhere:
            stray = faint(changed, [self._models[key].fading for key in weights])
            changed, reach = without(changed, stray), without(reach, stray)
            if self._draft and self._repaint == 0:
                soft = told_small(changed, pixels, where)
            elif not self._draft:
                soften(changed, pixels, where)
        if self._repaint > 0:
            drawn, seen = painted(look.matched, pixels)
            share = self._repaint * reach
            changed = changed + share[..., None] * (drawn - changed)
            here = here + share * (seen - here)
        sure[window] = here if everywhere else merged.vouched(here)
        known = certainty(sure, pasted(largest(changed), window, work.height, work.width), followed)
        return Made(window, changed, here, reach, known, merged.misfit, kept, places, soft)

    def _window(self, look: Look, states: Mapping[int, Seen]) -> Window:
        """What the edit can reach, at the size that is worked at."""
        if self._repaint > 0:
            return whole(*self._worked)
        parts = (
            sight.reached(states[key], self._models[key].tables.cells, self._near, self._telling[key])
            for key, sight in look.sights.items()
        )
        return enclosing(parts, *self._worked)

    def ask(self, key: int, other: int, keyframe: FrameBuffer, source: FrameBuffer) -> bool:
        """Whether the keyframe `other` was painted like `key` (`accord`), of which the pictures are given at the size that is worked at. Where they
        differ all the same `key` has the say, from now on."""
        model, pixels = self._models[key], values(source)
        sight = self._tracks.sight(other, key)
        seen, entry = sight.told()
        self._tracks.keep(other, key, entry)
        state = enlarge(seen, model.guide, self._models[other].guide)
        places = disputed(transfer(self._models[other], state, pixels), values(keyframe) - pixels, model)
        self._disputed = None if places is None else (key, other, places.astype(np.uint8))
        return places is not None

    def _undisputed(self, proposals: dict[int, tuple[Proposal, float, Floats]]) -> list[tuple[Proposal, float, Floats]]:
        """The keyframes' proposals, that of the farther one without what is disputed."""
        if self._disputed is not None and self._disputed[1] in proposals:
            key, other, places = self._disputed
            offset = proposals[key][2]
            theirs = shown(places, grid(*offset.shape[:2]) + offset) > 0
            proposal, share, there = proposals[other]
            confidence = np.where(theirs, np.float32(0.0), proposal.confidence)
            proposals = {**proposals, other: (replace(proposal, confidence=confidence), share, there)}
        return list(proposals.values())

    def _transferred(
        self,
        weights: Mapping[int, float],
        states: Mapping[int, Seen],
        part: FrameBuffer,
        pixels: Floats,
        corner: tuple[int, int],
    ) -> tuple[Proposal, float, Where, list[Place]]:
        """What the keyframes say about a part of a frame, the share of the edit's area that was followed all the way, where the part lies
        in the nearest keyframe for `soften`, and in each of them."""
        said: dict[int, tuple[Proposal, float, Floats]] = {}
        wheres: list[tuple[float, Where]] = []
        followed: list[Floats] = []
        rgb = guide(part)
        for key, share in weights.items():
            model = self._models[key]
            state = enlarge(states[key], rgb, model.guide, corner)
            proposal = transfer(model, state, pixels)
            said[key] = (proposal, share, state.offset)
            wheres.append((share, Where(state.offset, state.motion, proposal.confidence, model.misleading)))
            followed.append(proposal.reach * (state.tracked if model.everywhere else proposal.vouched(state.tracked)))
        proposals = self._undisputed(said)
        merged = merge(proposals, self._apart(weights, rgb, proposals))
        # a keyframe far away, which lost the object, takes more to be edited than is
        area = merged.reach.sum()
        share_followed = float(np.maximum.reduce(followed).sum() / area) if area > 0 else 1.0
        places = [Place(key, share, offset) for key, (_, share, offset) in zip(weights, proposals, strict=True)]
        return merged, share_followed, max(wheres, key=lambda each: each[0])[1], places

    def _apart(self, keys: Iterable[int], rgb: Bytes, proposals: Sequence[tuple[Proposal, float, Floats]]) -> list[Floats]:
        """How far the part of the frame and each keyframe's picture are apart, where one of several takes it for edited."""
        if len(proposals) == 1:
            return []
        edited = np.logical_or.reduce([p.reach > 0 for p, _, _ in proposals])
        offsets = [offset for _, _, offset in proposals]
        return [detail_apart(rgb, self._models[k].guide, o, edited) for k, o in zip(keys, offsets, strict=True)]


def whole(width: int, height: int) -> Window:
    """All of a frame, as a window."""
    return slice(0, height), slice(0, width)
