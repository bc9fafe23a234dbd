from __future__ import annotations

import pytest
from keyfollow_daemon.engines.patch.plan import OVERLAP, Gap, gaps


def test_every_wanted_frame_once_nearest_outward() -> None:
    made = [(g.left, g.right, list(g.frames)) for g in gaps([10, 4], range(14))]
    assert made == [(4, 10, [5, 6, 7, 9, 8]), (None, 4, [3, 2, 1, 0]), (10, None, [11, 12, 13])]


def test_gaps_without_work_are_left_out() -> None:
    assert [g.left for g in gaps([0, 5, 9], [7, 20])] == [5, 9]


def test_of_a_keyframe_that_is_alone_what_follows_it_comes_first() -> None:
    made = [(g.left, g.right, list(g.frames)) for g in gaps([4], range(7))]
    assert made == [(4, None, [5, 6]), (None, 4, [3, 2, 1, 0])]


def test_weights_are_linear_between_keyframes() -> None:
    gap = Gap(0, 4, (1, 2, 3))
    assert gap.weights(1) == {0: 0.75, 4: 0.25}
    assert gap.weights(2) == {0: 0.5, 4: 0.5}
    assert Gap(None, 4, (1,)).weights(1) == {4: 1.0}
    assert gap.revisited == range(1, 4)


def test_beyond_the_outermost_keyframe_its_neighbour_has_a_say_as_well() -> None:
    before, after = (g for g in gaps([4, 10], [0, 13]))
    assert (before.beside, after.beside) == (10, 4)
    assert after.keys == [10, 4] and after.revisited == range(0)
    assert after.weights(13) == {10: pytest.approx(0.9), 4: pytest.approx(0.1)}
    assert [g.beside for g in gaps([4, 10], [7])] == [None]
    assert [g.beside for g in gaps([4], [0, 7])] == [None, None]


def test_keyframes_that_are_far_apart_do_not_help_each_other_there() -> None:
    assert [g.beside for g in gaps([0, OVERLAP + 1], [OVERLAP + 5])] == [None]
    assert [g.beside for g in gaps([0, OVERLAP], [OVERLAP + 5])] == [0]


def test_far_apart_keyframes_share_only_the_middle() -> None:
    gap = Gap(0, 10_000, (1, 5000, 9999))
    assert gap.weights(1) == {0: 1.0} and gap.weights(9999) == {10_000: 1.0}
    assert gap.weights(5000)[0] == pytest.approx(0.5, abs=0.01)
    assert len(gap.revisited) <= OVERLAP + 1
    shared = [f for f in range(1, 10_000) if len(gap.weights(f)) == 2]
    assert all(abs(f - k) in gap.revisited for f in shared for k in (0, 10_000))
