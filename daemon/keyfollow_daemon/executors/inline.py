"""Runs tasks on a thread of the daemon itself: for tests and for measuring what the process boundary costs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from keyfollow.errors import JobError, KeyfollowError

from .attempt import run_entry
from .base import Outcome, Post, Report, Stopped, Task, TaskDone, TaskEvent, TaskFailed, TaskStopped, Why


class InlineExecutor:
    """See `base.Executor`. A thread cannot be killed: a task that never checks is never stopped."""

    def __init__(self, report: Report, post: Post) -> None:
        self.plan = 0
        self._report = report
        self._post = post
        self._task: Task | None = None
        self._why: Why | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> str | None:
        return self._task.id if self._task else None

    def start(self, task: Task) -> None:
        self._task, self._why = task, None
        self._thread = threading.Thread(target=self._run, args=(task,), name="keyfollow-inline", daemon=True)
        self._thread.start()

    def stop(self, why: Why) -> None:
        self._why = why

    def tick(self, now: float) -> None:
        pass

    def describe(self) -> str:
        return "inline, " + ("busy" if self._task else "idle")

    def close(self) -> None:
        self._why = "pause"
        if self._thread is not None:
            self._thread.join(5)

    def stop_asked(self) -> Why | None:
        return self._why

    def say(self, data: Mapping[str, Any]) -> None:
        if self._task is not None:
            event = TaskEvent(self._task.id, dict(data))
            self._post(lambda: self._report(event))

    def _run(self, task: Task) -> None:
        outcome: Outcome
        try:
            outcome = TaskDone(task.id, run_entry(task.entry, task.payload, self))
        except Stopped as stopped:
            outcome = TaskStopped(task.id, stopped.why)
        except KeyfollowError as e:
            outcome = TaskFailed(task.id, e.to_plain())
        except Exception as e:
            error = JobError("engine_failed", f"The engine failed: {type(e).__name__}: {e}", "See the daemon's log.")
            outcome = TaskFailed(task.id, error.to_plain())
        self._post(lambda: self._end(outcome))

    def _end(self, outcome: Outcome) -> None:
        self._task = None
        self._report(outcome)
