"""LocalBlend for video (spec § 8b): where neither prompt's changed words look, the target keeps the source's latents.

Prompt-to-prompt's local blending, per frame. The published code has one that is never called and knows no frames; this one is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

THRESHOLD = 0.3
FROM = 0.2
"""Share of the steps after which latents are blended."""


@dataclass(frozen=True, slots=True, eq=False)
class LocalBlend:
    """Args:
    source, target: ``(77,)``, 1 at the tokens of the words that change, in either prompt.
    steady: a frame's mask also covers what its two neighbours' do.
    """

    source: Tensor
    target: Tensor
    steady: bool = False

    def blends(self, step: int, steps: int) -> bool:
        """Whether latents are blended after this step."""
        return step >= FROM * steps

    def mask(self, sums: Tensor, height: int, width: int) -> Tensor:
        """``(F, 1, height, width)``, 0 or 1.

        Args:
            sums: ``(2, F, tokens)``: attention to the source's and to the target's words, added up over layers and steps; tokens are
                those of a quarter of the latent's size.
        """
        shape = (-(-height // 4), -(-width // 4))
        wide = functional.max_pool2d(sums.unflatten(-1, shape), 3, stride=1, padding=1)
        wide = wide / wide.amax(dim=(-2, -1), keepdim=True).clamp_min(1e-12)
        found = (functional.interpolate(wide, (height, width), mode="nearest") > THRESHOLD).any(dim=0).float()
        if self.steady:
            found = functional.max_pool1d(found.flatten(1).T[None], 3, stride=1, padding=1)[0].T.view(found.shape)
        return found[:, None]
