"""A handle and its entries as one file to hand over: an uncompressed .zip of ``manifest.json`` and ``<key>.kfi``.

Importing treats the archive as hostile: names, counts and sizes are checked before a member is read, every entry against its own
checksum before any is kept. Stored members only, so an archive never holds more than its own length.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import struct
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from keyfollow.atomic import new_file, storage_errors, sync_folder, temporary
from keyfollow.errors import UsageError
from keyfollow.plain import to_plain
from keyfollow.sealed import seal, unseal

from keyfollow_daemon.cache.manifest import Manifest, parse
from keyfollow_daemon.cache.store import CHECKSUM, SUFFIX, InversionStore

MANIFEST = "manifest.json"
MEMBER = re.compile(r"[0-9a-f]{64}\.kfi")
MAX_MEMBERS = 100_000
MAX_DIRECTORY = 16 << 20
MAX_MANIFEST = 16 << 20
MAX_ENTRY = 8 << 30
CHUNK = 1 << 20
ENCRYPTED = 0x1
EPOCH = (1980, 1, 1, 0, 0, 0)


def export(manifest: Manifest, store: InversionStore, write: BinaryIO) -> None:
    """Write `manifest` and its sound entries to `write`; the same content gives the same bytes.

    Raises:
        UsageError: ``cache_empty`` when no entry is left.
    """
    if not any(store.has(key) for key in manifest.keys):
        raise UsageError("cache_empty", f"Nothing is left of the inversion cache {manifest.id}.", "Run the job again.")
    with zipfile.ZipFile(write, "w", zipfile.ZIP_STORED) as target:
        target.writestr(zipfile.ZipInfo(MANIFEST, EPOCH), seal(to_plain(manifest)))
        for key in manifest.keys:
            if (body := store.read(key)) is not None:
                info = zipfile.ZipInfo(key + SUFFIX, EPOCH)
                info.file_size = len(body) + CHECKSUM
                with target.open(info, "w") as member:
                    member.write(body)
                    member.write(hashlib.sha256(body).digest())


def import_entries(read: BinaryIO, store: InversionStore) -> Manifest:
    """Check the archive in `read` (seekable), then commit those of its entries that `store` lacks; what it says of itself.

    Raises:
        UsageError: ``bad_archive``; then nothing was committed.
        StorageError: ``disk_full`` or ``cannot_write``.
    """
    try:
        bounded = _Bounded(read)
        with zipfile.ZipFile(cast(BinaryIO, bounded)) as source:
            members = _checked(source.infolist(), bounded.length)
            manifest = parse(unseal(source.read(members.pop(MANIFEST))))
            if not members.keys() <= {key + SUFFIX for key in manifest.keys}:
                raise _bad("it holds entries that its manifest does not name")
            with _staging(store.root) as folder:
                for name, info in members.items():
                    with source.open(info) as member:
                        _stage(cast(BinaryIO, member), folder / name, info.file_size)
                _commit(folder, store, manifest.keys)
    # all that zipfile raises on nonsense: a wrong CRC, an unknown method, a name that is not text, a seek below 0
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError, struct.error) as e:
        raise _bad(str(e)) from e
    return manifest


class _Bounded:
    """A file that refuses to be read in one piece larger than `MAX_DIRECTORY`: zipfile reads a whole directory at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.length = file.seek(0, os.SEEK_END)
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            size = self.length - self._file.tell()
        if size > MAX_DIRECTORY:
            raise _bad("its directory is too large")
        return self._file.read(size)


def _checked(infos: list[zipfile.ZipInfo], length: int) -> dict[str, zipfile.ZipInfo]:
    """The members by name, if all of them are such as `export` writes and none shares its bytes with another."""
    if len(infos) > MAX_MEMBERS + 1:
        raise _bad(f"it has more than {MAX_MEMBERS} entries")
    for info in infos:
        # filename is cut at a NUL; orig_filename is what the archive says
        name, kind = info.orig_filename, stat.S_IFMT(info.external_attr >> 16)
        if name != MANIFEST and not MEMBER.fullmatch(name):
            raise _bad(f"a member is called {name!a:.80}")
        if kind not in (0, stat.S_IFREG):
            raise _bad(f"{name} is not a plain file")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & ENCRYPTED:
            raise _bad(f"{name} is compressed or encrypted")
        if info.file_size > (MAX_MANIFEST if name == MANIFEST else MAX_ENTRY):
            raise _bad(f"{name} is too large")
    if sum(info.file_size for info in infos) > length:
        raise _bad("its members overlap")
    members = {info.filename: info for info in infos}
    if len(members) != len(infos):
        raise _bad("a name occurs twice")
    if MANIFEST not in members:
        raise _bad("it has no manifest")
    return members


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
