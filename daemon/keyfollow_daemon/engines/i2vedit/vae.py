"""Pictures to latents and back with Stable Video Diffusion's autoencoder, whose decoder looks at neighbouring frames. Always float32."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

DECODED_TOGETHER = 8


class VideoVae:
    """diffusers' `AutoencoderKLTemporalDecoder`. Scaled latents are what the network denoises, unscaled ones what it is shown.

    Args:
        together: frames that the decoder sees at once; they are consecutive frames of one video.
    """

    def __init__(self, model: Any, *, together: int = DECODED_TOGETHER) -> None:
        self._model, self.together = model, together
        self.scale = float(model.config.scaling_factor)

    @torch.no_grad()
    def mean(self, pictures: Tensor) -> Tensor:
        """The posterior's mean, not scaled: ``(n, 3, h, w)`` in -1…1 to ``(n, 4, h/8, w/8)``."""
        return torch.cat([self._posterior(p).mean for p in pictures.split(1)])

    @torch.no_grad()
    def sample(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """mean + deviation * noise, not scaled."""
        parts = []
        for picture, n in zip(pictures.split(1), noise.split(1), strict=True):
            found = self._posterior(picture)
            parts.append(found.mean + found.std * n.to(found.mean))
        return torch.cat(parts)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Scaled ``(n, 4, h, w)``, consecutive frames, to ``(n, 3, 8h, 8w)``, nominally -1…1, not clamped."""
        device = self._model.device
        parts = [
            self._model.decode(part.to(device) / self.scale, num_frames=len(part)).sample
            for part in latents.split(self.together)
        ]
        return torch.cat(parts)

    def _posterior(self, picture: Tensor) -> Any:
        return self._model.encode(picture.to(self._model.device)).latent_dist
