"""Who is alive, and how the daemon is started. The daemons here are small scripts: only their announcement matters."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow import connection, launch
from keyfollow.connection import Connection
from keyfollow.errors import DaemonError
from keyfollow.paths import Paths, paths

HERE = Connection("tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "s" * 40, "c" * 40, "x" * 40, os.getpid(), (1, 0), "0.1.0")
ANNOUNCE = """
import os, sys, time
from keyfollow import connection
from keyfollow.paths import paths
time.sleep(0.1)
connection.write(paths().connection, connection.Connection("c", "d", "s", "p", "x", os.getpid(), (1, 0), "0"))
time.sleep(30)
"""


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path))
    return paths()


def use(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(launch, "command", lambda: [sys.executable, "-c", script])


@pytest.fixture
def dead() -> int:
    """A process id that is free again."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


@pytest.fixture
def zombie() -> Iterator[int]:
    """A process that has ended and that nobody has waited for."""
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    time.sleep(0.1)
    yield child.pid
    child.wait()
    child.stdout.close()


def test_this_process_is_alive_and_a_dead_one_is_not(dead: int) -> None:
    assert launch.alive(os.getpid())
    assert not launch.alive(dead)


@pytest.mark.skipif(not Path("/proc/1").exists(), reason="needs a process of somebody else")
def test_a_process_of_another_user_counts_as_alive() -> None:
    assert launch.alive(1)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no zombies")
def test_a_zombie_is_not_alive(zombie: int) -> None:
    assert not launch.alive(zombie)


def test_a_daemon_is_found_by_its_file_while_it_lives(where: Paths, dead: int) -> None:
    assert launch.find(where) is None
    connection.write(where.connection, HERE)
    assert launch.find(where) == HERE
    connection.write(where.connection, replace(HERE, pid=dead))
    assert launch.find(where) is None


def test_a_file_that_is_not_private_is_not_used(where: Paths) -> None:
    connection.write(where.connection, HERE)
    where.connection.chmod(0o644)
    with pytest.raises(DaemonError):
        launch.find(where)


def test_the_command_runs_this_installation() -> None:
    command = launch.command()
    told = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert told.startswith("keyfollowd ")


def test_without_a_daemon_package_the_program_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DaemonError) as missing:
        launch.command()
    assert missing.value.code == "daemon_not_installed"
    program = tmp_path / ("keyfollowd.exe" if sys.platform == "win32" else "keyfollowd")
    program.touch(mode=0o755)
    assert [Path(part) for part in launch.command()] == [program]


def test_a_started_daemon_is_waited_for_and_its_death_is_noticed(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, ANNOUNCE)
    found = launch.start(where)
    assert found.pid != os.getpid()
    assert launch.alive(found.pid)
    os.kill(found.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while launch.alive(found.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not launch.alive(found.pid), "nobody but `alive` has waited for it"
    assert launch.find(where) is None


def test_a_daemon_that_ends_at_once_is_an_error_with_its_last_words(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "import sys; print('first', file=sys.stderr); sys.exit('the disk is full')")
    with pytest.raises(DaemonError) as failed:
        launch.start(where)
    assert failed.value.code == "daemon_failed"
    assert "exit code 1: the disk is full" in failed.value.message
    assert str(where.logs) in failed.value.remedy


def test_a_daemon_that_never_announces_itself_is_not_waited_for_forever(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    use(
        monkeypatch,
        "import os, pathlib, time; pathlib.Path(os.environ['KEYFOLLOW_HOME'], 'pid').write_text(str(os.getpid())); time.sleep(30)",
    )
    began = time.monotonic()
    with pytest.raises(DaemonError) as failed:
        launch.start(where, timeout_s=0.5)
    assert failed.value.code == "daemon_slow"
    assert time.monotonic() - began < 5
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((where.storage / "pid").read_text()), signal.SIGKILL)


def test_the_loser_of_a_race_uses_the_winner(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 3 says that another daemon holds the lock; it announces itself a little later."""
    winner = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(0.3){ANNOUNCE}"])
    try:
        use(monkeypatch, "raise SystemExit(3)")
        assert launch.start(where).pid == winner.pid
    finally:
        winner.kill()
        winner.wait()


def test_a_start_need_not_be_waited_for(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, ANNOUNCE)
    starting = launch.spawn(where)
    assert starting.poll() is None
    deadline = time.monotonic() + 20
    while (found := starting.poll()) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)


def test_a_program_that_is_not_there_or_fails_is_told(where: Paths, tmp_path: Path) -> None:
    with pytest.raises(DaemonError) as missing:
        launch.spawn(where, str(tmp_path / "keyfollowd"))
    assert missing.value.code == "daemon_not_installed"
    bad = tmp_path / "bad"
    bad.write_text("#!/bin/sh\necho out of order >&2\nexit 7\n")
    bad.chmod(0o755)
    starting = launch.spawn(where, str(bad))
    with pytest.raises(DaemonError, match="exit code 7: out of order") as failed:
        for _ in range(500):
            starting.poll()
            time.sleep(0.02)
    assert failed.value.code == "daemon_failed"
