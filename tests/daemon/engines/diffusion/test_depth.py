"""Depth as models read it. (Against the reference's numbers: tests/golden/test_replay.py.)"""

from __future__ import annotations

import numpy as np
import torch
from keyfollow_daemon.engines.diffusion.depth import normalised, resized
from keyfollow_daemon.engines.diffusion.loading import Model


def test_scaled_between_bounds_and_nothing_for_a_flat_map() -> None:
    d = torch.tensor([[0.0, 5.0, 10.0]])
    assert normalised(d, 0, 10).tolist() == [[-1, 0, 1]] and normalised(d, 0, 20).tolist() == [[-1, -0.5, 0]]
    assert normalised(torch.full((1, 3), 7.0), 7, 7).abs().max() == 0


def test_background_lies_behind_everything() -> None:
    raw = torch.full((4, 4), 3.0)
    raw[0, 0] = -1
    raw[3, 3] = 2
    assert resized(raw, 4, 4)[0, 0] == -8
    assert resized(torch.full((4, 4), -1.0), 2, 2).unique().tolist() == [-1]


def test_the_estimator_answers_in_its_own_size(model: Model) -> None:
    assert model.depth is not None
    out = model.depth(np.random.default_rng(0).integers(0, 255, (48, 80, 3), np.uint8))
    assert out.ndim == 2 and out.dtype == torch.float32 and torch.isfinite(out).all()
