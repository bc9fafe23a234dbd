"""Promise 8, for weights: where engines run, the libraries in them are told to leave the network alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest
from keyfollow_daemon.models.hub import OFFLINE
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon, ended

pytestmark = pytest.mark.faults


def test_a_worker_is_told_to_stay_offline(kf: Home, edit: dict[str, Any], tmp_path: Path) -> None:
    with Daemon(kf) as daemon, kf.connect() as client:
        run = client.propagate(**edit, engine="patch")
        assert ended(client, run.id) == "done"
        worker = daemon.worker()
        assert worker is not None
        environment = psutil.Process(worker.pid).environ()
    assert {name: environment.get(name) for name in OFFLINE} == OFFLINE
