"""The layers are found by where they are, in a network of any depth."""

from __future__ import annotations

import pytest
import torch
from keyfollow.errors import JobError
from keyfollow_daemon.engines.i2vedit.layers import Layer, coarse, hooked_layers
from keyfollow_daemon.engines.i2vedit.model import Model


def full_size() -> list[Layer]:
    from diffusers import UNetSpatioTemporalConditionModel

    with torch.device("meta"):
        return [layer for layer, _ in hooked_layers(UNetSpatioTemporalConditionModel())]


def test_the_real_architecture_has_sixteen_of_either_kind() -> None:
    layers = full_size()
    for kind in ("spatial", "temporal"):
        found = [(layer.name, layer.factor) for layer in layers if layer.kind == kind]
        assert found == [
            *(("down.0", 1), ("down.1", 1), ("down.2", 2), ("down.3", 2), ("down.4", 4), ("down.5", 4), ("mid.0", 8)),
            *(
                ("up.0", 4),
                ("up.1", 4),
                ("up.2", 4),
                ("up.3", 2),
                ("up.4", 2),
                ("up.5", 2),
                ("up.6", 1),
                ("up.7", 1),
                ("up.8", 1),
            ),
        ]


def test_what_is_coarse() -> None:
    temporal = [layer for layer in full_size() if layer.kind == "temporal"]
    published = [layer.name for layer in temporal if coarse(layer, published=True)]
    assert published == ["down.4", "down.5", "mid.0", "up.0", "up.1"]
    assert [layer.name for layer in temporal if coarse(layer, published=False)] == [*published, "up.2"]


def test_another_kind_of_network_is_refused(model: Model) -> None:
    class Empty(torch.nn.Module):
        down_blocks = up_blocks = ()
        mid_block = None

    with pytest.raises(JobError, match="self-attention"):
        hooked_layers(Empty())
