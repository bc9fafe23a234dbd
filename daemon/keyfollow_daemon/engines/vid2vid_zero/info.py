"""What vid2vid-zero is, offers and costs. Imports nothing heavy: `load` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import psutil
from keyfollow.edits import EditRequest, SettingValue
from keyfollow.engine_info import EngineInfo, Estimate, Preset, Setting
from keyfollow.media.info import MediaInfo

from keyfollow_daemon.engines.diffusion.memory import CPU_BASE, parameters_of
from keyfollow_daemon.engines.diffusion.offer import DELIVER, FEATHER, FLOPS, GRAIN, LOCAL, PRECISION, missing

from .plan import Plan, Work, device_bytes, fitting, ladder
from .presets import BY_PRESET, PRESETS
from .windows import Window, touching, windows

if TYPE_CHECKING:
    from keyfollow_daemon.engines.base import Engine

FORWARD_FLOP, DENSE_FLOP = 882e9, 21.8e9
"""One frame of a window at a 64 x 64 latent, and what each frame of its window adds (spec § 14)."""
STABLE_DIFFUSION_1 = 860_000_000
"""Parameters of that network; others cost in proportion."""
GRADIENT = 1.67 / 0.803
"""A forward with its gradient, in forwards."""
DRAFT_STEPS = 20
TEXT_BYTES = 77 * 768 * 4
SLOTS = 2
"""Keyframes that a window looks at, at most: the nearest."""


def describe() -> EngineInfo:
    return EngineInfo(
        id="vid2vid_zero",
        name="vid2vid-zero",
        version="1",
        summary=(
            "Redraws a few frames at a time, all of which see one another and your keyframe, and holds them to the source word by word. "
            "For changes that a source and a target prompt can name; needs weights (Stable Diffusion 1 or 2) and a GPU."
        ),
        needs_weights=True,
        needs_keyframe=False,
        missing=missing(),
        settings=(*_main_settings(), *_inversion_settings(), *_attention_settings(), *_loss_settings()),
        presets=(
            Preset(
                "local", "One thing changes; the source is kept away from the words that differ.", {"preset": "local_change"}
            ),
            Preset("style", "Edges stay, colours are free.", {"preset": "style"}),
            Preset("shape", "What the words name may take another shape.", {"preset": "shape_change"}),
        ),
    )


def _main_settings() -> tuple[Setting, ...]:
    return (
        Setting(
            "preset",
            "choice",
            "as_published",
            "Kind of edit: how much of the source's layout is kept.",
            choices=tuple(PRESETS),
        ),
        Setting(
            "prompts",
            "text",
            "",
            "Prompts that are drawn together with this run's, all of them, one a line: they share the source's part of the work.",
            advanced=True,
        ),
        Setting("steps", "int", 50, "Denoising steps; a draft takes at most 20.", 1, 1000, source_only=True),
        Setting(
            "guidance", "float", 7.5, "How strongly the prompt is followed; 1 is without guidance.", 0.0, 50.0, source_only=True
        ),
        Setting("size", "int", 512, "Works at as many pixels as a square of this side has.", 64, 2048, source_only=True),
        Setting("stride", "int", 1, "Redraw every n-th frame; the patch engine fills those between.", 1, 64, source_only=True),
        Setting(
            "inversion",
            "choice",
            "auto",
            "How the source is held: null_text as published (slow), direct is quick and exact; auto is null_text, in drafts direct.",
            choices=("auto", "null_text", "negative_prompt", "direct", "fixed_point"),
            source_only=True,
        ),
        LOCAL,
        FEATHER,
        GRAIN,
        Setting("window", "int", 8, "Frames redrawn together.", 1, 64, source_only=True),
        Setting("overlap", "int", 2, "Frames that windows share; at most a third of a window.", 0, 16, source_only=True),
        PRECISION,
        DELIVER,
    )


def _inversion_settings() -> tuple[Setting, ...]:
    return (
        Setting(
            "sampler",
            "choice",
            "ddim",
            "dpm++2m needs fewer steps; only with inversion=direct.",
            choices=("ddim", "dpm++2m"),
            advanced=True,
        ),
        Setting(
            "null_share",
            "float",
            -0.5,
            "Share of the steps that null-text's embeddings are used in: above 0 the first, else the last.",
            -1.0,
            1.0,
            advanced=True,
        ),
        Setting("null_inner", "int", 1, "Null-text: optimiser steps a step.", 1, 50, advanced=True, source_only=True),
        Setting("null_rate", "float", 0.01, "Null-text: learning rate.", 0.0, 1.0, advanced=True, source_only=True),
        Setting(
            "null_cross_frame", "bool", False, "Null-text: frames see one another meanwhile.", advanced=True, source_only=True
        ),
        Setting(
            "fixed_point_steps",
            "int",
            3,
            "fixed_point: times that a step is asked again.",
            1,
            10,
            advanced=True,
            source_only=True,
        ),
        Setting(
            "inversion_prompt",
            "choice",
            "auto",
            "What inversion reads: the source prompt or nothing; auto is nothing for null_text, as published.",
            choices=("auto", "empty", "source"),
            advanced=True,
            source_only=True,
        ),
    )


def _attention_settings() -> tuple[Setting, ...]:
    return (
        Setting(
            "cross_frame",
            "choice",
            "hybrid",
            "What frames see: sparse is first and previous, dense is all; hybrid mixes them as published; dense_few without sparse.",
            choices=("none", "sparse", "hybrid", "dense", "dense_few"),
            advanced=True,
            source_only=True,
        ),
        Setting("dense_index", "int", 0, "Which blocks have a dense layer.", 0, 3, advanced=True, source_only=True),
        Setting(
            "dense_layers",
            "text",
            "",
            "Dense layers by beginnings of their names, e.g. up_blocks.3, in place of dense_index.",
            advanced=True,
            source_only=True,
        ),
        Setting(
            "dense_every",
            "int",
            1,
            "Dense layers see every n-th frame of a window only, and what was given; for long windows.",
            1,
            64,
            advanced=True,
            source_only=True,
        ),
        Setting(
            "joint_group_norm",
            "bool",
            True,
            "Frames share their norms, as published; off is the image model as it was made.",
            advanced=True,
            source_only=True,
        ),
        Setting(
            "words",
            "choice",
            "auto",
            "How target words take the place of source words; auto replaces where both prompts have equally many.",
            choices=("auto", "replace", "refine", "none"),
            advanced=True,
        ),
        _by_preset("cross_replace", "Share of the steps in which replaced words keep the layout", 1.0),
        _by_preset("cross_refine", "The same for refined prompts", 1.0),
        _by_preset("self_injection", "The same for self-attention within frames, where there is any", 1.0),
        Setting("reweight", "text", "", 'Words of the target prompt, stronger or weaker: "snow:2, car:0.5".', advanced=True),
        Setting("word_shares", "text", "", 'Shares of the steps for single words: "snow:0.3".', advanced=True),
        Setting(
            "local_blend",
            "choice",
            "preset",
            "Away from the words that change, keep the source.",
            choices=("preset", "off", "on"),
            advanced=True,
        ),
        Setting("blend_words", "text", "", "Those words; empty takes the ones that differ.", advanced=True),
        Setting(
            "steady_blend", "bool", True, "Where they look also covers where they look a frame before and after.", advanced=True
        ),
    )


def _loss_settings() -> tuple[Setting, ...]:
    return (
        _by_preset("keep_values", "How strongly values are held to the source's; pulls colours back", 2.0),
        _by_preset("keep_gradients", "How strongly edges are held to the source's", 0.25),
        Setting("keep_step", "float", 1.0, "Step of that loss.", 0.0, 10.0, advanced=True),
    )


def _by_preset(name: str, help: str, high: float) -> Setting:
    return Setting(name, "float", BY_PRESET, f"{help}; -1 is the preset's.", -1.0, high, advanced=True)


def method_of(settings: Mapping[str, SettingValue], draft: bool) -> str:
    """The inversion method, ``auto`` made definite."""
    asked = str(settings["inversion"])
    return asked if asked != "auto" else "direct" if draft else "null_text"


def windows_of(count: int, settings: Mapping[str, SettingValue]) -> list[Window]:
    """All windows of a clip of `count` frames."""
    return windows(count, int(settings["stride"]), int(settings["window"]), int(settings["overlap"]))


def prompts_of(settings: Mapping[str, SettingValue]) -> list[str]:
    """The prompts that are to be drawn together; none where the run's own is alone."""
    return list(dict.fromkeys(filter(None, str(settings["prompts"]).splitlines())))


def forwards(settings: Mapping[str, SettingValue], draft: bool, frames: int, slots: int) -> float:
    """Frame-forwards of one window of `frames`, those with a gradient counted as what they cost (spec § 14)."""
    steps = min(int(settings["steps"]), DRAFT_STEPS) if draft else int(settings["steps"])
    method = method_of(settings, draft)
    halves = 1 if settings["guidance"] == 1 else 2
    inversion = 1 + (int(settings["fixed_point_steps"]) if method == "fixed_point" else 0)
    null = 2 + int(settings["null_inner"]) * GRADIENT if method == "null_text" else 0.0
    targets = max(1, len(prompts_of(settings)))
    videos = targets * halves + (halves if method == "null_text" else 1)
    return steps * (frames * (inversion + null) + (frames + slots) * videos)


def estimate(request: EditRequest, media: MediaInfo, device: str) -> Estimate:
    """Cost of a run with nothing prepared; `request.model` is the folder of its weights, as far as it is known."""
    from keyfollow_daemon.engines.diffusion.worksize import work_size

    settings = describe().resolve(request.settings)
    draft = request.quality == "draft"
    start, stop = (request.range.start, request.range.stop) if request.range else (0, media.frames)
    keys = [k.frame for k in request.keyframes]
    drawn = touching(windows_of(media.frames, settings), start, stop)
    size = work_size((media.width, media.height), int(settings["size"]))
    height, width = size.latent
    slots = min(len(keys), SLOTS) if keys else int(len(drawn) > 1)
    steps = min(int(settings["steps"]), DRAFT_STEPS) if draft else int(settings["steps"])
    flop = sum(
        forwards(settings, draft, len(w.frames), slots) * (FORWARD_FLOP + DENSE_FLOP * len(w.frames)) for w in drawn
    ) + len(keys) * steps * (FORWARD_FLOP + DENSE_FLOP)
    null = method_of(settings, draft) == "null_text"
    entry = sum(len(w.frames) for w in drawn) * height * width * 4 * (steps * 2 + 6) + len(drawn) * null * steps * TEXT_BYTES
    chosen = str(settings["precision"])
    precision = ("fp32" if device == "cpu" else "bf16") if chosen == "auto" else chosen
    plans, model = ladder(Plan(precision), exact=chosen != "auto"), parameters_of(request.model)
    targets = max(1, len(prompts_of(settings)))
    coupled = bool(settings["joint_group_norm"] or (null and settings["null_cross_frame"]))
    window = Work(size.latent, max(len(w.frames) for w in drawn) + slots, targets, null, coupled)
    free = psutil.virtual_memory().available - CPU_BASE if device == "cpu" else None
    memory = device_bytes(plans[fitting(plans, window, free, model)], window, model)
    return Estimate(
        seconds=flop * (height * width / 4096) * (model.network / STABLE_DIFFUSION_1) / FLOPS.get(device, FLOPS["cpu"]),
        ram_bytes=CPU_BASE + media.width * media.height * 200 + (memory if device == "cpu" else 0),
        disk_bytes=entry + media.frame_bytes * (stop - start),
        frames=stop - start,
        vram_bytes=0 if device == "cpu" else memory,
        works_at=(width * 8, height * 8),
        delivers=(media.width, media.height),
    )


def load() -> Engine:
    from .engine import Vid2VidZeroEngine

    return Vid2VidZeroEngine()
