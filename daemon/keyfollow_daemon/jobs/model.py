"""A job's life as a pure state machine: events in, the next state out. No clock, no disk, no sockets.

queued → running ⇄ paused → done | failed | cancelled
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from keyfollow.edits import EditRequest
from keyfollow.engine_info import ENDED, Failure, Job, JobState, Progress
from keyfollow.errors import UsageError

Event = Literal["start", "pause", "resume", "finish", "fail", "cancel", "retry", "interrupt"]
MAX_ATTEMPTS = 4
"""Workers that one job may end, one after the other and without a new frame, before it is failed."""

TRANSITIONS: dict[tuple[JobState, Event], JobState] = {
    ("queued", "start"): "running",
    ("queued", "pause"): "paused",
    ("queued", "cancel"): "cancelled",
    ("running", "pause"): "paused",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("running", "cancel"): "cancelled",
    ("running", "interrupt"): "queued",
    ("paused", "resume"): "queued",
    ("paused", "cancel"): "cancelled",
    ("failed", "retry"): "queued",
    ("cancelled", "retry"): "queued",
}


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as it is stored. `take` is fixed at submission, so that every attempt adds to the same frames."""

    id: str
    request: EditRequest
    take: str
    created: float
    position: float
    state: JobState = "queued"
    label: str = ""
    survives: bool = True
    attempts: int = 0
    failure: Failure | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def shown(self, progress: Progress | None, notes: tuple[str, ...] = ()) -> Job:
        """As clients see it."""
        clip = self.request.clip
        return Job(
            id=self.id,
            state=self.state,
            engine=self.request.engine,
            source=clip.path or f"{len(clip.frames)} uploaded frames",
            quality=self.request.quality,
            take=self.take,
            created=self.created,
            position=self.position,
            attempts=self.attempts,
            progress=progress,
            failure=self.failure,
            label=self.label,
            range=self.request.range,
            notes=notes,
        )


def advance(job: JobRecord, event: Event, failure: Failure | None = None) -> JobRecord:
    """The job after `event`. An event that changes nothing (cancel a cancelled job) returns it as it is.

    Raises:
        UsageError: ``not_possible`` when the job is in no state for it.
    """
    state = TRANSITIONS.get((job.state, event))
    if state is None:
        if already(job.state, event):
            return job
        raise UsageError(
            "not_possible",
            f"A job that is {job.state} cannot {event}.",
            "Look at its state with: keyfollow jobs list.",
        )
    attempts = {"start": job.attempts + 1, "retry": 0}.get(event, job.attempts)
    return replace(job, state=state, attempts=attempts, failure=failure if event == "fail" else None)


def already(state: JobState, event: Event) -> bool:
    """Is `event` asking for what is so already? Clients repeat themselves after a reconnect."""
    return (state, event) in {
        ("cancelled", "cancel"),
        ("done", "cancel"),
        ("failed", "cancel"),
        ("paused", "pause"),
        ("queued", "resume"),
        ("running", "resume"),
        ("queued", "retry"),
        ("running", "retry"),
    }


def place(job: JobRecord) -> tuple[float, float, str]:
    """Sort key of the queue's order."""
    return job.position, job.created, job.id


def next_to_run(jobs: list[JobRecord]) -> JobRecord | None:
    """The first in queue order that waits."""
    return min((j for j in jobs if j.state == "queued"), key=place, default=None)


def reordered(jobs: list[JobRecord], moved: str, before: str | None) -> dict[str, float]:
    """New positions that put job `moved` right before job `before`, or last: its own alone, unless there is no number between.

    Raises:
        UsageError: ``unknown_job``.
    """
    others = sorted((j for j in jobs if j.id != moved), key=place)
    if before == moved:
        return {}
    at = len(others)
    if before is not None:
        at = next((i for i, j in enumerate(others) if j.id == before), -1)
        if at < 0:
            raise unknown_job(before)
    low = others[at - 1].position if at else (others[0].position if others else 0.0) - 2.0
    high = others[at].position if at < len(others) else low + 2.0
    middle = (low + high) / 2
    if low < middle < high:
        return {moved: middle}
    order = [j.id for j in others]
    order.insert(at, moved)
    return {id: float(n) for n, id in enumerate(order, 1)}


def unknown_job(id: str) -> UsageError:
    return UsageError("unknown_job", f"There is no job {id}.", "See: keyfollow jobs list.")
