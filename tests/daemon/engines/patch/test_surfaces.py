from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.pixels import grid
from keyfollow_daemon.engines.patch.surfaces import place, stretched

SHAPE = (90, 120)


def turned() -> Any:
    """Offsets of a surface that turns and grows."""
    x, y = np.moveaxis(grid(*SHAPE), 2, 0)
    return np.dstack([5 + 0.05 * x - 0.1 * y, 3 + 0.08 * x + 0.04 * y]).astype(np.float32)


def hole() -> tuple[Any, Any]:
    """(lost, sure): a strip in the middle, and the rest."""
    lost = np.zeros(SHAPE, np.bool_)
    lost[:, 50:66] = True
    return lost, ~lost


def still() -> tuple[Any, Any]:
    return np.zeros((*SHAPE, 2), np.float32), np.ones(SHAPE, np.bool_)


def test_what_is_lost_lies_on_the_surface_around_it() -> None:
    lost, sure = hole()
    wrong = turned()
    wrong[lost] += np.float32(20)
    out, placed = place(lost, sure, wrong, *still())
    assert placed[lost].all() and not placed[sure].any()
    assert np.abs(out - turned())[lost].max() < 0.1
    assert (out[sure] == wrong[sure]).all()


def test_what_moves_otherwise_is_not_asked() -> None:
    lost, sure = hole()
    offset = turned()
    offset[:, :50] += np.float32(9)
    motion, visible = still()
    motion[:, :50, 0] = 3.0
    out, placed = place(lost, sure, offset, motion, visible)
    assert placed[:, 52:60].all()
    assert np.abs(out - turned())[:, 52:60].max() < 0.3


def test_a_few_that_lie_elsewhere_are_overruled() -> None:
    lost, sure = hole()
    offset = turned()
    offset[::3, 40:50] += np.float32(7)
    out, placed = place(lost, sure, offset, *still())
    assert placed[lost].all()
    assert np.abs(out - turned())[lost].max() < 0.5


def test_with_nobody_around_nothing_is_placed() -> None:
    lost = np.zeros(SHAPE, np.bool_)
    lost[40:50, 60:70] = True
    _, placed = place(lost, np.zeros_like(lost), turned(), *still())
    assert not placed.any()


def test_a_smear_is_stretched_and_a_slope_is_not() -> None:
    offset = turned()
    assert not stretched(offset).any()
    slanting = offset.copy()
    slanting[..., 0] += 0.8 * grid(*SHAPE)[..., 1]
    assert not stretched(slanting).any()
    smeared = offset.copy()
    smeared[:, 50:60, 0] += np.arange(10, dtype=np.float32)
    smeared[:, 60:, 0] += np.float32(10)
    assert stretched(smeared)[:, 51:59].all() and not stretched(smeared)[:, :48].any()
