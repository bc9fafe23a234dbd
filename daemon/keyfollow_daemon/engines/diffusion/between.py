"""Frames between those that diffusion made, carried there by the patch engine (the paper's appendix D; spec § 19)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keyfollow.frames import FrameRange

from keyfollow_daemon.engines.base import Context, Edit, EditedFrame, EditKeyframe, EditMask, Frames, Preview
from keyfollow_daemon.engines.patch.engine import PatchEngine
from keyfollow_daemon.engines.patch.info import describe

from .locality import patch_spec


class Quiet:
    """The run's context for a part of it: its progress is the whole run's, not the part's."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.cache, self.check, self.plan, self.note = ctx.cache, ctx.check, ctx.plan, ctx.note
        self.checkpoint, self.restore = ctx.checkpoint, ctx.restore

    def progress(self, phase: str, done: int, total: int, preview: Preview | None = None) -> None:
        self._ctx.check()


def fill_between(
    frames: Frames,
    keyframes: Sequence[EditKeyframe],
    wanted: Sequence[int],
    masks: Sequence[EditMask],
    edit: Edit,
    ctx: Context,
) -> Iterator[EditedFrame]:
    """Each of `wanted`, none of which is among `keyframes`: one or two neighbouring made frames, ascending."""
    if not wanted:
        return
    numbers = [*wanted, *(k.frame for k in keyframes)]
    span = FrameRange(min(numbers), max(numbers) + 1)
    engine, quiet = PatchEngine(), Quiet(ctx)
    inversion = engine.invert(frames, span, patch_spec(edit.draft), quiet)
    part = Edit(
        range=span,
        wanted=wanted,
        keyframes=keyframes,
        masks=masks,
        settings=describe().resolve({"preset": "local change", "feather": edit.settings["feather"]}),
        seed=edit.seed,
        draft=edit.draft,
    )
    yield from engine.propagate(frames, inversion, part, quiet)
