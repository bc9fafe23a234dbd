"""Smooth-area random perturbation (SARP; Ouyang et al. 2024, I2VEdit, § 3.3): flat areas get a little noise before inversion.

Where a picture has no gradient at all its inverted noise is far from Gaussian, and edits there come out flat.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

THRESHOLD = 1e-3


def smooth_areas(pictures: Tensor) -> Tensor:
    """``(n, 1, h, w)`` bool: |Sobel_x| + |Sobel_y|, averaged over channels, at most 0.001.

    Args:
        pictures: ``(n, 3, h, w)`` in -1…1. Beyond the border they are 0, so the border of a flat area that is not 0 counts as an edge.
    """
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack([across, across.T])[:, None].to(pictures)
    n, channels, height, width = pictures.shape
    gradients = functional.conv2d(pictures.reshape(n * channels, 1, height, width), kernels, padding=1).abs().sum(dim=1)
    return gradients.view(n, channels, height, width).mean(dim=1, keepdim=True) <= THRESHOLD


def perturbed(pictures: Tensor, strength: float, seed: int) -> Tensor:
    """x + strength * noise where x is smooth, clamped to -1…1. Strength 0.02 suits Stable Diffusion, 0.005 SVD."""
    noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(seed)).to(pictures)
    return perturbed_by(pictures, noise, strength)


def perturbed_by(pictures: Tensor, noise: Tensor, strength: float) -> Tensor:
    """`perturbed` with noise that is given, of the pictures' shape."""
    return torch.where(smooth_areas(pictures), pictures + strength * noise, pictures).clamp(-1, 1)
