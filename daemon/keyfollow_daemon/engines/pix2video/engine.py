"""The Pix2Video engine: an image diffusion model carries a prompt or an edited keyframe through a clip.

source ── inversion (cached, per frame) ─┐
keyframes ── anchors ────────────────────┼─ denoiser, in some order ── autoencoder ── source + difference ── patch engine between
prompts ── text ─────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from keyfollow.edits import SettingValue
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, Frames, Inversion, InversionSpec
from keyfollow_daemon.engines.diffusion import ddim, loading
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.memory import Plan, fitting, parameters_of
from keyfollow_daemon.engines.diffusion.worksize import WorkSize, work_size
from keyfollow_daemon.engines.patch.pixels import guide

from .info import plans, rows_of
from .options import steps_of
from .prepared import Prepared
from .run import Run


@dataclass(frozen=True, slots=True)
class Pix2VideoInversion:
    """Keys of the frames that `invert` prepared; all else is looked up in the cache."""

    spec: InversionSpec
    span: FrameRange
    keys: Sequence[str]


class Pix2VideoEngine:
    """`engines.base.Engine` on a depth-conditioned image diffusion model; the model stays loaded between runs."""

    def __init__(self, device: torch.device | None = None) -> None:
        self._device = device or loading.best_device()
        self._open: tuple[tuple[str, str, str, bool, bool], Model] | None = None

    def invert(self, frames: Frames, span: FrameRange, spec: InversionSpec, ctx: Context) -> Pix2VideoInversion:
        # what is prepared at once does not depend on the order of the edit pass, which is not known here
        model, plan = self._model(spec, frames, ctx, {**spec.settings, "schedule": "step"}, 1)
        prepared = self._prepared(frames, spec, model, plan, ctx)
        return Pix2VideoInversion(spec, span, prepared.prepare(grid(span, spec.settings)))

    def propagate(self, frames: Frames, inversion: Inversion, edit: Edit, ctx: Context) -> Iterator[EditedFrame]:
        assert isinstance(inversion, Pix2VideoInversion)
        if not edit.keyframes and not edit.prompt:
            raise UsageError(
                "no_edit", "There is neither a keyframe nor a prompt.", "Give --keyframe FRAME=IMAGE or --prompt TEXT."
            )
        model, plan = self._model(inversion.spec, frames, ctx, edit.settings, rows_of(edit.settings, bool(edit.keyframes)))
        prepared = self._prepared(frames, inversion.spec, model, plan, ctx)
        levels = schedule_of(model, edit.settings, edit.draft)
        source_prompt = self._prompt(frames, inversion.spec, model)
        run = Run(frames, edit, ctx, model, prepared, levels, plan, source_prompt)
        yield from run.frames()

    def _prepared(self, frames: Frames, spec: InversionSpec, model: Model, plan: Plan, ctx: Context) -> Prepared:
        about = InversionSpec(
            engine=spec.engine,
            version=spec.version,
            settings=spec.settings,
            model_revision=spec.model_revision or loading.revision(spec.model or ""),
            dtype=plan.precision,
        )
        size = size_of(frames, spec.settings)
        levels = schedule_of(model, spec.settings, spec.draft)
        return Prepared(frames, about, ctx, model, size, levels, self._prompt(frames, spec, model), plan.batch)

    def _prompt(self, frames: Frames, spec: InversionSpec, model: Model) -> str:
        """What the source shows, in words: as given, else the first frame's caption where the model folder has a captioner."""
        if spec.prompt or model.captioner is None:
            return spec.prompt
        return model.captioner(guide(frames[0]))

    def _model(
        self, spec: InversionSpec, frames: Frames, ctx: Context, settings: Mapping[str, SettingValue], rows: int
    ) -> tuple[Model, Plan]:
        """The model, opened as the largest plan that fits asks for it; one step smaller after a run that did not fit after all."""
        folder = str(loading.check_folder(spec.model))
        precision = loading.precision_of(str(settings["precision"]), self._device)
        steps_down = plans(settings, precision, self._device.type, rows)
        latent, steps = size_of(frames, settings).latent, steps_of(settings, spec.draft)
        fits = fitting(steps_down, latent, steps, loading.free_bytes(self._device), parameters_of(folder))
        at = min(len(steps_down) - 1, fits + ctx.plan)
        plan = steps_down[at]
        if at:
            ctx.note(f"There is less memory than this run would like, so it works smaller: {plan}.")
        key = (folder, spec.model_revision or loading.revision(folder), plan.precision, plan.offload, plan.tiled)
        if self._open is None or self._open[0] != key:
            self._open = None
            model = loading.load(folder, self._device, plan.precision, offload=plan.offload, tiled=plan.tiled)
            self._open = (key, model)
        return self._open[1], plan


def grid(span: FrameRange, settings: Mapping[str, SettingValue]) -> list[int]:
    """Frames of `span` that diffusion makes: every n-th of the *clip*, so that ranges share them; the span's first if none is."""
    stride = int(settings["stride"])
    return [f for f in span if f % stride == 0] or [span.start]


def size_of(frames: Frames, settings: Mapping[str, SettingValue]) -> WorkSize:
    return work_size(frames.size, int(settings["size"]))


def schedule_of(model: Model, settings: Mapping[str, SettingValue], draft: bool) -> ddim.Schedule:
    return ddim.schedule(model.scheduler, steps_of(settings, draft), int(settings["steps_offset"]))
