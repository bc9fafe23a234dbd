"""Frames go out under credit, each once, in the order that was asked for."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from keyfollow_daemon.transport.outbox import Outbox, Stream


def stream(**change: Any) -> Stream:
    given: dict[str, Any] = {
        "number": 1,
        "job": "job-1",
        "take": "take-1",
        "ascending": False,
        "by_path": True,
        "credit": 8,
        "asked_by": 1,
    }
    return Stream(**{**given, **change})


def test_as_they_are_finished_means_in_the_order_of_arrival() -> None:
    s = stream()
    assert s.due([5, 4], False) == [5, 4]
    assert s.due([5, 4], False) == []
    assert s.due([5, 4, 6, 3], False) == [6, 3]
    assert s.exhausted()


def test_credit_is_the_limit_until_more_is_given() -> None:
    s = stream(credit=2)
    finished = [0, 1, 2, 3, 4]
    assert s.due(finished, True) == [0, 1]
    assert s.due(finished, True) == []
    assert not s.exhausted()
    s.credit += 1
    assert s.due(finished, True) == [2]
    s.credit += 8
    assert s.due(finished, True) == [3, 4]
    assert s.exhausted()
    assert s.credit == 6


def test_in_source_order_a_frame_waits_for_those_before_it() -> None:
    s = stream(ascending=True, next=3)
    assert s.due([5, 4], False) == []
    assert not s.exhausted()
    assert s.due([5, 4, 3], False) == [3, 4, 5]
    assert s.due([5, 4, 3, 6], False) == [6]


def test_in_source_order_the_end_lets_go_of_what_waited_for_a_frame_that_never_came() -> None:
    s = stream(ascending=True, next=0)
    assert s.due([4, 2], False) == []
    assert s.due([4, 2], True) == [2, 4]
    assert s.exhausted()


def test_what_the_client_has_is_skipped_and_not_waited_for() -> None:
    assert stream(sent={5}).due([5, 4], False) == [4]
    assert stream(ascending=True, next=0, sent={0, 1}).due([1, 2, 0], False) == [2]


def test_a_frame_before_the_expected_one_does_not_wait() -> None:
    assert stream(ascending=True, next=10).due([3], False) == [3]


@given(
    st.permutations(range(12)),
    st.lists(st.integers(1, 3), min_size=12, max_size=12),
    st.booleans(),
    st.sets(st.integers(0, 11)),
)
def test_whatever_the_pace_every_frame_goes_once_within_credit(
    arrivals: list[int], steps: list[int], ascending: bool, skip: set[int]
) -> None:
    s = stream(ascending=ascending, credit=3, sent=set(skip))
    got: list[int] = []
    finished: list[int] = []
    pending = list(arrivals)
    for step in (*steps, *[12] * 12):
        finished += pending[:step]
        del pending[:step]
        due = s.due(finished, not pending)
        assert len(due) <= 3
        assert s.credit == 3 - len(due)
        got += due
        s.credit = 3
    wanted = [n for n in arrivals if n not in skip]
    assert got == (sorted(wanted) if ascending else wanted)
    assert s.exhausted()


def test_streams_are_kept_by_client_and_number() -> None:
    box = Outbox(per_peer=2)
    one, two, other = stream(number=1), stream(number=2), stream(number=1, job="job-2")
    assert box.open(b"a", one) and box.open(b"a", two) and box.open(b"b", other)
    assert (box.get(b"a", 1), box.get(b"b", 1), box.get(b"c", 1), box.get(b"a", 3)) == (one, other, None, None)
    assert sorted((peer, s.number) for peer, s in box.of_job("job-1")) == [(b"a", 1), (b"a", 2)]
    assert len(box) == 3
    box.close(b"a", 1)
    box.close(b"c", 9)
    assert box.get(b"a", 1) is None
    box.forget(b"a")
    box.forget(b"a")
    assert len(box) == 1


def test_a_client_has_a_limited_number_of_streams_and_may_open_one_again() -> None:
    box = Outbox(per_peer=2)
    assert box.open(b"a", stream(number=1)) and box.open(b"a", stream(number=2))
    assert not box.open(b"a", stream(number=3))
    again = stream(number=2)
    assert box.open(b"a", again)
    assert box.get(b"a", 2) is again
    assert box.open(b"b", stream(number=3))
