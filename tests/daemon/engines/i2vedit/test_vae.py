"""The autoencoder: means and samples unscaled, decoding of consecutive frames."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_testkit.svd import noise


def test_a_sample_is_mean_and_deviation(model: Model) -> None:
    pictures = noise(2, 3, 64, 64).clamp(-1, 1)
    mean, still = model.vae.mean(pictures), torch.zeros(2, 4, 8, 8)
    assert mean.shape == (2, 4, 8, 8) and torch.equal(model.vae.sample(pictures, still), mean)
    one = model.vae.sample(pictures, still + 1) - mean
    assert (one > 0).all() and torch.allclose(model.vae.sample(pictures, still + 2) - mean, 2 * one, atol=1e-5)


def test_frames_are_decoded_together_but_not_all(model: Model) -> None:
    latents = noise(10, 4, 8, 8)
    decoded = model.vae.decode(latents)
    assert decoded.shape == (10, 3, 64, 64)
    assert torch.equal(decoded[8:], model.vae.decode(latents[8:])), "what is decoded apart does not know of the others"
    assert torch.isfinite(decoded).all()
