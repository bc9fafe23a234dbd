"""Promise 18: however the daemon ended, it starts the same way; there is one at a time; a stale connection file misleads nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from keyfollow import launch
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon, ended, eventually, forged_connection, worker_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
STOP_S = 10 * 2.0
START_S = 10 * 1.0
ENDS = (signal.SIGTERM, signal.SIGKILL, signal.SIGINT)


def test_every_end_is_followed_by_the_same_start(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf), kf.connect() as client:
        job = client.propagate(**edit, engine="slow", settings={"seconds": 0.3 * count("starts")}).id
    for n in range(count("starts")):
        with Daemon(kf) as daemon:
            assert daemon.ready_after_s < START_S
            with kf.connect() as client:
                assert client.jobs.get(job).state in ("queued", "running")
                eventually(daemon.worker, 20, "work goes on at once")
            worker = daemon.worker()
            assert daemon.send(ENDS[n % 3]) < STOP_S
            killed = ENDS[n % 3] == signal.SIGKILL
            assert daemon.status == (-signal.SIGKILL if killed else 0)
            assert kf.paths.connection.exists() == killed, "the connection file goes with an orderly end"
            assert worker is not None
            eventually(lambda: not worker.is_running(), 10, "the worker goes with its daemon")  # noqa: B023
    with Daemon(kf), kf.connect() as client:
        client.jobs.cancel(job)
        assert ended(client, job) == "cancelled"


def test_a_second_daemon_says_who_is_there_and_leaves(kf: Home) -> None:
    with Daemon(kf) as first:
        line = [sys.executable, "-m", "keyfollow_daemon"]
        second = subprocess.run(line, env=kf.environment, capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 3
        assert f"process {first.pid}" in second.stderr
        assert first.status is None and kf.running() is not None


def test_of_several_started_at_once_one_stays(kf: Home) -> None:
    line = [sys.executable, "-m", "keyfollow_daemon"]
    started = [subprocess.Popen(line, env=kf.environment, stderr=subprocess.DEVNULL) for _ in range(4)]
    try:
        eventually(lambda: sum(p.poll() is None for p in started) == 1 and kf.running(), 60, "one is left")
        (stayed,) = [p for p in started if p.poll() is None]
        assert {p.poll() for p in started if p is not stayed} == {3}
        found = kf.running()
        assert found is not None and found.pid == stayed.pid
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_stale_connection_file_is_replaced(kf: Home) -> None:
    """Its process number belongs to a stranger by now: he is asked, does not answer, and a daemon is started."""
    stranger = subprocess.Popen(["sleep", "300"])
    try:
        stale = forged_connection(kf, stranger.pid)
        began = time.monotonic()
        with kf.connect() as client:
            assert client.status().pid not in (stale.pid, os.getpid())
        assert time.monotonic() - began < 30
        assert stranger.poll() is None, "nobody hurt him"
    finally:
        stranger.kill()
        stranger.wait()


def test_two_clients_meet_at_one_daemon_when_none_runs(kf: Home) -> None:
    line = [sys.executable, "-c", "import keyfollow; print(keyfollow.connect().status().pid)"]
    clients = [subprocess.Popen(line, env=kf.environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {client.communicate(timeout=60)[0].strip() for client in clients}
    assert len(answers) == 1, answers
    assert launch.alive(int(answers.pop()))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a stopped worker goes when it is woken")
@pytest.mark.parametrize("stopped", [False, True], ids=["busy", "stopped"])
def test_a_daemon_that_is_killed_takes_its_worker_along(kf: Home, edit: dict[str, Any], stopped: bool) -> None:
    with Daemon(kf) as daemon, kf.connect() as client:
        client.propagate(**edit, engine="slow", settings={"seconds": 60.0, "deaf": True})
        eventually(daemon.worker, 30, "it works")
        worker = worker_of(daemon.pid)
        assert worker is not None
        time.sleep(1.0)
        if stopped:
            worker.suspend()
        daemon.kill()
        eventually(lambda: not worker.is_running(), 10, "the worker is gone")
