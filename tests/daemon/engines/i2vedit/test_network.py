"""The hooked UNet answers as the plain one does, and says when something is wrong."""

from __future__ import annotations

import pytest
import torch
from keyfollow.errors import JobError
from keyfollow_daemon.engines.i2vedit.attention import Call
from keyfollow_daemon.engines.i2vedit.features import Features
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_testkit import svd
from keyfollow_testkit.svd_model import svd_folder


@torch.no_grad()
def test_it_is_the_published_network_with_scaled_input_and_level(model: Model) -> None:
    from diffusers import UNetSpatioTemporalConditionModel

    plain = UNetSpatioTemporalConditionModel.from_pretrained(f"{svd_folder()}/unet", torch_dtype=torch.float32).eval()
    x, given = svd.noise(1, 3, 4, 8, 8), svd.given(model.network, 3)
    inputs = torch.cat([x / (4.0 + 1) ** 0.5, given.latents], dim=2)
    want = plain(inputs, 0.25 * torch.log(torch.tensor(2.0)), given.embedding, torch.tensor([given.ids])).sample
    assert (model.network(x, 2.0, given) - want).abs().max() < 1e-5


@torch.no_grad()
def test_the_unconditional_video_sees_nothing_and_rows_do_not_mix(model: Model) -> None:
    x, given = svd.noise(1, 3, 4, 8, 8), svd.given(model.network, 3)
    both = given.guided()
    assert not both.latents[0].any() and not both.embedding[0].any()
    out = model.network(x.expand(2, -1, -1, -1, -1), 2.0, both)
    assert (out[1:] - model.network(x, 2.0, given)).abs().max() < 1e-5 and not torch.allclose(out[0], out[1])


@torch.no_grad()
def test_every_layer_is_captured_and_calls_are_counted(model: Model) -> None:
    network, capture = model.network, Features(values=True)
    calls, samples = network.calls, network.samples
    network(svd.noise(1, 3, 4, 8, 8), 2.0, svd.given(network, 3), Call(capture=capture))
    kinds = [layer.kind for layer in network.layers]
    assert len(capture.spatial) == kinds.count("spatial") and len(capture.temporal) == kinds.count("temporal")
    assert (network.calls, network.samples) == (calls + 1, samples + 3)


@torch.no_grad()
def test_no_numbers_and_lost_hooks_are_said(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    x, given = svd.noise(1, 2, 4, 8, 8), svd.given(model.network, 2)
    with pytest.raises(JobError, match="no numbers"):
        model.network(x * float("nan"), 2.0, given)
    monkeypatch.setattr(model.network, "layers", (*model.network.layers, model.network.layers[0]))
    with pytest.raises(JobError, match="answered"):
        model.network(x, 2.0, given)
