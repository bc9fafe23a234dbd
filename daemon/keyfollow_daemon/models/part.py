"""A download as it grows on disk: hashed as it is written, resumed by the next process, never longer than it should be."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from keyfollow.atomic import storage_errors, sync_folder
from keyfollow.errors import ModelMissing

from keyfollow_daemon.models.digests import CHUNK, Report, quiet
from keyfollow_daemon.models.hub import RemoteFile


class Part:
    """The file ``<place>.part``, which becomes `place` when it is whole. Opening it reads and hashes what is there already.

    It is a `hub.Sink`.

    Raises:
        StorageError: ``disk_full`` or ``cannot_write``, from any method that writes. What was written stays for the next attempt.
    """

    def __init__(self, place: Path, file: RemoteFile, report: Report = quiet) -> None:
        self._place = place
        self._path = place.with_name(place.name + ".part")
        self._file = file
        self._report = report
        with storage_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        self._rehash(min(os.fstat(self._handle).st_size, file.size))

    def __enter__(self) -> Part:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._handle)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def write(self, data: bytes, /) -> None:
        if self._size + len(data) > self._file.size:
            raise self._refuse("it is longer than the hub says")
        rest = memoryview(data)
        with storage_errors(self._path):
            while rest:
                written = os.write(self._handle, rest)
                self._digest.update(rest[:written])
                self._size += written
                rest = rest[written:]
        self._report(self._file.name, self._size, self._file.size)

    def restart(self) -> None:
        self._rehash(0)

    def finish(self) -> None:
        """Compare with what the hub says, flush to the disk, take the final name.

        Raises:
            ModelMissing: ``wrong_hash``; then nothing of the file is kept.
        """
        digest = self._digest.hexdigest()
        if self._size != self._file.size or digest != (self._file.sha256 or self._file.git_sha1):
            raise self._refuse("its checksum is not the one that the hub gives")
        with storage_errors(self._path):
            os.fsync(self._handle)
            self._path.replace(self._place)
            sync_folder(self._place.parent)

    def _rehash(self, size: int) -> None:
        """Cut to `size` bytes and hash those."""
        if self._file.sha256 is not None:
            self._digest = hashlib.sha256()
        else:
            # as git hashes a file
            self._digest = hashlib.sha1(b"blob %d\0" % self._file.size, usedforsecurity=False)
        with storage_errors(self._path):
            os.ftruncate(self._handle, size)
            os.lseek(self._handle, 0, os.SEEK_SET)
            while chunk := os.read(self._handle, CHUNK):
                self._digest.update(chunk)
        self._size = size

    def _refuse(self, why: str) -> ModelMissing:
        with suppress(OSError):
            self._path.unlink()
        return ModelMissing(
            "wrong_hash",
            f"What arrived as {self._file.name} was thrown away: {why}.",
            "Pull again. If it happens twice, something between here and the hub changes files.",
        )
