"""When a target follows the source."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.vid2vid_zero.injection import Injection
from keyfollow_daemon.engines.vid2vid_zero.token_maps import TokenMap

SAME = TokenMap(torch.eye(77), torch.ones(77))


def steps_followed(injection: Injection) -> list[int]:
    return [s for s in range(injection.steps) if injection.following(s).any()]


def test_the_share_is_of_one_more_than_the_steps() -> None:
    assert steps_followed(Injection(SAME, 5, 0.8)) == [0, 1, 2, 3] and steps_followed(Injection(SAME, 5, 0.4)) == [0, 1]
    assert len(steps_followed(Injection(SAME, 50, 0.8))) == 40 and steps_followed(Injection(SAME, 5, 0.0)) == []


def test_single_words_have_their_own_share() -> None:
    shares = torch.full((77,), float("nan"))
    shares[3] = 0.2
    found = Injection(SAME, 5, 0.8, shares=shares)
    assert [float(found.following(s)[3]) for s in range(5)] == [1, 0, 0, 0, 0] and found.following(3).sum() == 76


def test_layout_ends_before_words_do_and_then_nothing_is_said() -> None:
    found = Injection(SAME, 5, 0.8, 0.4)
    pairs = [found.pair(s, 2, 3) for s in range(5)]
    assert [p is not None and p.layout for p in pairs] == [True, True, False, False, False] and pairs[4] is None
    only = Injection(SAME, 5, 0.0, 0.4).pair(0, 2, 3)
    assert only is not None and only.layout and only.across is None
    assert [found.needs_source(s) for s in range(5)] == [True] * 4 + [False]


def test_weights_hold_when_nothing_is_followed_any_more() -> None:
    found = Injection(SAME, 5, 0.2, 0.0, weights=torch.full((77,), 2.0))
    late = found.pair(4, 0, 1)
    assert late is not None and late.across is not None and late.own is not None
    assert not late.across.any() and (late.own == 2).all() and not found.needs_source(4)
