"""Latents as pictures without a decoder."""

from __future__ import annotations

import numpy as np
import torch
from keyfollow_daemon.engines.diffusion import vae
from keyfollow_daemon.engines.diffusion.preview import LatentColours
from keyfollow_daemon.engines.diffusion.worksize import work_size
from keyfollow_testkit import clips

SIZE = work_size((120, 70), 512)
MIX = torch.randn(4, 3, generator=torch.Generator().manual_seed(3))


def latent_of(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> torch.Tensor:
    """As an autoencoder that does no more than mix colours would make it."""
    small = torch.nn.functional.interpolate(vae.from_bytes(picture)[None], SIZE.latent, mode="area")[0]
    return torch.einsum("lc,chw->lhw", MIX, small) + 0.3


def test_what_was_mixed_is_told_apart_again_in_pictures_never_seen() -> None:
    first, later = (SIZE.shrink(np.ascontiguousarray(f)) for f in (clips.moving_patch(9, 120, 70)[n] for n in (0, 8)))
    colours = LatentColours(latent_of(first), first, SIZE)
    shown = colours(latent_of(later))
    blocks = later.reshape(16, 8, 16, 8, 3).mean(axis=(1, 3))[: shown.shape[0], : shown.shape[1]]
    assert shown.shape == (9, 15, 3) and shown.dtype == np.uint8, "the content alone, without the padding"
    assert np.abs(shown - blocks).max() <= 2


def test_a_frame_of_one_colour_is_no_obstacle() -> None:
    plain = np.full((128, 128, 3), 90, np.uint8)
    made = LatentColours(latent_of(plain), plain, SIZE)
    assert np.abs(made(latent_of(plain)).astype(int) - 90).max() <= 2


def test_nothing_to_show_is_no_preview() -> None:
    plain = np.full((128, 128, 3), 90, np.uint8)
    colours = LatentColours(latent_of(plain), plain, SIZE)
    assert colours.preview(None) is None
    preview = colours.preview(latent_of(plain))
    assert preview is not None and preview().shape == (9, 15, 3)
