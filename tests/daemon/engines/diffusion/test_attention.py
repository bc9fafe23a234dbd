"""Capture and injection on a real UNet's decoder. (The numbers themselves: tests/golden/test_replay.py.)"""

from __future__ import annotations

import pytest
import torch
from keyfollow.errors import JobError
from keyfollow_daemon.engines.diffusion.attention import decoder_self_attention, tap_decoder
from keyfollow_daemon.engines.diffusion.backbone import TextState
from keyfollow_daemon.engines.diffusion.loading import Model
from torch import Tensor, nn


def forward(model: Model, x: Tensor) -> Tensor:
    depth = torch.zeros(len(x), 1, 8, 8)
    return model.backbone(x, torch.full((len(x),), 500), model.text("a swan"), depth)


def test_every_decoder_layer_is_hooked_and_no_other(model: Model) -> None:
    assert len(model.backbone.tap.names) == 9 and all(n.startswith("up_blocks") for n in model.backbone.tap.names)
    forward(model, torch.zeros(1, 4, 8, 8))
    assert [t.shape[-1] for t in model.backbone.tap.captured] == [24] * 3 + [16] * 3 + [8] * 3


def test_ones_own_features_however_often_change_nothing_and_others_do(model: Model) -> None:
    a, b = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(1)).unbind()
    tap = model.backbone.tap
    tap.references = None
    plain = forward(model, a)
    own = [t[0] for t in tap.captured]
    forward(model, b)
    others = [t[0] for t in tap.captured]
    tap.references = [[own, own]]
    assert torch.allclose(forward(model, a), plain, atol=1e-5)
    tap.references = [[others]]
    assert not torch.allclose(forward(model, a), plain, atol=1e-3)
    tap.references = [[], [others, others]]
    both = forward(model, torch.cat([a, a]))
    assert torch.allclose(both[:1], plain, atol=1e-5) and not torch.allclose(both[1:], plain, atol=1e-3)
    tap.references = None


def test_a_layer_that_lost_its_hook_is_noticed(model: Model) -> None:
    from diffusers.models.attention_processor import AttnProcessor2_0

    layer = list(decoder_self_attention(model.backbone.unet).values())[4]
    hook = layer.processor
    layer.set_processor(AttnProcessor2_0())
    try:
        with pytest.raises(JobError, match="decoder attention layers"):
            forward(model, torch.zeros(1, 4, 8, 8))
    finally:
        layer.set_processor(hook)


def test_a_model_without_such_layers_is_refused() -> None:
    with pytest.raises(JobError) as error:
        tap_decoder(nn.Linear(2, 2))
    assert error.value.code == "unknown_layers" and isinstance(TextState(torch.zeros(1)), TextState)
