"""Full repaint: every frame drawn anew from the keyframe's own pixels, for edits that no map of colours explains.

The keyframe's strokes give the detail; the frame itself, changed as its matches were, gives the colours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from keyfollow.frames import FrameBuffer

from keyfollow_daemon.engines.base import Frames

from .analogy import Field, carried, features, improved, nodes, voted
from .inversion import Flows
from .pixels import Bytes, Floats, enlarged, grey, guide, shrunk, values
from .poisson import screened
from .track import Track

ROUNDS = ((4, 64), (1, 16))
"""(jump in nodes, reach of random candidates in px) of each round."""
DRAFT_ROUNDS = ((2, 32),)
COLOURS = 0.2
"""Weight of the colours in `screened`: they rule over structures larger than 2 px."""
GOOD = 150.0
"""Mean squared difference of a patch, all planes added up, up to which a match is as good as any."""
SOFT = 20.0


class Painter:
    """One keyframe as a source of strokes.

    Args:
        keyframe, source: of one size and dtype, that of what is to be painted.
        size: (width, height) that strokes are compared at.
    """

    def __init__(self, keyframe: FrameBuffer, source: FrameBuffer, size: tuple[int, int]) -> None:
        self._planes = np.concatenate([values(keyframe), values(source)], axis=2)
        self._luma = grey(guide(shrunk(keyframe, size))).astype(np.float32)[..., None]
        self._key = features(guide(shrunk(source, size)), self._luma[..., 0])
        self._size = size

    def start(self) -> Field:
        """The field of the keyframe itself."""
        centres = nodes(*self._luma.shape[:2])
        return Field(centres, np.zeros(centres.shape[:2], np.int32))

    def advance(self, field: Field, small: Bytes, flow: Floats, draft: bool, seed: int) -> Field:
        """The field of the frame whose 8-bit picture is `small`, given its neighbour's and the flow to that, both at the size of strokes."""
        home = field = carried(field, flow)
        rounds = DRAFT_ROUNDS if draft else ROUNDS
        for turn, (jump, radius) in enumerate(rounds):
            drawn = voted(field, self._luma, self._size, small.shape[:2])[..., 0]
            field = improved(field, home, features(small, drawn), self._key, radius, jump, len(rounds) * seed + turn)
        return field

    def painted(self, field: Field, pixels: Floats) -> tuple[Floats, Floats]:
        """The edit on a frame of values `pixels`, ``(h, w, c)``, and the mean squared difference it rests on, ``(h, w)``."""
        found = voted(field, self._planes, self._size, pixels.shape[:2])
        channels = pixels.shape[2]
        drawn, taken = found[..., :channels], found[..., channels : 2 * channels]
        return screened(drawn, pixels + drawn - taken, COLOURS) - pixels, found[..., -1]


class Matched(NamedTuple):
    """A keyframe's `painter`, where a frame's patches were found in it, and its `share` in time."""

    painter: Painter
    field: Field
    share: float


class Repaints:
    """The painters in use and their fields, made outward from each keyframe.

    Motion may be known at half the picture's size; strokes are finer than that, and a final compares them at twice the size of the flows.
    """

    def __init__(self, frames: Frames, flows: Flows, check: Callable[[], None], draft: bool) -> None:
        self._frames, self._flows, self._check, self._draft = frames, flows, check, draft
        wide, high = flows.size
        self._size = flows.drawn_at if draft else (min(2 * wide, frames.size[0]), min(2 * high, frames.size[1]))
        self._painters: dict[int, Painter] = {}
        self._tracks: dict[tuple[int, bool], Track[Field]] = {}

    def keep(self, keys: Mapping[int, tuple[FrameBuffer, FrameBuffer]]) -> None:
        """Forget all but these keyframes, frame → (keyframe, source), and what was made of them."""
        self._tracks.clear()
        self._painters = {
            key: self._painters.get(key) or Painter(keyframe, source, self._size) for key, (keyframe, source) in keys.items()
        }

    def open(self, key: int, forward: bool, window: range = range(0)) -> None:
        """Make the track from `key`; must come before `at` when frames are visited again (`window`, distances from the key)."""
        painter, step = self._painters[key], 1 if forward else -1

        def advance(field: Field, index: int) -> Field:
            self._check()
            frame = key + step * index
            flow, _ = self._flows.toward(key, frame)
            small = guide(shrunk(self._frames[frame], self._size))
            return painter.advance(field, small, self._grown(flow), self._draft, index)

        self._tracks[key, forward] = Track(painter.start(), advance, window)

    def _grown(self, flow: Floats) -> Floats:
        """A flow at the size of strokes."""
        ratio = np.array([self._size[0] / flow.shape[1], self._size[1] / flow.shape[0]], np.float32)
        return enlarged(flow, *self._size) * ratio

    def matched(self, frame: int, shares: Mapping[int, float]) -> list[Matched]:
        """What a frame is painted from; `shares` are the keyframes that have a say, and how much in time."""
        out = []
        for key, share in shares.items():
            forward = frame > key
            if (key, forward) not in self._tracks:
                self.open(key, forward)
            out.append(Matched(self._painters[key], self._tracks[key, forward].at(abs(frame - key)), share))
        return out


def painted(matched: Sequence[Matched], pixels: Floats) -> tuple[Floats, Floats]:
    """The repaint of a frame of values `pixels`, ``(h, w, c)`` float32, 8-bit units: the edit ``(h, w, c)`` to be added, and
    confidence ``(h, w)`` 0…1."""
    edits, weights, errors = [], [], []
    for painter, field, share in matched:
        edit, error = painter.painted(field, pixels)
        edits.append(edit)
        errors.append(error)
        weights.append(np.cbrt(np.float32(share)) / np.square(SOFT + error))
    total = np.add.reduce(weights)
    edit = np.add.reduce([e * (w / total)[..., None] for e, w in zip(edits, weights, strict=True)])
    best = np.minimum.reduce(errors)
    return edit, np.exp(-np.maximum(best - GOOD, 0.0) / (2.0 * GOOD))
