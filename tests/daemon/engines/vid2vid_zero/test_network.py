"""A picture model as one for videos."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from keyfollow.errors import JobError
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.vid2vid_zero.call import Pair
from keyfollow_daemon.engines.vid2vid_zero.kinds import layer_kinds
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from keyfollow_testkit import diffusion
from keyfollow_testkit.zero_model import CASE


def ask(network: VideoNetwork, x: torch.Tensor, **more: Any) -> torch.Tensor:
    text = torch.randn(1, 77, 32, generator=torch.Generator().manual_seed(3)).expand(len(x), -1, -1)
    with torch.no_grad():
        return network(x, 401, text, **more)


def test_one_frame_is_what_the_stock_model_says(network: VideoNetwork) -> None:
    stock = UNet2DConditionModel.from_pretrained(str(CASE / "model" / "unet"), use_safetensors=True)
    x, text = torch.randn(2, 1, 4, 8, 8), torch.randn(2, 77, 32)
    with torch.no_grad():
        want = stock(x[:, 0], torch.tensor(401), text).sample
        assert (network(x, 401, text, cross_frame=True)[:, 0] - want).abs().max() < 1e-5
    assert network.samples == 2 and network.calls == 1


def test_videos_do_not_see_one_another_and_frames_do(network: VideoNetwork) -> None:
    x = torch.randn(2, 3, 4, 8, 8)
    before = ask(network, x, cross_frame=True)
    x[1, 2] += 1
    after = ask(network, x, cross_frame=True)
    assert torch.allclose(before[0], after[0], atol=1e-5) and (before[1, 0] - after[1, 0]).abs().max() > 1e-3
    network.joint_norm = False
    alone = ask(network, x)
    x[1, 2] -= 1
    assert torch.allclose(alone[1, 0], ask(network, x)[1, 0], atol=1e-5), "nothing else couples frames"


def test_frames_see_slots_and_slots_see_nobody(network: VideoNetwork) -> None:
    network.set_kinds(layer_kinds(network.self_attention, "hybrid"))
    x = torch.randn(1, 4, 4, 8, 8)
    before = ask(network, x, slots=1, cross_frame=True)
    moved = x.clone()
    moved[:, 0] += 1
    assert (ask(network, moved, slots=1, cross_frame=True)[:, 1:] - before[:, 1:]).abs().max() > 1e-3
    moved = x.clone()
    moved[:, 2] += 1
    assert torch.allclose(ask(network, moved, slots=1, cross_frame=True)[:, 0], before[:, 0], atol=1e-5)


def test_gradients_reach_the_text_also_when_checkpointed(network: VideoNetwork) -> None:
    from keyfollow_testkit import zero

    x, text = torch.randn(1, 2, 4, 8, 8), torch.randn(1, 77, 32)
    found = []
    for one in (network, zero.network(checkpointed=True)):
        leaf = text.clone().requires_grad_()
        found.append(torch.autograd.grad(one(x, 401, leaf).square().mean(), leaf)[0])
    assert found[0].abs().max() > 0 and torch.allclose(found[0], found[1], atol=1e-6)


def test_a_v_prediction_model_answers_with_noise() -> None:
    model = loading.load(str(CASE / "model"), torch.device("cpu"), "fp32")
    assert model.backbone.alphas is not None
    alpha = model.backbone.alphas[401]
    network = VideoNetwork(model.backbone)
    x = torch.randn(1, 2, 4, 8, 8)
    v = ask(network, x)
    model.backbone.prediction = "v_prediction"
    assert torch.allclose(ask(network, x), alpha.sqrt() * v + (1 - alpha).sqrt() * x, atol=1e-6)


def test_what_is_no_number_is_an_error(network: VideoNetwork) -> None:
    with pytest.raises(JobError, match="no numbers"):
        ask(network, torch.full((1, 1, 4, 8, 8), float("nan")))


def test_lost_hooks_and_other_models_are_errors(network: VideoNetwork) -> None:
    from diffusers.models.attention_processor import AttnProcessor2_0
    from keyfollow_testkit import zero

    own = zero.network()
    layer = own.unet.get_submodule(own.self_attention[0])
    layer.set_processor(AttnProcessor2_0())
    with pytest.raises(JobError, match="31 of the model's 32 attention layers"):
        ask(own, torch.randn(1, 1, 4, 8, 8))
    with pytest.raises(JobError, match="does not know"):
        VideoNetwork(loading.load(diffusion.MODEL, torch.device("cpu"), "fp32").backbone)


def test_pairs_change_the_target_only(network: VideoNetwork) -> None:
    x = torch.randn(2, 2, 4, 8, 8)
    text = torch.randn(2, 77, 32)
    pair = Pair(0, 1, torch.eye(77), torch.zeros(77))
    with torch.no_grad():
        plain, led = network(x, 401, text), network(x, 401, text, pairs=(pair,))
    assert torch.allclose(plain[0], led[0], atol=1e-5) and (plain[1] - led[1]).abs().max() > 1e-4
