"""The engine as a whole, on a tiny model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from keyfollow.errors import JobError, ModelMissing, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import Edit
from keyfollow_daemon.engines.vid2vid_zero.engine import Vid2VidZeroEngine
from keyfollow_daemon.engines.vid2vid_zero.info import GRADIENT, forwards
from keyfollow_testkit import diffusion
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.zero import edit, opened, propagate

Pixels = dict[int, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]


def pixels(engine: Vid2VidZeroEngine, memory: Memory, job: Edit, **more: bool) -> Pixels:
    return {f.frame: f.image.pixels for f in propagate(engine, memory, job, **more)}


@pytest.mark.parametrize("method", ["null_text", "direct"])
def test_a_warm_run_with_another_prompt_inverts_nothing(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], method: str
) -> None:
    frames = frames[:3]
    memory, job = Memory(frames), edit(frames, inversion=method)
    first = pixels(engine, memory, job)
    entries = 2 if method == "null_text" else 1
    assert memory.saved == entries and memory.phases["Preparing"] == (1, 1)
    network = opened(engine)
    before = network.calls
    again = propagate(engine, memory, replace(job, prompt="a car is parked on the road"))
    assert network.calls == before, "no call for inversion, none for null-text"
    second = {f.frame: f.image.pixels for f in again}
    assert network.calls - before == 2 and memory.saved == entries
    assert {p.shape for p in memory.previews["Propagating"]} == {(8, 8, 3)}, "what is drawn is shown"
    assert any((first[n] != second[n]).any() for n in first)


@pytest.mark.parametrize(("method", "rows"), [("null_text", 1 + 3 + 4), ("direct", 1 + 3)])
def test_rows_are_those_of_the_specs_table_and_of_the_estimate(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], method: str, rows: int
) -> None:
    """A step and frame: inversion 1, null-text 3 of which one with its gradient, edit 4; direct inversion 1 and 3."""
    job = edit(frames, inversion=method, window=8, cross_replace=1.0)
    propagate(engine, Memory(frames), edit(frames, span=FrameRange(0, 1)))
    before = opened(engine).samples
    list(propagate(engine, Memory(frames), job))
    assert opened(engine).samples - before == 2 * 5 * rows
    extra = 2 * 5 * (GRADIENT - 1) if method == "null_text" else 0
    assert forwards(job.settings, False, 5, 0) == pytest.approx(2 * 5 * rows + extra)


def test_null_text_in_half_precision_gives_the_pictures(frames: list[FrameBuffer], engine: Vid2VidZeroEngine) -> None:
    """Issue 2 of the published code: black frames."""
    made = []
    for runner, precision in ((engine, "fp32"), (Vid2VidZeroEngine(torch.device("cpu")), "fp16")):
        job = edit(frames, inversion="null_text", precision=precision, window=8, deliver="picture")
        made.append(np.stack(list(pixels(runner, Memory(frames), job).values())).astype(int))
    assert made[1].std() > 0.5 * made[0].std() and np.abs(made[0] - made[1]).mean() < 0.1 * made[0].std()


def test_a_longer_range_prepares_only_what_is_missing(engine: Vid2VidZeroEngine, frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    list(propagate(engine, memory, edit(frames, span=FrameRange(0, 2))))
    assert memory.saved == 1
    list(propagate(engine, memory, edit(frames)))
    assert memory.saved == 2


def test_keyframes_come_back_untouched_and_first(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    made = list(propagate(engine, Memory(frames), edit(frames, {2: keyframe})))
    assert made[0].frame == 2 and (made[0].image.pixels == keyframe.pixels).all() and made[0].confidence == 1
    assert sorted(f.frame for f in made) == list(range(5))
    for frame in made:
        changed = (frame.image.pixels != frames[frame.frame].pixels).any(axis=2)
        assert frame.traced is not None and 0.02 < changed.mean() < 0.6 and not (changed & ~frame.traced).any()


@pytest.mark.parametrize("keys", [False, True])
def test_a_killed_run_goes_on_from_its_last_step_and_ends_the_same(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, keys: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfollow_daemon.engines.diffusion.pace.SHARE", 1e9)
    job = edit(frames, {1: keyframe} if keys else None, local=False)
    whole = pixels(engine, Memory(frames), job)
    steps_done = 3  # one into the second window
    memory = Memory(frames)
    made: Pixels = {}
    run = propagate(engine, memory, job)
    network = opened(engine)
    right = type(network).__call__

    def counted(self: Any, *given: Any, **more: Any) -> torch.Tensor:
        if more.get("cross_frame"):
            if len(seen) == steps_done:
                raise InterruptedError
            seen.append(1)
        return right(self, *given, **more)

    seen: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(type(network), "__call__", counted)
        with pytest.raises(InterruptedError):
            for frame in run:
                made[frame.frame] = frame.image.pixels
    assert "edit pass" in memory.kept and 0 < len(made) < 5
    start = network.calls
    rest = replace(job, wanted=[n for n in range(5) if n not in made])
    made |= pixels(engine, memory, rest, resumed=True)
    assert network.calls - start == 4 - steps_done, "no step is made twice, no keyframe inverted again"
    assert sorted(made) == list(range(5)) and all((made[n] == whole[n]).all() for n in whole)


def test_a_run_that_ran_out_of_memory_goes_on_with_a_smaller_plan(engine: Vid2VidZeroEngine, frames: list[FrameBuffer]) -> None:
    frames = frames[:3]
    job = edit(frames)
    whole, memory = pixels(engine, Memory(frames), job), Memory(frames)
    memory.plan = 1
    small = Vid2VidZeroEngine(torch.device("cpu"))
    made = pixels(small, memory, job)
    assert max(np.abs(made[n].astype(int) - whole[n]).max() for n in whole) <= 1
    assert opened(small).calls > 2 * 2, "halves apart"
    (note,) = set(memory.notes)
    assert note.startswith("There is less memory than this run would like, so it works smaller: the halves of a step one after")


def test_stride_leaves_the_frames_between_to_the_patch_engine(engine: Vid2VidZeroEngine, frames: list[FrameBuffer]) -> None:
    run = propagate(engine, Memory(frames), edit(frames, stride=2))
    before = opened(engine).samples
    made = list(run)
    assert sorted(f.frame for f in made) == list(range(5)) and opened(engine).samples - before == 2 * 3 * 3
    assert all((f.image.pixels != frames[f.frame].pixels).any() for f in made)


def test_what_cannot_run_says_why(engine: Vid2VidZeroEngine, frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)

    def run(**changes: Any) -> None:
        list(propagate(engine, memory, edit(frames, span=FrameRange(0, 1), **changes)))

    with pytest.raises(ModelMissing, match="No model was named"):
        run(model=None)
    with pytest.raises(UsageError, match="neither a keyframe nor a prompt"):
        run(prompt="")
    with pytest.raises(UsageError, match="does not retrace"):
        run(sampler="dpm++2m", inversion="null_text")
    with pytest.raises(UsageError, match="above 2 the picture runs away"):
        run(keep_values=2.0, keep_gradients=0.25)
    with pytest.raises(UsageError, match="75"):
        run(prompt="word " * 80)
    with pytest.raises(JobError, match="does not know"):
        run(model=diffusion.MODEL)
