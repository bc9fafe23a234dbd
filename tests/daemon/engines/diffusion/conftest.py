"""The tiny golden model, opened once."""

from __future__ import annotations

import pytest
import torch
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_testkit.diffusion import MODEL


@pytest.fixture(scope="session")
def model() -> Model:
    return loading.load(MODEL, torch.device("cpu"), "fp32")
