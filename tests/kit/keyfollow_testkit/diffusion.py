"""Pix2Video on tiny models: the golden case's, and a smaller one where its numbers do not matter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from keyfollow.edits import SettingValue
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import Array, Edit, EditedFrame, InversionSpec
from keyfollow_daemon.engines.diffusion.backbone import Backbone
from keyfollow_daemon.engines.pix2video.engine import Pix2VideoEngine
from keyfollow_daemon.engines.pix2video.info import describe
from safetensors.numpy import load_file

from .memory import Memory, edit_of
from .tiny_models import tiny_model

CASE = Path(__file__).parents[2] / "golden" / "pix2video"
MODEL = str(CASE / "model")
SETTINGS: dict[str, Any] = json.loads((CASE / "settings.json").read_text())
GOLDEN: dict[str, SettingValue] = {
    "steps": SETTINGS["num_inference_steps"],
    "guidance": SETTINGS["guidance_scale"],
    "guided_steps": SETTINGS["guide_last_step_index"] + 1,
    "update_weight": SETTINGS["guide_weight"],
    "depth_normalisation": "frame",
    "precision": "fp32",
    "size": 64,
}
"""The engine's settings that make the golden case."""
QUICK: dict[str, SettingValue] = {**GOLDEN, "steps": 4, "guided_steps": 2}
SOURCE_PROMPT, TARGET_PROMPT = SETTINGS["source_prompt"], SETTINGS["target_prompt"]


def golden_frames() -> list[FrameBuffer]:
    """The case's five 64 x 64 frames."""
    return [FrameBuffer(np.ascontiguousarray(f)) for f in load_file(CASE / "inputs.safetensors")["frames_u8"]]


def with_red_square(frame: FrameBuffer) -> FrameBuffer:
    """A 64 x 64 frame, edited in a part of it."""
    pixels = frame.pixels.copy()
    pixels[16:40, 16:40] = (220, 30, 30)
    return FrameBuffer(pixels)


def settings(**changes: SettingValue) -> dict[str, SettingValue]:
    """All of the engine's settings: `QUICK`, changed."""
    return describe().resolve({**QUICK, **changes})


def edit(
    frames: list[FrameBuffer], keyframes: Mapping[int, FrameBuffer] | None = None, span: FrameRange | None = None, **more: Any
) -> Edit:
    """A run over `span` (all frames) with the golden prompts, quick and on the smaller model; `more` are fields of `Edit`, or settings."""
    return edit_of(
        frames,
        keyframes,
        span,
        settings,
        more,
        prompt=TARGET_PROMPT,
        source_prompt=SOURCE_PROMPT,
        model=tiny_model("sd2-depth"),
    )


def propagate(engine: Pix2VideoEngine, memory: Memory, job: Edit, resumed: bool = False) -> Iterator[EditedFrame]:
    """Inversion and edit pass as a job does them: a new one, or one that was interrupted."""
    memory.phases.clear()
    if not resumed:
        memory.kept.clear()
    about = {s.name: s for s in describe().settings}
    source_only = {n: v for n, v in job.settings.items() if about[n].source_only}
    spec = InversionSpec("pix2video", "1", source_only, prompt=job.source_prompt, draft=job.draft, model=job.model)
    numbers = [job.range.start, job.range.stop - 1, *(k.frame for k in job.keyframes)]
    inversion = engine.invert(memory, FrameRange(min(numbers), max(numbers) + 1), spec, memory)
    return engine.propagate(memory, inversion, job, memory)


def cpu_engine() -> Pix2VideoEngine:
    return Pix2VideoEngine(torch.device("cpu"))


def backbone(engine: Pix2VideoEngine) -> Backbone:
    """The network of the model that the engine has open; it counts its calls."""
    assert engine._open is not None
    return engine._open[1].backbone


def with_depth(engine: Pix2VideoEngine, memory: Memory, job: Edit, raw: Array) -> None:
    """Open the model of `job`, and let the raw depth ``(frames, h_d, w_d)`` stand for its depth network's answers."""
    propagate(engine, Memory([memory[0]]), replace(job, range=FrameRange(0, 1)))
    assert engine._open is not None
    known = {memory[n].pixels.tobytes(): torch.from_numpy(raw[n]) for n in range(memory.count)}
    answers: Any = lambda picture: known[picture.tobytes()]  # noqa: E731
    engine._open = (engine._open[0], replace(engine._open[1], depth=answers))
