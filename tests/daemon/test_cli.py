"""`keyfollowd` as a program: ready soon, one at a time, gone soon, and nothing left but what is meant to stay."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow import __version__, connection
from keyfollow.atomic import temporary
from keyfollow.connection import Connection
from keyfollow.paths import Paths, paths
from keyfollow_daemon.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")
COMMAND = [sys.executable, "-m", "keyfollow_daemon"]
READY_S = 10.0
STOP_S = 2.0
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path))
    return paths()


@pytest.fixture
def start(where: Paths) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(*options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str], where: Paths) -> Connection:
    """Wait until the daemon has announced itself."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        found = connection.read(where.connection)
        if found is not None and found.pid == process.pid:
            return found
        time.sleep(0.01)
    raise AssertionError(process.communicate()[1] if process.poll() is not None else "not ready in time")


def listens(endpoint: str) -> bool:
    host, _, port = endpoint.removeprefix("tcp://").partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        return True
    return False


def test_it_says_its_version_without_doing_anything(where: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"keyfollowd {__version__}\n"
    with pytest.raises(SystemExit) as left:
        main(["--executor", "cluster"])
    assert left.value.code == 2
    assert list(where.storage.iterdir()) == []


def test_it_is_ready_soon_and_everything_it_makes_is_private(where: Paths, start: Start) -> None:
    found = ready(start(), where)
    assert found.version == __version__
    assert listens(found.control) and listens(found.data)
    assert found.control.startswith("tcp://127.0.0.1:")
    for folder, _, files in os.walk(where.storage):
        assert stat.S_IMODE(Path(folder).stat().st_mode) & 0o077 == 0, folder
        for name in files:
            assert stat.S_IMODE(Path(folder, name).stat().st_mode) & 0o077 == 0, name
    assert "ready after" in (where.logs / "daemon.log").read_text()


def test_a_second_one_says_who_is_there_and_leaves_it_alone(where: Paths, start: Start) -> None:
    first = start()
    found = ready(first, where)
    second = start()
    out, words = second.communicate(timeout=READY_S)
    assert (second.returncode, out) == (3, "")
    assert f"process {first.pid}" in words
    assert "Traceback" not in words
    assert first.poll() is None
    assert connection.read(where.connection) == found


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_signal_ends_it_soon_and_takes_the_connection_file_away(
    where: Paths, start: Start, how: signal.Signals
) -> None:
    process = start("--log-to-stderr")
    found = ready(process, where)
    began = time.monotonic()
    process.send_signal(how)
    _, words = process.communicate(timeout=READY_S)
    assert time.monotonic() - began < STOP_S
    assert process.returncode == 0
    assert not where.connection.exists()
    assert not listens(found.control)
    assert "stopped" in words and "Traceback" not in words


def test_after_a_kill_the_next_one_replaces_the_stale_file_and_sweeps_up(where: Paths, start: Start) -> None:
    killed = start()
    stale = ready(killed, where)
    killed.kill()
    killed.wait()
    assert connection.read(where.connection) == stale
    half = temporary(where.takes / "take-1")
    half.write_bytes(b"half a frame")
    found = ready(start(), where)
    assert listens(found.control)
    assert (found.server_public, found.client_secret) != (stale.server_public, stale.client_secret)
    assert not half.exists()


def test_a_daemon_leaves_the_file_of_another_alone(where: Paths, start: Start) -> None:
    process = start()
    other = replace(ready(process, where), pid=1)
    connection.write(where.connection, other)
    process.terminate()
    assert process.wait(READY_S) == 0
    assert connection.read(where.connection) == other


def test_a_store_it_cannot_use_is_a_sentence_and_an_exit_status(where: Paths, start: Start) -> None:
    where.data.mkdir(parents=True, mode=0o700)
    where.jobs.write_bytes(b"this is no database at all, but some text " * 100)
    process = start()
    _, words = process.communicate(timeout=READY_S)
    assert process.returncode == 1
    assert str(where.jobs) in words
    assert "Traceback" not in words
    assert not where.connection.exists()


def test_a_home_that_is_a_link_is_refused(where: Paths, start: Start, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    where.data.symlink_to(tmp_path / "real")
    process = start()
    _, words = process.communicate(timeout=READY_S)
    assert process.returncode == 1
    assert "not a folder of this user's own" in words


@pytest.mark.parametrize("executor", ["process", "inline"])
def test_both_executors_are_started_by_name(where: Paths, start: Start, executor: str) -> None:
    process = start("--executor", executor)
    ready(process, where)
    process.terminate()
    assert process.wait(READY_S) == 0


def test_it_leaves_when_nobody_has_needed_it_for_so_long(start: Start, where: Paths) -> None:
    process = start("--idle-exit", "1")
    ready(process, where)
    assert process.wait(timeout=30) == 0
    assert not where.connection.exists()
