"""The vid2vid-zero engine: an image diffusion model edits a few frames at a time, held to the source by its own inversion.

source ── windows ── inversion (cached) ─┐
keyframes ── given frames ────────────────┼─ joint denoising ── autoencoder ── source + difference ── patch engine between
prompts ── words that follow words ───────┘
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, Frames, Inversion, InversionSpec
from keyfollow_daemon.engines.diffusion import ddim, loading
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.memory import parameters_of
from keyfollow_daemon.engines.diffusion.worksize import WorkSize, work_size
from keyfollow_daemon.engines.patch.pixels import guide

from .info import SLOTS, prompts_of, windows_of
from .kinds import layer_kinds
from .network import VideoNetwork
from .options import Preparing, editing, preparing
from .plan import Plan, Work, fitting, ladder
from .prepared import Prepared
from .run import Run
from .windows import touching

OFFSET = 1
"""First timestep, as Stable Diffusion was made and as published."""


@dataclass(frozen=True, slots=True)
class Vid2VidZeroInversion:
    """Keys of the windows that `invert` prepared; all else is looked up in the cache."""

    spec: InversionSpec
    span: FrameRange
    keys: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A model whose UNet is taken over."""

    key: tuple[str, str, Plan, bool]
    revision: str
    plan: Plan
    model: Model
    network: VideoNetwork


class Vid2VidZeroEngine:
    """`engines.base.Engine` on Stable Diffusion 1 or 2; the model stays loaded between runs."""

    def __init__(self, device: torch.device | None = None) -> None:
        self._device = device or loading.best_device()
        self._open: Opened | None = None

    def invert(self, frames: Frames, span: FrameRange, spec: InversionSpec, ctx: Context) -> Vid2VidZeroInversion:
        _, prepared, _, _ = self._prepared(frames, spec, ctx)
        wanted = touching(windows_of(frames.count, spec.settings), span.start, span.stop)
        return Vid2VidZeroInversion(spec, span, prepared.prepare(wanted))

    def propagate(self, frames: Frames, inversion: Inversion, edit: Edit, ctx: Context) -> Iterator[EditedFrame]:
        assert isinstance(inversion, Vid2VidZeroInversion)
        if not edit.keyframes and not edit.prompt:
            raise UsageError(
                "no_edit", "There is neither a keyframe nor a prompt.", "Give --keyframe FRAME=IMAGE or --prompt TEXT."
            )
        what = editing(edit.settings, edit.draft)
        opened, prepared, levels, how = self._prepared(frames, inversion.spec, ctx, max(1, len(prompts_of(edit.settings))))
        run = Run(frames, edit, ctx, opened.model, opened.network, prepared, levels, how, what, opened.plan)
        yield from run.frames()

    def _prepared(
        self, frames: Frames, spec: InversionSpec, ctx: Context, targets: int = 1
    ) -> tuple[Opened, Prepared, ddim.Schedule, Preparing]:
        how = preparing(spec.settings, spec.draft)
        opened = self._opened(spec, frames, ctx, how, targets)
        network, settings = opened.network, spec.settings
        listed = str(settings["dense_layers"]).replace(",", " ").split()
        network.set_kinds(
            layer_kinds(network.self_attention, str(settings["cross_frame"]), int(settings["dense_index"]), listed)
        )
        network.joint_norm, network.dense_every = how.joint_norm, how.dense_every
        levels = ddim.schedule(opened.model.scheduler, how.steps, OFFSET)
        about = replace(spec, model_revision=opened.revision, dtype=opened.plan.precision)
        prompt = spec.prompt
        if not prompt and opened.model.captioner is not None:
            prompt = opened.model.captioner(guide(frames[0]))
        size = size_of(frames, spec)
        prepared = Prepared(frames, about, ctx, opened.model, network, size, levels, how, prompt, opened.plan.apart)
        return opened, prepared, levels, how

    def _opened(self, spec: InversionSpec, frames: Frames, ctx: Context, how: Preparing, targets: int) -> Opened:
        folder = str(loading.check_folder(spec.model))
        asked = str(spec.settings["precision"])
        plans = ladder(Plan(loading.precision_of(asked, self._device)), exact=asked != "auto")
        rows = int(spec.settings["window"]) + SLOTS
        work = Work(size_of(frames, spec).latent, rows, targets, how.null is not None, how.coupled)
        fits = fitting(plans, work, loading.free_bytes(self._device), parameters_of(folder))
        at = min(len(plans) - 1, fits + ctx.plan)
        plan = plans[at]
        if at:
            ctx.note(f"There is less memory than this run would like, so it works smaller: {plan}.")
        revision = spec.model_revision or loading.revision(folder)
        key = (folder, revision, plan, plan.apart and how.coupled)
        if self._open is None or self._open.key != key:
            self._open = None
            model = loading.load(folder, self._device, plan.precision, offload=plan.offload, tiled=plan.tiled)
            network = VideoNetwork(model.backbone, checkpointed=plan.apart and how.coupled)
            self._open = Opened(key, revision, plan, model, network)
        return self._open


def size_of(frames: Frames, spec: InversionSpec) -> WorkSize:
    return work_size(frames.size, int(spec.settings["size"]))
