"""One run: windows, their seams, masks, and how much is kept."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import EditedFrame, EditKeyframe, EditMask
from keyfollow_daemon.engines.diffusion import handout
from keyfollow_daemon.engines.vid2vid_zero import run as module
from keyfollow_daemon.engines.vid2vid_zero.denoise import Denoiser
from keyfollow_daemon.engines.vid2vid_zero.engine import Vid2VidZeroEngine
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.zero import TARGET_PROMPT, edit, opened, propagate


@pytest.mark.parametrize("role", ["edit", "protect"])
def test_outside_the_persons_mask_every_bit_is_the_sources(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], role: str
) -> None:
    weight = np.zeros((64, 64), np.float32)
    weight[8:48, 8:48] = 1
    masks = [EditMask(role, 2, weight if role == "edit" else 1 - weight)]
    for made in propagate(engine, Memory(frames), edit(frames, masks=masks)):
        assert made.mask is not None and (made.mask == 0).any() and (made.mask > 0).any()
        outside = made.mask == 0
        assert (made.image.pixels[outside] == frames[made.frame].pixels[outside]).all()
        assert (made.image.pixels[~outside] != frames[made.frame].pixels[~outside]).any()


def test_finished_frames_are_not_made_again_and_the_others_are_the_same(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    job = edit(frames, {4: keyframe})
    whole = {f.frame: f for f in propagate(engine, Memory(frames), job)}
    assert all(0 <= f.confidence <= 1 for f in whole.values()) and whole[4].confidence == 1
    rest = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), edit(frames, {4: keyframe}, wanted=[1, 3]))}
    assert sorted(rest) == [1, 3] and all((rest[n] == whole[n].image.pixels).all() for n in rest)


def test_later_windows_see_the_first_frame(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    right = VideoNetwork.__call__

    def spied(self: VideoNetwork, x: torch.Tensor, *given: Any, **more: Any) -> torch.Tensor:
        if more.get("cross_frame"):
            seen.append((more["slots"], x.shape[1]))
        return right(self, x, *given, **more)

    monkeypatch.setattr(VideoNetwork, "__call__", spied)
    list(propagate(engine, Memory(frames), edit(frames)))
    assert seen == [(0, 3)] * 2 + [(1, 4)] * 2, "5 frames are windows of 3 and 3, one shared; the second with its anchor"


@pytest.fixture
def formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that costs nothing, so that long clips can be run: noise that depends on latent, text, and the other frames."""

    def noise(self: VideoNetwork, x: torch.Tensor, timestep: int, text: torch.Tensor, **more: Any) -> torch.Tensor:
        self.samples += x.shape[0] * x.shape[1]
        own = 0.2 * x + 0.1 * text.mean(dim=(1, 2)).view(-1, 1, 1, 1, 1)
        return own + 0.2 * x.mean(dim=1, keepdim=True) if more.get("cross_frame") else own

    monkeypatch.setattr(VideoNetwork, "__call__", noise)


def drifting(count: int) -> list[FrameBuffer]:
    """A pattern that moves by a pixel a frame."""
    dice = np.random.default_rng(0)
    strip = np.repeat(dice.integers(0, 255, (64, 20, 3), dtype=np.uint8), 8, axis=1)
    return [FrameBuffer(np.ascontiguousarray(np.roll(strip, n, axis=1)[:, :64])) for n in range(count)]


def untouched(source: Any, keys: Any, inside: list[int], *_: Any) -> Iterator[EditedFrame]:
    """In place of what carries drawn frames to those between them."""
    return (EditedFrame(n, source[n], 1.0) for n in inside)


class Bytes:
    """The most bytes of tensors alive in a run of two steps a window."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.most = self.steps = 0
        right = Denoiser.advance

        def advance(denoiser: Any) -> None:
            right(denoiser)
            self.steps += 1
            if self.steps % 6 == 0:  # looking is slow; at the end of every third window
                alive = (t for t in gc.get_objects() if type(t) is torch.Tensor)
                self.most = max(
                    self.most, sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in alive}.values())
                )

        patch.setattr(Denoiser, "advance", advance)


@pytest.mark.parametrize(
    ("keys", "stride", "counts"),
    [
        (True, 2, (40, 64)),
        pytest.param(True, 1, (20, 32), marks=pytest.mark.long),
        pytest.param(False, 1, (20, 32, 128), marks=pytest.mark.long),
        pytest.param(False, 2, (40, 64, 256), marks=pytest.mark.long),
    ],
)
@pytest.mark.usefixtures("formula")
def test_memory_is_flat_in_the_clips_length(
    engine: Vid2VidZeroEngine, keys: bool, stride: int, counts: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if stride > 1:  # the patch engine's memory is its own affair
        monkeypatch.setattr(handout, "fill_between", untouched)
    most = []
    for count in counts:
        frames = drifting(count)
        key = {0: FrameBuffer(255 - frames[0].pixels)} if keys else None
        job = edit(frames, key, steps=2, window=6, overlap=2, size=64, stride=stride)
        with monkeypatch.context() as patch:
            seen = Bytes(patch)
            assert sum(1 for _ in propagate(engine, Memory(frames), job)) == count
        most.append(seen.most)
    assert max(most) <= 1.05 * most[0], most


def jumps(engine: Vid2VidZeroEngine, frames: list[FrameBuffer], patch: pytest.MonkeyPatch, **more: Any) -> tuple[float, float]:
    """The mean change of the edit's latents from frame to frame: inside windows, and where one window ends and the next begins."""
    finals: dict[int, torch.Tensor] = {}
    right = module.Run._keep

    def collected(run: module.Run, *given: Any) -> list[int]:
        found = right(run, *given)
        finals.update({f: run._drawn[f].latents[0] - run._drawn[f].latents[1] for f in found})
        ends.add(max(found))
        return found

    ends: set[int] = set()
    with patch.context() as inner:
        inner.setattr(module.Run, "_keep", collected)
        list(propagate(engine, Memory(frames), edit(frames, **more)))
    change = {f: float((finals[f + 1] - finals[f]).abs().mean()) for f in finals if f + 1 in finals}
    seams = [change[f] for f in ends if f in change]
    inside = [c for f, c in change.items() if f not in ends]
    return float(np.mean(inside)), float(np.mean(seams))


def test_seams_jump_no_more_than_frames_do(engine: Vid2VidZeroEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, seams = jumps(engine, drifting(14), monkeypatch, window=6, overlap=2, steps=2)
    print(f"jump at seams / inside windows: {seams / inside:.2f}")
    assert seams < 1.5 * inside


@pytest.mark.parametrize("method", ["null_text", "direct"])
def test_several_prompts_are_drawn_by_the_first_of_their_jobs(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], method: str
) -> None:
    """2 + 2P videos a step (1 + 2P where the source needs no guidance), not P times 4; the other jobs ask the network nothing."""
    words = [TARGET_PROMPT, "a jeep is moving on the sand", "a tank is moving on the road"]
    more: dict[str, Any] = {"inversion": method, "cross_replace": 1.0, "window": 8, "prompts": "\n".join(words)}
    frames = frames[:3]
    memory, made, network = Memory(frames), {}, None
    for n, prompt in enumerate(words):
        run = propagate(engine, memory, edit(frames, prompt=prompt, **more))
        network = network or opened(engine)
        before = network.samples
        made[prompt] = {f.frame: f.image.pixels for f in run}
        videos = (2 if method == "null_text" else 1) + 2 * len(words)
        assert network.samples - before == (0 if n else 2 * 3 * videos)
    alone = {
        f.frame: f.image.pixels for f in propagate(engine, memory, edit(frames, prompt=words[1], **{**more, "prompts": ""}))
    }
    assert max(np.abs(made[words[1]][n].astype(int) - alone[n]).max() for n in alone) <= 1
    assert all((made[a][n] != made[b][n]).any() for a, b in pairwise(words) for n in alone)
    # the last one's bits are the same when it has to draw for itself, with the others at its side
    anew = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), edit(frames, prompt=words[2], **more))}
    assert all((anew[n] == made[words[2]][n]).all() for n in anew)


def test_what_was_drawn_for_other_edits_is_not_taken(
    engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    words = [TARGET_PROMPT, "a jeep is moving on the sand"]
    frames = frames[:3]
    memory, mask = Memory(frames), np.zeros((64, 64), np.float32)
    mask[:32] = 1
    list(propagate(engine, memory, edit(frames, prompts="\n".join(words))))
    second = edit(frames, prompt=words[1], prompts="\n".join(words))
    changes: dict[str, dict[str, Any]] = {
        "a mask": {"masks": [EditMask("edit", 0, mask)]},
        "a keyframe": {"keyframes": [EditKeyframe(2, keyframe)]},
        "a setting": {"settings": {**second.settings, "guidance": 3.0}},
    }
    for what, change in changes.items():
        run = propagate(engine, memory, replace(second, **change))
        before = opened(engine).samples
        list(run)
        assert opened(engine).samples > before, what


def test_a_range_draws_only_its_windows(engine: Vid2VidZeroEngine, frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    list(propagate(engine, memory, edit(frames, span=FrameRange(3, 5))))
    assert memory.saved == 1 and opened(engine).calls > 0
    keyed = list(propagate(engine, memory, edit(frames, {0: frames[4]}, span=FrameRange(3, 5))))
    assert [f.frame for f in keyed] == [3, 4]
