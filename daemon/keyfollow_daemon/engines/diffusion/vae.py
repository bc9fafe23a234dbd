"""Pictures to latents and back, in batches, in tiles where a picture is large. Always float32: 8 bits of output need more than bf16."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

TILED_FROM = 1024 * 1024
"""Pixels above which encoder and decoder work in overlapping tiles."""


class Vae:
    """diffusers' `AutoencoderKL`; latents are scaled as the denoising network expects them."""

    def __init__(self, model: Any, *, tiled: bool = False, batch: int = 4) -> None:
        self._model, self._tiled, self._batch = model, tiled, batch

    @torch.inference_mode()
    def encode(self, pictures: Tensor) -> Tensor:
        """``(n, 3, h, w)`` in -1…1 to ``(n, 4, h/8, w/8)``: the posterior's mean times the scaling factor."""
        self._prepare(pictures.shape[-2] * pictures.shape[-1])
        scale = float(self._model.config.scaling_factor)
        parts = [
            self._model.encode(p.to(self._model.device)).latent_dist.mean * scale for p in torch.split(pictures, self._batch)
        ]
        return torch.cat(parts)

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Tensor:
        """``(n, 4, h, w)`` to ``(n, 3, 8h, 8w)``, nominally -1…1, not clamped."""
        self._prepare(latents.shape[-2] * latents.shape[-1] * 64)
        scale = float(self._model.config.scaling_factor)
        parts = [self._model.decode(p.to(self._model.device) / scale).sample for p in torch.split(latents, self._batch)]
        return torch.cat(parts)

    def _prepare(self, pixels: int) -> None:
        if self._tiled or pixels > TILED_FROM:
            self._model.enable_tiling()
        else:
            self._model.disable_tiling()


def from_bytes(picture: npt.NDArray[np.uint8]) -> Tensor:
    """``(h, w, 3)`` uint8 to ``(3, h, w)`` float32: u / 127.5 - 1."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 127.5 - 1.0


def from_values(picture: npt.NDArray[np.floating[Any]]) -> Tensor:
    """``(h, w, 3)`` in 0…255 to ``(3, h, w)`` float32 in -1…1."""
    return torch.from_numpy(np.ascontiguousarray(picture, np.float32)).permute(2, 0, 1) / 127.5 - 1.0


def to_values(decoded: Tensor) -> npt.NDArray[np.float32]:
    """``(3, h, w)`` to ``(h, w, 3)`` float32 in 0…255, clamped."""
    out: npt.NDArray[np.float32] = ((decoded.clamp(-1, 1) / 2 + 0.5) * 255).permute(1, 2, 0).float().cpu().numpy()
    return out
