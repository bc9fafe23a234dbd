"""One engine and one network with a tiny model for all tests."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.i2vedit.engine import I2VEditEngine
from keyfollow_daemon.engines.i2vedit.lora import MotionLora
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_testkit import clips, svd

# the worker of these tests runs on one thread too: sums are taken in the same order
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def engine() -> I2VEditEngine:
    return svd.cpu_engine()


@pytest.fixture(scope="session")
def model() -> Model:
    return svd.model()


@pytest.fixture(scope="session")
def lora(model: Model) -> MotionLora:
    return MotionLora(model.network.unet, 4, True, 0.0)


@pytest.fixture(scope="session")
def frames() -> list[FrameBuffer]:
    return [FrameBuffer(np.ascontiguousarray(f)) for f in clips.moving_patch(9, 64, 64)]


@pytest.fixture(scope="session")
def keyframe(frames: list[FrameBuffer]) -> FrameBuffer:
    """Of frame 0, edited in a part of it."""
    return svd.recoloured(frames, 0)
