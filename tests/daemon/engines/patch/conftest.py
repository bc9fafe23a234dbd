"""A small clip with known motion, and an engine's surroundings kept in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import Array, Edit, EditedFrame, EditKeyframe, EditMask, InversionSpec, Preview, Tensors
from keyfollow_daemon.engines.patch.engine import PatchEngine
from keyfollow_daemon.engines.patch.info import describe
from keyfollow_daemon.engines.patch.inversion import PatchInversion

HEIGHT, WIDTH, SIDE = 144, 192, 72


class MemoryFrames:
    """A clip held in memory that counts what is read."""

    def __init__(self, pictures: Sequence[Array]) -> None:
        self.pictures = list(pictures)
        self.reads: Counter[int] = Counter()

    @property
    def count(self) -> int:
        return len(self.pictures)

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.pictures[0].shape[:2]
        return width, height

    def __getitem__(self, frame: int) -> FrameBuffer:
        self.reads[frame] += 1
        return FrameBuffer(self.pictures[frame])

    def digest(self, frame: int) -> bytes:
        return FrameBuffer(self.pictures[frame]).digest()


class MemoryCache:
    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Array]] = {}
        self.saved = 0

    def load(self, key: str) -> dict[str, Array] | None:
        return self.entries.get(key)

    def save(self, key: str, tensors: Tensors) -> None:
        self.entries[key] = dict(tensors)
        self.saved += 1


class MemoryContext:
    plan = 0

    def __init__(self) -> None:
        self.cache = MemoryCache()
        self.checks = 0
        self.told: list[tuple[str, int, int]] = []

    def check(self) -> None:
        self.checks += 1

    def progress(self, phase: str, done: int, total: int, preview: Preview | None = None) -> None:
        self.told.append((phase, done, total))

    def note(self, sentence: str) -> None:
        pass

    def checkpoint(self, name: str, tensors: Tensors) -> None:
        raise AssertionError("the patch engine keeps no checkpoints")

    def restore(self, name: str) -> dict[str, Array] | None:
        return None


@dataclass
class Stage:
    """A clip, its engine, and a way to run it."""

    frames: MemoryFrames
    ctx: MemoryContext = field(default_factory=MemoryContext)
    engine: PatchEngine = field(default_factory=PatchEngine)

    def invert(self, span: FrameRange | None = None, *, draft: bool = False) -> PatchInversion:
        spec = InversionSpec("patch", "1", draft=draft)
        return self.engine.invert(self.frames, span or FrameRange(0, self.frames.count), spec, self.ctx)

    def run(
        self,
        keyframes: Mapping[int, Array],
        *,
        wanted: Sequence[int] | None = None,
        masks: Sequence[EditMask] = (),
        draft: bool = False,
        **settings: Any,
    ) -> dict[int, EditedFrame]:
        """Every frame made, in the order in which it came."""
        keys = [EditKeyframe(f, FrameBuffer(np.ascontiguousarray(p))) for f, p in sorted(keyframes.items())]
        whole = FrameRange(0, self.frames.count)
        edit = Edit(whole, tuple(whole) if wanted is None else wanted, keys, masks, describe().resolve(settings), draft=draft)
        inversion = self.invert(draft=draft)
        made: dict[int, EditedFrame] = {}
        for edited in self.engine.propagate(self.frames, inversion, edit, self.ctx):
            assert edited.frame not in made
            made[edited.frame] = edited
        return made


def texture(seed: int, height: int, width: int) -> Array:
    """Smooth random RGB, 40…215, float32."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(
        rng.random((height // 12 + 2, width // 12 + 2, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    fine = cv2.GaussianBlur(rng.random((height, width, 1)).astype(np.float32), (0, 0), 1.2)[..., None]
    fine = (fine - fine.mean()) / fine.std() * 0.12
    out: Array = np.asarray(np.clip(coarse + fine, 0, 1) * 175 + 40, np.float32)
    return out


@dataclass(frozen=True)
class MovingSquare:
    """A textured square that moves 2 px right and 1 px down per frame over another texture that moves 1 px left."""

    pictures: list[Array]
    areas: list[Array]
    """Where the square is, ``(h, w)`` bool."""

    def inner(self, frame: int) -> Array:
        """The square without a rim of 8 px, where flow is only roughly right."""
        core: Array = np.asarray(cv2.erode(self.areas[frame].astype(np.uint8), np.ones((17, 17), np.uint8)))
        return core.astype(np.bool_)

    def far(self, frame: int) -> Array:
        """What lies more than 30 px outside the square: beyond what is ever filled."""
        near: Array = np.asarray(cv2.dilate(self.areas[frame].astype(np.uint8), np.ones((61, 61), np.uint8)))
        return np.logical_not(near)

    def painted(self, frame: int) -> Array:
        """The frame with its square turned greenish; what the right answer is in every frame."""
        out = self.pictures[frame].astype(np.float32)
        out[self.areas[frame], :3] = out[self.areas[frame], :3] * (0.6, 1.0, 0.6) + (0, 40, 0)
        return np.clip(np.rint(out), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def square() -> MovingSquare:
    behind, front = texture(1, HEIGHT, WIDTH + 40), texture(2, SIDE, SIDE)
    front = np.clip(front * (1.15, 0.8, 0.7), 0, 255)
    pictures, areas = [], []
    for t in range(10):
        picture = behind[:, t : t + WIDTH].copy()
        top, left = 20 + t, 24 + 2 * t
        picture[top : top + SIDE, left : left + SIDE] = front
        area = np.zeros((HEIGHT, WIDTH), np.bool_)
        area[top : top + SIDE, left : left + SIDE] = True
        pictures.append(np.rint(picture).astype(np.uint8))
        areas.append(area)
    return MovingSquare(pictures, areas)


@pytest.fixture
def stage(square: MovingSquare) -> Stage:
    return Stage(MemoryFrames(square.pictures))


@pytest.fixture
def stage_of() -> Callable[[Sequence[Array]], Stage]:
    """Makes a stage from other pictures."""
    return lambda pictures: Stage(MemoryFrames(pictures))


@pytest.fixture(scope="session")
def picture() -> Array:
    """A textured ``(144, 192, 3)`` uint8 picture."""
    return np.asarray(np.rint(texture(3, HEIGHT, WIDTH)), np.uint8)


@pytest.fixture(scope="session")
def large_picture(picture: Array) -> Array:
    """`picture` with its mirror images to the right and below, ``(288, 384, 3)``: how wide a gap may be goes by the picture's size."""
    return np.pad(picture, ((0, HEIGHT), (0, WIDTH), (0, 0)), mode="symmetric")
