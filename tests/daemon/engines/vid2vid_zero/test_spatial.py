"""The spatial loss and its closed-form step."""

from __future__ import annotations

import pytest
import torch
from keyfollow.errors import UsageError
from keyfollow_daemon.engines.vid2vid_zero.spatial import SpatialLoss

CLEAN, SOURCE = torch.randn(2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
KEEP = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("keep", [None, KEEP])
def test_the_closed_form_is_the_gradient(keep: torch.Tensor | None) -> None:
    loss = SpatialLoss(0.3, 0.05)
    x = CLEAN.double().requires_grad_()
    d = x - SOURCE.double()
    m = torch.ones_like(d) if keep is None else keep.double().expand_as(d)
    across, down = d.diff(dim=-1).square() * m[..., :-1], d.diff(dim=-2).square() * m[..., :-1, :]
    energy = 0.5 * (0.3 * (m * d.square()).sum() + 0.05 * (across.sum() + down.sum()))
    (want,) = torch.autograd.grad(energy, x)
    got = loss.gradient(CLEAN.double(), SOURCE.double(), None if keep is None else keep.double())
    assert torch.allclose(got, want, atol=1e-12)


def test_off_is_bit_identical() -> None:
    assert SpatialLoss().step(CLEAN, SOURCE, 1.0) is CLEAN and not SpatialLoss() and not SpatialLoss(1.0, 0.0, 0.0)


def test_a_full_step_of_values_gives_the_source() -> None:
    for size in (1.0, 4.0):
        assert torch.allclose(SpatialLoss(1 / size, 0.0, size).step(CLEAN, SOURCE, 1.0), SOURCE, atol=1e-6)
    kept = SpatialLoss(1.0, 0.0).step(CLEAN, SOURCE, 1.0, torch.zeros(3, 1, 8, 8))
    assert torch.equal(kept, CLEAN), "nothing is held where the mask is 0"


def test_gradients_alone_leave_a_change_of_level() -> None:
    assert torch.allclose(SpatialLoss(0.0, 0.1).step(SOURCE + 3, SOURCE, 1.0), SOURCE + 3, atol=1e-5)


def test_a_stable_step_lessens_the_loss_and_an_unstable_one_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    loss = SpatialLoss(0.2, 0.1)
    assert loss.report(loss.step(CLEAN, SOURCE, 1.0), SOURCE) < loss.report(CLEAN, SOURCE) and not caplog.records
    SpatialLoss(0.5, 0.1)
    assert "overshoot" in caplog.text
    with pytest.raises(UsageError) as error:
        SpatialLoss(0.5, 0.2)
    assert error.value.code == "unstable_loss" and "2.1" in str(error.value)


def test_the_bound_is_the_energys_largest_eigenvalue() -> None:
    board = (-1.0) ** (torch.arange(64).view(64, 1) + torch.arange(64))
    ratio = SpatialLoss(0.2, 0.1).gradient(board, torch.zeros(64, 64)) / board
    assert ratio[32, 32] == pytest.approx(0.2 + 8 * 0.1)


def test_its_weight_falls_from_60_to_90_percent() -> None:
    weights = [SpatialLoss(1.0).weight(s, 10) for s in range(10)]
    assert weights[:7] == pytest.approx([1.0] * 7) and weights[7:] == pytest.approx([2 / 3, 1 / 3, 0], abs=1e-9)
