"""A run over a few tiny frames, for nothing but what it leaves behind: modules imported, kernels compiled or loaded.

The first run on a machine compiles for many seconds, the first one of a worker loads for two; a person who paints meanwhile does not
wait for either.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keyfollow.engine_info import EngineInfo
from keyfollow.frames import FrameBuffer, FrameRange

from keyfollow_daemon.engines.base import Array, Edit, EditKeyframe, Engine, InversionSpec, Preview, Tensors

WIDTH, HEIGHT, FRAMES = 128, 96, 4
KEY = 1
BLOCK = 8
SHIFT = 2
"""Pixels that the picture moves from frame to frame."""


def rehearse(engine: Engine, info: EngineInfo, draft: bool, check: Callable[[], None]) -> None:
    """Let `engine` make a few frames. `check` is called at every step; what it raises ends the rehearsal."""
    frames, stage = _Strip(), _Stage(check)
    spec = InversionSpec(info.id, info.version, {s.name: s.default for s in info.settings if s.source_only}, draft=draft)
    edited = frames[KEY].pixels.copy()
    edited[20:60, 30:80] = edited[20:60, 30:80, ::-1]
    edited[30:44, 40:64] = (255, 255, 255)
    span = FrameRange(0, FRAMES)
    edit = Edit(
        range=span,
        wanted=list(span),
        keyframes=[EditKeyframe(KEY, FrameBuffer(edited))],
        settings=info.resolve({}),
        draft=draft,
    )
    for _ in engine.propagate(frames, engine.invert(frames, span, spec, stage), edit, stage):
        check()


class _Strip:
    """`engines.base.Frames`: soft noise that moves on evenly."""

    count = FRAMES
    size = (WIDTH, HEIGHT)

    def __init__(self) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (HEIGHT // BLOCK, 2 * WIDTH // BLOCK, 3), np.uint8)
        self._wide = noise.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)

    def __getitem__(self, frame: int) -> FrameBuffer:
        return FrameBuffer(np.ascontiguousarray(self._wide[:, SHIFT * frame : SHIFT * frame + WIDTH]))

    def digest(self, frame: int) -> bytes:
        return self[frame].digest()


class _Stage:
    """`engines.base.Context` and its cache: in memory, and heard by nobody."""

    plan = 0

    def __init__(self, check: Callable[[], None]) -> None:
        self.check = check
        self._kept: dict[str, dict[str, Array]] = {}

    @property
    def cache(self) -> _Stage:
        return self

    def load(self, key: str) -> dict[str, Array] | None:
        return self._kept.get(key)

    def save(self, key: str, tensors: Tensors) -> None:
        self._kept[key] = {name: np.array(tensor) for name, tensor in tensors.items()}

    def progress(self, phase: str, done: int, total: int, preview: Preview | None = None) -> None:
        self.check()

    def note(self, sentence: str) -> None:
        pass

    def checkpoint(self, name: str, tensors: Tensors) -> None:
        self.save(name, tensors)

    def restore(self, name: str) -> dict[str, Array] | None:
        return self.load(name)
