"""Bytes that clients uploaded, by their SHA-256: keyframes, masks, frames of clips that are no file, cache archives."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from keyfollow.atomic import sync_folder, temporary
from keyfollow.errors import KeyfollowError, StorageError, UsageError, disk_full

T = TypeVar("T")
HEX = re.compile(r"[0-9a-f]{64}")
KEEP_S = 24 * 3600
MAX_UPLOADS = 64
"""Unfinished uploads of one owner: each holds a file open."""


@dataclass(slots=True)
class _Partial:
    temp: Path
    file: BinaryIO
    size: int
    received: int = 0
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)


class BlobStore:
    """Content-addressed files below `root`. Uploads in progress belong to the thread that calls `begin` and `append`.

    Each `owner` sends a blob for itself, so that two who send the same one at a time do not get into each other's way.
    """

    def __init__(self, root: Path, largest: int) -> None:
        self._root = root
        self._largest = largest
        self._partial: dict[bytes, dict[str, _Partial]] = {}

    def path(self, sha256: str) -> Path:
        """Where the blob lies, whether or not it is there.

        Raises:
            UsageError: ``bad_blob`` when `sha256` is not 64 hexadecimal digits.
        """
        if not HEX.fullmatch(sha256):
            raise UsageError("bad_blob", "A blob is named by the 64 hexadecimal digits of its SHA-256.", "Update the client.")
        return self._root / sha256[:2] / sha256

    def open(self, sha256: str) -> bytes:
        """A whole blob's bytes, checked.

        Raises:
            StorageError: ``blob_missing`` or ``blob_damaged``.
        """
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError as e:
            raise StorageError("blob_missing", "A picture of this job was never received.", "Submit the job again.") from e
        if hashlib.sha256(data).hexdigest() != sha256:
            self.path(sha256).unlink(missing_ok=True)
            raise StorageError("blob_damaged", "A picture of this job is damaged on disk.", "Submit the job again.")
        return data

    def file(self, sha256: str) -> BinaryIO:
        """A whole blob as an open file, not checked. Raises `StorageError` ``blob_missing``."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as e:
            raise StorageError("blob_missing", "That file was never received.", "Send it again.") from e

    def begin(self, sha256: str, size: int, owner: bytes = b"") -> int:
        """Bytes that are here already: `size` when the blob is whole.

        Raises:
            UsageError: ``bad_blob``, ``blob_too_large``, ``too_many_uploads``.
            StorageError: ``disk_full``, ``cannot_write``.
        """
        path = self.path(sha256)
        if not 0 < size <= self._largest:
            raise UsageError("blob_too_large", f"An upload of {size} bytes is not possible.", f"The limit is {self._largest}.")
        if path.exists():
            os.utime(path)
            return size
        mine = self._partial.setdefault(owner, {})
        if sha256 not in mine:
            if len(mine) >= MAX_UPLOADS:
                raise UsageError("too_many_uploads", "This client has too many uploads open.", "Finish some first.")
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temp = temporary(path)
            handle = _guard(path, lambda: os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            mine[sha256] = _Partial(temp, os.fdopen(handle, "wb"), size)
        return mine[sha256].received

    def append(self, sha256: str, offset: int, data: bytes | memoryview, owner: bytes = b"") -> tuple[int, int]:
        """Add bytes; a repeated chunk changes nothing. Returns (bytes here, size); when they are equal, call `take_whole`."""
        partial = self._partial.get(owner, {}).get(sha256)
        if partial is None or offset > partial.received or partial.received + len(data) > partial.size:
            raise UsageError("bad_chunk", "A piece of an upload came out of turn.", "Start the upload again.")
        if offset == partial.received:
            try:
                _guard(self._root, lambda: partial.file.write(data))
            except KeyfollowError:
                self.drop(sha256, owner)
                raise
            partial.sha256.update(data)
            partial.received += len(data)
        return partial.received, partial.size

    def take_whole(self, sha256: str, owner: bytes = b"") -> Callable[[], None]:
        """The finishing of a completely received blob, to be called on any thread: it waits for the disk.

        The returned function raises `UsageError` ``wrong_hash`` when the bytes are not the ones named.
        """
        partial = self._partial[owner].pop(sha256)
        path = self.path(sha256)

        def finish() -> None:
            try:
                if partial.sha256.hexdigest() != sha256:
                    raise UsageError("wrong_hash", "An upload arrived damaged.", "Send it again.")
                _guard(path, lambda: _commit(partial, path))
            finally:
                partial.file.close()
                partial.temp.unlink(missing_ok=True)

        return finish

    def drop(self, sha256: str, owner: bytes = b"") -> None:
        """Forget an unfinished upload."""
        partial = self._partial.get(owner, {}).pop(sha256, None)
        if partial is not None:
            partial.file.close()
            partial.temp.unlink(missing_ok=True)

    def forget(self, owner: bytes) -> None:
        """Forget all unfinished uploads of an owner who is gone."""
        for sha256 in list(self._partial.get(owner, {})):
            self.drop(sha256, owner)
        self._partial.pop(owner, None)

    def sweep(self, keep: set[str]) -> int:
        """Delete whole blobs that nothing refers to and nobody touched for a day; how many."""
        limit, removed = time.time() - KEEP_S, 0
        for path in self._root.glob("??/*"):
            if HEX.fullmatch(path.name) and path.name not in keep and path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
                removed += 1
        return removed


def _commit(partial: _Partial, path: Path) -> None:
    partial.file.flush()
    os.fsync(partial.file.fileno())
    partial.temp.replace(path)
    sync_folder(path.parent)


def _guard(where: Path, work: Callable[[], T]) -> T:
    try:
        return work()
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(where.parent) from e
        raise StorageError("cannot_write", f"An upload cannot be stored ({e}).", "Check the storage folder.") from e
