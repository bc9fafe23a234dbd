"""The denoising network behind one function: noise from latent, level, text and depth, whatever kind of model stands there.

    Stable Diffusion 2 depth     depth is the fifth input channel
    SD 1.5, SDXL + ControlNet    depth is a picture that a ControlNet reads
    plain Stable Diffusion       no depth

It computes in the model's dtype and answers in float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from keyfollow.errors import JobError
from torch import Tensor
from torch.nn import functional

from .attention import FeatureTap, tap_decoder

LATENT_CHANNELS = 4
PIXELS_PER_LATENT = 8


@dataclass(frozen=True, slots=True, eq=False)
class TextState:
    """An encoded prompt: ``(1, tokens, channels)``, and SDXL's pooled ``(1, channels)``."""

    tokens: Tensor
    pooled: Tensor | None = None


def check_finite(out: Tensor, dtype: torch.dtype) -> None:
    """Raises JobError ``not_finite`` when a network that computes in `dtype` gave NaN or infinity."""
    if not torch.isfinite(out).all():
        raise JobError(
            "not_finite",
            f"The model computed values that are no numbers, in {str(dtype).removeprefix('torch.')}.",
            "Run again with --set precision=fp32.",
        )


class Backbone:
    """A UNet, and its ControlNet where there is one. `samples` counts the rows that were computed, `calls` the calls.

    Args:
        prediction: ``epsilon`` or ``v_prediction``, as the model's scheduler says.
        alphas: cumulative alpha of every training step (for v), or None.
    """

    def __init__(self, unet: Any, controlnet: Any = None, prediction: str = "epsilon", alphas: Tensor | None = None) -> None:
        self.unet, self.controlnet, self.prediction, self.alphas = unet, controlnet, prediction, alphas
        self.tap: FeatureTap = tap_decoder(unet)
        self.samples = self.calls = 0
        # asked of diffusers once: its answer goes through every parameter
        self.device, self.dtype = torch.device(unet.device), cast(torch.dtype, unet.dtype)

    @property
    def needs_depth(self) -> bool:
        return self.controlnet is not None or int(self.unet.config.in_channels) == LATENT_CHANNELS + 1

    @torch.inference_mode()
    def __call__(self, x: Tensor, timesteps: Tensor, text: TextState, depth: Tensor | None) -> Tensor:
        """Predicted noise ``(n, 4, h, w)`` float32.

        Args:
            x: ``(n, 4, h, w)`` float32.
            timesteps: ``(n,)``, each row its own.
            text: of ``n`` rows, or of one that serves all.
            depth: ``(n, 1, h, w)`` in about -1…1, near is large.

        Raises:
            JobError: ``not_finite`` when the network gives NaN or infinity; ``hooks_lost``.
        """
        self.samples += len(x)
        self.calls += 1
        tokens = text.tokens.expand(len(x), -1, -1).to(self.dtype)
        inputs, extra = x.to(self.dtype), self._added(x, text)
        if self.controlnet is not None:
            assert depth is not None
            picture = functional.interpolate((depth + 1) / 2, scale_factor=PIXELS_PER_LATENT, mode="bilinear")
            down, mid = self.controlnet(
                inputs, timesteps, tokens, picture.expand(-1, 3, -1, -1).to(self.dtype), return_dict=False, **extra
            )
            extra |= {"down_block_additional_residuals": down, "mid_block_additional_residual": mid}
        elif self.needs_depth:
            assert depth is not None
            inputs = torch.cat([inputs, depth.to(self.dtype)], dim=1)
        self.tap.captured = []
        out: Tensor = self.unet(inputs, timesteps, tokens, return_dict=False, **extra)[0].float()
        self.tap.check()
        check_finite(out, self.dtype)
        return self.noise(out, x, timesteps)

    def noise(self, out: Tensor, x: Tensor, timesteps: Tensor) -> Tensor:
        """The noise that the network's answer `out` to `x` ``(n, 4, h, w)`` means: itself, or for v = sqrt(a) eps - sqrt(1 - a) x0."""
        if self.prediction == "epsilon":
            return out
        assert self.alphas is not None
        alpha = self.alphas.to(x.device)[timesteps.long()].view(-1, 1, 1, 1)
        return alpha.sqrt() * out + (1 - alpha).sqrt() * x

    def _added(self, x: Tensor, text: TextState) -> dict[str, Any]:
        if text.pooled is None:
            return {}
        height, width = (side * PIXELS_PER_LATENT for side in x.shape[-2:])
        times = torch.tensor([[height, width, 0, 0, height, width]], device=x.device, dtype=self.dtype)
        pooled = text.pooled.to(self.dtype).expand(len(x), -1)
        return {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": times.expand(len(x), -1)}}
