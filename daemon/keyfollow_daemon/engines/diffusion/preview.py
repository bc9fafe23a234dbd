"""What latents look like, roughly and for next to nothing: a picture for `Context.progress` that no decoder is run for.

A latent's channels are nearly colours, mixed. How, is found on a frame whose picture and latent are both known, by least squares: so it
holds for any autoencoder, and its result is a pixel for each of the latent's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from keyfollow_daemon.engines.base import Preview

from . import vae
from .worksize import Picture, WorkSize


class LatentColours:
    """The affine map from a latent pixel's channels to a colour that fits one frame best.

    Args:
        latent: ``(c, h, w)`` of that frame, as those to come are scaled.
        picture: the frame, ``(8 h, 8 w, 3)`` uint8, padded as `size` says; the padding is not shown.
    """

    def __init__(self, latent: Tensor, picture: Picture, size: WorkSize) -> None:
        colours = torch.nn.functional.interpolate(vae.from_bytes(picture)[None], latent.shape[-2:], mode="area")[0]
        # rows may repeat one another: a constant frame. The driver finds the smallest solution all the same
        found = torch.linalg.lstsq(_rows(latent), colours.flatten(1).T, driver="gelsd")
        self._map: Tensor = found.solution
        self._width, self._height = (-(-side // 8) for side in size.content)

    def __call__(self, latent: Tensor) -> Picture:
        """``(h, w, 3)`` uint8 of a latent ``(c, h, w)``."""
        height, width = latent.shape[-2:]
        colours = (_rows(latent) @ self._map).T.reshape(3, height, width)
        out: Picture = vae.to_values(colours[:, : self._height, : self._width]).round().astype("uint8")
        return out

    def preview(self, latent: Tensor | None) -> Preview | None:
        """For `Context.progress`; None where there is nothing to show yet."""
        return None if latent is None else lambda: self(latent)


def _rows(latent: Tensor) -> Tensor:
    """``(h w, c + 1)`` float32 on the CPU: a pixel's channels, and 1."""
    channels = latent.detach().float().cpu().flatten(1)
    return torch.cat([channels, torch.ones(1, channels.shape[1])]).T
