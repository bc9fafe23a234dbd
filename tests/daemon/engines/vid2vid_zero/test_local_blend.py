"""Masks from where words look."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.vid2vid_zero.local_blend import LocalBlend

MARKS = torch.zeros(77)


def sums() -> torch.Tensor:
    """Source looks at one corner of frame 0, target at another; in frames 1 and 2 both at the middle."""
    found = torch.full((2, 3, 8, 8), 0.01)
    found[0, 0, 0, 0] = found[1, 0, 7, 7] = found[:, 1:, 4, 4] = 1.0
    return found.flatten(2)


def test_both_prompts_areas_grown_by_one_and_enlarged() -> None:
    mask = LocalBlend(MARKS, MARKS).mask(sums(), 32, 32)
    assert mask.shape == (3, 1, 32, 32)
    assert (mask[0, 0, :8, :8] == 1).all() and (mask[0, 0, 24:, 24:] == 1).all() and mask[0, 0, 12:20, 12:20].sum() == 0
    assert (mask[1, 0, 12:24, 12:24] == 1).all() and mask[1].sum() == 144


def test_steady_masks_cover_their_neighbours() -> None:
    mask = LocalBlend(MARKS, MARKS, steady=True).mask(sums(), 32, 32)
    assert (mask[0, 0, 12:24, 12:24] == 1).all() and (mask[1, 0, :8, :8] == 1).all() and mask[2, 0, :8, :8].sum() == 0


def test_each_frame_is_measured_by_its_own_largest() -> None:
    faint = sums() * torch.tensor([1.0, 1e-3, 1.0]).view(1, 3, 1)
    assert torch.equal(LocalBlend(MARKS, MARKS).mask(faint, 32, 32), LocalBlend(MARKS, MARKS).mask(sums(), 32, 32))


def test_it_begins_after_a_fifth_of_the_steps() -> None:
    assert [LocalBlend(MARKS, MARKS).blends(s, 10) for s in range(4)] == [False, False, True, True]
