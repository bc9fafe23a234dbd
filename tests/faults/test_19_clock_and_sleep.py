"""Promise 19: neither a machine that sleeps nor a wall clock that is set does harm."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keyfollow
import keyfollow_daemon
import pytest
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.faults import KIT, SLOW_ENGINE, Daemon, asleep, ended, eventually, worker_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
STAMPS = {
    # file: what it needs the wall clock for; none of it is a deadline
    "jobs/runner.py": "when a job was made, for people",
    "cache/handles.py": "when a cache was made and used, for people",
    "cache/store.py": "file times, the order of eviction",
    "media/blobs.py": "file times, the age of uploads that nothing refers to",
    "models/digests.py": "file times, whether a file has come to rest",
    "models/store.py": "when weights were installed, for people",
}


def test_a_daemon_that_was_stopped_goes_on_as_if_nothing_had_been(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf) as daemon, kf.connect() as client:
        run = client.propagate(**edit, engine="slow", settings={"seconds": 0.5}, survives=False)
        got = []
        for frame in run:
            got.append(frame.number)
            if len(got) == 2:
                worker = daemon.worker()
                assert worker is not None
                with asleep(worker.pid):
                    with asleep(daemon.pid):
                        time.sleep(count("sleep_seconds"))
                    time.sleep(0.5)  # the worker wakes a moment after its daemon
                assert daemon.worker() == worker, "the worker is not blamed for the silence"
        assert got == list(range(12)), "every frame once"
        assert client.status().pid == daemon.pid
        eventually(lambda: client.status().sessions == 1, 30, "one session is left")


def test_the_whole_machine_sleeps(kf: Home, footage: Path, edit: dict[str, Any], tmp_path: Path) -> None:
    """Client, daemon and worker stop in the middle of a job and go on in the other order, in the end without a word of it."""
    with Daemon(kf) as daemon:
        line = [sys.executable, "-m", "keyfollow_testkit.follow", str(footage), "0.5"]
        client = subprocess.Popen(line, env=kf.environment, stdout=subprocess.PIPE, text=True)
        assert client.stdout is not None
        assert client.stdout.readline() == "0\n"
        worker = worker_of(daemon.pid)
        assert worker is not None
        with asleep(client.pid, daemon.pid, worker.pid):
            time.sleep(count("sleep_seconds"))
        out, _ = client.communicate(timeout=120)
        assert out.split() == [*map(str, range(1, 12)), "done"]
        assert daemon.worker() == worker


def test_a_wall_clock_that_jumps_by_days_hurts_nobody(tmp_path: Path, edit: dict[str, Any]) -> None:
    stepping = {
        **SLOW_ENGINE,
        "PYTHONPATH": os.pathsep.join([str(KIT / "keyfollow_testkit" / "stepping_clock"), SLOW_ENGINE["PYTHONPATH"]]),
    }
    with pytest.MonkeyPatch.context() as patch, home(tmp_path / "home", patch, **stepping) as kf:
        shown = subprocess.run(
            [sys.executable, "-c", "import time; print(time.time() - time.time())"], capture_output=True, check=True
        )
        assert abs(float(shown.stdout)) > 86_400, "the clock does jump"
        with Daemon(kf) as daemon, kf.connect() as client:
            run = client.propagate(**edit, engine="slow", settings={"seconds": 0.3})
            worker = None
            for _ in run:
                worker = worker or daemon.worker()
            assert client.propagate(**edit).wait().frames == 12
            again = client.propagate(**edit)
            assert again.wait().cache_misses == 0, "nothing was evicted or given up"
            assert daemon.worker() == worker, "the watchdog was not misled"
            assert client.status().sessions == 1 and client.status().pid == daemon.pid
            stopped = client.propagate(**edit, engine="slow", settings={"seconds": 30.0})
            stopped.cancel()
            assert ended(client, stopped.id, 20) == "cancelled"


def test_no_deadline_looks_at_the_wall_clock() -> None:
    """All that asks for the time of day is on the list above, with what for."""
    roots = [Path(p) for package in (keyfollow, keyfollow_daemon) for p in package.__path__]
    found = {str(path.relative_to(root)) for root in roots for path in root.rglob("*.py") if asks_the_time_of_day(path)}
    assert found == set(STAMPS)


def asks_the_time_of_day(path: Path) -> bool:
    names = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.datetime.now"}
    return any(isinstance(node, ast.Attribute) and ast.unparse(node) in names for node in ast.walk(ast.parse(path.read_text())))
