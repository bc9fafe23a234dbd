"""The tiny golden model, opened once."""

from __future__ import annotations

import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_testkit.diffusion import MODEL, golden_frames, with_red_square


@pytest.fixture(scope="session")
def model() -> Model:
    return loading.load(MODEL, torch.device("cpu"), "fp32")


@pytest.fixture
def frames() -> list[FrameBuffer]:
    return golden_frames()


@pytest.fixture
def keyframe(frames: list[FrameBuffer]) -> FrameBuffer:
    return with_red_square(frames[2])
