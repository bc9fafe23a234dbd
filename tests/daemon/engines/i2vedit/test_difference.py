"""The row difference in chunks equals the formula written out with whole maps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from keyfollow_daemon.engines.i2vedit.difference import row_difference
from keyfollow_testkit.svd import noise


def directly(q: torch.Tensor, k: torch.Tensor, qs: torch.Tensor, ks: torch.Tensor) -> torch.Tensor:
    maps = [torch.softmax(a @ b.transpose(-1, -2) / a.shape[-1] ** 0.5, dim=-1) for a, b in ((q, k), (qs, ks))]
    return (maps[0] - maps[1]).abs().mean(dim=1).sum(dim=-1).clamp(0, 2) / 2


@pytest.mark.parametrize("limit", [1, 4 * 3 * 70 * 7, 1 << 30])
@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0])
def test_chunks_of_any_size_agree_with_the_formula(limit: int, scale: float) -> None:
    q, k, qs, ks = (scale * noise(2, 3, 70, 8, seed=n) for n in range(4))
    got, want = row_difference(q, k, qs, ks, limit), directly(q, k, qs, ks)
    assert got.shape == (2, 70) and (got - want).abs().max() < 1e-5


def test_from_nothing_to_everything() -> None:
    q, k = noise(1, 2, 20, 8), noise(1, 2, 20, 8, seed=1)
    assert row_difference(q, k, q, k).max() == 0
    # two one-hot rows at different places differ by 1
    eye = 100 * torch.eye(8)[None, None]
    assert row_difference(eye, eye, eye, eye.flip(2))[0].min() > 0.999


def test_half_precision_is_measured_in_float32() -> None:
    q, k, qs, ks = (noise(1, 2, 30, 8, seed=n).bfloat16() for n in range(4))
    assert (row_difference(q, k, qs, ks) - directly(q.float(), k.float(), qs.float(), ks.float())).abs().max() < 1e-5


def test_no_map_is_ever_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    right = torch.logsumexp

    def watched(scores: torch.Tensor, **more: Any) -> torch.Tensor:
        seen.append(scores.numel() * 4)
        return right(scores, **more)

    monkeypatch.setattr(torch, "logsumexp", watched)
    q = noise(1, 2, 100, 8)
    row_difference(q, q, q, q, limit=8000)
    assert max(seen) <= 8000 < 2 * 100 * 100 * 4
