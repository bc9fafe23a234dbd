"""One engine with a tiny model for all tests."""

from __future__ import annotations

import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.vid2vid_zero.engine import Vid2VidZeroEngine
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from keyfollow_testkit import diffusion, zero

# the worker of these tests runs on one thread too: sums are taken in the same order
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def engine() -> Vid2VidZeroEngine:
    return Vid2VidZeroEngine(torch.device("cpu"))


@pytest.fixture(scope="session")
def shared_network() -> VideoNetwork:
    return zero.network()


@pytest.fixture
def network(shared_network: VideoNetwork) -> VideoNetwork:
    """As it was made, its counters at 0."""
    shared_network.joint_norm = True
    shared_network.samples = shared_network.calls = 0
    return shared_network


@pytest.fixture
def frames() -> list[FrameBuffer]:
    return diffusion.golden_frames()


@pytest.fixture
def keyframe(frames: list[FrameBuffer]) -> FrameBuffer:
    return diffusion.with_red_square(frames[2])
