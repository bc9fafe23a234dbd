"""From latents to frames: within masks, keyframes untouched, gaps filled."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import Edit, EditedFrame, EditMask
from keyfollow_daemon.engines.diffusion.handout import Handout, similarity
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.locality import Locality
from keyfollow_daemon.engines.diffusion.worksize import work_size
from keyfollow_testkit.diffusion import edit
from keyfollow_testkit.memory import Memory


def handout(model: Model, frames: list[FrameBuffer], job: Edit) -> Handout:
    memory, size = Memory(frames), work_size((64, 64), 64)
    return Handout(memory, job, memory, size, model.vae, Locality(memory, job, memory, size))


def test_an_unchanged_latent_gives_the_sources_own_bits(model: Model, frames: list[FrameBuffer]) -> None:
    latent = torch.randn(4, 8, 8)
    made = handout(model, frames, edit(frames)).drawn(1, latent, latent, 0.5)
    assert (made.image.pixels == frames[1].pixels).all() and made.confidence == 0.5
    assert made.traced is not None and made.traced.all() and made.mask is None


def test_a_persons_mask_bounds_drawn_frames_and_keyframes(
    model: Model, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    weight = np.zeros((64, 64), np.float32)
    weight[:, :32] = 1
    job = edit(frames, {2: keyframe}, masks=[EditMask("edit", 2, weight)])
    made = handout(model, frames, job)
    for frame in (made.drawn(1, torch.randn(4, 8, 8), torch.randn(4, 8, 8), 1.0), made.keyframe(job.keyframes[0])):
        assert frame.mask is not None and frame.traced is None
        outside = frame.mask == 0
        assert (frame.image.pixels[outside] == frames[frame.frame].pixels[outside]).all()
        assert (frame.image.pixels[~outside] != frames[frame.frame].pixels[~outside]).any()


def test_what_lies_between_is_carried_there(model: Model, frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    job = edit(frames, {2: keyframe}, wanted=[0, 1, 3, 4])
    found = list(handout(model, frames, job).with_those_between([0, 4], lambda n: EditedFrame(n, frames[n], 1.0)))
    assert sorted(f.frame for f in found) == [0, 1, 3, 4]
    assert all((f.image.pixels != frames[f.frame].pixels).any() for f in found if f.frame in (1, 3))


def test_similarity() -> None:
    a = torch.randn(4, 8, 8)
    assert similarity(a, a) == pytest.approx(1) and similarity(a, -a) == 0
