"""Sessions live by their beats, and nobody is forgotten because the daemon itself slept."""

from __future__ import annotations

from keyfollow import wire
from keyfollow_daemon.transport.session import Sessions

LIMIT = wire.BEAT_S * wire.MISSED_BEATS


def sweep(sessions: Sessions, start: float, stop: float) -> list[bytes]:
    """Look four times a second, as the loop does; who was missed."""
    now, gone = start, []
    while now <= stop:
        gone += sessions.expired(now)
        for peer in gone:
            sessions.close(peer)
        now += 0.25
    return gone


def test_a_session_without_beats_ends_and_one_with_them_does_not() -> None:
    sessions = Sessions()
    sessions.open(b"quiet", "q", "0", 0.0)
    sessions.open(b"alive", "a", "0", 0.0)
    assert sweep(sessions, 0.0, LIMIT) == []
    sessions.heard(b"alive", LIMIT)
    assert sweep(sessions, LIMIT + 0.25, LIMIT + 0.5) == [b"quiet"]
    assert len(sessions) == 1


def test_after_the_daemon_slept_everyone_has_a_new_chance_and_only_one() -> None:
    sessions = Sessions()
    sessions.open(b"a", "a", "0", 0.0)
    sweep(sessions, 0.0, 1.0)
    assert sweep(sessions, 61.0, 61.0 + LIMIT) == []
    assert sweep(sessions, 61.25 + LIMIT, 62.0 + LIMIT) == [b"a"]


def test_a_stranger_is_nobody() -> None:
    sessions = Sessions()
    assert sessions.heard(b"a", 0.0) is None
    assert sessions.close(b"a") is None
    assert len(sessions) == 0


def test_a_processor_is_spared_while_anyone_asks_for_it() -> None:
    sessions = Sessions()
    sessions.open(b"a", "a", "0", 0.0)
    assert not sessions.spare()
    sessions.open(b"b", "b", "0", 0.0, spare=True)
    assert sessions.spare()
    sessions.open(b"b", "b", "0", 1.0)
    assert not sessions.spare(), "it came back and asks no more"


def test_watchers_are_those_of_the_job_and_those_of_all() -> None:
    sessions = Sessions()
    sessions.open(b"a", "a", "0", 0.0).watched.add("job-1")
    sessions.open(b"b", "b", "0", 0.0).watches_all = True
    sessions.open(b"c", "c", "0", 0.0)
    assert sessions.watchers("job-1") == [b"a", b"b"]
    assert sessions.watchers("job-2") == [b"b"]


def test_a_client_that_comes_back_is_new_but_for_the_jobs_that_depend_on_it() -> None:
    sessions = Sessions()
    first = sessions.open(b"a", "a", "0", 0.0)
    first.watched.add("job-1")
    first.dependent.add("job-2")
    again = sessions.open(b"a", "a", "0", 5.0)
    assert (again.watched, again.dependent) == (set(), {"job-2"})
    assert len(sessions) == 1
    assert sessions.heard(b"a", 6.0) is again
