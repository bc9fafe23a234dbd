"""The connection file: how a client finds the daemon, and the proof that it may speak to it.

The daemon writes it (0600, in a 0700 folder) when it is ready to answer and removes it when it stops. Whoever can read it is the
same user. A stale file (the process is gone, or does not answer) is replaced by the next daemon.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from .atomic import write_atomic
from .errors import DaemonError
from .paths import private_folder
from .plain import PlainError, from_plain, to_plain


@dataclass(frozen=True, slots=True)
class Connection:
    """Endpoints of the two channels, CURVE keys (Z85 text), and who is behind them."""

    control: str
    data: str
    server_public: str
    client_public: str
    client_secret: str
    pid: int
    protocol: tuple[int, int]
    version: str


def write(path: Path, connection: Connection) -> None:
    """Publish `connection` for this user's clients."""
    private_folder(path.parent)
    write_atomic(path, json.dumps(to_plain(connection)).encode())


def read(path: Path) -> Connection | None:
    """The daemon's connection, or None when no daemon has announced itself.

    Raises:
        DaemonError: ``unsafe_connection_file`` when the file could have been written or read by someone else.
    """
    try:
        # a FIFO in its place must not be waited for
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as e:
        raise _unsafe(path) from e
    try:
        found = os.fstat(fd)
        if sys.platform != "win32" and (
            not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077
        ):
            raise _unsafe(path)
        raw = os.read(fd, 1 << 16)
    finally:
        os.close(fd)
    try:
        return from_plain(Connection, json.loads(raw))
    except (ValueError, RecursionError, PlainError):
        return None  # half a file cannot be (it is replaced whole); a foreign one means no daemon


def remove(path: Path, pid: int) -> None:
    """Take the file away if it still is `pid`'s own."""
    current = read(path)
    if current is not None and current.pid == pid:
        path.unlink(missing_ok=True)


def _unsafe(path: Path) -> DaemonError:
    return DaemonError(
        "unsafe_connection_file",
        f"The connection file {path} is not private to this user.",
        "Remove it and start the daemon again (keyfollow daemon start).",
    )
