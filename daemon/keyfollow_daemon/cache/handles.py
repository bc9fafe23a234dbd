"""Handles: the names by which clients list, pin, delete, hand over and ask again for what runs have computed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from keyfollow.atomic import write_atomic
from keyfollow.engine_info import CacheInfo
from keyfollow.errors import UsageError
from keyfollow.frames import FrameRange

from keyfollow_daemon.cache import archive, manifest
from keyfollow_daemon.cache.manifest import Manifest
from keyfollow_daemon.cache.store import EntryInfo, InversionStore


class Handles:
    """The handles below `root`, over the entries of `store`. Any number of processes may use one folder."""

    def __init__(self, root: Path, store: InversionStore) -> None:
        self.root = root
        self.store = store

    def announce(
        self, *, engine: str, source: str, prepared_from: str, span: FrameRange, keys: Sequence[str], seconds: float
    ) -> CacheInfo:
        """Name what a run used: the entries `keys`, found or computed in `seconds`.

        The name follows from engine and keys, so that a run which found everything announces the same handle again; that marks it
        used, and leaves its pin, its age and the longest `seconds` seen.

        Raises:
            UsageError: ``bad_cache`` when there are no keys, or one is malformed.
            StorageError: ``disk_full`` or ``cannot_write``.
        """
        keys = tuple(dict.fromkeys(keys))
        now = time.time()
        known = manifest.read(self.root, manifest.handle_id(engine, keys))
        try:
            made = Manifest(
                id=manifest.handle_id(engine, keys),
                engine=engine,
                source=source,
                prepared_from=prepared_from,
                start=span.start,
                stop=span.stop,
                keys=keys,
                seconds=max(seconds, known.seconds if known else 0.0),
                created=known.created if known else now,
                last_used=now,
            )
        except ValueError as e:
            raise UsageError(
                "bad_cache", f"This is no inversion cache ({e}).", "Announce the keys of entries that were saved."
            ) from e
        manifest.write(self.root, made)
        return self._info(made, self._present(made))

    # above `list`, whose name hides the type from there on
    def _infos(self, found: Iterable[Manifest]) -> list[CacheInfo]:
        entries = self.store.index()
        infos = [self._info(m, {k: entries[k] for k in m.keys if k in entries}) for m in found]
        return sorted(infos, key=lambda info: (-info.last_used, info.id))

    def of_source(self, engine: str, prepared_from: str) -> list[CacheInfo]:
        """What an engine has prepared of one clip in one way (`jobs.identity.prepared_from`), the last used first."""
        found = (m for m in manifest.read_all(self.root) if (m.engine, m.prepared_from) == (engine, prepared_from))
        return self._infos(found)

    def list(self) -> list[CacheInfo]:
        """All handles, the last used first; each says what of it is still there."""
        return self._infos(manifest.read_all(self.root))

    def get(self, id: str) -> CacheInfo:
        """Raises UsageError ``unknown_cache``."""
        found = self._read(id)
        return self._info(found, self._present(found))

    def keys(self, id: str) -> tuple[str, ...]:
        """The entries that the run used, in its order, whether or not they are still there. Raises UsageError ``unknown_cache``."""
        return self._read(id).keys

    def pin(self, id: str, pinned: bool) -> CacheInfo:
        """Keep a handle's entries from being evicted, or stop keeping them. Raises UsageError ``unknown_cache``."""
        found = self._read(id)
        path = manifest.pin_path(self.root, id)
        if pinned:
            write_atomic(path)
        else:
            path.unlink(missing_ok=True)
        return self._info(found, self._present(found))

    def delete(self, id: str) -> int:
        """Delete a handle and those of its entries that no other handle names; the bytes freed.

        Raises:
            UsageError: ``unknown_cache``, or ``cache_pinned``.
        """
        found = self._read(id)
        if manifest.pin_path(self.root, id).exists():
            raise UsageError("cache_pinned", f"The inversion cache {id} is pinned.", "Unpin it first.")
        shared = {key for other in manifest.read_all(self.root) if other.id != id for key in other.keys}
        freed = self.store.delete(key for key in found.keys if key not in shared)
        manifest.path(self.root, id).unlink(missing_ok=True)
        return freed

    def prune(self) -> int:
        """Forget the unpinned handles of which nothing is left; how many."""
        gone = [info.id for info in self.list() if info.entries == 0 and not info.pinned]
        for id in gone:
            manifest.path(self.root, id).unlink(missing_ok=True)
        return len(gone)

    def export(self, id: str, write: BinaryIO) -> None:
        """Write the handle and those of its entries that are there and sound to `write`, as one uncompressed .zip.

        Raises:
            UsageError: ``unknown_cache``, or ``cache_empty`` when no entry is left.
        """
        archive.export(self._read(id), self.store, write)

    def import_(self, read: BinaryIO) -> CacheInfo:
        """Take over an exported handle; all of it is checked before any of it is kept, entries already here stay as they are.

        Args:
            read: the archive, seekable. Nothing in it is trusted.

        Raises:
            UsageError: ``bad_archive``; nothing is left behind.
            StorageError: ``disk_full`` or ``cannot_write``; nothing is left behind.
        """
        given = archive.import_entries(read, self.store)
        return self.announce(
            engine=given.engine,
            source=given.source,
            prepared_from=given.prepared_from,
            span=FrameRange(given.start, given.stop),
            keys=given.keys,
            seconds=given.seconds,
        )

    def _read(self, id: str) -> Manifest:
        found = manifest.read(self.root, id)
        if found is None:
            raise UsageError("unknown_cache", f"There is no inversion cache {id!a:.80}.", "`keyfollow cache list` shows them.")
        return found

    def _present(self, found: Manifest) -> dict[str, EntryInfo]:
        return {key: entry for key in found.keys if (entry := self.store.entry(key)) is not None}

    def _info(self, found: Manifest, present: Mapping[str, EntryInfo]) -> CacheInfo:
        return CacheInfo(
            id=found.id,
            engine=found.engine,
            source=found.source,
            start=found.start,
            stop=found.stop,
            entries=len(present),
            size_bytes=sum(entry.size for entry in present.values()),
            saves_s=found.seconds,
            created=found.created,
            last_used=max([found.last_used, *(entry.used for entry in present.values())]),
            pinned=manifest.pin_path(self.root, found.id).exists(),
        )
