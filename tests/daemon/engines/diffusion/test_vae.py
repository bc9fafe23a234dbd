"""Pictures to latents and back. (Against the reference's numbers: tests/golden/test_replay.py.)"""

from __future__ import annotations

import numpy as np
import torch
from keyfollow_daemon.engines.diffusion import vae
from keyfollow_daemon.engines.diffusion.loading import Model


def test_bytes_and_values() -> None:
    picture = np.arange(0, 256, 4, dtype=np.uint8)[:60].reshape(4, 5, 3)
    assert np.allclose(vae.to_values(vae.from_bytes(picture)), picture, atol=1e-3)
    assert np.allclose(vae.from_values(picture.astype(np.float32)), vae.from_bytes(picture))
    assert vae.to_values(torch.full((3, 1, 1), 4.0)).tolist() == [[[255.0] * 3]]


def test_a_batch_is_its_pictures_one_by_one(model: Model) -> None:
    pictures = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    latents = model.vae.encode(pictures)
    assert latents.shape == (6, 4, 8, 8)
    assert torch.allclose(latents[5:], model.vae.encode(pictures[5:]), atol=1e-4)
    assert model.vae.decode(latents).shape == pictures.shape


def test_tiles_cover_a_large_picture(model: Model) -> None:
    tiled = vae.Vae(model.vae._model, tiled=True)
    assert tiled.decode(torch.zeros(1, 4, 24, 16)).shape == (1, 3, 192, 128)
    assert tiled.encode(torch.zeros(1, 3, 192, 128)).shape == (1, 4, 24, 16)
