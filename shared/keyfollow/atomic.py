"""Files that are whole or absent, and names that stay in their folder: what every store on disk is built on.

A file is written under a temporary name beside its place, flushed to the disk, then renamed over it. Whoever reads sees the old
bytes, the new bytes or nothing; a process killed at any point leaves at most a temporary that `remove_leftovers` clears.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import StorageError, UsageError, disk_full

Write = Callable[[bytes | memoryview], None]

FULL = (errno.ENOSPC, errno.EDQUOT)
MAX_NAME = 128
LEFTOVER = re.compile(r"\..+\.[0-9a-f]{16}\.part", re.DOTALL)
RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
FORBIDDEN = frozenset('/\\:*?"<>|')
"""Separators and drives on any system, and what Windows refuses: a name must mean the same file everywhere."""


def temporary(path: Path) -> Path:
    """A fresh hidden name beside `path`, recognised by `remove_leftovers`; for a file or a folder."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an OSError in the block, which writes `path`, into StorageError ``disk_full`` or ``cannot_write``."""
    try:
        yield
    except OSError as e:
        if e.errno in FULL:
            raise disk_full(path.parent) from e
        raise StorageError(
            "cannot_write",
            f"{path} could not be written ({e.strerror or e}).",
            "Check that its folder exists and may be written, then try again.",
        ) from e


@contextmanager
def new_file(path: Path) -> Iterator[Write]:
    """Create `path` (it must not exist; mode 0600), give a function that appends to it, flush it to the disk at the end.

    Any failure, of the block too, removes the file.

    Raises:
        StorageError: ``disk_full``, or ``cannot_write`` for anything else the system refuses.
    """
    with storage_errors(path):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)

    def write(data: bytes | memoryview) -> None:
        rest = memoryview(data).cast("B")
        with storage_errors(path):
            while rest:
                rest = rest[os.write(handle, rest) :]

    try:
        try:
            yield write
            with storage_errors(path):
                os.fsync(handle)
        finally:
            os.close(handle)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Write]:
    """Give a function that appends bytes; at the end they are `path`, atomically and durably, over whatever was there.

    When the block raises, `path` stays as it was. The folder must exist. Raises as `new_file`.
    """
    temp = temporary(path)
    with new_file(temp) as write:
        yield write
    try:
        with storage_errors(path):
            temp.replace(path)
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temp.unlink()
        raise


def write_atomic(path: Path, *parts: bytes | memoryview) -> None:
    """Write `parts`, one after the other, as the file `path`: durable when this returns, and whole or absent at any moment before.

    Raises:
        StorageError: ``disk_full`` or ``cannot_write``; `path` stays as it was.
    """
    with replacing(path) as write:
        for part in parts:
            write(part)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Windows journals them itself and cannot open a folder."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(folder: Path) -> int:
    """Delete the temporaries, files and folders, that killed processes left anywhere below `folder`; how many there were.

    Call it where no other process is writing there, at the daemon's start. Links are not followed.
    """
    removed = 0
    for where, folders, files in os.walk(folder):
        for name in filter(LEFTOVER.fullmatch, files):
            with suppress(OSError):
                Path(where, name).unlink()
                removed += 1
        for name in [n for n in folders if LEFTOVER.fullmatch(n)]:
            folders.remove(name)
            path = Path(where, name)
            with suppress(OSError):
                path.unlink() if path.is_symlink() else shutil.rmtree(path)
                removed += 1
    return removed


def confined(root: Path, *names: str) -> Path:
    """`root` / names…, where `names` come from outside: each must be one plain component, and no link may lead out.

    Plain: 1 to 128 printable characters (255 bytes), none of ``/ \\ : * ? " < > |``, no dot in front, no dot or space at the end,
    not a name that Windows reserves. The result need not exist. `root` itself may lie behind a link.

    Raises:
        UsageError: ``bad_name``, or ``path_escape`` when a component below `root` is a symbolic link.
    """
    path = root
    for name in names:
        if not _plain(name):
            raise UsageError("bad_name", f"{name!a:.160} is not a usable name.", "Use letters, digits, - and _ (at most 128).")
        path = path / name
        if path.is_symlink():
            raise _escape(path)
    if not path.resolve().is_relative_to(root.resolve()):
        raise _escape(path)
    return path


def _plain(name: object) -> bool:
    return (
        isinstance(name, str)
        and 0 < len(name) <= MAX_NAME
        and name.isprintable()
        and len(name.encode()) <= 255
        and FORBIDDEN.isdisjoint(name)
        and name[0] != "."
        and name[-1] not in ". "
        and not RESERVED.fullmatch(name)
    )


def _escape(path: Path) -> UsageError:
    return UsageError("path_escape", f"{path} leads out of its folder.", "Remove the link, or give another name.")
