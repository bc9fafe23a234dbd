"""One daemon at a time: the lock says who holds it, and the system lets go of it however its holder ends."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from keyfollow.errors import DaemonError
from keyfollow_daemon.lock import InstanceLock

HOLD = """
import sys, time
from pathlib import Path
from keyfollow_daemon.lock import InstanceLock
lock = InstanceLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "daemon.lock"


def refusal(path: Path) -> DaemonError:
    with pytest.raises(DaemonError) as refused:
        InstanceLock(path)
    return refused.value


def test_only_one_holds_it_and_the_other_is_told_who(path: Path) -> None:
    lock = InstanceLock(path)
    error = refusal(path)
    assert error.code == "already_running"
    assert error.exit_status == 3
    assert f"process {os.getpid()})" in error.message
    assert f"process {os.getpid()})" in refusal(path).message, "asking does not disturb it"
    lock.release()
    InstanceLock(path).release()


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_it_is_private(path: Path) -> None:
    InstanceLock(path).release()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_killed_holder_lets_go(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert f"process {holder.pid})" in refusal(path).message
        holder.kill()
    lock = InstanceLock(path)
    assert f"process {os.getpid()})" in refusal(path).message
    lock.release()


def test_a_child_of_the_holder_does_not_inherit_it(path: Path) -> None:
    lock = InstanceLock(path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        time.sleep(0.1)
        lock.release()
        InstanceLock(path).release()
        child.kill()


def test_an_old_longer_number_leaves_nothing_behind(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0" * 8 + b"99999999999\n")
    lock = InstanceLock(path)
    assert f"process {os.getpid()})" in refusal(path).message
    lock.release()
