"""Runs of I2VEdit in memory, on a tiny model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from keyfollow.edits import SettingValue
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import Edit, EditedFrame, EditKeyframe, InversionSpec
from keyfollow_daemon.engines.i2vedit.engine import I2VEditEngine, Opened
from keyfollow_daemon.engines.i2vedit.info import describe
from keyfollow_daemon.engines.i2vedit.model import Model, load
from keyfollow_daemon.engines.i2vedit.network import Conditioning, Network

from . import clips
from .memory import Memory
from .svd_model import svd_folder

SMALL: dict[str, SettingValue] = {
    "steps": 3,
    "training_steps": 2,
    "size": 64,
    "training_size": 64,
    "length": 4,
    "rank": 4,
    "precision": "fp32",
}
"""Settings that make runs quick."""


def model(precision: str = "fp32") -> Model:
    """A model of its own."""
    return load(svd_folder(), torch.device("cpu"), precision)


def settings(**changes: SettingValue) -> dict[str, SettingValue]:
    return describe().resolve({**SMALL, **changes})


def edit(frames: list[FrameBuffer], keyframes: Mapping[int, FrameBuffer], span: FrameRange | None = None, **more: Any) -> Edit:
    """A run over `span` (all frames); `more` are fields of `Edit`, or settings."""
    span = span or FrameRange(0, len(frames))
    fields = {n: more.pop(n) for n in list(more) if n in Edit.__dataclass_fields__}
    values: dict[str, Any] = {
        "range": span,
        "wanted": list(span),
        "keyframes": [EditKeyframe(n, k) for n, k in sorted(keyframes.items())],
        "settings": settings(**more),
        "model": svd_folder(),
    }
    return Edit(**{**values, **fields})


def propagate(engine: I2VEditEngine, memory: Memory, job: Edit, resumed: bool = False) -> Iterator[EditedFrame]:
    """Inversion and edit pass as a job does them: a new one, or one that was interrupted."""
    if not resumed:
        memory.kept.clear()
    memory.phases.clear()
    source_only = {s.name: job.settings[s.name] for s in describe().settings if s.source_only}
    spec = InversionSpec("i2vedit", "1", source_only, draft=job.draft, model=job.model)
    numbers = [job.range.start, job.range.stop - 1, *(k.frame for k in job.keyframes)]
    inversion = engine.invert(memory, FrameRange(min(numbers), max(numbers) + 1), spec, memory)
    return engine.propagate(memory, inversion, job, memory)


def made(engine: I2VEditEngine, memory: Memory, job: Edit, resumed: bool = False) -> dict[int, Any]:
    """Pixels by frame."""
    return {f.frame: f.image.pixels for f in propagate(engine, memory, job, resumed)}


def cpu_engine() -> I2VEditEngine:
    return I2VEditEngine(torch.device("cpu"))


def opened(engine: I2VEditEngine) -> Opened:
    """What the engine has open; its network counts its calls."""
    assert engine._open is not None
    return engine._open


def recoloured(frames: list[FrameBuffer], n: int) -> FrameBuffer:
    """Frame `n` of `clips.moving_patch`, its patch in other colours."""
    height, width = frames[n].pixels.shape[:2]
    return FrameBuffer(clips.recoloured(frames[n].pixels, clips.patch_mask(n, width, height)))


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def given(network: Network, frames: int, side: int = 8, seed: int = 0) -> Conditioning:
    """Something for one video to start from."""
    width = int(network.unet.config.cross_attention_dim)
    return Conditioning(noise(1, 1, width, seed=seed), noise(1, frames, 4, side, side, seed=seed + 1), (6.0, 127.0, 0.02))
