"""Promise 12: a client that vanishes leaks nothing, and its job goes on or stops as was said when it was submitted."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from keyfollow.client import Client
from keyfollow.media.reader import MediaReader
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon, ended, eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
EXPIRED_S = 10 * 3.0


def a_crowd_comes_and_is_killed(kf: Home, client: Client, clip: Path) -> tuple[str, str]:
    """Its jobs: the one that stays and the one that goes."""
    jobs = uuid.uuid4().hex, uuid.uuid4().hex
    line = [sys.executable, "-m", "keyfollow_testkit.crowd", str(count("vanished_clients")), str(clip), *jobs]
    crowd = subprocess.Popen(line, env=kf.environment, stdout=subprocess.PIPE, text=True)
    try:
        assert crowd.stdout is not None and crowd.stdout.readline() == "ready\n"
        assert client.status().sessions == count("vanished_clients") + 1
    finally:
        crowd.kill()
        crowd.communicate()
    return jobs


def test_a_hundred_clients_killed_at_once(kf: Home, footage: Path) -> None:
    with Daemon(kf) as daemon, kf.connect() as client:
        sizes, descriptors = [], []
        for _ in range(2):
            stays, goes = a_crowd_comes_and_is_killed(kf, client, footage)
            eventually(lambda: client.status().sessions == 1, EXPIRED_S, "the sessions are forgotten")
            assert ended(client, goes) == "cancelled"
            assert ended(client, stays) == "done"
            sizes.append(daemon.rss)
            descriptors.append(daemon.descriptors)
        assert sizes[-1] - sizes[0] < 10 << 20, f"the daemon grows: {sizes}"
        assert descriptors[-1] <= descriptors[0] + 5, f"files stay open: {descriptors}"


def test_a_client_that_comes_back_keeps_its_job(kf: Home, footage: Path) -> None:
    """The daemon dies under a client that is well: the job that must not outlive the client still has it."""
    with MediaReader(footage) as reader:
        edited = 255 - reader.read(0).pixels
    daemon = Daemon(kf)
    with kf.connect() as client:
        run = client.propagate(footage, keyframes={0: edited}, engine="slow", settings={"seconds": 0.8}, survives=False)
        eventually(lambda: client.jobs.get(run.id).state == "running", 30, "it runs")
        daemon.kill()
        assert [frame.number for frame in run] == list(range(12))


def test_a_job_whose_client_and_daemon_are_both_gone_ends_as_was_said(kf: Home, footage: Path) -> None:
    with Daemon(kf), kf.connect() as client:
        stays, goes = a_crowd_comes_and_is_killed(kf, client, footage)
    with Daemon(kf), kf.connect() as client:
        assert ended(client, goes) == "cancelled"
        assert ended(client, stays) == "done"
