"""SHA-256 of large files, computed once: remembered for as long as the file system says that a file is the same.

One small sealed record a folder lies below the store. A digest is trusted while device, inode, size, mtime and ctime stand; ctime
cannot be set back, so bytes that were changed in place are always read again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from keyfollow.atomic import write_atomic
from keyfollow.errors import StorageError
from keyfollow.plain import PlainError, from_plain, to_plain
from keyfollow.sealed import Damaged, read_sealed, seal

CHUNK = 1 << 20
SETTLED_NS = 2_000_000_000
"""A file that was written less than this ago may be written again without its time stamp moving."""

Report = Callable[[str, int, int], None]
"""Hears of progress: what is being done, bytes done, bytes in all."""


def quiet(what: str, done: int, total: int) -> None:
    """A `Report` for those who do not care."""


@dataclass(frozen=True, slots=True)
class Known:
    """`state` is what the file system said of the file when its digest was taken."""

    state: tuple[int, int, int, int, int]
    sha256: str


@dataclass(frozen=True, slots=True)
class _Record:
    files: dict[str, Known] = field(default_factory=dict)


def sha256_of(path: Path, read: Callable[[int], object] = int) -> str:
    """SHA-256 of a file's bytes, read now; `read` hears how many, at every `CHUNK`, and may raise. Raises OSError."""
    digest, done, buffer = hashlib.sha256(), 0, bytearray(CHUNK)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(memoryview(buffer)[:count])
            done += count
            read(done)
    return digest.hexdigest()


class Digests:
    """The digests of the files in one folder, remembered below `memory` (a folder that need not exist)."""

    def __init__(self, memory: Path, folder: Path) -> None:
        name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
        self._path = memory / f"{name}.json"
        self._known = self._read()
        self._new: dict[str, Known] = {}

    def sha256(self, path: Path, read: Callable[[int], object] = int) -> str:
        """SHA-256 of `path`, as hex; `read` as in `sha256_of`. Raises OSError when it cannot be read."""
        key, state = str(path.resolve()), _state(path)
        known = self._known.get(key)
        if known is not None and known.state == state:
            self._new[key] = known
            return known.sha256
        digest = sha256_of(path, read)
        if state == _state(path) and time.time_ns() - max(state[3], state[4]) > SETTLED_NS:
            self._new[key] = Known(state, digest)
        return digest

    def keep(self) -> None:
        """Remember what was asked since construction, beside what was known. A full disk costs only the memory."""
        known = {**self._known, **self._new}
        if known == self._known:
            return
        with suppress(StorageError, OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomic(self._path, seal(to_plain(_Record(known))))

    def forget(self) -> None:
        """Remember nothing of the folder any more."""
        with suppress(OSError):
            self._path.unlink()

    def _read(self) -> dict[str, Known]:
        try:
            return from_plain(_Record, read_sealed(self._path)).files
        except (OSError, Damaged, PlainError):
            return {}


def _state(path: Path) -> tuple[int, int, int, int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
