"""What can go wrong on a machine, as verbs: processes killed and stopped, bits turned, disks filled, readers that fall asleep."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import psutil
import pytest
from keyfollow import connection
from keyfollow.atomic import LEFTOVER
from keyfollow.client import Client
from keyfollow.connection import Connection

from .daemons import Home

KIT = Path(__file__).parents[1]
SLOW_ENGINE = {
    "KEYFOLLOW_EXTRA_ENGINES": "slow=keyfollow_testkit.slow_engine.info",
    "PYTHONPATH": os.pathsep.join([str(KIT), *filter(None, [os.environ.get("PYTHONPATH")])]),
}
"""For `daemons.home`: the daemon has the slow engine too."""


# --- processes ---------------------------------------------------------------------------------------------------------


class Daemon:
    """A daemon that the test itself started, so that it can wait for its end. Killed when left."""

    def __init__(self, home: Home, *options: str) -> None:
        self._home = home
        began = time.monotonic()
        self._process = home.start(*options)
        self.ready_after_s = time.monotonic() - began

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, what: signal.Signals) -> float:
        """Send a signal that ends it; the seconds until it was gone."""
        began = time.monotonic()
        self._process.send_signal(what)
        self._process.wait(30)
        return time.monotonic() - began

    def kill(self) -> None:
        """kill -9: no handler runs, nothing is flushed."""
        self.send(signal.SIGKILL)

    @property
    def status(self) -> int | None:
        return self._process.poll()

    def worker(self) -> psutil.Process | None:
        """The worker process, if one runs."""
        return worker_of(self.pid)

    @property
    def rss(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)

    @property
    def descriptors(self) -> int:
        return int(psutil.Process(self.pid).num_fds())

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGCONT)
        self.kill()


def worker_of(daemon: int) -> psutil.Process | None:
    """The worker process of a daemon, if one runs."""
    with suppress(psutil.Error):
        for child in psutil.Process(daemon).children():
            with suppress(psutil.Error):
                if "keyfollow_daemon.executors.worker" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                    return child
    return None


@contextmanager
def asleep(*processes: int) -> Iterator[None]:
    """The processes are stopped inside the block and go on after it, as when a lid is closed."""
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(processes):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def eventually(true: Callable[[], object], within_s: float, what: str) -> float:
    """Wait until `true()` is; the seconds it took. Fails the test after `within_s`."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > within_s:
            pytest.fail(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.005)
    return time.monotonic() - began


def ended(client: Client, job: str, within_s: float = 60) -> str:
    """Wait for a job's end; how it ended."""
    eventually(lambda: client.jobs.get(job).state in ("done", "failed", "cancelled"), within_s, f"job {job} ends")
    return client.jobs.get(job).state


# --- files ---------------------------------------------------------------------------------------------------------------


def flip_a_bit(path: Path, chance: random.Random) -> int:
    """Turn one bit somewhere in a file, behind everyone's back; its place."""
    place = chance.randrange(path.stat().st_size * 8)
    flip_bit(path, place)
    return place


def flip_bit(path: Path, place: int) -> None:
    """Turn bit `place` of a file. Done twice it is undone."""
    found = path.stat()
    with path.open("r+b") as file:
        file.seek(place // 8)
        byte = file.read(1)[0]
        file.seek(place // 8)
        file.write(bytes([byte ^ 1 << place % 8]))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def leftovers(folder: Path) -> list[Path]:
    """Temporary files and folders that somebody left below `folder`."""
    return [path for path in folder.rglob(".*.part") if LEFTOVER.fullmatch(path.name)]


def forged_connection(home: Home, pid: int) -> Connection:
    """A connection file such as a daemon that was killed left behind, whose number now belongs to process `pid`."""
    with Daemon(home) as daemon:
        found = connection.read(home.paths.connection)
        assert found is not None and found.pid == daemon.pid
        daemon.kill()
    stale = replace(found, pid=pid)
    connection.write(home.paths.connection, stale)
    return stale


# --- disks ---------------------------------------------------------------------------------------------------------------

CAN_MOUNT = sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount") is not None


class SmallDisk:
    """A disk of its own under a folder, that a test can fill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Fill it up, but for about `leave` bytes."""
        free = shutil.disk_usage(self.folder).free - leave
        # unbuffered: what did not fit must not be written once more when the file is closed
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while free > 0:
                free -= file.write(bytes(min(free, 1 << 16)))

    def free(self) -> None:
        """Give back what `fill` took."""
        self._ballast.unlink(missing_ok=True)

    def grow(self, size: int) -> None:
        """Make it a disk of `size` bytes."""
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[SmallDisk]:
    """Mount a disk of `size` bytes over `folder`, which is made. Skips the test where nobody may mount."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "keyfollow-test", str(folder)]
    if not CAN_MOUNT or subprocess.run(line, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


# --- the network -----------------------------------------------------------------------------------------------------------


def without_network(command: list[str]) -> list[str]:
    """`command`, to be run in a network namespace with loopback alone, and without root's powers. Skips the test where that cannot be."""
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here")
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    return ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *powerless, *command]
