"""Archives that we hand over: uncompressed .zip files, written the same every time, and read as if they were hostile.

Before a member is read: every name is one that was asked for, every member is a plain file, stored, not encrypted, within its limit, and
all of them together are no longer than the archive itself; so there is no bomb, no link, and no path out.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

MAX_DIRECTORY = 16 << 20
CHUNK = 1 << 20
ENCRYPTED = 0x1
EPOCH = (1980, 1, 1, 0, 0, 0)


class BadArchive(ValueError):
    """The bytes are not an archive such as `write_members` makes; the message says why, in words that follow a colon."""


class StoredZip:
    """An open archive whose members were checked. `members` maps names to sizes."""

    def __init__(self, file: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo]) -> None:
        self._file = file
        self._infos = infos
        self.members = {name: info.file_size for name, info in infos.items()}

    def read(self, name: str) -> bytes:
        """A whole member; only for small ones."""
        return self._file.read(self._infos[name])

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        with self._file.open(self._infos[name]) as member:
            yield cast(BinaryIO, member)


@contextmanager
def open_stored(read: BinaryIO, limit: Callable[[str], int | None], max_members: int) -> Iterator[StoredZip]:
    """Open the archive in `read` (seekable), if all its members are such as `limit` allows.

    Args:
        limit: the most bytes that a member of that name may have; None for a name that must not be there.

    Raises:
        BadArchive: it is not, or turns out damaged inside the block.
    """
    try:
        bounded = _Bounded(read)
        with zipfile.ZipFile(cast(BinaryIO, bounded)) as source:
            yield StoredZip(source, _checked(source.infolist(), bounded.length, limit, max_members))
    except BadArchive:
        raise
    # all that zipfile raises on nonsense: a wrong CRC, an unknown method (NotImplementedError), a name that is not text, a seek below 0
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError, struct.error) as e:
        raise BadArchive(str(e)) from e


def write_members(write: BinaryIO, members: Iterable[tuple[str, int, Iterable[bytes]]]) -> None:
    """Write (name, size, chunks)… to `write`; the same content gives the same bytes."""
    with zipfile.ZipFile(write, "w", zipfile.ZIP_STORED) as target:
        for name, size, chunks in members:
            info = zipfile.ZipInfo(name, EPOCH)
            info.file_size = size
            with target.open(info, "w", force_zip64=size >= zipfile.ZIP64_LIMIT) as member:
                for chunk in chunks:
                    member.write(chunk)


def chunks_of(path: Path) -> Iterator[bytes]:
    """A file, piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


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
            raise BadArchive("its directory is too large")
        return self._file.read(size)


def _checked(
    infos: list[zipfile.ZipInfo], length: int, limit: Callable[[str], int | None], max_members: int
) -> dict[str, zipfile.ZipInfo]:
    """The members by name, if all of them are such as `write_members` writes and none shares its bytes with another."""
    if len(infos) > max_members:
        raise BadArchive(f"it has more than {max_members} members")
    for info in infos:
        # filename is cut at a NUL; orig_filename is what the archive says
        name, kind = info.orig_filename, stat.S_IFMT(info.external_attr >> 16)
        if (most := limit(name)) is None:
            raise BadArchive(f"a member is called {name!a:.80}")
        if kind not in (0, stat.S_IFREG):
            raise BadArchive(f"{name} is not a plain file")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & ENCRYPTED:
            raise BadArchive(f"{name} is compressed or encrypted")
        if info.file_size > most:
            raise BadArchive(f"{name} is too large")
    if sum(info.file_size for info in infos) > length:
        raise BadArchive("its members overlap")
    members = {info.filename: info for info in infos}
    if len(members) != len(infos):
        raise BadArchive("a name occurs twice")
    return members
