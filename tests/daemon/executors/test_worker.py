"""The worker process by itself, spoken to over its own pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from keyfollow_daemon.executors.channel import Channel
from keyfollow_daemon.executors.worker import NICE


class Worker:
    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "keyfollow_daemon.executors.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
            )
        self.channel = Channel(cast(Any, self.process.stdout), cast(Any, self.process.stdin))
        self.beats: list[dict[str, Any]] = []

    def say(self, op: str, **fields: Any) -> None:
        self.channel.send({"op": op, **fields})

    def run(self, task: str, function: str, **payload: Any) -> None:
        self.say("run", task=task, entry=f"tasks:{function}", payload=payload)

    def hear(self) -> dict[str, Any]:
        """The next message that is no beat."""
        while True:
            message = self.channel.receive()
            assert message is not None, self.log.read_text()
            if message["op"] != "beat":
                return message
            self.beats.append(message)


@pytest.fixture
def worker(tmp_path: Path, tasks: str) -> Iterator[Worker]:
    made = Worker(tmp_path / "worker.log")
    assert made.hear() == {"op": "ready", "pid": made.process.pid}
    yield made
    made.process.kill()
    made.process.wait()
    made.channel.close_writer()
    cast(Any, made.process.stdout).close()


def test_one_task_follows_another_in_one_process(worker: Worker) -> None:
    for n in range(3):
        worker.run(f"t{n}", "echo", n=n)
    for n in range(3):
        assert worker.hear() == {"op": "done", "task": f"t{n}", "result": {"got": {"n": n}, "pid": worker.process.pid}}


def test_events_and_failures_name_their_task(worker: Worker) -> None:
    worker.run("t1", "count", to=3)
    assert [worker.hear() for _ in range(3)] == [
        {"op": "event", "task": "t1", "data": {"kind": "frame", "frame": n}} for n in range(3)
    ]
    assert worker.hear() == {"op": "done", "task": "t1", "result": {}}
    worker.run("t2", "typed")
    failed = worker.hear()
    assert (failed["op"], failed["task"], failed["error"]["kind"], failed["error"]["code"]) == (
        "failed",
        "t2",
        "MediaError",
        "media_damaged",
    )
    worker.run("t3", "untyped")
    assert worker.hear()["error"]["message"] == "The engine failed: ZeroDivisionError: nothing to divide by"
    assert "ZeroDivisionError" in worker.log.read_text(), "the traceback is for whoever mends it"


def test_a_stop_is_for_the_task_it_names(worker: Worker) -> None:
    worker.run("t1", "obedient")
    assert worker.hear()["op"] == "event"
    worker.say("stop", task="another", why="cancel")
    worker.say("stop", task="t1", why="pause")
    assert worker.hear() == {"op": "stopped", "task": "t1", "why": "pause"}


def test_a_stop_right_after_the_start_is_heard(worker: Worker) -> None:
    worker.run("t0", "naps")
    worker.run("t1", "obedient")
    worker.say("stop", task="t1", why="cancel")
    assert worker.hear() == {"op": "done", "task": "t0", "result": {}}
    ops = {worker.channel.receive()["op"] for _ in range(4)}  # type: ignore[index]
    assert "stopped" in ops


def test_it_beats_and_counts_steps_while_a_task_works(worker: Worker) -> None:
    worker.run("t1", "deaf")
    steps = [beat["steps"] for beat in _beats(worker, 3)]
    assert steps == sorted(set(steps)), "they rise"


def test_it_beats_without_steps_while_a_task_is_stuck(worker: Worker) -> None:
    worker.run("t1", "stuck")
    beats = _beats(worker, 3)
    assert {beat["steps"] for beat in beats} == {0}
    assert all(beat["peak"] > 1 << 20 for beat in beats)


def _beats(worker: Worker, count: int) -> list[dict[str, Any]]:
    beats: list[dict[str, Any]] = []
    while len(beats) < count:
        message = worker.channel.receive()
        assert message is not None
        if message["op"] == "beat":
            beats.append(message)
    return beats


def test_what_libraries_print_goes_to_the_log_and_stdin_is_empty(worker: Worker) -> None:
    worker.run("t1", "prints")
    assert worker.hear() == {"op": "done", "task": "t1", "result": {"read": b""}}
    worker.run("t2", "echo")
    assert worker.hear()["op"] == "done"
    log = worker.log.read_bytes()
    for said in (b"a library says hello", b"and so does its C code", b"and a child of it"):
        assert said in log


@pytest.mark.skipif(sys.platform == "win32", reason="priorities are classes there")
def test_it_gives_way_to_the_programs_that_a_person_works_in(worker: Worker) -> None:
    ours, its = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, worker.process.pid))
    assert its == min(19, ours + NICE)


@pytest.mark.parametrize("function", ["", "deaf", "stuck"])
def test_it_ends_when_the_daemon_is_gone(worker: Worker, function: str) -> None:
    if function:
        worker.run("t1", function)
        assert worker.hear()["op"] == "event"
    worker.channel.close_writer()
    assert worker.process.wait(5) == 0
