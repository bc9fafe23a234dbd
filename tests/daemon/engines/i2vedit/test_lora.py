"""The motion LoRA: where it sits, that it starts as nothing, that weights change hands whole."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.i2vedit.lora import MotionLora, target_names
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_testkit import svd


def full_size() -> torch.nn.Module:
    from diffusers import UNetSpatioTemporalConditionModel

    with torch.device("meta"):
        made: torch.nn.Module = UNetSpatioTemporalConditionModel()
    return made


def test_both_target_sets_at_full_size() -> None:
    unet = full_size()
    for wide, modules, parameters in ((False, 64, 3_194_880), (True, 192, 17_766_400)):
        found = target_names(unet, wide)
        assert len(found) == modules
        size = sum(32 * (m.in_features + m.out_features) for m in found.values())
        assert abs(size - parameters) / parameters < 0.01


@torch.no_grad()
def test_it_is_nothing_at_first_and_only_counts_when_active(model: Model, lora: MotionLora) -> None:
    network, x, given = model.network, svd.noise(1, 3, 4, 8, 8), svd.given(model.network, 3)
    plain = network(x, 2.0, given)
    lora.reset(3)
    with lora.active():
        assert torch.equal(network(x, 2.0, given), plain), "up is 0"
    weights = {n: t + 0.3 for n, t in lora.state().items()}
    with lora.using(weights):
        changed = network(x, 2.0, given)
    assert (changed - plain).abs().max() > 1e-3 and torch.equal(network(x, 2.0, given), plain)
    lora.reset(4)
    with lora.using(weights):
        assert torch.equal(network(x, 2.0, given), changed), "they are loaded again when something came between"


def test_reset_follows_from_its_seed(lora: MotionLora) -> None:
    lora.reset(1)
    first = lora.state()
    lora.reset(2)
    other = lora.state()
    lora.reset(1)
    assert all(torch.equal(first[n], t) for n, t in lora.state().items())
    downs = torch.cat([t.flatten() for n, t in first.items() if n.endswith(".down")])
    assert abs(downs.std() * 4 - 1) < 0.1, "N(0, 1/rank²)"
    assert any(not torch.equal(first[n], other[n]) for n in first) and all(
        not t.any() for n, t in first.items() if n.endswith(".up")
    )


def test_only_its_own_weights_learn(model: Model, lora: MotionLora) -> None:
    with lora.active(training=True):
        learning = [p for p in model.network.unet.parameters() if p.requires_grad]
        assert len(learning) == len(lora.parameters) and all(p.dtype == torch.float32 for p in learning)
    assert not any(p.requires_grad for p in model.network.unet.parameters())


def test_float32_in_a_half_precision_network() -> None:
    model = svd.model("bf16")
    lora = MotionLora(model.network.unet, 4, False, 0.0)
    assert all(p.dtype == torch.float32 for p in lora.parameters.values())
    with lora.active(), torch.no_grad():
        assert torch.isfinite(model.network(svd.noise(1, 3, 4, 8, 8), 2.0, svd.given(model.network, 3))).all()


def test_a_rank_beyond_a_layer_is_cut() -> None:
    model = svd.model()
    lora = MotionLora(model.network.unet, 64, False, 0.0)
    assert {p.shape[0] for n, p in lora.parameters.items() if n.endswith(".down")} == {32}
