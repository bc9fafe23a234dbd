"""What is kept of the source, under which key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import InversionSpec
from keyfollow_daemon.engines.diffusion import ddim, loading
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.worksize import work_size
from keyfollow_daemon.engines.pix2video.info import trajectory_bytes
from keyfollow_daemon.engines.pix2video.prepared import Prepared
from keyfollow_testkit.diffusion import settings
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.tiny_models import tiny_model

SPEC = InversionSpec("pix2video", "1", settings(), model_revision="r", dtype="fp32")


@pytest.fixture(scope="module")
def model() -> Model:
    return loading.load(tiny_model("sd2-depth"), torch.device("cpu"), "fp32")


def prepared(model: Model, memory: Memory, spec: InversionSpec = SPEC, prompt: str = "a swan", steps: int = 6) -> Prepared:
    levels = ddim.schedule(model.scheduler, steps)
    return Prepared(memory, spec, memory, model, work_size(memory.size, 64), levels, prompt, 2)


def test_a_trajectory_from_the_clean_latent_to_noise(model: Model, frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    p = prepared(model, memory)
    assert len(p.prepare([0, 1, 2])) == 3 == memory.saved and memory.phases["Preparing"] == (3, 3)
    frame = p[1]
    assert torch.equal(frame.level(1), frame.level(0).half().float()), "the idle step"
    assert frame.level(6).dtype == frame.level(3).dtype == torch.float32
    assert (
        not torch.allclose(frame.level(6), frame.level(0), atol=0.01)
        and frame.depth is not None
        and frame.depth.abs().max() == 1
    )


CHANGES: dict[str, Any] = {
    "settings": {"spec": replace(SPEC, settings=settings(sarp=0.02))},
    "model": {"spec": replace(SPEC, model_revision="s")},
    "dtype": {"spec": replace(SPEC, dtype="bf16")},
    "version": {"spec": replace(SPEC, version="2")},
    "prompt": {"prompt": "a duck"},
    "steps": {"steps": 7},
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_matters_is_in_the_key(model: Model, frames: list[FrameBuffer], what: str) -> None:
    memory = Memory(frames)
    assert prepared(model, memory).key(0) != prepared(model, memory, **CHANGES[what]).key(0)


def test_what_does_not_matter_is_not_and_content_is(model: Model, frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    key = prepared(model, memory).key(1)
    other = replace(SPEC, settings=settings(guidance=3.0, stride=2, no_injection=True), draft=True)
    assert prepared(model, memory, other).key(1) == key
    assert prepared(model, Memory(frames[1:])).key(0) == key, "the same picture at another place"


def test_clip_wide_depth_does_not_depend_on_the_range_and_is_found_once(model: Model, frames: list[FrameBuffer]) -> None:
    memory, spec = Memory(frames), replace(SPEC, settings=settings(depth_normalisation="clip"))
    p = prepared(model, memory, spec)
    p.prepare([1])
    assert memory.saved == 2, "the scale, and the frame"
    prepared(model, memory, spec).prepare([1, 2])
    assert memory.saved == 3
    depths = [d for f in range(5) if (d := p[f].depth) is not None]
    assert min(d.min() for d in depths) == -1 and max(d.max() for d in depths) == 1
    assert any(d.max() < 1 for d in depths), "one scale for all frames"


def test_smooth_areas_are_perturbed_for_inversion_only(model: Model) -> None:
    flat = Memory([FrameBuffer(np.full((64, 64, 3), 90, np.uint8))])
    with_noise = prepared(model, flat, replace(SPEC, settings=settings(sarp=0.1)))[0]
    without = prepared(model, flat)[0]
    assert torch.equal(with_noise.level(0), without.level(0)) and not torch.equal(with_noise.level(6), without.level(6))


def test_a_batch_inverts_as_frames_do_alone(model: Model, frames: list[FrameBuffer]) -> None:
    both, alone = prepared(model, Memory(frames)), prepared(model, Memory(frames))
    both.prepare([0, 1])
    assert torch.allclose(both[1].level(6), alone[1].level(6), atol=1e-4)


def test_what_is_at_hand_is_bounded(model: Model, frames: list[FrameBuffer], monkeypatch: pytest.MonkeyPatch) -> None:
    """By bytes, and never fewer than eight; the rest is read again."""
    stored = trajectory_bytes(8, 8, 6)
    memory = Memory([FrameBuffer(frames[n % 5].pixels + np.uint8(n)) for n in range(12)])
    p = prepared(model, memory)
    p.prepare([0])
    assert sum(t.nbytes for t in memory.entries[p.key(0)].values()) == stored
    monkeypatch.setattr("keyfollow_daemon.engines.pix2video.prepared.AT_HAND", 10 * stored)
    p = prepared(model, memory)
    for n in range(12):
        assert torch.equal(p[n].level(0), prepared(model, memory)[n].level(0))
    assert list(p._at_hand) == list(range(2, 12))
