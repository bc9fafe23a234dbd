"""What Pix2Video is, offers and costs. Imports nothing heavy: `load` does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import psutil
from keyfollow.edits import EditRequest, SettingValue
from keyfollow.engine_info import EngineInfo, Estimate, Preset, Setting
from keyfollow.media.info import MediaInfo

from keyfollow_daemon.engines.diffusion.memory import (
    CPU_BASE,
    UNET_PARAMETERS,
    Plan,
    device_bytes,
    fitting,
    ladder,
    parameters_of,
)
from keyfollow_daemon.engines.diffusion.offer import DELIVER, FEATHER, FLOPS, GRAIN, LOCAL, PRECISION, missing

if TYPE_CHECKING:
    from keyfollow_daemon.engines.base import Engine

FORWARD_FLOP = 804e9
"""One sample of Stable Diffusion 2 at a 64 x 64 latent (spec § 14); others in proportion to their parameters."""
DRAFT_STEPS = 20
MULTIPLE = 64
AT_HAND = 1 << 30
"""Bytes of trajectories that a run keeps in memory; the others are read from the cache when they are needed."""


def describe() -> EngineInfo:
    return EngineInfo(
        id="pix2video",
        name="Pix2Video",
        version="1",
        summary=(
            "Redraws every frame with an image diffusion model that looks at your keyframe and at the frame before, kept in place by "
            "depth. For changes of style, material and look, from an edited keyframe, a prompt, or both; needs weights and a GPU."
        ),
        needs_weights=True,
        needs_keyframe=False,
        missing=missing(),
        settings=_settings(),
        presets=(
            Preset("local", "A part is redrawn; the rest of every frame is left untouched."),
            Preset("style", "Every frame is redrawn as a whole.", {"local": False}),
            Preset("shape", "What the edit drew has a shape of its own: depth is taken from it.", {"keyframe_depth": "edited"}),
        ),
    )


def _settings() -> tuple[Setting, ...]:
    return (
        Setting("steps", "int", 50, "Denoising steps; a draft takes at most 20.", 1, 1000, source_only=True),
        Setting("guidance", "float", 7.5, "How strongly the prompt is followed; 1 is without guidance.", 0.0, 50.0),
        Setting("size", "int", 512, "Works at as many pixels as a square of this side has.", 64, 2048, source_only=True),
        Setting("stride", "int", 1, "Redraw every n-th frame; the patch engine fills those between.", 1, 64, source_only=True),
        LOCAL,
        FEATHER,
        GRAIN,
        Setting("negative_prompt", "text", "", "What the result should not show."),
        Setting(
            "schedule",
            "choice",
            "auto",
            "Order of the work; all give the same picture. step takes the least memory, wave is quickest on a large GPU.",
            choices=("auto", "frame", "step", "wave"),
            advanced=True,
        ),
        Setting("width", "int", 8, "Frames in flight of the wave schedule.", 1, 64, advanced=True),
        PRECISION,
        Setting("no_injection", "bool", False, "Frames attend to themselves only.", advanced=True),
        Setting("anchor_only", "bool", False, "Frames attend to the keyframe only, not to the frame before.", advanced=True),
        Setting("no_guidance", "bool", False, "Frames are not pulled towards the frame before.", advanced=True),
        Setting(
            "relative_pull",
            "bool",
            True,
            "With keyframes: that pull is towards the edit of the frame before, not towards its picture.",
            advanced=True,
        ),
        Setting(
            "follow_source",
            "bool",
            True,
            "With keyframes: what they leave alone comes back as it was; takes half as long again.",
            advanced=True,
        ),
        Setting("update_weight", "float", 100.0, "Weight of that pull.", 0.0, 1e6, advanced=True),
        Setting("weight_by_size", "bool", True, "The pull depends on the working size, as published.", advanced=True),
        Setting("guided_share", "float", 0.52, "Share of the steps with that pull.", 0.0, 1.0, advanced=True),
        Setting("guided_steps", "int", -1, "The same as a number of steps; -1 takes the share.", -1, 1000, advanced=True),
        Setting("fixed_target", "bool", False, "Pull towards one step of the frame before, not the same step.", advanced=True),
        Setting("target_step", "int", 25, "That step.", 0, 999, advanced=True),
        Setting("reverse", "bool", False, "Without a keyframe: the last frame leads, not the first.", advanced=True),
        Setting(
            "depth_normalisation",
            "choice",
            "clip",
            "Depth is scaled once for the clip, which does not flicker, or for each frame, as published.",
            choices=("clip", "frame"),
            advanced=True,
            source_only=True,
        ),
        Setting(
            "keyframe_depth",
            "choice",
            "source",
            "Depth of a keyframe: the source's, or its own where the edit changes shapes.",
            choices=("source", "edited"),
            advanced=True,
        ),
        Setting(
            "steps_offset",
            "int",
            0,
            "First timestep: 0 as published, 1 as the model was made.",
            0,
            1,
            advanced=True,
            source_only=True,
        ),
        Setting(
            "sarp",
            "float",
            0.0,
            "Noise added to smooth areas before they are prepared; 0.02 helps with flat backgrounds.",
            0.0,
            0.2,
            advanced=True,
            source_only=True,
        ),
        DELIVER,
    )


def rows_of(settings: Mapping[str, SettingValue], keyframes: bool) -> int:
    """Rows of the network's batch that a frame takes at each step of the edit pass."""
    return (1 if settings["guidance"] == 1 else 2) + (1 if keyframes and settings["follow_source"] else 0)


def plans(settings: Mapping[str, SettingValue], precision: str, device: str, rows: int) -> list[Plan]:
    """The plan that the settings ask for, and those to step down to.

    Args:
        precision: ``fp32``, ``bf16`` or ``fp16``.
        device: ``cuda``, ``mps`` or ``cpu``; rows are no quicker together on a CPU.
        rows: as `rows_of` has it.
    """
    schedule = settings["schedule"]
    if schedule == "auto":
        schedule = "wave" if device == "cuda" else "step"
    first = Plan(
        batch=1 if device == "cpu" else 8,
        width=int(settings["width"]) if schedule == "wave" else 1,
        precision=precision,
        by_frame=schedule == "frame",
        rows=rows,
    )
    return ladder(first, exact=settings["precision"] != "auto")


def trajectory_bytes(height: int, width: int, steps: int) -> int:
    """One frame's inversion with its depth: the levels between at half precision, their ends not."""
    return height * width * (4 * (2 * (steps - 1) + 8) + 4)


def latent_size(width: int, height: int, side: int) -> tuple[int, int]:
    """(height, width) of the latent for a source of that size; as `diffusion.worksize` has it."""
    scale = min(1.0, side / math.sqrt(width * height))
    sides = (max(8, round(height * scale)), max(8, round(width * scale)))
    return (-(-sides[0] // MULTIPLE) * MULTIPLE // 8, -(-sides[1] // MULTIPLE) * MULTIPLE // 8)


def estimate(request: EditRequest, media: MediaInfo, device: str) -> Estimate:
    """Cost of a run with nothing prepared; `request.model` is the folder of its weights, as far as it is known."""
    settings = describe().resolve(request.settings)
    start, stop = (request.range.start, request.range.stop) if request.range else (0, media.frames)
    keys = [k.frame for k in request.keyframes]
    span = max([stop - 1, *keys]) - min([start, *keys]) + 1
    steps = min(int(settings["steps"]), DRAFT_STEPS) if request.quality == "draft" else int(settings["steps"])
    height, width = latent_size(media.width, media.height, int(settings["size"]))
    drawn = -(-span // int(settings["stride"]))
    rows = rows_of(settings, bool(keys))
    forwards = (drawn + len(keys)) * steps * rows + drawn * steps + len(keys) * steps
    trajectory = trajectory_bytes(height, width, steps)
    chosen = str(settings["precision"])
    precision = ("fp32" if device == "cpu" else "bf16") if chosen == "auto" else chosen
    steps_down, model = plans(settings, precision, device, rows), parameters_of(request.model)
    free = psutil.virtual_memory().available - CPU_BASE if device == "cpu" else None
    plan = steps_down[fitting(steps_down, (height, width), steps, free, model)]
    memory = device_bytes(plan, (height, width), steps, model)
    work = FORWARD_FLOP * (height * width / 4096) * (model.network / UNET_PARAMETERS)
    seconds = forwards * work / FLOPS.get(device, FLOPS["cpu"])
    frame = media.width * media.height
    return Estimate(
        seconds=seconds,
        ram_bytes=CPU_BASE + frame * 200 + min(AT_HAND, drawn * trajectory) + (memory if device == "cpu" else 0),
        disk_bytes=drawn * trajectory + media.frame_bytes * (stop - start),
        frames=stop - start,
        vram_bytes=0 if device == "cpu" else memory,
        works_at=(width * 8, height * 8),
        delivers=(media.width, media.height),
    )


def load() -> Engine:
    from .engine import Pix2VideoEngine

    return Pix2VideoEngine()
