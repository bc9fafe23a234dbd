"""What every executor does alike. Entries run where the executor runs them, so they live in the test kit."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keyfollow_daemon.executors.base import (
    Executor,
    Outcome,
    Task,
    TaskDone,
    TaskEvent,
    TaskFailed,
    TaskStopped,
)
from keyfollow_daemon.executors.inline import InlineExecutor
from keyfollow_daemon.executors.process import ProcessExecutor

CEILING_S = 60.0


class Loop:
    """The part of the event loop that executors need: posted work, run here."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.outcomes: list[Outcome] = []

    def post(self, work: Callable[[], None]) -> None:
        self._work.put(work)

    def until(self, executor: Executor, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + CEILING_S
        while not done():
            assert time.monotonic() < deadline, self.outcomes
            executor.tick(time.monotonic())
            try:
                self._work.get(timeout=0.05)()
            except queue.Empty:
                continue


@pytest.fixture(params=["inline", "process"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Executor, Loop]]:
    kit = Path(__file__).parents[1] / "kit"
    monkeypatch.setenv("PYTHONPATH", str(kit))
    loop = Loop()
    executor: Executor
    if request.param == "inline":
        executor = InlineExecutor(loop.outcomes.append, loop.post)
    else:
        executor = ProcessExecutor(loop.outcomes.append, loop.post, tmp_path / "worker.log")
    yield executor, loop
    executor.close()


def entry(name: str, id: str = "task-1", **payload: Any) -> Task:
    return Task(id, f"keyfollow_testkit.entries:{name}", payload)


def ended(loop: Loop, id: str) -> Callable[[], bool]:
    return lambda: any(o.task == id and not isinstance(o, TaskEvent) for o in loop.outcomes)


def test_events_come_in_order_before_the_result(pair: tuple[Executor, Loop]) -> None:
    executor, loop = pair
    executor.start(entry("count", to=5))
    assert executor.busy == "task-1"
    loop.until(executor, ended(loop, "task-1"))
    assert [o.data["n"] for o in loop.outcomes if isinstance(o, TaskEvent)] == list(range(5))
    assert loop.outcomes[-1] == TaskDone("task-1", {"counted": 5})
    assert executor.busy is None


def test_errors_arrive_typed(pair: tuple[Executor, Loop]) -> None:
    executor, loop = pair
    executor.start(entry("refuse"))
    loop.until(executor, ended(loop, "task-1"))
    failed = loop.outcomes[-1]
    assert isinstance(failed, TaskFailed) and failed.error["code"] == "no_such_thing" and failed.error["kind"] == "UsageError"
    executor.start(entry("crash", "task-2"))
    loop.until(executor, ended(loop, "task-2"))
    failed = loop.outcomes[-1]
    assert (
        isinstance(failed, TaskFailed)
        and failed.error["code"] == "engine_failed"
        and "ZeroDivisionError" in failed.error["message"]
    )


@pytest.mark.parametrize("why", ["cancel", "pause"])
def test_a_task_stops_when_asked_and_the_next_one_runs(pair: tuple[Executor, Loop], why: Any) -> None:
    executor, loop = pair
    executor.start(entry("forever"))
    loop.until(executor, lambda: bool(loop.outcomes))
    executor.stop(why)
    loop.until(executor, ended(loop, "task-1"))
    stopped = loop.outcomes[-1]
    assert stopped == TaskStopped("task-1", why)
    executor.start(entry("count", "task-2", to=1))
    loop.until(executor, ended(loop, "task-2"))
    assert loop.outcomes[-1] == TaskDone("task-2", {"counted": 1})


def test_it_says_what_it_does(pair: tuple[Executor, Loop]) -> None:
    executor, loop = pair
    executor.start(entry("count", to=1))
    assert "busy" in executor.describe()
    loop.until(executor, ended(loop, "task-1"))
    assert "idle" in executor.describe()
