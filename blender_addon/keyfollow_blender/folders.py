"""Where pictures go: beside the .blend once it is saved, else in the extension's own folder, or where the preferences say."""

from __future__ import annotations

import errno
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

import bpy
from keyfollow.atomic import FULL, temporary
from keyfollow.errors import StorageError, disk_full

from . import preferences

os.umask(_UMASK := os.umask(0o077))


def root() -> Path:
    """The folder for everything that this .blend gets from Keyfollow."""
    chosen = preferences.get().results
    if chosen:
        return Path(bpy.path.abspath(chosen))
    if bpy.data.filepath:
        return Path(bpy.data.filepath).parent / "keyfollow"
    return Path(bpy.utils.extension_path_user(__package__, path="results", create=True))


def keyframe(source: str, frame: int, suffix: str) -> Path:
    """A name for the picture to edit that is not taken: an edited picture is never written over."""
    stem = f"{_plain(source)}_{frame:06d}"
    folder = root() / "keyframes"
    names = (f"{stem}{'' if n == 1 else f'_{n}'}{suffix}" for n in range(1, 10_000))
    return next(p for p in map(folder.joinpath, names) if not p.exists())


def take(source: str, name: str) -> Path:
    return root() / _plain(source) / _plain(name)


def stored(path: Path) -> str:
    """A path as a .blend should keep it: relative to the .blend where it lies beside it."""
    if bpy.data.filepath and Path(bpy.data.filepath).parent in path.parents:
        return str(bpy.path.relpath(str(path)))
    return str(path)


def found(path: str) -> Path:
    return Path(bpy.path.abspath(path))


def names(folder: Path) -> frozenset[str]:
    """What lies in a folder, nothing where there is none: one look, where asking for each of many files would hold Blender up."""
    try:
        with os.scandir(folder) as found:
            return frozenset(e.name for e in found)
    except OSError:
        return frozenset()


def bring(source: Path, target: Path) -> None:
    """Move a file that the daemon wrote for us to its place, whole or not at all; to another disk it is copied.

    Not flushed to the disk: after a power cut it can be fetched from the take again, and flushing would hold up Blender.

    Raises:
        StorageError: ``disk_full``, ``cannot_write``.
    """
    part = temporary(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.rename(part)
            part.chmod(0o666 & ~_UMASK)  # the daemon's own files are for their owner alone
        except OSError as e:
            if e.errno != errno.EXDEV:
                raise
            shutil.copyfile(source, part)
        part.replace(target)
    except OSError as e:
        with suppress(OSError):
            part.unlink()
        if e.errno in FULL:
            raise disk_full(target.parent) from e
        raise StorageError(
            "cannot_write",
            f"{target} could not be written ({e.strerror}).",
            "Choose another folder in the add-on's preferences.",
        ) from e
    finally:
        with suppress(OSError):
            source.unlink()


def _plain(name: str) -> str:
    """A name that is a folder's anywhere."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "strip"
