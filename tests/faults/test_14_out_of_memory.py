"""Promise 14: running out of memory fails one job at most, once: freed, tried again smaller, else a typed failure; the next one runs."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import psutil
import pytest
from keyfollow.errors import MemoryShort
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
SLACK = 40 << 20
"""The trap holds 64 MiB when it springs: what stays is less than that, however often it sprang."""


def resident(worker: psutil.Process | None) -> int:
    assert worker is not None
    return int(worker.memory_info().rss)


def test_out_of_memory_at_random_frames(kf: Home, edit: dict[str, Any], tmp_path: Path) -> None:
    chance = random.Random(14)
    trap, settings = tmp_path / "trap", {"seconds": 0.0, "trap": str(tmp_path / "trap")}
    with Daemon(kf) as daemon, kf.connect() as client:
        plain = client.propagate(**edit, engine="slow", settings=settings)
        assert plain.wait().frames == 12
        first, base = daemon.worker(), resident(daemon.worker())
        for n in range(count("out_of_memory")):
            twice = n % 3 == 2
            run = client.propagate(**edit, engine="slow", settings={**settings, "seconds": 0.005})
            seen = 0
            at = chance.randrange(10)
            try:
                for _ in run:
                    seen += 1
                    if seen == at + 1:
                        trap.write_text("memory twice" if twice else "memory")
                report = run.report
                assert not twice or trap.exists() or report is not None
            except MemoryShort as error:
                assert twice and error.code == "out_of_memory" and error.remedy
            trap.unlink(missing_ok=True)
            assert client.propagate(**edit, engine="slow", settings=settings).wait().frames == 12, "the next job"
        assert daemon.worker() == first, "no worker died of it"
        assert resident(first) - base < SLACK


@pytest.mark.parametrize(("deed", "fails"), [("memory", False), ("memory twice", True)])
def test_once_is_made_good_and_twice_is_said(kf: Home, edit: dict[str, Any], tmp_path: Path, deed: str, fails: bool) -> None:
    trap, trace = tmp_path / "trap", tmp_path / "trace"
    settings = {"seconds": 0.0, "trap": str(trap), "trace": str(trace)}
    with Daemon(kf), kf.connect() as client:
        trap.write_text(deed)
        run = client.propagate(**edit, engine="slow", settings=settings)
        if not fails:
            report = run.wait()
            assert report.frames == 12 and report.notes == run.job.notes == ("There is little memory.",)
            return
        with pytest.raises(MemoryShort) as failed:
            run.wait()
        assert failed.value.code == "out_of_memory" and client.jobs.get(run.id).state == "failed"
        client.jobs.retry(run.id)
        assert client.jobs.attach(run.id).wait().frames == 12
        assert sorted(map(int, trace.read_text().split())) == list(range(12)), "no frame was made twice"
