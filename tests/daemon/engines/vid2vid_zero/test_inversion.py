"""Trajectories from clean latents to noise."""

from __future__ import annotations

from typing import Any, cast

import torch
from keyfollow_daemon.engines.diffusion import ddim
from keyfollow_daemon.engines.vid2vid_zero.denoise import Denoiser, Sampling, Source
from keyfollow_daemon.engines.vid2vid_zero.inversion import inverted
from keyfollow_testkit.zero_fakes import FormulaNetwork

LEVELS = ddim.schedule({"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}, 5, 1)
TEXT = torch.zeros(1, 77, 8)


def bent(x: torch.Tensor, timestep: int, text: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x) + timestep / 1000


def retraced(trajectory: torch.Tensor) -> float:
    """How far sampling from the noise, at guidance 1, ends from the clean latents."""
    network: Any = FormulaNetwork(bent)
    source = Source(trajectory, TEXT, [TEXT] * 5, reset=False)
    run = Denoiser(network, LEVELS, source, [], Sampling(guidance=1.0, keep_source=True))
    for _ in range(5):
        run.advance()
    return float((run.x[0] - trajectory[0]).abs().max())


def test_fixed_points_are_what_sampling_retraces() -> None:
    clean = torch.randn(2, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    errors = []
    for again in (0, 1, 3, 8):
        network: Any = FormulaNetwork(bent)
        trajectory = inverted(network, LEVELS, clean, TEXT, again)
        assert len(network.asked) == 5 * (1 + again) and torch.equal(trajectory[0], clean) and len(trajectory) == 6
        errors.append(retraced(trajectory))
    assert errors[0] > errors[1] > errors[2] > errors[3] and errors[3] < 1e-2 * errors[0]


def test_fewer_frames_at_once_are_the_same_frames() -> None:
    clean, network = torch.randn(5, 4, 4, 4), cast(Any, FormulaNetwork(bent))
    whole, parts = (inverted(network, LEVELS, clean, TEXT, 1, at_once=n) for n in (None, 2))
    assert torch.equal(whole, parts) and {call["x"].shape[1] for call in network.asked} == {5, 2, 1}


def test_each_level_is_asked_for_with_frames_by_themselves() -> None:
    network: Any = FormulaNetwork(bent)
    calls = []
    inverted(network, LEVELS, torch.randn(2, 4, 4, 4), TEXT, check=lambda: calls.append(1))
    assert [call["timestep"] for call in network.asked] == sorted(LEVELS.timesteps) and len(calls) == 5
    assert not any(call.get("cross_frame") for call in network.asked)
