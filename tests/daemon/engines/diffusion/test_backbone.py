"""One function for every kind of network."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from keyfollow.errors import JobError
from keyfollow_daemon.engines.diffusion.backbone import Backbone, TextState
from keyfollow_daemon.engines.diffusion.loading import Model

BLOCKS: dict[str, Any] = {
    "block_out_channels": (8, 16),
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "norm_num_groups": 4,
    "layers_per_block": 1,
    "attention_head_dim": 4,
    "cross_attention_dim": 16,
}


def unet(**more: Any) -> Any:
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    return UNet2DConditionModel(sample_size=8, in_channels=4, out_channels=4, **{**BLOCKS, **more}).eval()


def controlnet(of: Any) -> Any:
    from diffusers import ControlNetModel

    made = ControlNetModel.from_unet(of, conditioning_embedding_out_channels=(4, 8, 8, 8)).eval()
    for layer in (*made.controlnet_down_blocks, made.controlnet_cond_embedding.conv_out):
        torch.nn.init.constant_(layer.weight, 0.1)  # they start as zero: a fresh ControlNet says nothing
    return made


X, T, TEXT = torch.ones(2, 4, 8, 8), torch.tensor([500, 20]), TextState(torch.ones(1, 77, 16))


def test_depth_is_the_fifth_channel_where_the_network_has_one(model: Model) -> None:
    near, far = torch.ones(1, 1, 8, 8), -torch.ones(1, 1, 8, 8)
    x, t, text = torch.zeros(1, 4, 8, 8), torch.tensor([300]), model.text("")
    assert model.backbone.needs_depth
    assert not torch.equal(model.backbone(x, t, text, near), model.backbone(x, t, text, far))


def test_a_plain_network_needs_none() -> None:
    backbone = Backbone(unet())
    assert not backbone.needs_depth and backbone(X, T, TEXT, None).shape == X.shape


def test_a_controlnet_reads_depth_as_a_picture() -> None:
    network = unet()
    backbone = Backbone(network, controlnet(network))
    near, far = torch.ones(2, 1, 8, 8), -torch.ones(2, 1, 8, 8)
    assert backbone.needs_depth
    assert not torch.allclose(backbone(X, T, TEXT, near), backbone(X, T, TEXT, far), atol=1e-6)


def test_sdxl_is_told_its_size_and_the_pooled_text() -> None:
    network = unet(addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=8 * 6 + 12)
    backbone = Backbone(network)
    one, two = (backbone(X, T, TextState(TEXT.tokens, torch.full((1, 12), v)), None) for v in (0.0, 1.0))
    assert one.shape == X.shape and not torch.allclose(one, two, atol=1e-6)


def test_v_becomes_noise() -> None:
    network, alphas = unet(), torch.linspace(0.999, 0.01, 1000)
    v = Backbone(network)(X, T, TEXT, None)
    a = alphas[T].view(-1, 1, 1, 1)
    assert torch.allclose(Backbone(network, None, "v_prediction", alphas)(X, T, TEXT, None), a.sqrt() * v + (1 - a).sqrt() * X)


def test_rows_may_stand_at_different_levels() -> None:
    backbone = Backbone(unet())
    both = backbone(X, T, TEXT, None)
    assert torch.allclose(both[1:], backbone(X[1:], T[1:], TEXT, None), atol=1e-5)
    assert (backbone.calls, backbone.samples) == (2, 3)


def test_values_that_are_no_numbers_end_the_run_with_a_sentence() -> None:
    with pytest.raises(JobError) as error:
        Backbone(unet())(X * float("nan"), T, TEXT, None)
    assert error.value.code == "not_finite" and "precision=fp32" in error.value.remedy
