"""The Euler sampler on EDM's noise levels (Karras et al. 2022, arXiv 2206.00364), forward and inverse, as plain functions.

Notation: sigma the noise's standard deviation, x = x0 + sigma n. Stable Video Diffusion predicts v with sigma_data = 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from torch import Tensor

Denoise = Callable[[Tensor, float], Tensor]
"""(x, sigma) -> x0."""


def karras_sigmas(steps: int, low: float, high: float, rho: float = 7.0) -> tuple[float, ...]:
    """`steps` levels from `high` to `low`, then 0; eq. 5."""
    ramp = [i / max(1, steps - 1) for i in range(steps)]
    a, b = high ** (1 / rho), low ** (1 / rho)
    return (*((a + r * (b - a)) ** rho for r in ramp), 0.0)


def scaled_input(x: Tensor, sigma: float) -> Tensor:
    """c_in x with c_in = 1 / sqrt(sigma² + 1): what the network is shown."""
    return x / math.sqrt(sigma * sigma + 1)


def timestep(sigma: float) -> float:
    """c_noise = ln(sigma) / 4: what the network is told of the level."""
    return 0.25 * math.log(sigma)


def predicted_clean(x: Tensor, v: Tensor, sigma: float) -> Tensor:
    """x0 = c_skip x + c_out v with c_skip = 1 / (sigma² + 1), c_out = -sigma / sqrt(sigma² + 1); table 1 with sigma_data = 1."""
    total = sigma * sigma + 1
    return x / total - v * (sigma / math.sqrt(total))


def euler_step(x: Tensor, x0: Tensor, sigma: float, target: float) -> Tensor:
    """x + (target - sigma) (x - x0) / sigma; algorithm 1 without churn."""
    return x + (target - sigma) * (x - x0) / sigma


def inversion_sigmas(sigmas: Sequence[float]) -> tuple[float, ...]:
    """The ladder to climb: ascending, with the final 0 replaced by the geometric continuation sigma_{T-1}² / sigma_{T-2}."""
    *levels, _ = sigmas
    lowest = levels[-1] ** 2 / levels[-2] if len(levels) > 1 else levels[-1] / 2
    return (lowest, *reversed(levels))


def invert(denoise: Denoise, x: Tensor, sigmas: Sequence[float]) -> Iterator[Tensor]:
    """Climb from a clean latent to sigma_0, explicit Euler; the model is asked at the lower level. Yields T + 1 states, `x` first.

    Args:
        sigmas: as `karras_sigmas` gives them, descending to 0.
    """
    yield x
    ladder = inversion_sigmas(sigmas)
    for low, high in pairwise(ladder):
        x = euler_step(x, denoise(x, low), low, high)
        yield x
