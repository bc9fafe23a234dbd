"""EDM's formulas."""

from __future__ import annotations

import math

import pytest
import torch
from keyfollow_daemon.engines.diffusion import edm

SIGMAS = edm.karras_sigmas(25, 0.002, 700.0)


def test_levels_are_those_of_diffusers() -> None:
    from diffusers import EulerDiscreteScheduler

    theirs = EulerDiscreteScheduler(
        sigma_min=0.002, sigma_max=700.0, use_karras_sigmas=True, timestep_type="continuous", prediction_type="v_prediction"
    )
    theirs.set_timesteps(25)
    assert torch.allclose(torch.tensor(SIGMAS), theirs.sigmas, rtol=1e-4)
    x, v = torch.randn(2, 1, 4, 8, 8).unbind()
    step = edm.euler_step(x, edm.predicted_clean(x, v, SIGMAS[0]), SIGMAS[0], SIGMAS[1])
    assert torch.allclose(step, theirs.step(v, theirs.timesteps[0], x).prev_sample, rtol=1e-3, atol=1e-3)


def test_the_network_is_shown_unit_variance_and_told_the_level() -> None:
    assert edm.scaled_input(torch.tensor(3.0), math.sqrt(8)).item() == pytest.approx(1.0)
    assert edm.timestep(math.e**4) == pytest.approx(1.0)


def test_v_of_a_known_mixture_gives_the_clean_latent() -> None:
    x0, n, sigma = torch.randn(4), torch.randn(4), 2.5
    x = x0 + sigma * n
    v = (x / (sigma**2 + 1) - x0) * math.sqrt(sigma**2 + 1) / sigma
    assert torch.allclose(edm.predicted_clean(x, v, sigma), x0, atol=1e-5)


def test_the_inversion_ladder_and_its_climb() -> None:
    ladder = edm.inversion_sigmas(SIGMAS)
    assert ladder[0] == pytest.approx(SIGMAS[24] ** 2 / SIGMAS[23]) and ladder[1:] == SIGMAS[24::-1]
    x0, asked = torch.randn(1, 4, 2, 2), []

    def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        asked.append(sigma)
        return x0

    *_, top = edm.invert(denoise, x0 + ladder[0], SIGMAS)
    assert asked == list(ladder[:-1]) and torch.allclose(top, x0 + SIGMAS[0], rtol=1e-3)
