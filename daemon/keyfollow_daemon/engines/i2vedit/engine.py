"""The I2VEdit engine: a video diffusion model carries an edited frame on, moving as the source moves (Ouyang et al. 2024).

source ── clips ── inversion, motion LoRA (cached) ─┐
keyframes ── first frames ──────────────────────────┴─ clip after clip ── autoencoder ── source + difference ── patch engine between
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import psutil
import torch
from keyfollow.edits import SettingValue
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, Frames, Inversion, InversionSpec
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.diffusion.worksize import work_size

from .clips import shared_frames
from .features import FeatureStore
from .info import chains_of
from .lora import MotionLora
from .model import PARTS, Model, load
from .options import editing, preparing
from .plan import Plan, fitting, ladder
from .prepared import Prepared, Sizes
from .run import Run

EVERYTHING = 1 << 50


@dataclass(frozen=True, slots=True, eq=False)
class I2VEditInversion:
    """What `invert` prepared, and what `propagate` adds: which clips there are depends on where the keyframes lie."""

    spec: InversionSpec
    prepared: Prepared

    @property
    def keys(self) -> Sequence[str]:
        return self.prepared.keys


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """An open model with room for a motion LoRA, and its sources' features as far as they are kept."""

    about: tuple[SettingValue, ...]
    plan: Plan
    model: Model
    lora: MotionLora
    store: FeatureStore


class I2VEditEngine:
    """`engines.base.Engine` on Stable Video Diffusion; model and features stay between runs."""

    def __init__(self, device: torch.device | None = None) -> None:
        self._device = device or loading.best_device()
        self._open: Opened | None = None

    def invert(self, frames: Frames, span: FrameRange, spec: InversionSpec, ctx: Context) -> I2VEditInversion:
        opened = self._opened(spec, frames, ctx)
        about = replace(spec, model_revision=str(opened.about[1]), dtype=opened.plan.precision)
        prepared = Prepared(
            frames,
            about,
            ctx,
            opened.model,
            opened.lora,
            opened.store,
            sizes_of(frames, spec),
            preparing(spec.settings, spec.draft),
        )
        stride = int(spec.settings["stride"])
        prepared.prepare_frames([f for f in span if f % stride == 0])
        return I2VEditInversion(spec, prepared)

    def propagate(self, frames: Frames, inversion: Inversion, edit: Edit, ctx: Context) -> Iterator[EditedFrame]:
        assert isinstance(inversion, I2VEditInversion)
        if not edit.keyframes:
            raise UsageError("no_edit", "There is no keyframe.", "Give --keyframe FRAME=IMAGE.")
        how = editing(edit.settings)
        opened = self._open
        assert opened is not None
        budget = budget_of(str(edit.settings["source_features"]))
        opened.store.budget = budget
        made = chains_of([k.frame for k in edit.keyframes], frames.count, list(edit.range), edit.settings)
        inversion.prepared.prepare(made)
        overlap = shared_frames(int(edit.settings["length"]), int(edit.settings["overlap"]))
        # not the whole plan: a run that ran out of memory goes on from its checkpoint with a smaller one
        about = str((opened.about, opened.plan.precision))
        run = Run(frames, edit, ctx, opened.model, opened.lora, inversion.prepared, made, how, overlap, budget, about)
        yield from run.frames()

    def _opened(self, spec: InversionSpec, frames: Frames, ctx: Context) -> Opened:
        folder = str(loading.check_folder(spec.model, PARTS))
        settings, sizes = spec.settings, sizes_of(frames, spec)
        precision = loading.precision_of(str(settings["precision"]), self._device)
        plans = ladder(Plan(precision), exact=settings["precision"] != "auto")
        length, learns = int(settings["length"]), int(settings["training_steps"]) > 0
        free = loading.free_bytes(self._device)
        fits = fitting(plans, sizes.work.latent, sizes.training.latent, length, learns, free)
        at = min(len(plans) - 1, fits + ctx.plan)
        plan = plans[at]
        if at:
            ctx.note(f"There is less memory than this run would like, so it works smaller: {plan}.")
        revision = spec.model_revision or loading.revision(folder, PARTS)
        lora = (int(settings["rank"]), settings["lora_targets"] == "wide", float(settings["dropout"]))
        about = (folder, revision, *lora)
        if self._open is None or (self._open.about, self._open.plan) != (about, plan):
            self._open = None
            model = load(folder, self._device, plan.precision, offload=plan.offload, together=plan.together)
            if plan.checkpointed:
                model.network.compute_again()
            self._open = Opened(about, plan, model, MotionLora(model.network.unet, *lora), FeatureStore(self._device))
        return self._open


def sizes_of(frames: Frames, spec: InversionSpec) -> Sizes:
    return Sizes(*(work_size(frames.size, int(spec.settings[name])) for name in ("size", "training_size")))


def budget_of(source_features: str) -> int:
    """Bytes of main memory that features of the source, and of a first clip, may each take."""
    if source_features == "auto":
        return int(psutil.virtual_memory().available // 4)
    return EVERYTHING if source_features == "keep" else 0
