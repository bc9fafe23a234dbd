"""Promise 1: a job that the daemon has acknowledged is never lost, whenever the daemon is killed.

And of promise 2 what the same kills show, which take a minute.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

import pytest
from keyfollow_daemon.jobs.store import JobStore
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon
from keyfollow_testkit.kills import Aftermath

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


def test_every_acknowledged_job_ends_well(after_kills: Aftermath) -> None:
    assert len(after_kills.acknowledged) >= count("kills") / 2, "too few jobs were acknowledged to show anything"
    states = {job.id: job.state for job in after_kills.jobs}
    assert {id: states.get(id) for id in after_kills.acknowledged} == dict.fromkeys(after_kills.acknowledged, "done")


def test_none_runs_twice(after_kills: Aftermath) -> None:
    assert max(Counter(job.id for job in after_kills.jobs).values()) == 1
    assert Counter(take.job for take in after_kills.takes) == Counter(job.id for job in after_kills.jobs)
    for job in after_kills.jobs:
        assert sorted(after_kills.frames[job.id]) == list(range(12)), "each frame comes once"
    assert all(take.complete for take in after_kills.takes)


def test_kills_leave_no_half_entry_and_no_temporary_file(after_kills: Aftermath) -> None:
    assert after_kills.entries > 0
    assert after_kills.damaged == []
    assert after_kills.leftovers == []


def test_what_is_acknowledged_is_committed_to_a_store_that_outlives_a_power_cut(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf) as daemon, kf.connect() as client:
        job = client.propagate(**edit, engine="slow", settings={"seconds": 60.0}).id
        with sqlite3.connect(f"file:{kf.paths.jobs}?mode=ro", uri=True) as other:
            assert [row[0] for row in other.execute("SELECT id FROM jobs")] == [job]
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        daemon.kill()
    store = JobStore(kf.paths.jobs)
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,), "FULL: every commit waits for the disk"
    store.close()
