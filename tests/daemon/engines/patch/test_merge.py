from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.merge import merge as merge_at
from keyfollow_daemon.engines.patch.proposal import Proposal

SHAPE = (20, 20)


def proposal(edit: float, confidence: float, misfit: float = 0.0) -> Proposal:
    def plane(value: float) -> Any:
        return np.full(SHAPE, value, np.float32)

    three = np.full((*SHAPE, 3), edit, np.float32)
    return Proposal(three, plane(1.0), plane(confidence), plane(misfit), three, plane(0.5), plane(1.0), plane(0.0))


def magnified(times: float) -> Any:
    """Offsets to a keyframe that shows everything so many times as large, in area."""
    here = np.stack(np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0])), axis=2).astype(np.float32)
    return here * np.float32(times**0.5 - 1)


def merge(proposals: Sequence[tuple[Proposal, float]]) -> Proposal:
    return merge_at([(p, share, magnified(1.0)) for p, share in proposals])


def test_one_is_itself() -> None:
    only = proposal(5, 1)
    assert merge([(only, 1.0)]) is only


def test_seen_by_both_is_linear_in_time() -> None:
    merged = merge([(proposal(0, 1), 0.75), (proposal(40, 1), 0.25)])
    assert merged.edit[10, 10, 0] == pytest.approx(10, abs=0.1)


def test_who_saw_it_decides_whatever_the_time() -> None:
    merged = merge([(proposal(0, 0.05), 0.9), (proposal(40, 1), 0.1)])
    assert merged.edit[10, 10, 0] > 39
    assert merged.confidence[10, 10] > 0.97


def test_of_two_that_saw_it_the_one_that_lies_more_exactly_decides() -> None:
    merged = merge([(proposal(0, 1, misfit=20), 0.5), (proposal(40, 1, misfit=400), 0.5)])
    assert merged.edit[10, 10, 0] < 2


def test_of_two_that_saw_it_the_one_that_shows_it_larger_has_more_of_a_say() -> None:
    merged = merge_at([(proposal(0, 1), 0.5, magnified(1.0)), (proposal(40, 1), 0.5, magnified(3.0))])
    assert merged.edit[10, 10, 0] == pytest.approx(30, abs=0.1)


def test_where_a_track_tears_nothing_is_shown_larger() -> None:
    torn = magnified(1.0)
    torn[:, 10:] = 100.0
    merged = merge_at([(proposal(0, 1), 0.5, magnified(1.0)), (proposal(40, 1), 0.5, torn)])
    assert merged.edit.max() < 33.0
    assert merged.edit[10, 2, 0] == pytest.approx(20, abs=0.1)


def test_seen_by_none_takes_the_better_match() -> None:
    merged = merge([(proposal(0, 0.01), 0.5), (proposal(40, 0.15), 0.5)])
    assert merged.edit[10, 10, 0] > 30


def test_a_keyframe_that_does_not_know_an_object_leaves_it_to_the_one_that_does() -> None:
    """Nothing of it is tracked from either; the nearer one in time shows it nowhere, takes it for what stands beside it, and would not edit it."""
    nowhere = np.zeros(SHAPE, np.float32)
    knows, stranger = (replace(p, belief=nowhere + 1, reach=nowhere) for p in (proposal(-80, 0), proposal(0, 0)))
    for allowed in (0.0, 1.0):
        merged = merge([(knows, 0.25), (replace(stranger, allowed=nowhere + allowed), 0.75)])
        assert merged.by_colour[10, 10, 0] < -60 and merged.allowed.min() == 1.0
