"""Promise 8: nothing needs the network, and nothing asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import Home
from keyfollow_testkit.faults import Daemon, eventually, without_network

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_a_propagation_where_there_is_nothing_but_loopback(
    kf: Home, footage: Path, edit: dict[str, Any], tmp_path: Path
) -> None:
    """The command, its daemon and its worker, without any of root's powers, in a namespace of their own."""
    key = clips.write_png(tmp_path / "key.png", edit["keyframes"][0])
    words = ["propagate", str(footage), "--keyframe", f"0={key}", "--output", str(tmp_path / "out.mkv")]
    done = subprocess.run(
        without_network([sys.executable, "-m", "keyfollow.cli", *words]),
        env=kf.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    kf.stop()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.mkv").stat().st_size > 0


def test_the_namespace_denies_what_it_should() -> None:
    """So that the test above shows something: an address outside cannot be reached, this machine can."""
    reach = "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()); print('inside')"
    inside = subprocess.run(without_network([sys.executable, "-c", reach]), capture_output=True, text=True, check=True)
    assert inside.stdout == "inside\n"
    leave = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    outside = subprocess.run(without_network([sys.executable, "-c", leave]), capture_output=True, text=True, check=False)
    assert "Network is unreachable" in outside.stderr


def test_nobody_looks_outside(kf: Home, edit: dict[str, Any], tmp_path: Path) -> None:
    """Every address that the daemon or its worker connects, binds or sends to is of this machine."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not here")
    seen = tmp_path / "strace"
    line = ["strace", "-f", "-qq", "-o", str(seen), "-e", "trace=connect,bind,sendto", sys.executable, "-m", "keyfollow_daemon"]
    traced = subprocess.Popen(line, env=kf.environment)
    try:
        eventually(kf.running, 60, "the daemon is ready")
        with kf.connect() as client:
            assert client.propagate(**edit).wait().frames == 12
    finally:
        kf.stop()
        traced.wait(30)
    addresses = [line for line in seen.read_text().splitlines() if "AF_INET" in line]
    assert addresses, "the daemon's own sockets are seen"
    assert [line for line in addresses if "127.0.0.1" not in line and "::1" not in line] == []


def test_workers_are_told_to_stay_offline(kf: Home, edit: dict[str, Any]) -> None:
    with Daemon(kf) as daemon, kf.connect() as client:
        client.propagate(**edit).wait()
        worker = daemon.worker()
        assert worker is not None
        assert worker.environ().get("HF_HUB_OFFLINE") == "1"
    assert "HF_HUB_OFFLINE" not in os.environ
