"""Where engines run. An executor runs one task at a time and reports events; nothing else knows whether that is a thread here,
a process beside us, or one day a machine elsewhere."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Plain = dict[str, Any]
Why = Literal["cancel", "pause"]


@dataclass(frozen=True, slots=True)
class Task:
    """Work for an executor: `entry` is ``"package.module:function"``, called as ``function(payload, link)`` where the work runs.

    The function's result (plain data) ends the task; an exception fails it.
    """

    id: str
    entry: str
    payload: Plain


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """Something the task itself said: ``{"kind": …}``."""

    task: str
    data: Plain


@dataclass(frozen=True, slots=True)
class TaskDone:
    task: str
    result: Plain


@dataclass(frozen=True, slots=True)
class TaskStopped:
    """It stopped because someone asked: `why` is what they asked for."""

    task: str
    why: Why


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """It raised a typed error (`KeyfollowError.to_plain`)."""

    task: str
    error: dict[str, str]


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """The process under the task is gone. `how` says it in a sentence: exit code or signal, last phase, peak memory."""

    task: str
    how: str


Outcome = TaskEvent | TaskDone | TaskStopped | TaskFailed | WorkerDied
Report = Callable[[Outcome], None]
"""Called on the loop's thread."""
Post = Callable[[Callable[[], None]], None]
"""Hands work to the loop's thread."""


class Link(Protocol):
    """What a running task is handed."""

    plan: int
    """Steps to go down on memory: 0, or 1 in the attempt after one that ran out of it (`attempt.run_entry`)."""

    def stop_asked(self) -> Why | None:
        """Has someone asked the task to stop? Calling it also tells the watchdog that work moves on."""

    def say(self, data: Mapping[str, Any]) -> None:
        """Report an event, plain data with a ``kind``."""


class Stopped(Exception):
    """Raised inside a task that was asked to stop, to unwind it."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


class Executor(Protocol):
    """One device's worth of running. All methods are called on the loop's thread."""

    @property
    def busy(self) -> str | None:
        """Id of the task that runs."""

    def start(self, task: Task) -> None: ...

    def stop(self, why: Why) -> None:
        """Ask the running task to stop; after a grace period it is made to."""

    def tick(self, now: float) -> None: ...

    def describe(self) -> str:
        """State of the device in a few words, for the status."""

    def close(self) -> None:
        """Stop at once. A task that ran is neither done nor failed: it resumes at the next start."""


def resolve(entry: str) -> Callable[[Plain, Link], Plain]:
    """The function behind ``"package.module:function"``."""
    module, _, name = entry.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]
