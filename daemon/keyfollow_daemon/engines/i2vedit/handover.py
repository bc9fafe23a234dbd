"""What one clip hands to the next: the latent of a frame they share, held to how the edit changed the colours at the keyframe.

Over many clips each hand-over drifts a little, mostly in the channels' mean and spread (spec § 9). The source says what these are at every
frame, and the keyframe what the edit does to them; together they say what they ought to be.
"""

from __future__ import annotations

import torch
from torch import Tensor


def held(latent: Tensor, source: Tensor, key: Tensor, key_source: Tensor) -> Tensor:
    """`latent` ``(4, h, w)`` with each channel's mean and deviation as expected; all four latents are scaled alike.

    mean = mean(source) + mean(key) - mean(key_source); deviation = deviation(source) deviation(key) / deviation(key_source)

    Args:
        source: of the same frame. key, key_source: the keyframe's edit and source.
    """
    (mean, spread), (mean_s, spread_s), (mean_k, spread_k), (mean_ks, spread_ks) = map(
        _statistics, (latent, source.to(latent), key.to(latent), key_source.to(latent))
    )
    return (latent - mean) * (spread_s * spread_k / spread_ks / spread) + mean_s + mean_k - mean_ks


def _statistics(latent: Tensor) -> tuple[Tensor, Tensor]:
    mean = latent.mean(dim=(-2, -1), keepdim=True)
    spread = latent.std(dim=(-2, -1), keepdim=True)
    return mean, torch.clamp(spread, min=1e-6)
