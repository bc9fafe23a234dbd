"""One engine with the tiny golden model for all tests."""

from __future__ import annotations

import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.pix2video.engine import Pix2VideoEngine
from keyfollow_testkit import diffusion

# the worker of these tests runs on one thread too: sums are taken in the same order
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def engine() -> Pix2VideoEngine:
    return diffusion.cpu_engine()


@pytest.fixture
def frames() -> list[FrameBuffer]:
    return diffusion.golden_frames()


@pytest.fixture
def keyframe(frames: list[FrameBuffer]) -> FrameBuffer:
    return diffusion.with_red_square(frames[2])
