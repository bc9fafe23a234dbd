"""What I2VEdit is, offers and costs. Imports nothing heavy: `load` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from keyfollow.edits import EditRequest, SettingValue
from keyfollow.engine_info import EngineInfo, Estimate, Preset, Setting
from keyfollow.media.info import MediaInfo

from keyfollow_daemon.engines.diffusion.offer import DELIVER, FEATHER, FLOPS, GRAIN, LOCAL, PRECISION, missing

from .clips import Chain, chains, shared_frames
from .plan import Plan, clip_bytes, device_bytes, disk_bytes

if TYPE_CHECKING:
    from keyfollow_daemon.engines.base import Engine

CALL_FLOP, MATCHING_FLOP = 44.8e12, 17.4e12
"""Stable Video Diffusion on 14 frames of 576 x 1024, as benchmarks/i2vedit.py counts them: a call for one half, and what matching adds."""
TRAINING_FLOP, SMALL_CALL_FLOP = 71.4e12, 33.4e12
"""The same of 512 x 896: a step of training, activations kept, and a call."""
FULL, SMALL = 14 * 72 * 128, 14 * 64 * 112
"""Their latents' pixels."""
DRAFT_STEPS, DRAFT_TRAINING = 10, 50
RAM_BASE = 4 << 30


def describe() -> EngineInfo:
    return EngineInfo(
        id="i2vedit",
        name="I2VEdit",
        version="1",
        summary=(
            "A video model carries your keyframe on: it learns the clip's motion first, then lets the edited frame move as the source "
            "does. For changes of any kind, new things among them; needs weights (Stable Video Diffusion), a large GPU and minutes."
        ),
        needs_weights=True,
        missing=missing("peft"),
        settings=(*_main_settings(), *_training_settings(), *_attention_settings(), *_chain_settings()),
        presets=(
            Preset("local", "A part changes: the rest moves as the source does.", {"stage_one": 0.5, "stage_two": 0.8}),
            Preset("style", "The look changes, shapes and motion stay.", {"stage_one": 0.8, "stage_two": 0.9, "local": False}),
            Preset("shape", "Shapes change, and move in their own way.", {"stage_one": 0.4, "stage_two": 0.5}),
        ),
    )


def _main_settings() -> tuple[Setting, ...]:
    return (
        Setting("steps", "int", 25, "Denoising steps; a draft takes at most 10.", 2, 1000, source_only=True),
        Setting("guidance", "float", 2.0, "How strongly the keyframe is followed, at a clip's last frame; 1 at its first.", 1.0, 20.0),
        Setting("size", "int", 768, "Works at as many pixels as a square of this side has: 768 is 1024 x 576.", 64, 2048, source_only=True),
        Setting("length", "int", 14, "Frames made together.", 3, 64, source_only=True),
        Setting("overlap", "int", 1, "Frames that neighbouring clips share, at most half of them; more than one are blended.", 1, 8, source_only=True),
        Setting("stride", "int", 1, "Make every n-th frame; the patch engine fills those between.", 1, 64, source_only=True),
        LOCAL,
        FEATHER,
        GRAIN,
        Setting(
            "source_features",
            "choice",
            "auto",
            "How the source's attention is at hand: kept in memory, or computed again at every step; auto keeps what there is room for.",
            choices=("auto", "rerun", "keep"),
            advanced=True,
        ),
        PRECISION,
        DELIVER,
    )  # fmt: skip


def _training_settings() -> tuple[Setting, ...]:
    return (
        Setting("training_steps", "int", 250, "Steps of learning a clip's motion; a draft takes at most 50; 0 learns nothing.", 0, 5000, source_only=True),
        Setting("training_size", "int", 672, "Learns at as many pixels as a square of this side has: 672 is 896 x 504.", 64, 2048, advanced=True, source_only=True),
        Setting("training_rate", "float", 5e-4, "Learning rate.", 0.0, 1.0, advanced=True, source_only=True),
        Setting("rank", "int", 32, "Rank of the motion LoRA.", 1, 512, advanced=True, source_only=True),
        Setting("lora_targets", "choice", "attention", "What it adds to: temporal attention, as in the paper, or every layer of temporal blocks, as published.", choices=("attention", "wide"), advanced=True, source_only=True),
        Setting("dropout", "float", 0.1, "Dropout while learning.", 0.0, 0.9, advanced=True, source_only=True),
        Setting("noise_levels", "choice", "uniform", "Levels that are learned: evenly from the sampler's, as in the paper, or as published.", choices=("uniform", "cosine"), advanced=True, source_only=True),
        Setting("swapped_ids", "bool", False, "Motion and noise in each other's place while learning, as published by mistake.", advanced=True, source_only=True),
        Setting("early_stop", "float", 0.0, "Stop when 50 steps bring the loss down by less than this share; 0 never does.", 0.0, 1.0, advanced=True, source_only=True),
    )  # fmt: skip


def _attention_settings() -> tuple[Setting, ...]:
    return (
        Setting("attention_matching", "bool", True, "Attention follows the source's where both look alike.", advanced=True),
        Setting("threshold", "float", 0.35, "How alike: difference from which the edit looks for itself, at a clip's first frame.", 0.0, 1.0, advanced=True),
        Setting("threshold_end", "float", 0.35, "The same towards its last frame.", 0.0, 1.0, advanced=True),
        Setting("stage_one", "float", 0.5, "Share of the steps in which all motion is the source's.", 0.0, 1.0),
        Setting("stage_two", "float", 0.8, "Share of the steps in which coarse motion is.", 0.0, 1.0),
        Setting("coarse_layers", "choice", "all", "What counts as coarse: all layers from a quarter on, or one fewer, as published.", choices=("all", "published"), advanced=True),
        Setting("skip_interval", "bool", True, "Later clips see the first one.", advanced=True, source_only=True),
        Setting("sarp", "float", 0.005, "Noise added to smooth areas before they are prepared.", 0.0, 0.2, advanced=True, source_only=True),
    )  # fmt: skip


def _chain_settings() -> tuple[Setting, ...]:
    return (
        Setting("fps", "int", 7, "Frames a second that the model is told.", 1, 120, advanced=True),
        Setting("hold_colours", "bool", True, "Where the whole picture changes, hold colours from clip to clip to what the keyframe did.", advanced=True),
        Setting("between", "choice", "both", "Between two keyframes: carry both towards the middle, or the earlier one on.", choices=("both", "forward"), advanced=True),
        Setting("fade", "int", 6, "Frames over which they are faded into each other.", 1, 64, advanced=True),
    )  # fmt: skip


def steps_of(settings: Mapping[str, SettingValue], draft: bool) -> int:
    steps = int(settings["steps"])
    return min(steps, DRAFT_STEPS) if draft else steps


def training_steps_of(settings: Mapping[str, SettingValue], draft: bool) -> int:
    steps = int(settings["training_steps"])
    return min(steps, DRAFT_TRAINING) if draft else steps


def chains_of(keys: list[int], count: int, wanted: range | list[int], settings: Mapping[str, SettingValue]) -> list[Chain]:
    length = int(settings["length"])
    return chains(
        keys,
        count,
        wanted,
        length=length,
        overlap=shared_frames(length, int(settings["overlap"])),
        stride=int(settings["stride"]),
        both_ways=settings["between"] == "both",
        fade=int(settings["fade"]),
    )


def estimate(request: EditRequest, media: MediaInfo, device: str) -> Estimate:
    """Cost of a run with nothing prepared."""
    from keyfollow_daemon.engines.diffusion.worksize import work_size

    settings = describe().resolve(request.settings)
    draft = request.quality == "draft"
    start, stop = (request.range.start, request.range.stop) if request.range else (0, media.frames)
    made = chains_of([k.frame for k in request.keyframes], media.frames, range(start, stop), settings)
    size, small = (work_size((media.width, media.height), int(settings[n])) for n in ("size", "training_size"))
    area, small_area = (h * w for h, w in (size.latent, small.latent))
    steps, training = steps_of(settings, draft), training_steps_of(settings, draft)
    halves = 1 if settings["guidance"] == 1 else 2
    # inversion, the edit, and where that is matched the source once more
    step_flop = (1 + halves) * CALL_FLOP + (MATCHING_FLOP + CALL_FLOP if settings["attention_matching"] else 0)
    flop = 0.0
    for chain in made:
        for number, clip in enumerate(chain.clips):
            # a later clip's every call has the first one's beside it, where nothing is kept
            later = bool(number and settings["skip_interval"])
            flop += len(clip.frames) * steps * (1 + later) * step_flop * area / FULL
            flop += len(clip.frames) * training * (TRAINING_FLOP + later * SMALL_CALL_FLOP) * small_area / SMALL
    chosen = str(settings["precision"])
    precision = ("fp32" if device == "cpu" else "bf16") if chosen == "auto" else chosen
    memory = device_bytes(Plan(precision), size.latent, small.latent, int(settings["length"]), bool(training))
    wide = settings["lora_targets"] == "wide"
    entries = [
        disk_bytes(len(c.frames), size.latent, small.latent, steps, wide, n == 0) for m in made for n, c in enumerate(m.clips)
    ]
    return Estimate(
        seconds=flop / FLOPS.get(device, FLOPS["cpu"]),
        ram_bytes=RAM_BASE + media.width * media.height * 200 + (memory if device == "cpu" else clip_bytes(size.latent, int(settings["length"]))),
        disk_bytes=sum(entries) + media.frame_bytes * (stop - start),
        frames=stop - start,
        vram_bytes=0 if device == "cpu" else memory,
        works_at=(size.latent[1] * 8, size.latent[0] * 8),
        delivers=(media.width, media.height),
    )  # fmt: skip


def load() -> Engine:
    from .engine import I2VEditEngine

    return I2VEditEngine()
