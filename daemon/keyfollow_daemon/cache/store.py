"""Inversion entries on disk: whole or absent, checked on every read, the least recently used given up first.

    <root>/entries/<first two digits>/<key>.kfi  =  safetensors | SHA-256 of all before it

Several processes may use one folder. An entry is replaced atomically, and one that vanishes under a reader is a miss.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy
from keyfollow.atomic import storage_errors, write_atomic
from keyfollow.errors import UsageError

from keyfollow_daemon.cache.keys import KEY
from keyfollow_daemon.cache.manifest import pinned_keys

Array = npt.NDArray[Any]

CHECKSUM = 32
SUFFIX = ".kfi"
RESCAN_S = 30.0
"""How long the running total is trusted; other processes write to the folder as well."""
SLACK = 16
"""One part in so many of the quota is freed beyond need, so that a full cache is not scanned for every entry saved."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EntryInfo:
    """An entry on disk: bytes, and when it was last used (seconds since the epoch)."""

    size: int
    used: float


class InversionStore:
    """The inversion cache below `root`, kept under `quota_bytes` by giving up entries that no pinned handle names.

    `hits` and `misses` count what `load` found and did not find, since the store was opened.
    """

    def __init__(self, root: Path, quota_bytes: int) -> None:
        self.root = root
        self.quota_bytes = quota_bytes
        self.hits = 0
        self.misses = 0
        self._total = 0
        self._scanned = -math.inf
        self._entries.mkdir(parents=True, exist_ok=True, mode=0o700)

    def load(self, key: str) -> dict[str, Array] | None:
        """The tensors of an entry (writable arrays of their own); None when absent or damaged. A damaged entry is deleted.

        Raises:
            UsageError: ``bad_key``.
        """
        body = self.read(key)
        tensors = None if body is None else self._decode(key, body)
        if tensors is None:
            self.misses += 1
            return None
        self.hits += 1
        now = time.time_ns()
        with suppress(OSError):
            os.utime(self.path(key), ns=(now, now))
        return tensors

    def save(self, key: str, tensors: Mapping[str, Array]) -> None:
        """Commit an entry: durable when this returns. Saving a key again replaces it.

        Room is made first, if need be at the cost of this run's own older entries; an entry larger than the quota is still kept
        until the next one is saved. bfloat16 has no numpy dtype: hand it over as a uint16 view.

        Raises:
            UsageError: ``bad_key``.
            StorageError: ``disk_full`` or ``cannot_write``.
        """
        path = self.path(key)
        # safetensors reads raw memory: a transposed view would be stored scrambled
        body = safetensors.numpy.save({name: np.asarray(tensor, order="C") for name, tensor in tensors.items()})
        self.make_room(len(body) + CHECKSUM)
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(path, body, hashlib.sha256(body).digest())

    def read(self, key: str) -> bytes | None:
        """The safetensors bytes of an entry, checked; None when absent or damaged (then it is deleted)."""
        path = self.path(key)
        try:
            with path.open("rb") as file:
                body = file.read(max(0, os.fstat(file.fileno()).st_size - CHECKSUM))
                checksum = file.read()
        except FileNotFoundError:
            return None
        except OSError as e:
            self._drop(key, str(e))
            return None
        if hashlib.sha256(body).digest() != checksum:
            self._drop(key, "checksum")
            return None
        return body

    def has(self, key: str) -> bool:
        """Whether the entry is on disk; `load` alone tells whether it is sound."""
        return self.path(key).is_file()

    def entry(self, key: str) -> EntryInfo | None:
        """What is on disk under `key`."""
        try:
            found = self.path(key).stat()
        except FileNotFoundError:
            return None
        return EntryInfo(found.st_size, found.st_mtime)

    def index(self) -> dict[str, EntryInfo]:
        """Every entry on disk, in one scan of the folder."""
        return {key: EntryInfo(found.st_size, found.st_mtime) for key, found in self._scan()}

    def size(self) -> int:
        """Bytes that all entries take."""
        return sum(found.st_size for _, found in self._scan())

    def evict(self, keep: Collection[str] = frozenset()) -> int:
        """Delete the least recently used entries until the quota holds, but none in `keep` and none of a pinned handle.

        Returns:
            The bytes freed. When what must stay is larger than the quota, the total stays above it.
        """
        return self._shrink(self.quota_bytes, keep)

    def make_room(self, size: int, keep: Collection[str] = frozenset()) -> None:
        """Evict, if need be, so that `size` more bytes fit the quota; they count as taken from here on."""
        if time.monotonic() - self._scanned > RESCAN_S:
            self._total, self._scanned = self.size(), time.monotonic()
        if self._total + size > self.quota_bytes:
            self._shrink(max(0, self.quota_bytes - self.quota_bytes // SLACK - size), keep)
        self._total += size

    def delete(self, keys: Iterable[str]) -> int:
        """Delete entries, absent ones silently; the bytes freed.

        Raises:
            UsageError: ``bad_key``.
        """
        freed = 0
        for path in [self.path(key) for key in keys]:
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                path.unlink()
                freed += size
        self._total = max(0, self._total - freed)
        return freed

    def path(self, key: str) -> Path:
        """Where the entry lies or would lie.

        Raises:
            UsageError: ``bad_key`` unless it is 64 lower-case hex digits.
        """
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise UsageError("bad_key", f"{key!a:.80} is not the key of a cache entry.", "Keys come from entry_key().")
        return self._entries / key[:2] / (key + SUFFIX)

    @property
    def _entries(self) -> Path:
        return self.root / "entries"

    def _decode(self, key: str, body: bytes) -> dict[str, Array] | None:
        try:
            return safetensors.numpy.load(body)
        # an imported entry may be anything that has a right checksum; KeyError is a dtype that numpy lacks
        except (safetensors.SafetensorError, ValueError, KeyError) as e:
            self._drop(key, str(e))
            return None

    def _drop(self, key: str, why: str) -> None:
        log.warning("inversion entry %s is damaged (%s) and was removed", key, why)
        with suppress(OSError):
            self.path(key).unlink()

    def _scan(self) -> Iterator[tuple[str, os.stat_result]]:
        with suppress(FileNotFoundError):
            for folder in os.scandir(self._entries):
                with suppress(FileNotFoundError, NotADirectoryError):
                    yield from _scan_folder(folder.path)

    def _shrink(self, limit: int, keep: Collection[str]) -> int:
        entries = sorted(self._scan(), key=lambda e: e[1].st_mtime_ns)
        before = total = sum(found.st_size for _, found in entries)
        kept = pinned_keys(self.root).union(keep) if total > limit else frozenset()
        for key, found in entries:
            if total <= limit:
                break
            if key not in kept:
                self.delete([key])
                total -= found.st_size
        self._total, self._scanned = total, time.monotonic()
        return before - total


def _scan_folder(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    for file in os.scandir(folder):
        key = file.name.removesuffix(SUFFIX)
        if file.name.endswith(SUFFIX) and KEY.fullmatch(key):
            with suppress(FileNotFoundError):
                yield key, file.stat(follow_symlinks=False)
