"""Promise 15: a worker that dies, stops or wedges is noticed and replaced; its job goes on from the last finished frame."""

from __future__ import annotations

import os
import queue
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from keyfollow.engine_info import Job
from keyfollow.errors import JobError
from keyfollow_daemon.executors.base import Outcome, Task, TaskDone, WorkerDied
from keyfollow_daemon.executors.process import ProcessExecutor
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import KIT, Daemon, eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
REPLACED_S = 10 * 5.0
FAULTS = ("SIGKILL", "SIGSTOP", "SIGSEGV")


def test_a_job_survives_every_death_of_its_worker(kf: Home, edit: dict[str, Any], tmp_path: Path) -> None:
    """One job after the other; in each the worker steps into the trap once, at a frame in the middle."""
    trap, trace = tmp_path / "trap", tmp_path / "trace"
    settings = {"seconds": 0.05, "trap": str(trap), "trace": str(trace)}
    with Daemon(kf) as daemon, kf.connect() as client:
        client.propagate(**edit, engine="slow").wait()
        for n in range(count("worker_faults")):
            trace.unlink(missing_ok=True)
            victim = daemon.worker()
            run = client.propagate(**edit, engine="slow", settings=settings)
            got = []
            for frame in run:
                got.append(frame.number)
                if len(got) == 3:
                    trap.write_text(FAULTS[n % 3])
                    eventually(lambda: daemon.worker() not in (None, victim), REPLACED_S, "the worker is replaced")  # noqa: B023
            assert sorted(got) == list(range(12)), "every frame came once"
            made = Counter(trace.read_text().split())
            assert [frame for frame in got[:3] if made[str(frame)] > 1] == [], "what was finished was not made again"
            assert client.jobs.get(run.id).state == "done"


def test_one_long_job_survives_any_number_of_them(kf: Home, edit: dict[str, Any]) -> None:
    """As long as every worker adds a frame before it dies, the job is not to blame."""
    with Daemon(kf) as daemon, kf.connect() as client:
        run = client.propagate(**edit, engine="slow", settings={"seconds": 0.3})
        for n, _ in enumerate(run):
            worker = daemon.worker()
            if n in (1, 3, 5, 7, 9) and worker is not None:
                worker.kill()
        assert client.jobs.get(run.id).state == "done"


def test_a_job_that_always_kills_its_worker_fails_and_says_how(kf: Home, edit: dict[str, Any], tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    with Daemon(kf), kf.connect() as client:
        run = client.propagate(**edit, engine="slow", settings={"trap": str(trap)})
        while client.jobs.get(run.id).state not in ("failed", "done"):
            trap.write_text("SIGSEGV")
            time.sleep(0.05)
        trap.unlink(missing_ok=True)
        with pytest.raises(JobError, match="SIGSEGV") as failed:
            run.wait()
        assert failed.value.code == "worker_died"
        assert client.propagate(**edit).wait().frames == 12


def test_an_engine_that_raises_fails_its_job_and_keeps_the_worker(kf: Home, edit: dict[str, Any], tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    with Daemon(kf) as daemon, kf.connect() as client:
        client.propagate(**edit, engine="slow").wait()
        worker = daemon.worker()
        trap.write_text("raise")
        with pytest.raises(JobError, match="the trap was sprung"):
            client.propagate(**edit, engine="slow", settings={"trap": str(trap)}).wait()
        assert client.propagate(**edit, engine="slow").wait().frames == 12
        assert daemon.worker() == worker


def test_an_idle_worker_that_dies_is_replaced_for_the_next_job(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf) as daemon, kf.connect() as client:
        client.propagate(**edit, engine="slow").wait()
        for what in (signal.SIGKILL, signal.SIGSTOP):
            worker = daemon.worker()
            assert worker is not None
            os.kill(worker.pid, what)
            assert client.propagate(**edit, engine="slow").wait().frames == 12
            assert daemon.worker() != worker


def test_what_clients_see_meanwhile(kf: Home, edit: dict[str, Any]) -> None:
    """The queue goes on: a second client hears of the job that its neighbour's dead worker left."""
    with Daemon(kf) as daemon, kf.connect() as client, kf.connect() as other:
        run = client.propagate(**edit, engine="slow", settings={"seconds": 0.1})
        seen = []
        for event in other.jobs.attach(run.id).events():
            if isinstance(event, Job):
                seen.append(event.state)
            elif event.number == 2:
                worker = daemon.worker()
                assert worker is not None
                worker.kill()
        assert seen[-1] == "done" and "queued" in seen


def test_a_wedged_task_is_told_from_a_slow_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It beats and does not move: the watchdog ends it, and the next task runs in a new worker."""
    monkeypatch.setenv("PYTHONPATH", str(KIT))
    posted: queue.SimpleQueue[Any] = queue.SimpleQueue()
    outcomes: list[Outcome] = []
    executor = ProcessExecutor(outcomes.append, posted.put, tmp_path / "log", stall_s=1.0)

    def turn() -> bool:
        executor.tick(time.monotonic())
        while not posted.empty():
            posted.get()()
        return bool(outcomes)

    def outcome() -> Outcome:
        eventually(turn, 30, "the task ends in one way or another")
        return outcomes.pop()

    try:
        executor.start(Task("slow", "time:sleep", {}))  # sleep(payload, link): a TypeError, which is an outcome too
        outcome()
        first = executor.pid
        executor.start(Task("wedged", "keyfollow_testkit.tasks:wedge", {}))
        died = outcome()
        assert isinstance(died, WorkerDied) and "had not moved" in died.how
        executor.start(Task("moving", "keyfollow_testkit.tasks:move_for", {"seconds": 3.0}))
        assert isinstance(outcome(), TaskDone), "three seconds of work that moves are no reason"
        assert executor.pid != first
    finally:
        executor.close()
