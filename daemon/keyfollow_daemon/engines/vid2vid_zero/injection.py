"""When, and how strongly, a target's cross-attention follows the source's: the paper's spatial regularisation (spec § 8)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .call import Pair
from .token_maps import TokenMap


@dataclass(frozen=True, slots=True, eq=False)
class Injection:
    """One target's schedule over a run of `steps`.

    Args:
        tokens: which token follows which.
        steps: S.
        cross: share of the steps; int(cross (S + 1)) of them, the first.
        layout: share of the steps in which self-attention within frames follows too; int(layout S).
        weights: ``(77,)`` of the target's tokens (reweighting); they hold in all steps.
        shares: ``(77,)`` in place of `cross`, per token of the target, where they are not NaN.
    """

    tokens: TokenMap
    steps: int
    cross: float = 0.8
    layout: float = 0.4
    weights: Tensor | None = None
    shares: Tensor | None = None

    def following(self, step: int) -> Tensor:
        """w ``(77,)``: 1 at target tokens that follow the source in this step."""
        shares = torch.full((len(self.tokens.keep),), self.cross, dtype=torch.float64)
        if self.shares is not None:
            shares = torch.where(self.shares.isnan(), shares, self.shares.double())
        # the product is cut as float64 has it, which is how it was published
        return (step < (shares * (self.steps + 1)).floor()).float()

    def pair(self, step: int, source: int, target: int) -> Pair | None:
        """What the call of this step is told about videos `source` and `target`; None when the target goes its own way."""
        w = self.following(step).to(self.tokens.keep)
        layout = step < int(self.layout * self.steps)
        if not w.any() and self.weights is None:
            return Pair(source, target, layout=True) if layout else None
        weights = torch.ones_like(w) if self.weights is None else self.weights.to(w)
        led = w * self.tokens.keep
        return Pair(source, target, self.tokens.across * (led * weights), (1 - led) * weights, layout)

    def needs_source(self, step: int) -> bool:
        return bool(self.following(step).any()) or step < int(self.layout * self.steps)
