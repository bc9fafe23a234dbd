"""DDIM (Song, Meng, Ermon 2021, arXiv 2010.02502) with eta 0, forward and inverse, as plain functions of tensors.

Notation: x latent, eps predicted noise, alpha the *cumulative* product of 1 - beta at a level; all of it float32, whatever the model
computes in. A level is a timestep of training, 0 the cleanest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from keyfollow.errors import UsageError
from torch import Tensor

Predict = Callable[[Tensor, Tensor], Tensor]
"""(x ``(n, c, h, w)``, timesteps ``(n,)``) -> predicted noise ``(n, c, h, w)``."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """T levels of a training schedule, noisiest first.

    Args:
        timesteps: t_0 > … > t_{T-1}.
        alphas: cumulative alpha at each of them.
        alphas_before: the alpha that denoising step s leads to: alpha[t - r], for the last step alpha[0] ("set_alpha_to_one" off).
    """

    timesteps: tuple[int, ...]
    alphas: tuple[float, ...]
    alphas_before: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.timesteps)

    def idle(self, step: int) -> bool:
        """Whether the step leads to its own level and so leaves the latent as it is (t = 0 with offset 0)."""
        return self.alphas[step] == self.alphas_before[step]


def schedule(config: Mapping[str, Any], steps: int, offset: int = 0) -> Schedule:
    """`steps` levels, "leading" spacing: t_s = (T - 1 - s) r + offset with r = N // T.

    Args:
        config: a diffusers scheduler's configuration; its betas are used, its spacing and offset are not.
        offset: 0 in Pix2Video's published code, 1 in Stable Diffusion's own configuration.

    Raises:
        UsageError: ``bad_setting`` for more steps than the model was trained with.
    """
    count = int(config.get("num_train_timesteps", 1000))
    if not 1 <= steps <= count:
        raise UsageError("bad_setting", f"steps = {steps} is not possible.", f"Give a whole number from 1 to {count}.")
    alphas = _alphas(config, count)
    ratio = count // steps
    timesteps = tuple(min(count - 1, (steps - 1 - s) * ratio + offset) for s in range(steps))
    return Schedule(timesteps, tuple(alphas[t] for t in timesteps), tuple(alphas[max(0, t - ratio)] for t in timesteps))


def _alphas(config: Mapping[str, Any], count: int) -> list[float]:
    first, last = float(config.get("beta_start", 0.0001)), float(config.get("beta_end", 0.02))
    kind = config.get("beta_schedule", "linear")
    if kind == "scaled_linear":
        betas = torch.linspace(first**0.5, last**0.5, count, dtype=torch.float32) ** 2
    elif kind == "linear":
        betas = torch.linspace(first, last, count, dtype=torch.float32)
    else:
        raise UsageError("bad_model", f"The model's noise schedule is {kind!r}.", "Use one that is linear or scaled_linear.")
    return [float(a) for a in torch.cumprod(1.0 - betas, 0)]


def predicted_clean(x: Tensor, eps: Tensor, alpha: Tensor | float) -> Tensor:
    """x0 = (x - sqrt(1 - alpha) eps) / sqrt(alpha); eq. 9 of the paper. Never clipped."""
    a = _tensor(alpha, x)
    return (x - (1 - a).sqrt() * eps) / a.sqrt()


def implied_clean(x: Tensor, following: Tensor, alpha: float, alpha_following: float) -> Tensor:
    """The x0 of a step from its two ends: x = sqrt(a) x0 + sqrt(1 - a) eps and `following` the same with b, solved for x0.

    An inversion's trajectory so tells what the network said on the way, without asking it again. The two alphas must differ.
    """
    a, b = math.sqrt(alpha), math.sqrt(alpha_following)
    na, nb = math.sqrt(1 - alpha), math.sqrt(1 - alpha_following)
    return (nb * x - na * following) / (nb * a - na * b)


def implied_noise(x: Tensor, x0: Tensor, alpha: float) -> Tensor:
    """The eps with which x = sqrt(alpha) x0 + sqrt(1 - alpha) eps."""
    return (x - math.sqrt(alpha) * x0) / math.sqrt(1 - alpha)


def noised(x0: Tensor, eps: Tensor, alpha: Tensor | float) -> Tensor:
    """sqrt(alpha) x0 + sqrt(1 - alpha) eps; eq. 12 with sigma 0, both for a step down and for one up."""
    a = _tensor(alpha, x0)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


def guided(unconditional: Tensor, conditional: Tensor, scale: float) -> Tensor:
    """Classifier-free guidance u + scale (c - u) (Ho and Salimans 2022, arXiv 2207.12598)."""
    return unconditional + scale * (conditional - unconditional)


def invert(predict: Predict, x: Tensor, levels: Schedule) -> Iterator[Tensor]:
    """The deterministic trajectory from a clean latent to the noisiest level: T + 1 states, `x` itself first.

    The model is asked about the level that a step leads to, with the latent of the level before. The idle step costs no call.
    """
    yield x
    for step in reversed(range(len(levels))):
        if not levels.idle(step):
            below, level = levels.alphas_before[step], levels.alphas[step]
            eps = predict(x, torch.full((len(x),), levels.timesteps[step], device=x.device))
            x = noised(predicted_clean(x, eps, below), eps, level)
        yield x


def _tensor(value: Tensor | float, like: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=like.dtype, device=like.device)
