"""Features are kept as long as there is room, and made anew otherwise."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.i2vedit.features import Features, FeatureStore


def made(size: int = 10) -> Features:
    return Features(spatial={"a": (torch.ones(size), torch.zeros(size))}, temporal={"b": (torch.ones(size),)})


def test_bytes_and_a_copy_elsewhere() -> None:
    one = made()
    assert one.bytes() == 3 * 10 * 4
    copy = one.to(torch.device("cpu"))
    assert (copy.spatial["a"][0] == 1).all() and copy.values is one.values


def test_what_fits_is_kept() -> None:
    store, calls = FeatureStore(torch.device("cpu")), []

    def make() -> Features:
        calls.append(1)
        return made()

    store.get("x", make)
    store.get("x", make)
    assert len(calls) == 2 and store.bytes == 0, "without a budget nothing is kept"
    store.budget = 2 * 120 + 60
    for name in ("x", "y", "z", "x", "y", "z"):
        store.get(name, make)
    assert store.bytes == 240 and len(calls) == 2 + 3 + 1, "the third has no room"
    store.offer("x", made())
    assert store.bytes == 240
    store.forget()
    assert store.bytes == 0
