"""A job's life: each step that is possible, each repeat that changes nothing, and nothing else."""

from __future__ import annotations

import itertools
import typing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyfollow.edits import Blob, Clip, EditRequest
from keyfollow.engine_info import ENDED, Failure, JobState, Progress
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange
from keyfollow_daemon.jobs.model import Event, JobRecord, advance, next_to_run, reordered

STATES: tuple[JobState, ...] = typing.get_args(JobState)
EVENTS: tuple[Event, ...] = typing.get_args(Event)
FAILURE = Failure("JobError", "worker_died", "It died.", "Retry.")
NEXT: dict[tuple[JobState, Event], JobState] = {
    ("queued", "start"): "running",
    ("queued", "pause"): "paused",
    ("queued", "cancel"): "cancelled",
    ("queued", "resume"): "queued",
    ("queued", "retry"): "queued",
    ("running", "pause"): "paused",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("running", "cancel"): "cancelled",
    ("running", "interrupt"): "queued",
    ("running", "resume"): "running",
    ("running", "retry"): "running",
    ("paused", "pause"): "paused",
    ("paused", "resume"): "queued",
    ("paused", "cancel"): "cancelled",
    ("done", "cancel"): "done",
    ("failed", "cancel"): "failed",
    ("failed", "retry"): "queued",
    ("cancelled", "cancel"): "cancelled",
    ("cancelled", "retry"): "queued",
}


def job(state: JobState = "queued", position: float = 1.0, id: str = "job-1", created: float = 1.0) -> JobRecord:
    return JobRecord(id, EditRequest(Clip("/a.mp4")), "take-1", created, position, state)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(STATES, EVENTS)))
def test_every_event_in_every_state(state: JobState, event: Event) -> None:
    before = job(state)
    expected = NEXT.get((state, event))
    if expected is None:
        with pytest.raises(UsageError) as refused:
            advance(before, event)
        assert refused.value.code == "not_possible"
        assert state in refused.value.message
    else:
        after = advance(before, event)
        assert after.state == expected
        if after.state == state:
            assert after is before
        else:
            assert replace(after, state=state, attempts=before.attempts) == before


def test_starts_are_counted_until_someone_retries() -> None:
    one = advance(job(), "start")
    two = advance(advance(one, "interrupt"), "start")
    assert (one.attempts, two.attempts) == (1, 2)
    assert advance(advance(two, "fail", FAILURE), "retry").attempts == 0


def test_a_failure_is_kept_until_the_job_moves_on() -> None:
    failed = advance(job("running"), "fail", FAILURE)
    assert failed.failure == FAILURE
    assert advance(failed, "cancel").failure == FAILURE
    assert advance(failed, "retry").failure is None


@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_however_a_job_lives_it_makes_sense(events: list[Event]) -> None:
    now = job()
    for event in events:
        before = now
        try:
            now = advance(now, event, FAILURE if event == "fail" else None)
        except UsageError:
            assert now is before
        assert now.ended == (now.state in ENDED)
        assert (now.failure is not None) == (now.state == "failed")
        assert now.state != "running" or now.attempts > 0
        if before.ended and not now.ended:
            assert event == "retry"
        once = now
        try:
            again = advance(now, event, FAILURE if event == "fail" else None)
        except UsageError:
            continue
        assert event not in ("pause", "resume", "cancel", "retry") or again is once, "asking twice is asking once"


def test_a_job_is_shown_with_what_it_is_about() -> None:
    request = EditRequest(Clip("/a.mp4"), range=FrameRange(2, 5), engine="patch", quality="draft")
    shown = replace(job(), request=request, label="mine").shown(Progress("Reading", 1, 2))
    assert (shown.source, shown.range, shown.quality, shown.label) == ("/a.mp4", FrameRange(2, 5), "draft", "mine")
    assert shown.progress == Progress("Reading", 1, 2)
    uploaded = replace(job(), request=EditRequest(Clip(frames=(Blob("ab" * 32, 1),) * 3)))
    assert uploaded.shown(None).source == "3 uploaded frames"


def test_the_lowest_position_runs_next_and_the_older_of_two() -> None:
    late, early = job(position=2.0, id="late"), job(position=1.0, id="early")
    older = job(position=1.0, id="older", created=0.5)
    assert next_to_run([late, early, older]) is older
    assert next_to_run([job("running", 0.0), job("paused", 0.0), job("done", 0.0), late]) is late
    assert next_to_run([job("running")]) is None
    assert next_to_run([]) is None


def order(jobs: list[JobRecord]) -> str:
    return "".join(j.id for j in sorted(jobs, key=lambda j: j.position))


def moved(jobs: list[JobRecord], id: str, before: str | None) -> list[JobRecord]:
    positions = reordered(jobs, id, before)
    return [replace(j, position=positions.get(j.id, j.position)) for j in jobs]


def test_a_job_moves_before_another_or_to_the_end() -> None:
    jobs = [job(position=float(n), id=id) for n, id in enumerate("abcd")]
    assert order(moved(jobs, "d", "b")) == "adbc"
    assert order(moved(jobs, "d", "a")) == "dabc"
    assert order(moved(jobs, "a", "d")) == "bcad"
    assert order(moved(jobs, "a", None)) == "bcda"
    assert order(moved(jobs, "b", "b")) == "abcd"
    assert set(reordered(jobs, "d", "b")) == {"d"}, "only the moved job's row changes"
    with pytest.raises(UsageError) as refused:
        reordered(jobs, "a", "z")
    assert refused.value.code == "unknown_job"


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([*"abcd", None])), max_size=30))
def test_any_few_moves_leave_the_order_that_was_asked_for(moves: list[tuple[str, str | None]]) -> None:
    jobs = [job(position=float(n), id=id) for n, id in enumerate("abcd")]
    expected = list("abcd")
    for id, before in moves:
        if id == before:
            continue
        jobs = moved(jobs, id, before)
        expected.remove(id)
        expected.insert(expected.index(before) if before else len(expected), id)
        assert order(jobs) == "".join(expected)


def test_swapping_two_jobs_all_day_keeps_the_order() -> None:
    jobs = [job(position=float(n + 1), id=id) for n, id in enumerate("abc")]
    for _ in range(100):
        for mover, before in (("c", "b"), ("b", "c")):
            jobs = moved(jobs, mover, before)
            assert order(jobs).index(mover) + 1 == order(jobs).index(before)
            assert len({j.position for j in jobs}) == 3
