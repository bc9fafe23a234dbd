"""Null-text inversion (Mokady et al. 2022, arXiv 2211.09794) for a video: one empty-prompt embedding a step, shared by all frames.

At step i, from z (the reconstruction so far), with eps_c the noise for the source prompt, u is moved to lessen

    mean((DDIM(z, eps_u + s (eps_c - eps_u)) - x*_i)²)       x*_i the inversion's latent at the level that the step leads to

by Adam. u, Adam, latents and DDIM are float32 whatever the network computes in: in half precision Adam's 1e-8 is 0, and the result black.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from keyfollow_daemon.engines.diffusion.ddim import Schedule, guided, noised, predicted_clean

from .network import VideoNetwork

STOP, STOP_SLOPE = 1e-5, 2e-5
RATE_FALLS_OVER = 100
"""lr_i = lr (1 - i / 100): by the absolute step, as published, at least 0."""
HALF_SCALE = 2.0**16
TRIES = 8


@dataclass(frozen=True, slots=True)
class NullText:
    """Settings: at most `inner` Adam steps a step at rate `rate`, guidance s, and whether frames see one another meanwhile."""

    inner: int = 1
    rate: float = 1e-2
    guidance: float = 7.5
    cross_frame: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """`embeddings` ``(S, 77, D)`` float32, by step; `losses` of each step's inner iterations, each before its Adam step."""

    embeddings: Tensor
    losses: tuple[tuple[float, ...], ...]


def null_text(
    network: VideoNetwork,
    levels: Schedule,
    trajectory: Tensor,
    source: Tensor,
    empty: Tensor,
    how: NullText,
    check: Callable[[], None] = lambda: None,
    at_once: int | None = None,
) -> Found:
    """One embedding a step.

    Args:
        trajectory: ``(S + 1, F, 4, h, w)``, the clean latents first.
        source, empty: embeddings of the source prompt and of the empty one, ``(1, 77, D)``.
        check: called before each step.
        at_once: frames whose gradient is found in one go, all by default; fewer take less memory, and need frames that neither norms nor
            attention couple.
    """
    u, z = empty.detach().clone(), trajectory[-1][None].clone()
    kept, losses = [], []
    for step, timestep in enumerate(levels.timesteps):
        check()
        want = trajectory[len(levels) - 1 - step][None]
        with torch.no_grad():
            conditional = network(z, timestep, source, cross_frame=how.cross_frame)
        rate = how.rate * max(0.0, 1 - step / RATE_FALLS_OVER)
        problem = _Problem(network, levels, step, z, conditional, want, how, at_once or z.shape[1])
        u, seen = _minimised(problem, u, rate, how.inner, STOP + STOP_SLOPE * step)
        with torch.no_grad():
            z = problem.result(u)
        kept.append(u)
        losses.append(tuple(seen))
    return Found(torch.cat(kept), tuple(losses))


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    network: VideoNetwork
    levels: Schedule
    step: int
    z: Tensor
    conditional: Tensor
    want: Tensor
    how: NullText
    at_once: int

    def result(self, u: Tensor) -> Tensor:
        return torch.cat([self._result(u, part) for part in self._parts()], dim=1)

    def gradient(self, u: Tensor) -> tuple[float, Tensor]:
        """Loss, and its gradient."""
        losses, gradients = zip(*(self._gradient(u, part) for part in self._parts()), strict=True)
        return sum(losses), torch.stack(gradients).sum(dim=0)

    def _parts(self) -> list[slice]:
        return [slice(n, n + self.at_once) for n in range(0, self.z.shape[1], self.at_once)]

    def _result(self, u: Tensor, frames: slice) -> Tensor:
        z, conditional = self.z[:, frames], self.conditional[:, frames]
        empty = self.network(z, self.levels.timesteps[self.step], u, cross_frame=self.how.cross_frame)
        eps = guided(empty, conditional, self.how.guidance)
        clean = predicted_clean(z, eps, self.levels.alphas[self.step])
        return noised(clean, eps, self.levels.alphas_before[self.step])

    def _gradient(self, u: Tensor, frames: slice) -> tuple[float, Tensor]:
        """The part of `frames`. In half precision the loss is scaled up on its way back, less where that overflows."""
        scale = HALF_SCALE if self.network.dtype == torch.float16 else 1.0
        with torch.enable_grad():
            leaf = u.detach().requires_grad_()
            loss = (self._result(leaf, frames) - self.want[:, frames]).square().sum() / self.want.numel()
            for last in [False] * (TRIES - 1) + [True]:
                (found,) = torch.autograd.grad(loss * scale, leaf, retain_graph=not last and scale != 1)
                if torch.isfinite(found).all() or last or scale == 1:
                    break
                scale /= 16
        return float(loss.detach()), found / scale


def _minimised(problem: _Problem, u: Tensor, rate: float, inner: int, enough: float) -> tuple[Tensor, list[float]]:
    """Adam (betas 0.9 and 0.999, eps 1e-8), new for each step. A gradient that is no number moves nothing."""
    first, second = torch.zeros_like(u), torch.zeros_like(u)
    seen: list[float] = []
    for n in range(1, inner + 1):
        loss, gradient = problem.gradient(u)
        seen.append(loss)
        if not math.isfinite(loss) or not torch.isfinite(gradient).all():
            break
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient.square()
        deviation = (second / (1 - 0.999**n)).sqrt() + 1e-8
        u = u - rate * (first / (1 - 0.9**n)) / deviation
        if loss < enough:
            break
    return u.detach(), seen


def used_from(embeddings: Tensor, empty: Tensor, step: int, ratio: float) -> Tensor:
    """The empty-prompt embedding ``(1, 77, D)`` of an edit's step: the found one in a share of the steps.

    A ratio above 0 is the first share, up to step S r; at or below 0 the last, from step S (1 + r) on. Published: -0.5.
    """
    steps = len(embeddings)
    found = step <= steps * ratio if ratio > 0 else step >= steps * (1 + ratio)
    return embeddings[step][None] if found else empty
