"""The person's own pixels lead: the edited keyframe is one of the frames that the others see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import EditedFrame
from keyfollow_daemon.engines.vid2vid_zero import keyframes as module
from keyfollow_daemon.engines.vid2vid_zero.engine import Vid2VidZeroEngine
from keyfollow_daemon.engines.vid2vid_zero.run import Run
from keyfollow_daemon.engines.vid2vid_zero.windows import Window
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.zero import TARGET_PROMPT, edit, opened, propagate
from torch import Tensor


def runs(engine: Vid2VidZeroEngine, memory: Memory, job: Any, patch: pytest.MonkeyPatch) -> tuple[Run, dict[int, Tensor]]:
    """The run of `job`, and its frames' final latents."""
    kept: list[Run] = []
    finals: dict[int, Tensor] = {}
    right, keep = Run.frames, Run._keep

    def watched(run: Run) -> Iterator[EditedFrame]:
        kept.append(run)
        return right(run)

    def collected(run: Run, *given: Any) -> list[int]:
        found = keep(run, *given)
        finals.update({f: run._drawn[f].latents[0] for f in found})
        return found

    with patch.context() as inner:
        inner.setattr(Run, "frames", watched)
        inner.setattr(Run, "_keep", collected)
        assert sorted(f.frame for f in propagate(engine, memory, job)) == list(job.range)
    return kept[0], finals


def test_other_frames_see_the_edited_picture(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the slot holds the source: then the edit would not matter to other frames."""

    def finals(key: FrameBuffer) -> dict[int, Tensor]:
        return runs(engine, Memory(frames), edit(frames, {2: key}, local=False, window=8), monkeypatch)[1]

    edited, plain = finals(keyframe), finals(frames[2])
    assert set(edited) == {0, 1, 3, 4} and all((edited[f] - plain[f]).abs().max() > 1e-3 for f in edited)
    with monkeypatch.context() as patch:
        patch.setattr(module, "guide", lambda image: frames[2].pixels)
        wrong = finals(keyframe)
    assert all(torch.allclose(wrong[f], plain[f], atol=1e-5) for f in plain), "this is what the test above would catch"


def test_a_trajectory_starts_at_the_edited_picture_and_ends_in_noise(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(frames)
    run, _ = runs(engine, memory, edit(frames, {2: keyframe}, local=False), monkeypatch)
    levels = run._keyframes.levels(2)
    prepared = run._prepared
    clean = run._model.vae.encode(torch.from_numpy(keyframe.pixels).permute(2, 0, 1)[None] / 127.5 - 1)[0]
    assert levels.shape == (3, 2, 4, 8, 8) and torch.allclose(levels[-1, 1], clean, atol=1e-5)
    window = run._windows[0]
    assert torch.equal(levels[:, 0].flip(0), prepared[window].trajectory[:, window.frames.index(2)]), "the source's own frame"
    assert memory.saved == 2 and any(name.startswith("keyframe") for name in memory.kept), "no entry of the source's cache"


def test_a_window_looks_at_the_nearest_two(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = edit(frames, {0: frames[0], 1: frames[1], 4: frames[4]}, window=3, overlap=0)
    run, _ = runs(engine, Memory(frames), job, monkeypatch)
    assert run._keyframes.near(Window(0, (0, 1, 2))) == [0, 1] and run._keyframes.near(Window(1, (3, 4))) == [1, 4]
    before = opened(engine).samples
    assert run._keyframes.slots(Window(0, (0, 1, 2))).shape == (3, 2, 2, 4, 8, 8)
    assert opened(engine).samples == before


def test_each_prompt_reads_the_keyframe_for_itself(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "a jeep is moving on the sand"
    job = edit(frames, {2: keyframe}, local=False)
    alone, _ = runs(engine, Memory(frames), replace(job, prompt=other), monkeypatch)
    both, _ = runs(
        engine, Memory(frames), edit(frames, {2: keyframe}, local=False, prompts=f"{TARGET_PROMPT}\n{other}"), monkeypatch
    )
    found = both._keyframes.levels(2)
    assert found.shape == (3, 3, 4, 8, 8) and torch.equal(found[:, [0, 2]], alone._keyframes.levels(2))
    assert not torch.allclose(found[0, 1], found[0, 2], atol=1e-3), "noise depends on what was read"


def test_a_keyframe_between_drawn_frames_has_its_source_inverted(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs(engine, Memory(frames), edit(frames, {1: keyframe}, stride=2), monkeypatch)
    assert torch.isfinite(run._keyframes.levels(1)).all() and run._keyframes.levels(1).shape == (3, 2, 4, 8, 8)
