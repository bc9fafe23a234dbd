"""Promise 16: a cancel is acknowledged at once, frees the device within a step, and leaves the worker fit for the next job."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from keyfollow.client import Client
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon, ended, eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
STEP_S = 0.1
ACK_S = 10 * 0.1
IDLE_S = 10 * (STEP_S + 0.5)
"""Ten times the promise; benchmarks/ measures the figures themselves."""


def idle(client: Client) -> bool:
    return "busy" not in client.status().worker


def test_cancels_at_random_times(kf: Home, edit: dict[str, Any]) -> None:
    chance = random.Random(16)
    long = {**edit, "engine": "slow", "settings": {"seconds": 10.0}}
    with Daemon(kf) as daemon, kf.connect() as client:
        client.propagate(**edit).wait()
        first = daemon.worker()
        for n in range(count("cancels")):
            run = client.propagate(**(edit if n % 3 else long))
            time.sleep(chance.uniform(0, 1.0) if n else 0.0)
            began = time.monotonic()
            run.cancel()
            assert time.monotonic() - began < ACK_S, "the acknowledgement"
            waited = eventually(lambda: idle(client), 60, "the device is free")
            assert waited < IDLE_S, "the device"
            assert ended(client, run.id) in ("cancelled", "done" if n % 3 else "cancelled"), "a short job may be quicker"
        assert daemon.worker() == first, "no cancel needed a kill"
        assert client.propagate(**edit).wait().frames == 12


def test_the_very_first_moment_is_no_exception(kf: Home, edit: dict[str, Any]) -> None:
    """The worker is still starting, and is told to stop before it has begun."""
    with Daemon(kf) as daemon, kf.connect() as client:
        run = client.propagate(**edit, engine="slow", settings={"seconds": 60.0})
        run.cancel()
        assert eventually(lambda: idle(client), 60, "the device is free") < 4.5, "it waited for the grace to run out"
        assert ended(client, run.id) == "cancelled"
        assert daemon.worker() is not None


def test_a_job_that_does_not_listen_is_killed_and_the_next_one_runs(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf) as daemon, kf.connect() as client:
        run = client.propagate(**edit, engine="slow", settings={"seconds": 300.0, "deaf": True})
        eventually(lambda: "Propagating" in client.status().worker, 30, "it makes frames")
        deaf = daemon.worker()
        run.cancel()
        assert ended(client, run.id, 50) == "cancelled"
        assert client.propagate(**edit).wait().frames == 12
        assert daemon.worker() != deaf
