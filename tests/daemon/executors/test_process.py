"""Real worker processes: what they answer, and what is told when they are stopped, killed, frozen or crash."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keyfollow_daemon.executors.base import Task, TaskDone, TaskEvent, TaskFailed, TaskStopped, WorkerDied
from keyfollow_daemon.executors.process import ProcessExecutor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")
Make = Callable[..., ProcessExecutor]


@pytest.fixture
def make(loop: Any, tasks: str, tmp_path: Path) -> Iterator[Make]:
    made: list[ProcessExecutor] = []

    def build(**limits: float) -> ProcessExecutor:
        executor = ProcessExecutor(loop.report, loop.post, tmp_path / "logs" / "worker.log", **limits)
        loop.executor = executor
        made.append(executor)
        return executor

    yield build
    for executor in made:
        executor.close()


@pytest.fixture
def executor(make: Make) -> ProcessExecutor:
    return make()


def task(function: str, id: str = "one", **payload: Any) -> Task:
    return Task(id, f"tasks:{function}", payload)


def begin(loop: Any, executor: ProcessExecutor, function: str) -> int:
    """Start a task that says so when it has begun; the worker's process id."""
    executor.start(task(function))
    loop.until(lambda: bool(loop.outcomes))
    assert executor.pid is not None
    return executor.pid


def runs_again(loop: Any, executor: ProcessExecutor) -> int:
    """The next task is done; the worker's process id."""
    executor.start(task("echo", "next"))
    end = loop.end()
    assert isinstance(end, TaskDone), end
    assert end.result["pid"] == executor.pid
    return int(end.result["pid"])


def gone(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True


def test_no_worker_runs_until_there_is_something_to_do_and_then_it_stays(loop: Any, executor: ProcessExecutor) -> None:
    assert (executor.busy, executor.pid, executor.describe()) == (None, None, "no worker yet")
    executor.start(task("echo", a=[1, {"b": b"\x00"}]))
    assert executor.busy == "one"
    assert "busy" in executor.describe()
    end = loop.end()
    assert isinstance(end, TaskDone)
    assert end.result["got"] == {"a": [1, {"b": b"\x00"}]}
    assert executor.busy is None
    assert executor.describe() == f"worker {executor.pid}, idle"
    assert runs_again(loop, executor) == end.result["pid"] != os.getpid()


def test_events_come_in_order_and_before_the_end(loop: Any, executor: ProcessExecutor) -> None:
    executor.start(task("count", to=500))
    loop.until(lambda: any(isinstance(o, TaskDone) for o in loop.outcomes))
    assert [o.data["frame"] for o in loop.outcomes if isinstance(o, TaskEvent)] == list(range(500))


@pytest.mark.parametrize(("function", "code"), [("typed", "media_damaged"), ("untyped", "engine_failed")])
def test_an_error_fails_the_task_and_leaves_the_worker(loop: Any, executor: ProcessExecutor, function: str, code: str) -> None:
    executor.start(task(function))
    pid = executor.pid
    end = loop.end()
    assert isinstance(end, TaskFailed)
    assert (end.task, end.error["code"]) == ("one", code)
    assert runs_again(loop, executor) == pid


def test_a_stop_is_obeyed_and_the_worker_stays(loop: Any, executor: ProcessExecutor) -> None:
    pid = begin(loop, executor, "obedient")
    began = time.monotonic()
    executor.stop("pause")
    assert loop.end() == TaskStopped("one", "pause")
    assert time.monotonic() - began < 1
    assert runs_again(loop, executor) == pid


def test_a_task_that_ignores_the_stop_is_killed_after_the_grace(loop: Any, make: Make) -> None:
    executor = make(grace_s=0.3)
    pid = begin(loop, executor, "deaf")
    began = time.monotonic()
    executor.stop("cancel")
    executor.stop("cancel")
    assert loop.end() == TaskStopped("one", "cancel")
    assert 0.3 <= time.monotonic() - began < 3
    assert gone(pid)
    assert runs_again(loop, executor) != pid


@pytest.mark.parametrize(
    ("payload", "says"),
    [({"signal": int(signal.SIGKILL)}, "SIGKILL"), ({"signal": int(signal.SIGSEGV)}, "SIGSEGV"), ({"code": 7}, "exit code 7")],
)
def test_a_crash_is_told_in_words_and_the_next_task_has_a_fresh_worker(
    loop: Any, executor: ProcessExecutor, payload: dict[str, Any], says: str
) -> None:
    executor.start(task("ends_by", **payload))
    pid = executor.pid
    end = loop.end()
    assert isinstance(end, WorkerDied)
    assert end.task == "one"
    assert says in end.how
    assert "while propagating" in end.how
    assert "peak memory" in end.how
    assert executor.busy is None
    assert runs_again(loop, executor) != pid


def test_a_killed_worker_is_noticed(loop: Any, executor: ProcessExecutor) -> None:
    pid = begin(loop, executor, "deaf")
    os.kill(pid, signal.SIGKILL)
    end = loop.end(within_s=5)
    assert isinstance(end, WorkerDied)
    assert "SIGKILL" in end.how


def test_a_frozen_worker_is_killed(loop: Any, make: Make) -> None:
    executor = make(silence_s=1.0)
    pid = begin(loop, executor, "deaf")
    os.kill(pid, signal.SIGSTOP)
    end = loop.end(within_s=10)
    assert isinstance(end, WorkerDied)
    assert "not answered" in end.how
    assert gone(pid)
    runs_again(loop, executor)


def test_a_worker_that_is_killed_or_frozen_while_idle_is_replaced(loop: Any, make: Make) -> None:
    executor = make(silence_s=1.0)
    for blow in (signal.SIGKILL, signal.SIGSTOP):
        pid = runs_again(loop, executor)
        os.kill(pid, blow)
        loop.until(lambda: executor.pid is None, within_s=10)
        assert runs_again(loop, executor) != pid


def test_a_task_without_a_step_is_killed_and_one_with_steps_is_not(loop: Any, make: Make) -> None:
    executor = make(stall_s=1.5)
    begin(loop, executor, "stuck")
    end = loop.end()
    assert isinstance(end, WorkerDied)
    assert "not moved" in end.how
    assert "while preparing" in end.how
    begin(loop, executor, "deaf")
    loop.outcomes.clear()
    later = time.monotonic() + 2
    loop.until(lambda: time.monotonic() > later)
    assert loop.outcomes == []


def test_after_a_pause_of_the_daemon_itself_nobody_is_judged_by_the_clock(loop: Any, make: Make) -> None:
    executor = make(silence_s=1.0, grace_s=1.0)
    pid = begin(loop, executor, "obedient")
    time.sleep(1.5)
    executor.tick(time.monotonic())
    executor.stop("pause")
    assert loop.end() == TaskStopped("one", "pause")
    assert executor.pid == pid


def test_what_libraries_print_does_not_break_the_channel(loop: Any, executor: ProcessExecutor, tmp_path: Path) -> None:
    executor.start(task("prints"))
    assert isinstance(loop.end(), TaskDone)
    runs_again(loop, executor)
    assert b"a library says hello" in (tmp_path / "logs" / "worker.log").read_bytes()


def test_a_large_payload_to_a_worker_that_does_not_read_does_not_block(loop: Any, executor: ProcessExecutor) -> None:
    pid = begin(loop, executor, "obedient")
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(5000):
        executor.stop("cancel")
    assert time.monotonic() - began < 1
    os.kill(pid, signal.SIGCONT)
    assert loop.end() == TaskStopped("one", "cancel")


def test_a_result_too_large_for_the_channel_does_not_hang(loop: Any, make: Make) -> None:
    executor = make(silence_s=1.2)
    executor.start(task("big", size=65 << 20))
    assert isinstance(loop.end(within_s=20), WorkerDied)
    runs_again(loop, executor)


def test_a_result_that_cannot_be_unpacked_does_not_hang(loop: Any, make: Make) -> None:
    executor = make(silence_s=1.2)
    executor.start(task("odd_keys"))
    assert isinstance(loop.end(), WorkerDied)
    runs_again(loop, executor)


def test_a_result_that_is_no_plain_data_ends_the_task(loop: Any, executor: ProcessExecutor) -> None:
    executor.start(task("not_plain"))
    assert isinstance(loop.end(), (WorkerDied, TaskFailed))
    runs_again(loop, executor)


def test_closing_leaves_no_process(loop: Any, executor: ProcessExecutor) -> None:
    pid = begin(loop, executor, "deaf")
    executor.close()
    executor.close()
    assert gone(pid)
    assert (executor.busy, executor.pid) == (None, None)
    loop.outcomes.clear()
    soon = time.monotonic() + 0.3
    loop.until(lambda: time.monotonic() > soon)
    assert loop.outcomes == [], "it is neither done nor failed"
