"""DDIM's formulas."""

from __future__ import annotations

import pytest
import torch
from keyfollow.errors import UsageError
from keyfollow_daemon.engines.diffusion import ddim

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}


def test_levels_are_those_of_diffusers() -> None:
    from diffusers import DDIMScheduler

    theirs = DDIMScheduler(**SD, clip_sample=False, set_alpha_to_one=False, steps_offset=0, timestep_spacing="leading")
    theirs.set_timesteps(50)
    ours = ddim.schedule(SD, 50)
    assert list(ours.timesteps) == theirs.timesteps.tolist()
    assert ours.alphas == tuple(float(theirs.alphas_cumprod[t]) for t in ours.timesteps)
    x, eps = torch.randn(2, 1, 4, 8, 8).unbind()
    for s in (0, 20, 49):
        clean = ddim.predicted_clean(x, eps, ours.alphas[s])
        step = ddim.noised(clean, eps, ours.alphas_before[s])
        assert torch.allclose(step, theirs.step(eps, ours.timesteps[s], x).prev_sample, atol=1e-5)


def test_the_last_step_is_idle_only_with_offset_zero() -> None:
    assert [ddim.schedule(SD, 50, offset).idle(49) for offset in (0, 1)] == [True, False]
    assert ddim.schedule(SD, 50, 1).timesteps[0] == 981


def test_inversion_undoes_denoising_of_a_network_that_always_says_the_same() -> None:
    levels, noise = ddim.schedule(SD, 10), torch.randn(1, 4, 8, 8)
    start = torch.randn(1, 4, 8, 8)
    asked: list[int] = []

    def predict(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        asked.append(int(t[0]))
        return noise

    *_, x = ddim.invert(predict, start, levels)
    assert asked == sorted(levels.timesteps)[1:], "ascending, without the idle one"
    for s in range(10):
        x = ddim.noised(ddim.predicted_clean(x, noise, levels.alphas[s]), noise, levels.alphas_before[s])
    assert torch.allclose(x, start, atol=1e-4)


def test_two_ends_of_a_step_tell_its_clean_latent() -> None:
    x0, eps = torch.randn(2, 1, 4, 8, 8, dtype=torch.float64).unbind()
    assert torch.allclose(ddim.implied_clean(ddim.noised(x0, eps, 0.2), ddim.noised(x0, eps, 0.3), 0.2, 0.3), x0)
    assert torch.allclose(ddim.implied_noise(ddim.noised(x0, eps, 0.2), x0, 0.2), eps)


def test_guidance_one_is_the_conditional_half() -> None:
    u, c = torch.randn(2, 1, 4, 2, 2).unbind()
    assert torch.allclose(ddim.guided(u, c, 1.0), c) and torch.equal(ddim.guided(u, c, 0.0), u)


@pytest.mark.parametrize(("config", "steps"), [(SD, 0), (SD, 1001), ({**SD, "beta_schedule": "cosine"}, 10)])
def test_what_cannot_be(config: dict[str, object], steps: int) -> None:
    with pytest.raises(UsageError):
        ddim.schedule(config, steps)
