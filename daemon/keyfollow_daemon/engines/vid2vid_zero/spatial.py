"""Keeping the target's picture near the source's, in values and in gradients: a loss, and its closed-form step (spec § 9).

With d = x0 - z0, the target's predicted clean latent less the source's, m a keep-mask and D forward differences,

    J      = 1/2 [l1 sum m d² + l2 sum m ((D_x d)² + (D_y d)²)]
    grad J = l1 m d + l2 (D_x' m D_x + D_y' m D_y) d
    x0'    = x0 - eta w grad J

The step asks nothing of the network. Not in the paper: its own spatial regularisation is `injection`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch
from keyfollow.errors import UsageError
from torch import Tensor

log = logging.getLogger(__name__)
STABLE, DIVERGES = 1.0, 2.0
FULL_UNTIL, NONE_FROM = 0.6, 0.9
"""Shares of the steps: the weight is 1, then falls to 0."""


@dataclass(frozen=True, slots=True)
class SpatialLoss:
    """l1 `values`, l2 `gradients`, and eta, the step's `size`.

    Raises:
        UsageError: ``unstable_loss`` where eta (l1 + 8 l2), the step's largest eigenvalue, is above 2: then steps grow without bound.
    """

    values: float = 0.0
    gradients: float = 0.0
    size: float = 1.0

    def __post_init__(self) -> None:
        largest = self.size * (self.values + 8 * self.gradients)
        if largest > DIVERGES + 1e-9:
            raise UsageError(
                "unstable_loss",
                f"keep_values {self.values:g} + 8 x keep_gradients {self.gradients:g}, times keep_step {self.size:g}, is "
                f"{largest:g}: above 2 the picture runs away.",
                "Lower them until the sum is at most 1.",
            )
        if largest > STABLE + 1e-9:
            log.warning("spatial loss: steps overshoot (%g; 1 is where they would not)", largest)

    def __bool__(self) -> bool:
        return self.size != 0 and (self.values != 0 or self.gradients != 0)

    def weight(self, step: int, steps: int) -> float:
        """w: 1 in the first 60 % of the steps, then falling, 0 from 90 % on."""
        return min(1.0, max(0.0, (NONE_FROM - step / steps) / (NONE_FROM - FULL_UNTIL)))

    def report(self, clean: Tensor, source: Tensor) -> float:
        """l1 mean(d²) + l2 [mean((D_x d)²) + mean((D_y d)²)]: what is shown; it does not depend on the size."""
        d = clean - source
        across, down = d.diff(dim=-1), d.diff(dim=-2)
        return float(self.values * d.square().mean() + self.gradients * (across.square().mean() + down.square().mean()))

    def gradient(self, clean: Tensor, source: Tensor, keep: Tensor | None = None) -> Tensor:
        """grad J with respect to `clean`, all ``(..., h, w)``; `keep` broadcasts, 1 preserves."""
        d = clean - source
        m = torch.ones_like(d) if keep is None else keep.expand_as(d)
        out = self.values * m * d
        across, down = m[..., :-1] * d.diff(dim=-1), m[..., :-1, :] * d.diff(dim=-2)
        # D' of a forward difference: what a pixel gave to its own difference, less what it gave to the one before
        out[..., 1:] += self.gradients * across
        out[..., :-1] -= self.gradients * across
        out[..., 1:, :] += self.gradients * down
        out[..., :-1, :] -= self.gradients * down
        return out

    def step(self, clean: Tensor, source: Tensor, weight: float, keep: Tensor | None = None) -> Tensor:
        """x0' of x0."""
        if not self or weight == 0:
            return clean
        return clean - self.size * weight * self.gradient(clean, source, keep)
