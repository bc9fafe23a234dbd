from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.proposal import Proposal
from keyfollow_daemon.engines.patch.shares import magnified, shares, spread

SHAPE = (24, 32)
STILL: Any = np.zeros((*SHAPE, 2), np.float32)


def plane(value: float) -> Any:
    return np.full(SHAPE, value, np.float32)


def proposal(edit: float, confidence: float = 1.0, reach: float = 1.0) -> Proposal:
    three = np.full((*SHAPE, 3), edit, np.float32)
    return Proposal(three, plane(reach), plane(confidence), plane(0.0), three, plane(0.5), plane(1.0), plane(0.0))


def first(one: Proposal, other: Proposal, apart: tuple[float, float] | None, in_time: float = 0.5) -> float:
    """The share of the first of two in the picture's middle."""
    known = None if apart is None else [plane(a) for a in apart]
    got = shares([(one, in_time, STILL), (other, 1 - in_time, STILL)], known)
    np.testing.assert_allclose(got[0] + got[1], 1.0, atol=1e-5)
    return float(got[0][12, 16])


def test_edits_that_agree_are_averaged_and_those_that_do_not_are_chosen_from() -> None:
    similar = first(proposal(40), proposal(42), (5, 200))
    different = first(proposal(40), proposal(110), (5, 200))
    assert 0.5 < similar < 0.8 < 0.9 < different


def test_disagreement_counts_beside_how_noisy_the_pictures_are() -> None:
    quiet, noisy = (first(proposal(40), proposal(60), (n, n), in_time=0.9) for n in (1, 1000))
    assert 0.5 < noisy < 0.7 < quiet


def test_whether_a_pixel_is_edited_at_all_is_chosen() -> None:
    unsure = proposal(3, confidence=0.2)
    assert first(unsure, proposal(0, reach=0), (20, 20)) < 0.06
    assert first(unsure, proposal(5), (20, 20)) > 0.35


def test_without_pictures_the_share_in_time_is_the_share() -> None:
    assert first(proposal(40), proposal(40), None, in_time=0.75) == pytest.approx(0.75, abs=1e-3)


def test_spread_is_the_distance_of_two_edits_and_nothing_elsewhere() -> None:
    where = np.zeros(SHAPE, np.bool_)
    where[5:15, 5:15] = True
    far = spread([proposal(10).edit, proposal(40).edit], where)
    assert far[10, 10] == pytest.approx(30, abs=0.2)
    assert far[20, 28] == 0
    assert not spread([proposal(10).edit, proposal(40).edit], np.zeros(SHAPE, np.bool_)).any()


def test_a_surface_shown_twice_as_wide_is_magnified_twice() -> None:
    wider = STILL.copy()
    wider[..., 0] = np.arange(SHAPE[1])
    assert magnified(wider)[12, 16] == pytest.approx(2, abs=0.01)
    assert magnified(STILL)[12, 16] == pytest.approx(1, abs=0.01)
