"""What is handed over has the colours that source and keyframe lead one to expect."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.i2vedit.handover import held
from keyfollow_testkit.svd import noise


def test_an_edit_that_shifts_and_scales_every_channel_is_found_again() -> None:
    key_source, source = noise(4, 8, 8), noise(4, 8, 8, seed=1)
    drifted = held(3 * source + 5, source, 1.5 * key_source + 0.2, key_source)
    want = 1.5 * (source - source.mean(dim=(-2, -1), keepdim=True)) + source.mean(dim=(-2, -1), keepdim=True)
    assert torch.allclose(
        drifted - drifted.mean(dim=(-2, -1), keepdim=True), want - want.mean(dim=(-2, -1), keepdim=True), atol=1e-4
    )
    expected = source.mean(dim=(-2, -1)) + (1.5 * key_source + 0.2 - key_source).mean(dim=(-2, -1))
    assert torch.allclose(drifted.mean(dim=(-2, -1)), expected, atol=1e-4)


def test_without_drift_nothing_changes_and_a_flat_channel_is_no_trouble() -> None:
    source = noise(4, 8, 8)
    assert torch.allclose(held(source, source, source, source), source, atol=1e-5)
    flat = torch.zeros(4, 8, 8)
    assert torch.isfinite(held(flat, flat, flat, flat)).all()
