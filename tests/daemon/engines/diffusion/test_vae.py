"""Pictures to latents and back. (Against the reference's numbers: tests/golden/test_replay.py.)"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from keyfollow_daemon.engines.diffusion import vae
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_testkit.diffusion import golden_frames


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


def test_tiles_cover_a_large_picture_and_none_is_larger(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, ...]] = []
    right = model.vae._model.decoder.forward

    def watched(latents: torch.Tensor, *more: Any) -> torch.Tensor:
        sizes.append(tuple(latents.shape))
        out: torch.Tensor = right(latents, *more)
        return out

    monkeypatch.setattr(model.vae._model.decoder, "forward", watched)
    tiled = vae.Vae(model.vae._model, tiled=True, batch=1)
    whole = vae.Vae(model.vae._model)
    pictures = torch.cat([torch.cat([vae.from_bytes(f.pixels)] * 3, dim=1)[None] for f in golden_frames()[:2]])
    latents = whole.encode(torch.cat([pictures, pictures], dim=3))
    sizes.clear()
    made = tiled.decode(latents)
    assert made.shape == (2, 3, 192, 128) and len(sizes) > 2
    assert max(n for n, *_ in sizes) == 1 and max(max(h, w) for *_, h, w in sizes) <= 8, "64 pixels are this model's tile"
    sizes.clear()
    whole_made = whole.decode(latents)
    assert [s[0] for s in sizes] == [2], "both pictures in one call"
    alike = torch.corrcoef(torch.stack([made.flatten(), whole_made.flatten()]))[0, 1]
    assert alike > 0.4, "the same picture, as far as this network, which sees a tile as a whole picture, can tell"
    assert tiled.encode(torch.zeros(1, 3, 192, 128)).shape == (1, 4, 24, 16)
    monkeypatch.setattr(vae, "TILED_FROM", 128 * 128)
    sizes.clear()
    whole.decode(latents)
    assert len(sizes) > 1, "a large picture is tiled in any plan"
