"""Inversion and what it leaves: the same features whether they were kept or are made again."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.diffusion import edm
from keyfollow_daemon.engines.i2vedit.features import Features, FeatureStore
from keyfollow_daemon.engines.i2vedit.model import Model
from keyfollow_daemon.engines.i2vedit.source import Source, inverted
from keyfollow_testkit import svd


def same(a: Features, b: Features) -> bool:
    return all(
        torch.equal(s, t)
        for one, two in ((a.spatial, b.spatial), (a.temporal, b.temporal))
        for name in one
        for s, t in zip(one[name], two[name], strict=True)
    )


@torch.no_grad()
def test_a_step_asks_at_the_lower_level(model: Model) -> None:
    sigmas, clean, given = model.sigmas(3), svd.noise(3, 4, 8, 8), svd.given(model.network, 3)
    states = inverted(model.network, given, clean, sigmas)
    low, high = edm.inversion_sigmas(sigmas)[:2]
    v = model.network(clean[None], low, given)[0]
    want = edm.euler_step(clean, edm.predicted_clean(clean, v, low), low, high)
    assert states.shape == (4, 3, 4, 8, 8) and torch.equal(states[0], clean) and torch.equal(states[1], want)


def test_kept_features_are_those_made_again_also_beside_an_anchor(model: Model) -> None:
    sigmas, device = model.sigmas(2), model.device
    empty = FeatureStore(device)
    first = Source(model.network, empty, "a", svd.noise(3, 2, 4, 8, 8), svd.given(model.network, 2), sigmas, leads=True)
    given, clean = svd.given(model.network, 3, seed=5), svd.noise(3, 4, 8, 8)
    kept: dict[int, Features] = {}
    states = inverted(model.network, given, clean, sigmas, first.at, kept.__setitem__)
    later = Source(model.network, empty, "b", states, given, sigmas, first)
    assert all(same(kept[entry], later.at(entry)) for entry in (0, 1))
    alone = Source(model.network, empty, "c", states, given, sigmas)
    assert not same(kept[0], alone.at(0)), "the anchor is seen"


def test_a_store_with_room_asks_the_network_once(model: Model) -> None:
    store = FeatureStore(model.device)
    store.budget = 1 << 30
    source = Source(model.network, store, "x", svd.noise(2, 2, 4, 8, 8), svd.given(model.network, 2), model.sigmas(1))
    before = model.network.calls
    first, again = source.at(0), source.at(0)
    assert model.network.calls == before + 1 and same(first, again)
