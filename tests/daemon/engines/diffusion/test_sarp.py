"""Smooth areas, and only those, get noise."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.diffusion.sarp import perturbed, smooth_areas


def picture() -> torch.Tensor:
    x = torch.zeros(1, 3, 16, 16)
    x[..., 8:] = torch.rand(3, 16, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return x


def test_flat_is_smooth_and_texture_is_not() -> None:
    smooth = smooth_areas(picture())[0, 0]
    assert smooth[:, :7].all() and not smooth[:, 8:].any()
    lit = smooth_areas(torch.full((1, 3, 8, 8), 0.5))[0, 0]
    assert lit[1:-1, 1:-1].all() and not lit[0].any(), "beyond the border lies black"


def test_noise_is_small_seeded_and_stays_in_range() -> None:
    x = picture()
    one, two = perturbed(x, 0.02, 5), perturbed(x, 0.02, 5)
    assert torch.equal(one, two) and not torch.equal(one, perturbed(x, 0.02, 6))
    assert torch.equal(one[..., 8:], x[..., 8:]) and 0.005 < one[..., :7].std() < 0.05
    assert perturbed(torch.ones(1, 3, 8, 8), 0.5, 1).max() <= 1
