"""What systemd hears of the daemon."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyfollow_daemon.notify import Notifier
from keyfollow_testkit.daemons import home

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd")


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        yield channel


def test_a_daemon_says_ready_then_beats_then_stops(
    systemd: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with home(tmp_path / "home", monkeypatch) as kf:
        daemon = subprocess.Popen([sys.executable, "-m", "keyfollow_daemon"], env=kf.environment)
        assert systemd.recv(99) == b"READY=1" and kf.running() is not None, "clients find it when it says so"
        assert [systemd.recv(99) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        daemon.send_signal(signal.SIGTERM)
        said = systemd.recv(99)
        while said == b"WATCHDOG=1":
            said = systemd.recv(99)
        assert said == b"STOPPING=1" and daemon.wait(10) == 0


def test_workers_do_not_hear_of_it(systemd: socket.socket) -> None:
    Notifier()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & set(os.environ)


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    silent = Notifier()
    silent.ready()
    silent.beat()
    silent.stopping()
