"""The same outcomes as from a process, on a thread."""

from __future__ import annotations

import time
from typing import Any

import pytest
from keyfollow_daemon.executors.base import Task, TaskDone, TaskEvent, TaskFailed, TaskStopped
from keyfollow_daemon.executors.inline import InlineExecutor


@pytest.fixture
def executor(loop: Any, tasks: str) -> InlineExecutor:
    made = InlineExecutor(loop.report, loop.post)
    loop.executor = made
    return made


def test_a_result_ends_the_task(loop: Any, executor: InlineExecutor) -> None:
    assert executor.busy is None
    assert executor.describe() == "inline, idle"
    executor.start(Task("one", "tasks:echo", {"a": [1, 2]}))
    assert executor.busy == "one"
    assert executor.describe() == "inline, busy"
    end = loop.end()
    assert isinstance(end, TaskDone)
    assert (end.task, end.result["got"]) == ("one", {"a": [1, 2]})
    assert executor.busy is None


def test_events_come_in_order_and_before_the_end(loop: Any, executor: InlineExecutor) -> None:
    executor.start(Task("one", "tasks:count", {"to": 50}))
    loop.until(lambda: any(isinstance(o, TaskDone) for o in loop.outcomes))
    assert [o.data["frame"] for o in loop.outcomes if isinstance(o, TaskEvent)] == list(range(50))
    assert isinstance(loop.outcomes[-1], TaskDone)


def test_a_typed_error_keeps_its_words_and_another_gets_some(loop: Any, executor: InlineExecutor) -> None:
    executor.start(Task("one", "tasks:typed", {}))
    end = loop.end()
    assert isinstance(end, TaskFailed)
    assert end.error["code"] == "media_damaged"
    executor.start(Task("two", "tasks:untyped", {}))
    end = loop.end()
    assert isinstance(end, TaskFailed)
    assert end.error["code"] == "engine_failed"
    assert "nothing to divide by" in end.error["message"]
    executor.start(Task("three", "no_such_module_anywhere:run", {}))
    end = loop.end()
    assert isinstance(end, TaskFailed)
    assert end.error["code"] == "engine_failed"


def test_a_stop_is_obeyed_and_not_remembered(loop: Any, executor: InlineExecutor) -> None:
    executor.start(Task("one", "tasks:obedient", {}))
    loop.until(lambda: bool(loop.outcomes))
    executor.stop("pause")
    assert loop.end() == TaskStopped("one", "pause")
    executor.start(Task("two", "tasks:echo", {}))
    assert isinstance(loop.end(), TaskDone)


def test_closing_stops_what_runs(loop: Any, executor: InlineExecutor) -> None:
    executor.start(Task("one", "tasks:obedient", {}))
    began = time.monotonic()
    executor.close()
    assert time.monotonic() - began < 4
