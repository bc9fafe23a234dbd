"""Fine-grained attention matching (I2VEdit, § 3.4; spec §§ 5a, 5b): where an edit's attention follows the source's, and how far.

Spatial: a query whose attention differs from the source's by less than a threshold follows it, the more the less it differs.
Temporal: by three stages of the denoising, in all layers, in coarse ones, in none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .features import Features
from .layers import Layer, coarse

Watch = Callable[[Layer, dict[str, Tensor]], None]


@dataclass(frozen=True, slots=True)
class Matching:
    """How an edit follows its source.

    Args:
        threshold: of the difference, at a clip's first frame and (almost reached) at its last; 0…1.
        stages: shares of the steps after which temporal attention follows in coarse layers only, and no more.
        published_layers: see `layers.coarse`.
    """

    threshold: tuple[float, float] = (0.35, 0.35)
    stages: tuple[float, float] = (0.5, 0.8)
    published_layers: bool = False

    def thresholds(self, frames: int) -> Tensor:
        """``(frames,)``: t0 + (t1 - t0) f / F."""
        first, last = self.threshold
        return torch.tensor([first + (last - first) * f / frames for f in range(frames)])

    def own_share(self, layer: Layer, step: int, difference: Tensor) -> Tensor:
        """M ``(frames, N)``: what of the edit's own attention stays; the rest is the source's. 1 from the threshold on, else D."""
        limit = self.thresholds(len(difference)).to(difference)[:, None]
        return torch.where(difference >= limit, torch.ones_like(difference), difference)

    def follows(self, layer: Layer, step: int, steps: int) -> bool:
        """Whether temporal attention in `layer` is the source's at `step` of `steps`."""
        first, second = (int(share * steps) for share in self.stages)
        return step < first or (step < second and coarse(layer, self.published_layers))


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """`Matching` for one call: the conditional rows follow `source` at `step` of `steps`."""

    how: Matching
    source: Features
    step: int
    steps: int
