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
"""Starts of one job before a dying worker fails it."""

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

    def shown(self, progress: Progress | None) -> Job:
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


def next_to_run(jobs: list[JobRecord]) -> JobRecord | None:
    """Queue order: the lowest position first."""
    return min((j for j in jobs if j.state == "queued"), key=lambda j: (j.position, j.created), default=None)


def position_before(jobs: list[JobRecord], before: str | None) -> float:
    """A position right before job `before`, or after all.

    Raises:
        UsageError: ``unknown_job``.
    """
    places = sorted((j.position, j.id) for j in jobs)
    if before is None:
        return (places[-1][0] if places else 0.0) + 1.0
    for i, (place, id) in enumerate(places):
        if id == before:
            return (places[i - 1][0] + place) / 2 if i else place - 1.0
    raise unknown_job(before)


def unknown_job(id: str) -> UsageError:
    return UsageError("unknown_job", f"There is no job {id}.", "See: keyfollow jobs list.")
