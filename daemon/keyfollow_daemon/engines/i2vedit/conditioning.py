"""Pictures as Stable Video Diffusion reads them: a CLIP embedding and an unscaled latent."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import (
    _resize_with_antialiasing as resize,  # the very one that the model was trained behind; diffusers is pinned
)
from torch import Tensor

MOTION_BUCKET, NOISE_AUGMENTATION = 127.0, 0.02
INVERSION_FPS, TRAINING_FPS = 8.0, 6.0
CLIP_SIDE = 224


class ImageEncoder:
    """transformers' CLIP vision model with projection.

    Args:
        mean, deviation: by channel, from the folder's feature extractor.
    """

    def __init__(self, model: Any, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        self._model = model
        self._mean, self._deviation = (torch.tensor(v)[:, None, None] for v in (mean, deviation))

    @torch.no_grad()
    def __call__(self, picture: Tensor) -> Tensor:
        """``(1, 1, D)`` float32 of a picture ``(3, h, w)`` in -1…1."""
        small = (resize(picture[None].float(), (CLIP_SIDE, CLIP_SIDE)) + 1) / 2
        inputs = ((small - self._mean) / self._deviation).to(self._model.device, self._model.dtype)
        found: Tensor = self._model(inputs).image_embeds
        return found[:, None].float()


def in_bytes(picture: Tensor) -> Tensor:
    """A picture in -1…1 through 8 bits, truncated as published."""
    return ((picture + 1) * 127.5).to(torch.uint8).float() / 127.5 - 1
