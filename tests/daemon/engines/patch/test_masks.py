from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.base import EditMask
from keyfollow_daemon.engines.patch.masks import Masks, feathered
from keyfollow_daemon.engines.patch.pixels import grid

SHAPE = (60, 80)


def disc(left: int) -> Any:
    weight = np.zeros(SHAPE, np.float32)
    weight[20:40, left : left + 20] = 1
    return weight


def follow(source: int, frame: int) -> Any:
    """The picture moves 2 px right per frame."""
    return grid(*SHAPE) + np.array([2.0 * (source - frame), 0.0], np.float32)


def test_no_masks_are_false() -> None:
    assert not Masks([], follow, 0)


def test_a_given_mask_is_used_as_given_and_carried_elsewhere() -> None:
    masks = Masks([EditMask("edit", 3, disc(20))], follow, 0)
    assert masks and masks.sources(3) == set() and masks.sources(5) == {3}
    assert np.array_equal(masks.at(3), disc(20))
    assert np.array_equal(masks.at(5), disc(24))
    assert np.array_equal(masks.at(1), disc(16))


def test_between_two_both_have_a_say() -> None:
    masks = Masks([EditMask("edit", 0, disc(20)), EditMask("edit", 4, disc(28) * 0)], follow, 0)
    assert masks.sources(1) == {0, 4}
    assert masks.at(1)[30, 30] == 0.75


def test_protected_and_front_areas_are_cut_out_exactly() -> None:
    masks = Masks([EditMask("edit", 0, disc(20)), EditMask("protect", 0, disc(30)), EditMask("front", 0, disc(10))], follow, 0)
    assert not masks.at(0).any()
    only = Masks([EditMask("protect", 0, disc(30))], follow, 0).at(2)
    assert np.array_equal(only, 1 - disc(34))


def test_masks_on_one_frame_are_united() -> None:
    masks = Masks([EditMask("edit", 0, disc(5)), EditMask("edit", 0, disc(50))], follow, 0)
    assert np.array_equal(masks.at(0), np.maximum(disc(5), disc(50)))


def test_feather_fades_inside_and_leaves_zero_alone() -> None:
    soft = feathered(disc(20), 4)
    assert np.array_equal(soft == 0, disc(20) == 0)
    assert 0 < soft[30, 20] < soft[30, 22] < 1 and soft[30, 30] == 1
    assert np.array_equal(feathered(np.ones(SHAPE, np.float32), 4), np.ones(SHAPE, np.float32))
