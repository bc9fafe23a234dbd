"""A tiny model for vid2vid-zero, and runs of the engine in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from keyfollow.edits import SettingValue
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import Edit, EditedFrame, InversionSpec
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.vid2vid_zero.engine import Vid2VidZeroEngine
from keyfollow_daemon.engines.vid2vid_zero.info import describe
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork

from .memory import Memory, edit_of
from .zero_model import CASE, model_folder

SOURCE_PROMPT, TARGET_PROMPT = "a car is moving on the road", "a jeep is moving on the snow"
SMALL: dict[str, SettingValue] = {"steps": 2, "size": 64, "window": 4, "overlap": 1, "precision": "fp32", "inversion": "direct"}
"""Settings that make runs quick."""


def network(precision: str = "fp32", **more: Any) -> VideoNetwork:
    """A network of its own, with the golden case's weights."""
    return VideoNetwork(loading.load(str(CASE / "model"), torch.device("cpu"), precision).backbone, **more)


def settings(**changes: SettingValue) -> dict[str, SettingValue]:
    return describe().resolve({**SMALL, **changes})


def edit(
    frames: list[FrameBuffer], keyframes: Mapping[int, FrameBuffer] | None = None, span: FrameRange | None = None, **more: Any
) -> Edit:
    """A run over `span` (all frames); `more` are fields of `Edit`, or settings."""
    return edit_of(
        frames, keyframes, span, settings, more, prompt=TARGET_PROMPT, source_prompt=SOURCE_PROMPT, model=model_folder()
    )


def propagate(engine: Vid2VidZeroEngine, memory: Memory, job: Edit, resumed: bool = False) -> Iterator[EditedFrame]:
    """Inversion and edit pass as a job does them: a new one, or one that was interrupted."""
    if not resumed:
        memory.kept.clear()
    memory.phases.clear()
    source_only = {s.name: job.settings[s.name] for s in describe().settings if s.source_only}
    spec = InversionSpec("vid2vid_zero", "1", source_only, prompt=job.source_prompt, draft=job.draft, model=job.model)
    numbers = [job.range.start, job.range.stop - 1, *(k.frame for k in job.keyframes)]
    inversion = engine.invert(memory, FrameRange(min(numbers), max(numbers) + 1), spec, memory)
    return engine.propagate(memory, inversion, job, memory)


def opened(engine: Vid2VidZeroEngine) -> VideoNetwork:
    """The network of the model that the engine has open; it counts its calls."""
    assert engine._open is not None
    return engine._open.network
