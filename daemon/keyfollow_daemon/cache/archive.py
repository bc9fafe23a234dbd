"""A handle and its entries as one file to hand over: an uncompressed .zip of ``manifest.json`` and ``<key>.kfi``.

Importing treats the archive as hostile: names, counts and sizes are checked before a member is read, every entry against its own
checksum before any is kept. Stored members only, so an archive never holds more than its own length.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from keyfollow.atomic import new_file, storage_errors, sync_folder, temporary
from keyfollow.errors import UsageError
from keyfollow.plain import to_plain
from keyfollow.sealed import seal, unseal
from keyfollow.stored_zip import BadArchive, open_stored, write_members

from keyfollow_daemon.cache.manifest import Manifest, parse
from keyfollow_daemon.cache.store import CHECKSUM, SUFFIX, InversionStore

MANIFEST = "manifest.json"
MEMBER = re.compile(r"[0-9a-f]{64}\.kfi")
MAX_MEMBERS = 100_000
MAX_MANIFEST = 16 << 20
MAX_ENTRY = 8 << 30
CHUNK = 1 << 20


def export(manifest: Manifest, store: InversionStore, write: BinaryIO) -> None:
    """Write `manifest` and its sound entries to `write`; the same content gives the same bytes.

    Raises:
        UsageError: ``cache_empty`` when no entry is left.
    """
    if not any(store.has(key) for key in manifest.keys):
        raise UsageError("cache_empty", f"Nothing is left of the inversion cache {manifest.id}.", "Run the job again.")
    write_members(write, _members(manifest, store))


def import_entries(read: BinaryIO, store: InversionStore) -> Manifest:
    """Check the archive in `read` (seekable), then commit those of its entries that `store` lacks; what it says of itself.

    Raises:
        UsageError: ``bad_archive``; then nothing was committed.
        StorageError: ``disk_full`` or ``cannot_write``.
    """
    try:
        with open_stored(read, _limit, MAX_MEMBERS + 1) as source:
            if MANIFEST not in source.members:
                raise _bad("it has no manifest")
            manifest = parse(unseal(source.read(MANIFEST)))
            entries = {name: size for name, size in source.members.items() if name != MANIFEST}
            if not entries.keys() <= {key + SUFFIX for key in manifest.keys}:
                raise _bad("it holds entries that its manifest does not name")
            with _staging(store.root) as folder:
                for name, size in entries.items():
                    with source.open(name) as member:
                        _stage(member, folder / name, size)
                _commit(folder, store, manifest.keys)
    except BadArchive as e:
        raise _bad(str(e)) from e
    return manifest


def _members(manifest: Manifest, store: InversionStore) -> Iterator[tuple[str, int, Iterable[bytes]]]:
    head = seal(to_plain(manifest))
    yield MANIFEST, len(head), (head,)
    for key in manifest.keys:
        if (body := store.read(key)) is not None:
            yield key + SUFFIX, len(body) + CHECKSUM, (body, hashlib.sha256(body).digest())


def _limit(name: str) -> int | None:
    if name == MANIFEST:
        return MAX_MANIFEST
    return MAX_ENTRY if MEMBER.fullmatch(name) else None


@contextmanager
def _staging(root: Path) -> Iterator[Path]:
    folder = temporary(root / "import")
    with storage_errors(folder):
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stage(member: BinaryIO, path: Path, size: int) -> None:
    """Copy an entry of `size` bytes to `path`, verifying its trailing checksum on the way."""
    digest = hashlib.sha256()
    rest = size - CHECKSUM
    with new_file(path) as write:
        while rest > 0:
            chunk = member.read(min(rest, CHUNK))
            if not chunk:
                break
            digest.update(chunk)
            write(chunk)
            rest -= len(chunk)
        checksum = member.read(CHECKSUM + 1)
        if rest != 0 or checksum != digest.digest():
            raise _bad(f"{path.name} is damaged")
        write(checksum)


def _commit(folder: Path, store: InversionStore, keys: Sequence[str]) -> None:
    """Move staged entries into the store. An entry that is there already was computed here, and is trusted more."""
    staged = [path for path in sorted(folder.iterdir()) if not store.has(path.stem)]
    store.make_room(sum(path.stat().st_size for path in staged), keep=frozenset(keys))
    for path in staged:
        place = store.path(path.stem)
        with storage_errors(place):
            place.parent.mkdir(exist_ok=True, mode=0o700)
            path.replace(place)
            sync_folder(place.parent)


def _bad(why: str) -> UsageError:
    return UsageError(
        "bad_archive", f"This is not a usable inversion cache archive: {why}.", "Export it again where it came from."
    )
