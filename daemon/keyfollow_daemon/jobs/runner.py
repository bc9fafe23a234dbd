"""The queue at work: takes requests, keeps them, runs one after the other, and tells whoever listens.

Lives on the event loop's thread. State is committed to the store before anyone hears of it; what is only of the moment (progress,
the order in which frames were finished) is kept in memory and found again on disk after a restart.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from keyfollow.edits import EditRequest
from keyfollow.engine_info import Failure, Job, Progress, Report
from keyfollow.errors import KeyfollowError, StorageError, UsageError
from keyfollow.plain import from_plain

from keyfollow_daemon.executors.base import (
    Executor,
    Outcome,
    Plain,
    Task,
    TaskDone,
    TaskEvent,
    TaskFailed,
    TaskStopped,
    Why,
    WorkerDied,
)

from .model import MAX_ATTEMPTS, Event, JobRecord, advance, next_to_run, place, reordered, unknown_job
from .store import JobStore

log = logging.getLogger(__name__)
ENTRY = "keyfollow_daemon.jobs.task:run"
PREPARE = "keyfollow_daemon.jobs.prepare:run"
MAX_JOBS = 10_000
RETRY_S = 2.0
"""Pause before a job whose worker died once more without a new frame is started again, doubled each time; or whose start could
not be stored."""


class Listener(Protocol):
    """Who hears of jobs (the transport)."""

    def job_changed(self, job: Job) -> None: ...

    def job_removed(self, id: str) -> None: ...

    def frame_finished(self, job: str) -> None: ...


class Frames(Protocol):
    """Where finished frames are found again after a restart (`takes.store.TakeStore`)."""

    def frames(self, take: str) -> Sequence[int]: ...


@dataclass(slots=True)
class _Live:
    """What is only of the moment about a job."""

    arrivals: list[int]
    known: set[int]
    progress: Progress | None = None
    wish: Why | Literal["resume"] | None = None
    """What was asked for since the running task was told to stop; a cancel is never taken back."""
    not_before: float = 0.0
    deaths: int = 0
    """Workers that died under it, one after the other, since its last new frame."""
    report: Report | None = None
    notes: tuple[str, ...] = ()
    near: int | None = None
    """The source frame that is looked at."""


class JobService:
    """All jobs.

    Args:
        payload: makes what the worker gets (`jobs.task.Run`, plain) for a job.
        make_executor: builds the executor, given the function that takes its reports.
    """

    def __init__(
        self,
        store: JobStore,
        takes: Frames,
        payload: Callable[[JobRecord], Plain],
        make_executor: Callable[[Callable[[Outcome], None]], Executor],
    ) -> None:
        self._store = store
        self._takes = takes
        self._payload = payload
        self._jobs: dict[str, JobRecord] = {}
        self._live: dict[str, _Live] = {}
        self._listener: Listener | None = None
        self._executor = make_executor(self._outcome)
        self._stopping = False

    def start(self, listener: Listener) -> None:
        """Recover: what ran when the daemon ended is queued again, at its place."""
        self._listener = listener
        for job in self._store.all():
            if job.state == "running":
                job = advance(job, "interrupt")
                self._store.update(job)
            self._jobs[job.id] = job
        self._pump()

    def submit(self, id: str, request: EditRequest, label: str, survives: bool, near: int | None = None) -> Job:
        """Commit a job and queue it. The same id again returns the job that is there.

        Args:
            near: the source frame that is looked at; not kept over a restart.

        Raises:
            UsageError: ``bad_job_id``, ``too_many_jobs``.
            StorageError: it could not be committed; then there is no job.
        """
        if id in self._jobs:
            return self.get(id)
        if not (8 <= len(id) <= 64 and id.isascii() and id.replace("-", "").isalnum()):
            raise UsageError("bad_job_id", "A job's id is 8 to 64 letters and digits.", "Use a UUID.")
        if len(self._jobs) >= MAX_JOBS:
            raise UsageError(
                "too_many_jobs", f"There are {MAX_JOBS} jobs already.", "Remove ended ones: keyfollow jobs remove."
            )
        created = time.time()
        position = max((j.position for j in self._jobs.values()), default=0.0) + 1.0
        take = time.strftime("%Y%m%d-%H%M%S", time.gmtime(created)) + "-" + hashlib.sha256(id.encode()).hexdigest()[:8]
        job = self._store.add(JobRecord(id, request, take, created, position, label=label, survives=survives))
        self._jobs[id] = job
        self._of(id).near = near
        self._changed(job)
        self._pump()
        return self.get(id)

    def prepare(self, request: EditRequest, near: int | None) -> None:
        """Let the worker get ready for a run like `request` while there is nothing else to do; it stops as soon as there is."""
        if not self._stopping and self._executor.busy is None and not self.at_work():
            nobody = JobRecord(f"prepare-{uuid.uuid4().hex}", request, "", time.time(), 0.0)
            self._executor.start(Task(nobody.id, PREPARE, {**self._payload(nobody), "near": near}))

    def get(self, id: str) -> Job:
        """Raises `UsageError` ``unknown_job``."""
        return self._shown(self._record(id))

    def all(self) -> list[Job]:
        return [self._shown(j) for j in sorted(self._jobs.values(), key=place)]

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for job in self._jobs.values():
            counts[job.state] = counts.get(job.state, 0) + 1
        return counts

    def stored(self) -> list[JobRecord]:
        """All jobs in the store, also before `start`."""
        return self._store.all()

    def finished(self, id: str) -> list[int]:
        """Frames that are done, in the order they were finished; the list only grows."""
        self._record(id)
        return self._of(id).arrivals

    def at_work(self) -> bool:
        """Does a job run, or wait to?"""
        return any(j.state in ("running", "queued") for j in self._jobs.values())

    def mortal(self) -> set[str]:
        """Jobs that have not ended and must not outlive their client."""
        return {j.id for j in self._jobs.values() if not j.survives and not j.ended and self._of(j.id).wish != "cancel"}

    def fills(self, take: str) -> bool:
        """Does a job that has not ended belong to this take?"""
        return any(j.take == take and not j.ended for j in list(self._jobs.values()))

    def record(self, id: str) -> JobRecord:
        """Raises `UsageError` ``unknown_job``."""
        return self._record(id)

    def cancel(self, id: str) -> Job:
        return self._wish(id, "cancel")

    def pause(self, id: str) -> Job:
        return self._wish(id, "pause")

    def resume(self, id: str) -> Job:
        return self._apply(id, "resume")

    def retry(self, id: str) -> Job:
        return self._apply(id, "retry")

    def move(self, id: str, before: str | None) -> Job:
        """Put a job before another (None: last)."""
        self._record(id)
        for job, position in reordered(list(self._jobs.values()), id, before).items():
            self._commit(replace(self._jobs[job], position=position))
        return self.get(id)

    def remove(self, id: str) -> None:
        """Forget an ended job; its take stays. Raises `UsageError` ``not_possible`` while it has not ended."""
        if not self._record(id).ended:
            raise UsageError("not_possible", "A job that has not ended cannot be removed.", "Cancel it first.")
        self._store.remove(id)
        del self._jobs[id]
        self._live.pop(id, None)
        if self._listener:
            self._listener.job_removed(id)

    def tick(self, now: float) -> None:
        self._executor.tick(now)
        self._pump()

    def describe_worker(self) -> str:
        return self._executor.describe()

    def close(self) -> None:
        """Stop working; what runs is running in the store and resumes at the next start."""
        self._stopping = True
        self._executor.close()
        self._store.close()

    # --- one job moves -------------------------------------------------------------------------------------------------

    def _wish(self, id: str, why: Why) -> Job:
        job = self._record(id)
        if job.state != "running":
            return self._apply(id, why)
        # answered at once; the state follows when the worker has let go
        live = self._of(id)
        if live.wish != "cancel":
            live.wish = why
        self._executor.stop(why)
        return self._shown(job)

    def _apply(self, id: str, event: Event) -> Job:
        job = self._record(id)
        if event == "resume" and job.state == "running" and self._of(id).wish == "pause":
            self._of(id).wish = "resume"
        after = advance(job, event)
        if after is not job:
            if event == "retry":
                self._of(id).not_before, self._of(id).deaths = 0.0, 0
            self._commit(after)
        self._pump()
        return self.get(id)

    def _commit(self, job: JobRecord) -> None:
        self._store.update(job)
        self._jobs[job.id] = job
        self._changed(job)

    def _changed(self, job: JobRecord) -> None:
        if self._listener:
            self._listener.job_changed(self._shown(job))

    def _pump(self) -> None:
        if self._stopping or self._executor.busy in self._jobs:
            return
        now = time.monotonic()
        job = next_to_run([j for j in self._jobs.values() if self._of(j.id).not_before <= now])
        if job is None:
            return
        if self._executor.busy:  # with getting ready: the job starts when it has let go
            self._executor.stop("cancel")
            return
        live = self._of(job.id)
        live.wish, live.progress = None, Progress("Starting", 0, 1)
        try:
            self._commit(advance(job, "start"))
        except StorageError as e:
            log.error("job %s waits: %s", job.id, e)
            live.not_before = now + RETRY_S
            return
        try:
            self._executor.start(Task(job.id, ENTRY, {**self._payload(self._jobs[job.id]), "near": live.near}))
        except Exception as e:  # a job that cannot start must not stop the queue, now or at the next start of the daemon
            log.exception("job %s cannot start", job.id)
            words = f"The job could not be started ({type(e).__name__}: {e})."
            self._end(
                self._jobs[job.id], "fail", Failure("JobError", "cannot_start", words, "See daemon.log in the log folder.")
            )

    # --- what the executor says ------------------------------------------------------------------------------------------

    def _outcome(self, outcome: Outcome) -> None:
        job = self._jobs.get(outcome.task)
        if self._stopping or (job is not None and job.state != "running"):
            return
        if job is None:
            if isinstance(outcome, TaskFailed):
                log.info("getting ready failed: %s", outcome.error)
            if not isinstance(outcome, TaskEvent):
                self._pump()
            return
        match outcome:
            case TaskEvent(_, data):
                self._event(job, data)
                return
            case TaskDone(id, result):
                self._of(id).report = from_plain(Report, result["report"])
                self._end(job, "finish")
            case TaskStopped(id, why):
                wish = self._of(id).wish or why
                self._end(job, "interrupt" if wish == "resume" else wish)
            case TaskFailed(_, error):
                self._end(job, "fail", Failure(**error))
            case WorkerDied(_, how):
                self._worker_died(job, how)
        self._pump()

    def _event(self, job: JobRecord, data: Plain) -> None:
        live = self._of(job.id)
        if data["kind"] == "progress":
            live.progress = Progress(data["phase"], data["done"], data["total"], data.get("eta_s"), data.get("preview"))
            self._changed(job)
        elif data["kind"] == "note" and data["text"] not in live.notes:
            live.notes += (data["text"],)
            self._changed(job)
        elif data["kind"] == "frame" and data["frame"] not in live.known:
            live.deaths = 0
            live.known.add(data["frame"])
            live.arrivals.append(data["frame"])
            if self._listener:
                self._listener.frame_finished(job.id)

    def _end(self, job: JobRecord, event: Event, failure: Failure | None = None) -> None:
        live = self._of(job.id)
        # of thousands of paused jobs each would keep its picture
        live.progress = replace(live.progress, preview=None) if event == "pause" and live.progress else None
        self._try_commit(advance(job, event, failure))

    def _worker_died(self, job: JobRecord, how: str) -> None:
        live = self._of(job.id)
        live.deaths += 1
        if live.deaths >= MAX_ATTEMPTS:
            failure = Failure("JobError", "worker_died", how, "Retry the job; if it happens again, run a draft or report it.")
            self._end(job, "fail", failure)
            return
        log.warning("job %s: %s It goes on from its last finished frame.", job.id, how)
        live.not_before = time.monotonic() + RETRY_S * 2 ** (live.deaths - 1) if live.deaths > 1 else 0.0
        self._try_commit(advance(job, "interrupt"))

    def _try_commit(self, job: JobRecord) -> None:
        """A full disk must not lose the outcome for those who listen; the store catches up at the next change or start."""
        try:
            self._commit(job)
        except StorageError as e:
            log.error("job %s: its new state %s could not be stored: %s", job.id, job.state, e)
            self._jobs[job.id] = job
            self._changed(job)
        finally:
            if job.ended and self._listener:
                self._listener.frame_finished(job.id)

    # --- lookups ---------------------------------------------------------------------------------------------------------

    def _record(self, id: str) -> JobRecord:
        job = self._jobs.get(id)
        if job is None:
            raise unknown_job(id)
        return job

    def _of(self, id: str) -> _Live:
        live = self._live.get(id)
        if live is None:
            frames = self._found(self._jobs[id])
            live = self._live[id] = _Live(frames, set(frames))
        return live

    def _found(self, job: JobRecord) -> list[int]:
        if job.state == "queued" and job.attempts == 0:
            return []
        try:
            return list(self._takes.frames(job.take))
        except KeyfollowError:
            return []

    def _shown(self, job: JobRecord) -> Job:
        live = self._of(job.id)
        return job.shown(live.progress, live.notes)
