"""Depth of a frame, and its normalisation to what depth-conditioned models read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

BACKGROUND = -1.0
BEHIND = 10.0


class DepthEstimator:
    """A transformers depth model (DPT, MiDaS, Depth Anything): inverse depth, near is large."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model, self._processor = model, processor

    @torch.inference_mode()
    def __call__(self, picture: npt.NDArray[np.uint8]) -> Tensor:
        """Raw depth ``(h_d, w_d)`` float32 of an RGB picture ``(h, w, 3)``, at the model's own size."""
        inputs = self._processor(images=picture, return_tensors="pt")["pixel_values"]
        found: Tensor = self._model(inputs.to(self._model.device, self._model.dtype)).predicted_depth
        return found[0].float().cpu()


def resized(raw: Tensor, height: int, width: int) -> Tensor:
    """Raw depth at the latent's size, ``(height, width)``, bilinear. Pixels of exactly -1 are background, set behind all others."""
    background = raw == BACKGROUND
    if background.any() and not background.all():
        raw = torch.where(background, raw[~background].min() - BEHIND, raw)
    return functional.interpolate(raw[None, None], (height, width), mode="bilinear", align_corners=False)[0, 0]


def normalised(depth: Tensor, low: float, high: float) -> Tensor:
    """2 (d - low) / (high - low) - 1; 0 everywhere for a map without extent."""
    if not high > low:
        return torch.zeros_like(depth)
    return 2.0 * (depth - low) / (high - low) - 1.0
