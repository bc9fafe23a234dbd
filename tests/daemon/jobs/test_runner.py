"""The queue at work, over a real store and an executor that does what the test says."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from keyfollow.edits import Clip, EditRequest
from keyfollow.engine_info import Job, Progress, Report
from keyfollow.errors import JobError, StorageError, UsageError
from keyfollow.plain import to_plain
from keyfollow_daemon.executors.base import Outcome, Task, TaskDone, TaskEvent, TaskFailed, TaskStopped, Why, WorkerDied
from keyfollow_daemon.jobs import runner
from keyfollow_daemon.jobs.model import MAX_ATTEMPTS, JobRecord
from keyfollow_daemon.jobs.runner import JobService
from keyfollow_daemon.jobs.store import JobStore

REQUEST = EditRequest(Clip("/a.mp4"))
REPORT = {"report": to_plain(Report(frames=3)), "cache": None}
BROKEN = JobError("engine_failed", "It broke.", "Mend it.").to_plain()


class ScriptedExecutor:
    """Runs nothing: the test reports what a task did."""

    def __init__(self, report: Callable[[Outcome], None]) -> None:
        self._report = report
        self._task: Task | None = None
        self.started: list[Task] = []
        self.stops: list[Why] = []
        self.closed = False

    @property
    def busy(self) -> str | None:
        return self._task.id if self._task else None

    def start(self, task: Task) -> None:
        assert self._task is None, "one task at a time"
        self._task = task
        self.started.append(task)

    def stop(self, why: Why) -> None:
        self.stops.append(why)

    def tick(self, now: float) -> None:
        pass

    def describe(self) -> str:
        return "scripted"

    def close(self) -> None:
        self.closed = True

    def say(self, **data: Any) -> None:
        assert self._task is not None
        self._report(TaskEvent(self._task.id, data))

    def frame(self, number: int) -> None:
        self.say(kind="frame", frame=number)

    def progress(self, phase: str, done: int, total: int) -> None:
        self.say(kind="progress", phase=phase, done=done, total=total, eta_s=None)

    def _end(self, make: Callable[[str], Outcome]) -> None:
        assert self._task is not None
        id, self._task = self._task.id, None
        self._report(make(id))

    def done(self) -> None:
        self._end(lambda id: TaskDone(id, REPORT))

    def fail(self) -> None:
        self._end(lambda id: TaskFailed(id, BROKEN))

    def stopped(self, why: Why) -> None:
        self._end(lambda id: TaskStopped(id, why))

    def die(self, how: str = "The worker process ended: signal SIGKILL.") -> None:
        self._end(lambda id: WorkerDied(id, how))


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.removed: list[str] = []
        self.frames: list[str] = []

    def job_changed(self, job: Job) -> None:
        self.jobs.append(job)

    def job_removed(self, id: str) -> None:
        self.removed.append(id)

    def frame_finished(self, job: str) -> None:
        self.frames.append(job)

    def states(self, id: str) -> list[str]:
        """The states of a job as they followed one another."""
        states = [j.state for j in self.jobs if j.id == id]
        return [s for n, s in enumerate(states) if n == 0 or states[n - 1] != s]


class Disk:
    """Frames that lie in takes, as after a restart."""

    def __init__(self) -> None:
        self.takes: dict[str, list[int]] = {}

    def frames(self, take: str) -> list[int]:
        if take not in self.takes:
            raise UsageError("unknown_take", "None.", "Look.")
        return self.takes[take]


class Daemon:
    """A job service, and the executor, listener and disk around it. `restart` is what a kill and a new start leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disk = Disk()
        self.payloads: list[JobRecord] = []
        self.boot()

    def boot(self) -> None:
        self.store = JobStore(self.folder / "jobs.db")
        self.heard = Heard()
        self.jobs = JobService(self.store, self.disk, self._payload, self._make)
        self.jobs.start(self.heard)

    def restart(self) -> None:
        self.store.close()
        self.boot()

    def _payload(self, job: JobRecord) -> dict[str, Any]:
        self.payloads.append(job)
        return {"job": job.id}

    def _make(self, report: Callable[[Outcome], None]) -> ScriptedExecutor:
        self.executor = ScriptedExecutor(report)
        return self.executor

    def submit(self, *names: str) -> list[str]:
        ids = [uuid.uuid5(uuid.NAMESPACE_URL, name).hex for name in names]
        for id, name in zip(ids, names, strict=True):
            self.jobs.submit(id, REQUEST, name, True)
        return ids

    def state(self, id: str) -> str:
        stored = self.store.get(id)
        assert stored is not None
        assert stored.state == self.jobs.get(id).state, "memory and store agree"
        return stored.state

    def order(self) -> list[str]:
        return [j.label for j in self.jobs.all()]


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setattr(runner, "RETRY_S", 0.0)
    made = Daemon(tmp_path)
    yield made
    made.store.close()


# --- submit ------------------------------------------------------------------------------------------------------------


def test_a_job_is_in_the_store_before_it_is_acknowledged_and_starts_at_once(daemon: Daemon) -> None:
    (id,) = daemon.submit("one")
    assert daemon.state(id) == "running"
    assert [t.id for t in daemon.executor.started] == [id]
    assert daemon.executor.started[0].payload == {"job": id, "near": None}
    assert daemon.payloads[0].attempts == 1
    assert daemon.jobs.counts() == {"running": 1}
    assert daemon.jobs.describe_worker() == "scripted"


def test_the_same_id_again_is_the_same_job(daemon: Daemon) -> None:
    (id,) = daemon.submit("one")
    again = daemon.jobs.submit(id, EditRequest(Clip("/b.mp4")), "two", False)
    assert (again.label, again.source, again.state) == ("one", "/a.mp4", "running")
    daemon.executor.done()
    assert daemon.jobs.submit(id, REQUEST, "two", True).state == "done"
    assert len(daemon.executor.started) == 1


@pytest.mark.parametrize(
    "id", ["", "short", "x" * 65, "../../../../etc", "white space", "tab\tbed-id", "ünïcödé-id", "--------"]
)
def test_an_id_is_letters_and_digits(daemon: Daemon, id: str) -> None:
    with pytest.raises(UsageError) as refused:
        daemon.jobs.submit(id, REQUEST, "", True)
    assert refused.value.code == "bad_job_id"
    assert daemon.store.all() == []


def test_the_queue_has_an_end(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_JOBS", 2)
    one, _ = daemon.submit("one", "two")
    with pytest.raises(UsageError) as refused:
        daemon.submit("three")
    assert refused.value.code == "too_many_jobs"
    assert daemon.jobs.submit(one, REQUEST, "", True).id == one


def test_a_job_that_cannot_be_stored_is_no_job(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(job: JobRecord) -> JobRecord:
        raise StorageError("disk_full", "Full.", "Free some.")

    monkeypatch.setattr(daemon.store, "add", full)
    with pytest.raises(StorageError):
        daemon.submit("one")
    assert daemon.jobs.all() == []
    assert daemon.executor.started == []
    assert daemon.heard.jobs == []


def test_every_job_has_a_take_of_its_own(daemon: Daemon) -> None:
    ids = daemon.submit(*(f"clip {n}" for n in range(20)))
    assert len({daemon.jobs.record(id).take for id in ids}) == 20


def test_ids_that_begin_alike_do_not_share_a_take(daemon: Daemon) -> None:
    ids = [f"clip-take-{n}" for n in range(20)]
    for id in ids:
        daemon.jobs.submit(id, REQUEST, "", True)
    assert len({daemon.jobs.record(id).take for id in ids}) == 20


def test_unknown_jobs_are_said_to_be_unknown(daemon: Daemon) -> None:
    for ask in (daemon.jobs.get, daemon.jobs.finished, daemon.jobs.record, daemon.jobs.cancel, daemon.jobs.pause):
        with pytest.raises(UsageError, match="no job nothing"):
            ask("nothing")
    for change in (daemon.jobs.resume, daemon.jobs.retry, daemon.jobs.remove, lambda id: daemon.jobs.move(id, None)):
        with pytest.raises(UsageError, match="no job nothing"):
            change("nothing")


# --- the queue ---------------------------------------------------------------------------------------------------------


def test_jobs_run_one_after_another_in_queue_order(daemon: Daemon) -> None:
    ids = daemon.submit("a", "b", "c")
    assert [daemon.state(id) for id in ids] == ["running", "queued", "queued"]
    daemon.executor.done()
    assert [daemon.state(id) for id in ids] == ["done", "running", "queued"]
    daemon.executor.fail()
    assert [daemon.state(id) for id in ids] == ["done", "failed", "running"]
    daemon.executor.done()
    assert [t.id for t in daemon.executor.started] == ids
    assert daemon.jobs.counts() == {"done": 2, "failed": 1}


def test_a_moved_job_runs_when_its_new_place_comes(daemon: Daemon) -> None:
    _, b, c, d = daemon.submit("a", "b", "c", "d")
    daemon.jobs.move(d, before=b)
    daemon.jobs.move(b, before=None)
    assert daemon.order() == ["a", "d", "c", "b"]
    daemon.executor.done()
    assert daemon.state(d) == "running"
    daemon.restart()
    assert daemon.order() == ["a", "d", "c", "b"]
    assert daemon.executor.busy == d
    with pytest.raises(UsageError):
        daemon.jobs.move(c, before="nothing")
    assert daemon.order() == ["a", "d", "c", "b"]


def test_a_failure_is_kept_with_its_words(daemon: Daemon) -> None:
    (id,) = daemon.submit("a")
    daemon.executor.fail()
    failure = daemon.jobs.get(id).failure
    assert failure is not None
    assert to_plain(failure) == BROKEN
    daemon.restart()
    assert daemon.jobs.get(id).failure == failure


# --- pause, resume, cancel, retry, remove ------------------------------------------------------------------------------


def test_a_queued_job_waits_until_it_is_resumed(daemon: Daemon) -> None:
    a, b = daemon.submit("a", "b")
    assert daemon.jobs.pause(b).state == "paused"
    assert daemon.jobs.pause(b).state == "paused"
    daemon.executor.done()
    assert daemon.state(b) == "paused"
    assert daemon.jobs.resume(b).state == "running"
    assert daemon.jobs.resume(b).state == "running"
    assert daemon.state(a) == "done"


def test_a_running_job_is_asked_to_stop_and_lets_the_next_one_in(daemon: Daemon) -> None:
    a, b = daemon.submit("a", "b")
    assert daemon.jobs.pause(a).state == "running", "answered at once; the worker has not let go yet"
    assert daemon.executor.stops == ["pause"]
    daemon.executor.stopped("pause")
    assert [daemon.state(a), daemon.state(b)] == ["paused", "running"]
    daemon.jobs.resume(a)
    assert daemon.state(a) == "queued"
    daemon.executor.done()
    assert daemon.state(a) == "running"


def test_cancelling_is_possible_in_every_state_and_twice(daemon: Daemon) -> None:
    a, b, c, d = daemon.submit("a", "b", "c", "d")
    daemon.jobs.cancel(a)
    daemon.jobs.cancel(a)
    daemon.executor.stopped("cancel")
    assert daemon.state(a) == "cancelled"
    assert daemon.jobs.cancel(c).state == "cancelled"
    daemon.jobs.pause(d)
    assert daemon.jobs.cancel(d).state == "cancelled"
    daemon.executor.done()
    assert daemon.jobs.cancel(b).state == "done"
    assert daemon.executor.busy is None


def test_a_job_that_was_done_before_it_heard_of_the_stop_is_done(daemon: Daemon) -> None:
    (a,) = daemon.submit("a")
    daemon.jobs.cancel(a)
    daemon.executor.done()
    assert daemon.state(a) == "done"


def test_a_cancel_after_a_pause_is_a_cancel(daemon: Daemon) -> None:
    (a,) = daemon.submit("a")
    daemon.jobs.pause(a)
    daemon.jobs.cancel(a)
    daemon.executor.stopped("pause")
    assert daemon.state(a) == "cancelled"


def test_a_resume_right_after_a_pause_goes_on(daemon: Daemon) -> None:
    (a,) = daemon.submit("a")
    daemon.jobs.pause(a)
    daemon.jobs.resume(a)
    daemon.executor.stopped("pause")
    assert daemon.state(a) == "running"


def test_a_failed_or_cancelled_job_can_be_tried_again_at_its_place(daemon: Daemon) -> None:
    a, b, c = daemon.submit("a", "b", "c")
    daemon.executor.fail()
    assert daemon.jobs.retry(a).state == "queued"
    assert daemon.jobs.get(a).failure is None
    daemon.jobs.cancel(c)
    daemon.jobs.retry(c)
    daemon.jobs.retry(c)
    daemon.executor.done()
    assert daemon.state(a) == "running", "before c"
    daemon.executor.done()
    daemon.executor.done()
    assert [daemon.state(id) for id in (a, b, c)] == ["done"] * 3
    with pytest.raises(UsageError) as refused:
        daemon.jobs.retry(a)
    assert refused.value.code == "not_possible"


def test_only_an_ended_job_can_be_removed(daemon: Daemon) -> None:
    a, b = daemon.submit("a", "b")
    for id in (a, b):
        with pytest.raises(UsageError) as refused:
            daemon.jobs.remove(id)
        assert refused.value.code == "not_possible"
    daemon.executor.done()
    daemon.jobs.remove(a)
    assert daemon.heard.removed == [a]
    assert daemon.order() == ["b"]
    daemon.restart()
    assert daemon.order() == ["b"]


# --- what listeners hear -----------------------------------------------------------------------------------------------


def test_every_state_is_told_after_it_was_stored(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    (a,) = daemon.submit("a")
    stored: list[bool] = []
    told = daemon.heard.job_changed

    def check(job: Job) -> None:
        record = daemon.store.get(job.id)
        stored.append(record is not None and record.state == job.state)
        told(job)

    monkeypatch.setattr(daemon.heard, "job_changed", check)
    daemon.executor.fail()
    daemon.jobs.retry(a)
    daemon.executor.done()
    assert daemon.heard.states(a) == ["queued", "running", "failed", "queued", "running", "done"]
    assert stored and all(stored)


def test_progress_is_told_and_forgotten_at_the_end(daemon: Daemon) -> None:
    (a,) = daemon.submit("a")
    assert daemon.jobs.get(a).progress == Progress("Starting", 0, 1)
    daemon.executor.progress("Propagating", 2, 9)
    assert daemon.heard.jobs[-1].progress == Progress("Propagating", 2, 9)
    daemon.jobs.pause(a)
    daemon.executor.stopped("pause")
    assert daemon.jobs.get(a).progress == Progress("Propagating", 2, 9)
    daemon.jobs.resume(a)
    daemon.executor.done()
    assert daemon.jobs.get(a).progress is None


def test_only_what_runs_has_a_preview(daemon: Daemon) -> None:
    (a,) = daemon.submit("a")
    daemon.executor.say(kind="progress", phase="Training", done=2, total=9, eta_s=None, preview=b"picture")
    assert daemon.heard.jobs[-1].progress == Progress("Training", 2, 9, preview=b"picture")
    daemon.jobs.pause(a)
    daemon.executor.stopped("pause")
    assert daemon.jobs.get(a).progress == Progress("Training", 2, 9)


def test_notes_are_told_once_and_stay(daemon: Daemon) -> None:
    (a,) = daemon.submit("a")
    for text in ("Memory is short.", "Memory is short.", "It is very short."):
        daemon.executor.say(kind="note", text=text)
    notes = ("Memory is short.", "It is very short.")
    assert daemon.heard.jobs[-1].notes == notes
    daemon.executor.done()
    assert daemon.jobs.get(a).notes == notes


def test_frames_are_told_in_the_order_they_are_finished_and_once(daemon: Daemon) -> None:
    (a,) = daemon.submit("a")
    seen = daemon.jobs.finished(a)
    for n in (5, 4, 6, 4, 5):
        daemon.executor.frame(n)
    assert seen == daemon.jobs.finished(a) == [5, 4, 6], "the list grows for whoever holds it"
    assert daemon.heard.frames == [a] * 3
    daemon.executor.done()
    assert daemon.heard.frames == [a] * 4, "streams are told of the end"


def test_what_a_task_says_after_its_job_has_ended_is_ignored(daemon: Daemon) -> None:
    (a,) = daemon.submit("a")
    daemon.executor.done()
    daemon.executor._report(TaskEvent(a, {"kind": "frame", "frame": 1}))
    daemon.executor._report(TaskFailed(a, BROKEN))
    daemon.executor._report(TaskDone("nobody-knows-it", REPORT))
    assert (daemon.state(a), daemon.jobs.finished(a)) == ("done", [])


def test_an_outcome_that_cannot_be_stored_is_told_all_the_same(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = daemon.submit("a", "b")

    def full(job: JobRecord) -> None:
        raise StorageError("disk_full", "Full.", "Free some.")

    with monkeypatch.context() as patch:
        patch.setattr(daemon.store, "update", full)
        with suppress(StorageError):  # the next job cannot be started either
            daemon.executor.done()
        assert daemon.jobs.get(a).state == "done"
        assert daemon.heard.states(a)[-1] == "done"
    daemon.jobs.tick(0.0)
    assert daemon.state(b) == "running"


# --- workers that die --------------------------------------------------------------------------------------------------


def test_a_job_whose_worker_died_goes_on_and_keeps_its_frames(daemon: Daemon) -> None:
    a, b = daemon.submit("a", "b")
    daemon.executor.frame(3)
    daemon.executor.die()
    assert daemon.state(a) == "running"
    assert daemon.jobs.get(a).attempts == 2
    assert daemon.jobs.finished(a) == [3]
    daemon.executor.frame(3)
    daemon.executor.frame(4)
    assert daemon.jobs.finished(a) == [3, 4]
    assert daemon.state(b) == "queued"


def test_it_is_given_up_after_a_few_attempts_with_how_the_worker_ended(daemon: Daemon) -> None:
    a, b = daemon.submit("a", "b")
    for _ in range(MAX_ATTEMPTS):
        assert daemon.executor.busy == a
        daemon.executor.die("The worker process ended while propagating: signal SIGSEGV.")
    failure = daemon.jobs.get(a).failure
    assert daemon.state(a) == "failed"
    assert failure is not None
    assert (failure.code, "SIGSEGV" in failure.message) == ("worker_died", True)
    assert daemon.state(b) == "running"
    daemon.executor.done()
    assert daemon.jobs.retry(a).attempts == 1
    daemon.executor.die()
    assert daemon.state(a) == "running"


def test_between_attempts_others_have_their_turn(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RETRY_S", 1000.0)
    a, b = daemon.submit("a", "b")
    daemon.executor.die()
    assert daemon.executor.busy == a, "the first time at once"
    daemon.executor.die()
    assert (daemon.state(a), daemon.executor.busy) == ("queued", b)
    daemon.executor.done()
    daemon.jobs.tick(0.0)
    assert daemon.executor.busy is None
    daemon.jobs.cancel(a)
    daemon.jobs.retry(a)
    assert daemon.executor.busy == a, "a person does not have to wait"


def test_a_job_that_cannot_even_be_started_fails_alone(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(job: JobRecord) -> dict[str, Any]:
        raise ValueError("embedded null byte")

    monkeypatch.setattr(daemon.jobs, "_payload", broken)
    (a,) = daemon.submit("a")
    assert daemon.state(a) == "failed"


# --- start and stop ----------------------------------------------------------------------------------------------------


def test_what_ran_when_the_daemon_was_killed_runs_again_with_the_frames_on_disk(daemon: Daemon) -> None:
    a, b, c = daemon.submit("a", "b", "c")
    daemon.jobs.pause(c)
    daemon.executor.frame(7)
    daemon.executor.frame(2)
    daemon.disk.takes[daemon.jobs.record(a).take] = [2, 7]
    daemon.restart()
    assert [daemon.state(id) for id in (a, b, c)] == ["running", "queued", "paused"]
    assert daemon.executor.busy == a
    assert daemon.jobs.get(a).attempts == 2
    assert daemon.jobs.finished(a) == [2, 7]
    assert daemon.jobs.finished(c) == []
    assert daemon.order() == ["a", "b", "c"]


def test_requests_are_known_before_the_start(daemon: Daemon) -> None:
    daemon.submit("a", "b")
    daemon.store.close()
    store = JobStore(daemon.folder / "jobs.db")
    assert JobService(store, daemon.disk, lambda job: {}, ScriptedExecutor).stored() == store.all()
    store.close()


def test_stopping_leaves_what_runs_to_the_next_start(daemon: Daemon) -> None:
    a, _ = daemon.submit("a", "b")
    executor = daemon.executor
    daemon.jobs.close()
    assert executor.closed
    executor.die()
    assert len(executor.started) == 1
    daemon.boot()
    assert daemon.executor.busy == a


# --- getting ready -----------------------------------------------------------------------------------------------------


def test_an_idle_worker_gets_ready_and_lets_go_as_soon_as_there_is_a_job(daemon: Daemon) -> None:
    daemon.jobs.prepare(REQUEST, 7)
    (ready,) = daemon.executor.started
    assert ready.entry == runner.PREPARE and ready.payload["near"] == 7 and daemon.jobs.all() == []
    daemon.jobs.prepare(REQUEST, 8)
    assert len(daemon.executor.started) == 1, "one thing at a time"
    (id,) = daemon.submit("one")
    assert daemon.state(id) == "queued" and daemon.executor.stops == ["cancel"]
    daemon.executor.stopped("cancel")
    assert daemon.state(id) == "running" and daemon.executor.started[1].id == id
    daemon.jobs.prepare(REQUEST, 7)
    assert len(daemon.executor.started) == 2, "there is something to do"
    daemon.executor.done()
    assert daemon.state(id) == "done"


@pytest.mark.parametrize("end", ["fail", "die", "done"])
def test_however_getting_ready_ends_the_queue_goes_on(daemon: Daemon, end: str) -> None:
    daemon.jobs.prepare(REQUEST, None)
    (id,) = daemon.submit("one")
    getattr(daemon.executor, end)()
    assert daemon.state(id) == "running"


def test_the_frame_that_is_looked_at_goes_to_the_worker(daemon: Daemon) -> None:
    daemon.jobs.submit("0123456789abcdef", REQUEST, "one", True, near=5)
    assert daemon.executor.started[0].payload["near"] == 5
