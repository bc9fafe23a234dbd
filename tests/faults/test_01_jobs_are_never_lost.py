"""Promise 1: a job that the daemon has acknowledged is never lost, whenever the daemon is killed."""

from __future__ import annotations

from collections import Counter

import pytest
from keyfollow_testkit.counts import count
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
