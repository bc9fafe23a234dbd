"""An event loop in small, and a module of tasks that any process of these tests can import as `tasks`."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from keyfollow_daemon.executors.base import Executor, Outcome, TaskEvent

TASKS = """
import os, signal, sys, time
from keyfollow.errors import MediaError
from keyfollow_daemon.executors.base import Stopped


def echo(payload, link):
    return {"got": payload, "pid": os.getpid()}


def count(payload, link):
    for n in range(payload["to"]):
        link.say({"kind": "frame", "frame": n})
    return {}


def typed(payload, link):
    raise MediaError("media_damaged", "Frame 3 is damaged.", "Use another copy.")


def untyped(payload, link):
    raise ZeroDivisionError("nothing to divide by")


def naps(payload, link):
    time.sleep(0.3)
    return {}


def obedient(payload, link):
    link.say({"kind": "progress", "phase": "Propagating"})
    while (why := link.stop_asked()) is None:
        time.sleep(0.01)
    raise Stopped(why)


def deaf(payload, link):
    link.say({"kind": "progress", "phase": "Propagating"})
    while True:
        link.stop_asked()
        time.sleep(0.01)


def stuck(payload, link):
    link.say({"kind": "progress", "phase": "Preparing"})
    while True:
        time.sleep(0.01)


def ends_by(payload, link):
    link.say({"kind": "progress", "phase": "Propagating"})
    if payload.get("signal"):
        os.kill(os.getpid(), payload["signal"])
        time.sleep(60)
    os._exit(payload["code"])


def prints(payload, link):
    print("a library says hello")
    sys.stdout.flush()
    os.write(1, b"and so does its C code" + bytes(range(256)))
    os.system("echo and a child of it")
    return {"read": os.read(0, 10)}


def big(payload, link):
    return {"data": bytes(payload["size"])}


def odd_keys(payload, link):
    return {1: 2}


def not_plain(payload, link):
    return {"set": {1, 2}}
"""


class Loop:
    """Runs what is posted, ticks an executor, and keeps the outcomes."""

    def __init__(self) -> None:
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.outcomes: list[Outcome] = []
        self.executor: Executor | None = None

    def post(self, work: Callable[[], None]) -> None:
        self._posted.put(work)

    def report(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def until(self, happened: Callable[[], bool], within_s: float = 15.0) -> None:
        deadline = time.monotonic() + within_s
        while not happened():
            assert time.monotonic() < deadline, f"it did not happen; so far: {self.outcomes}"
            with suppress(queue.Empty):
                self._posted.get(timeout=0.02)()
            if self.executor is not None:
                self.executor.tick(time.monotonic())

    def end(self, within_s: float = 15.0) -> Outcome:
        """Run until the task has ended; its outcome, which is the only one that is no event."""
        self.until(lambda: any(not isinstance(o, TaskEvent) for o in self.outcomes), within_s)
        (end,) = (o for o in self.outcomes if not isinstance(o, TaskEvent))
        assert self.outcomes[-1] is end, "nothing follows the end"
        self.outcomes.clear()
        return end


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The module's name; worker processes find it on their path, this one too."""
    (tmp_path / "tasks.py").write_text(TASKS)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")])))
    monkeypatch.syspath_prepend(str(tmp_path))
    return "tasks"


@pytest.fixture
def loop() -> Loop:
    return Loop()
