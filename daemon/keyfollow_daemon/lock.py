"""One daemon per installation: a lock that the system releases when its holder dies, however it dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from keyfollow.errors import DaemonError

if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


class InstanceLock:
    """Held from construction until `release` or the end of the process.

    Raises:
        DaemonError: ``already_running``; the message says which process holds it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(self._fd)
        except OSError as e:
            holder = os.pread(self._fd, 32, 8).decode("ascii", "replace").strip() if hasattr(os, "pread") else ""
            os.close(self._fd)
            raise DaemonError(
                "already_running",
                f"A Keyfollow daemon is running already (process {holder or 'unknown'}).",
                "Use that one, or end it first: keyfollow daemon stop.",
            ) from e
        # behind the locked byte, which Windows lets nobody else read
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 8, os.SEEK_SET)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        os.close(self._fd)
