"""Start the daemon, and tell whether one is alive. The daemon is another program: nothing of it is imported here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from . import __version__, connection, environment
from .connection import Connection
from .errors import DaemonError, StorageError, disk_full
from .paths import Paths, paths

START_S = 30.0
ROOM = 1 << 20
"""Bytes without which a daemon cannot even say why it does not start."""
IDLE_EXIT_S = 1800
"""A daemon that was started for somebody leaves when nobody has needed it for so long."""
_children: list[subprocess.Popen[bytes]] = []


def find(where: Paths) -> Connection | None:
    """The connection of a daemon that is alive."""
    found = connection.read(where.connection)
    return found if found is not None and alive(found.pid) else None


def alive(pid: int) -> bool:
    """Does process `pid` run? A zombie does not."""
    for child in list(_children):
        if child.poll() is not None:  # reaps it: a dead child would look alive otherwise
            _children.remove(child)
    if sys.platform == "win32":
        return pid in {c.pid for c in _children} or _alive_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _zombie(pid)


def _zombie(pid: int) -> bool:
    """Where nobody reaps (a container without an init) the dead stay listed. Linux only: elsewhere init reaps."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _alive_windows(pid: int) -> bool:
    listed = subprocess.run(["tasklist", "/FI", f"PID eq {pid}", "/NH"], capture_output=True, text=True, check=False)
    return str(pid) in listed.stdout


def start(where: Paths, timeout_s: float = START_S, *, silent: Connection | None = None) -> Connection:
    """Start a daemon for this user and wait until it has announced itself.

    Two clients may do so at once: the second daemon finds the lock taken and leaves, both clients find the first one.

    Args:
        silent: an announced daemon that does not answer. It is replaced when it is gone and its process number is somebody else's;
            when the lock is held it is merely busy or asleep, and is returned.

    Raises:
        DaemonError: ``daemon_not_installed``, ``daemon_failed`` with the last words of its log, ``daemon_slow``.
        StorageError: ``cannot_write``, ``disk_full``.
    """
    starting = spawn(where, silent=silent)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = starting.poll()
        if found is not None:
            return found
        time.sleep(0.02)
    raise DaemonError("daemon_slow", f"The daemon was not ready after {timeout_s:.0f} s.", f"See {where.logs}.")


class Starting:
    """A daemon on its way up, for those who must not wait: ask `poll` now and then."""

    def __init__(self, where: Paths, child: subprocess.Popen[bytes], words: Path, silent: Connection | None) -> None:
        self._where = where
        self._child = child
        self._words = words
        self._silent = silent

    def poll(self) -> Connection | None:
        """The daemon's connection once it has announced itself.

        Raises:
            DaemonError: ``daemon_failed`` when it has ended instead.
        """
        status = self._child.poll()
        found = find(self._where)
        if found is not None and (found != self._silent or status == 3):
            return found
        if status not in (None, 3):  # 3: another daemon holds the lock and will announce itself
            raise DaemonError(
                "daemon_failed",
                f"The daemon ended with exit code {status}: {_last_line(self._words.read_text(errors='replace'))}",
                f"See {self._where.logs}, mend the cause, and try again.",
            )
        return None


def spawn(where: Paths, program: str = "", home: str = "", *, silent: Connection | None = None) -> Starting:
    """Start a daemon without waiting for it.

    Args:
        program: path of keyfollowd; empty for this installation's own.
        home: its KEYFOLLOW_HOME, where that is not this process's own.
        silent: as for `start`.

    Raises:
        DaemonError: ``daemon_not_installed``.
        StorageError: ``cannot_write``, ``disk_full``: the daemon could not even say why it does not start.
    """
    words = where.logs / "daemon-start.log"
    try:
        where.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        words.write_bytes(b"")
        if shutil.disk_usage(where.logs).free < ROOM:
            raise disk_full(where.logs)
    except OSError as e:
        raise StorageError(
            "cannot_write",
            f"Keyfollow's folder {where.logs} cannot be written ({e.strerror}).",
            "Mend its permissions, or point KEYFOLLOW_HOME to a folder of yours.",
        ) from e
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    if home:
        options["env"] = {**os.environ, "KEYFOLLOW_HOME": home}
    line = [program] if program else command()
    try:
        with words.open("wb") as sink:
            child = subprocess.Popen(
                [*line, "--idle-exit", str(IDLE_EXIT_S)], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, **options
            )
    except OSError as e:
        raise DaemonError(
            "daemon_not_installed", f"{line[0]} cannot be started ({e.strerror}).", "Install it: pip install keyfollow."
        ) from e
    _children.append(child)
    return Starting(where, child, words, silent)


def command() -> list[str]:
    """How to run the daemon of this installation: in the environment that `keyfollow setup` made, if it did.

    Raises:
        DaemonError: ``daemon_not_installed``.
    """
    if (interpreter := environment.program(paths(), __version__)) is not None:
        return [str(interpreter), "-m", "keyfollow_daemon"]
    if importlib.util.find_spec("keyfollow_daemon") is not None:
        return [sys.executable, "-m", "keyfollow_daemon"]
    program = shutil.which("keyfollowd")
    if program is None:
        raise DaemonError(
            "daemon_not_installed", "There is no keyfollowd on this machine's PATH.", "Install it: pip install keyfollow."
        )
    return [program]


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
