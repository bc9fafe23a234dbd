"""The models on this machine: one folder each below the storage root, whole or absent.

    <root>/<id>/…  keyfollow.json           a model and its manifest
    <root>/.pulling/<id>/…                  a download under way, kept for the next attempt

A model is put together in a hidden folder and renamed into place when every byte is checked and on the disk.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from keyfollow.atomic import new_file, storage_errors, sync_folder, temporary
from keyfollow.errors import DaemonError, ModelMissing, StorageError, UsageError
from keyfollow.paths import paths

from keyfollow_daemon.lock import InstanceLock
from keyfollow_daemon.models import manifest
from keyfollow_daemon.models.digests import CHUNK, Digests, Report, quiet, sha256_of
from keyfollow_daemon.models.folder import MEMORY, ModelFolder, bad_model, check_files, layout, open_model, reading, revision_of
from keyfollow_daemon.models.manifest import FileRecord, Manifest

PULLING = ".pulling"
ASKED = "asked"
"""In a download that the catalogue does not know: what was asked for, ``OWNER/NAME@COMMIT``."""
SLACK = 256 << 20
"""Bytes that stay free beside a model."""


class Unfinished(NamedTuple):
    """A download: the repository where one was asked for by name, else ""; the bytes that have arrived."""

    asked: str
    size_bytes: int


class ModelStore:
    """The models below `root` (by default ``models`` below the storage root), which is made when it is first written."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or paths().models
        # locks fail on network drives, where the store may be
        self._locks = paths().data / "model-locks"

    def installed(self) -> list[Manifest]:
        """Every model that is whole, by id; damaged ones are left out (`get` says what is wrong with them)."""
        found = []
        with suppress(FileNotFoundError):
            for folder in sorted(self.root.iterdir()):
                if manifest.is_id(folder.name):
                    with suppress(ModelMissing):
                        if (known := manifest.read(folder)) is not None:
                            found.append(known)
        return found

    def get(self, id: str) -> Manifest:
        """Raises ModelMissing ``model_missing`` or ``model_damaged``; UsageError ``bad_name``."""
        known = manifest.read(self.path(id))
        if known is None:
            raise missing(id)
        return known

    def path(self, id: str) -> Path:
        """Where the model lies or would lie. Raises UsageError ``bad_name``."""
        if not manifest.is_id(id):
            raise UsageError("bad_name", f"{id!a:.80} cannot name a model.", "Use a to z, 0 to 9, - _ and . (at most 64).")
        return self.root / id

    def pulling(self, id: str) -> Path:
        """Where a download of the model is kept until it is whole."""
        return self.root / PULLING / self.path(id).name

    def unfinished(self) -> dict[str, Unfinished]:
        """Downloads under way, by id."""
        found = {}
        with suppress(FileNotFoundError):
            for folder in sorted((self.root / PULLING).iterdir()):
                if manifest.is_id(folder.name) and folder.is_dir():
                    asked, size = "", 0
                    with suppress(OSError, UnicodeDecodeError):
                        asked = (folder / ASKED).read_text("ascii")
                    with suppress(OSError):  # it may go on, or end, meanwhile
                        size = sum(file.stat().st_size for file in folder.iterdir())
                    found[folder.name] = Unfinished(asked if manifest.REPO.fullmatch(asked) else "", size)
        return found

    def open(self, id: str, report: Report = quiet) -> ModelFolder:
        """The model, checked by content; its bytes are compared with the manifest once, and again when a file has changed.

        Raises:
            ModelMissing: ``model_missing`` or ``model_damaged``.
            UsageError: as `open_model`.
        """
        known = self.get(id)
        found = open_model(self.path(id), self.root / MEMORY, report)
        if found.revision != known.revision:
            raise manifest.damaged(id, "its files are not the ones that were installed")
        return found

    def verify(self, id: str, report: Report = quiet) -> list[str]:
        """Read every byte of a model and compare; what is wrong, a sentence each. Raises as `get`."""
        known = self.get(id)
        problems, done = [], 0
        for file in known.files:
            report(file.name, done, known.size_bytes)
            path = self.path(id) / file.name
            try:
                if path.stat().st_size != file.size or sha256_of(path) != file.sha256:
                    problems.append(f"{file.name} is not the file that was installed.")
            except OSError as e:
                problems.append(f"{file.name} cannot be read ({e.strerror or e}).")
            done += file.size
        report("", done, known.size_bytes)
        try:
            with reading(self.path(id)):
                names = {file.name for file in check_files(self.path(id))}
            problems += [f"{name} was not installed with it." for name in sorted(names - {file.name for file in known.files})]
        except UsageError as e:
            problems.append(e.message)
        return problems

    def remove(self, id: str) -> int:
        """Delete a model, or what is left of it or of its download; the bytes freed.

        Raises:
            ModelMissing: ``model_missing`` when there is nothing of it.
            UsageError: ``model_busy`` while it is being installed.
        """
        found = [folder for folder in (self.path(id), self.pulling(id)) if folder.is_dir()]
        if not found:
            raise missing(id)
        with self.busy(id):
            freed = sum(file.stat().st_size for folder in found for file in folder.rglob("*") if file.is_file())
            for folder in found:
                self._discard(folder)
            Digests(self.root / MEMORY, self.path(id)).forget()
        return freed

    @contextmanager
    def busy(self, id: str) -> Iterator[None]:
        """Hold the model for one process; what a killed one left of it is cleared away. Raises UsageError ``model_busy``."""
        path = self._locks / f"{self.path(id).name}.lock"
        try:
            with storage_errors(path):
                lock = InstanceLock(path)
        except DaemonError as e:
            raise UsageError("model_busy", f"Another process is installing or removing {id}.", "Wait for it to end.") from e
        try:
            for folder in (self.root, self.root / PULLING):
                for left in folder.glob(f".{id}.{'[0-9a-f]' * 16}.part"):
                    shutil.rmtree(left, ignore_errors=True)
            yield
        finally:
            lock.release()

    @contextmanager
    def staging(self, id: str) -> Iterator[Path]:
        """A hidden folder to put a model together in; removed at the end if it is still there."""
        folder = temporary(self.path(id))
        with storage_errors(folder):
            folder.mkdir(parents=True, mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def install(
        self,
        folder: Path,
        id: str,
        sha256: dict[str, str],
        *,
        title: str,
        origin: str,
        licence: str = "",
        licence_url: str = "",
    ) -> Manifest:
        """Check the model in `folder`, which lies below the store, and make it the model `id`, in place of an older one.

        Args:
            sha256: of every file that belongs to it, by POSIX path.

        Raises:
            UsageError: ``unsafe_weights``, ``damaged_weights``, ``bad_model``.
            StorageError: ``disk_full`` or ``cannot_write``.
        """
        with reading(folder):
            files = check_files(folder)
            pipeline, _ = layout(folder, files)
        if {file.name for file in files} != sha256.keys():
            raise bad_model(folder, "its files are not the ones that were asked for")
        records = tuple(FileRecord(file.name, file.size, sha256[file.name]) for file in files)
        made = Manifest(
            id=id,
            title=title,
            origin=origin,
            licence=licence,
            licence_url=licence_url,
            pipeline=pipeline,
            revision=revision_of((r.name, r.size, r.sha256) for r in records),
            files=records,
            installed=time.time(),
        )
        manifest.write(folder, made)
        self._place(folder, self.path(id))
        return made

    def check_space(self, needed: int, what: str) -> None:
        """Raises StorageError ``disk_full`` unless `needed` bytes fit beside the store, with some slack."""
        where = self.root
        while not where.exists():
            where = where.parent
        free = shutil.disk_usage(where).free
        if free < needed + SLACK:
            raise StorageError(
                "disk_full",
                f"{what} needs {_gib(needed + SLACK)} on the disk that holds {self.root}, where {_gib(free)} are free.",
                "Free some space and try again, or point KEYFOLLOW_STORAGE to a larger disk.",
            )

    def _place(self, folder: Path, place: Path) -> None:
        with storage_errors(place):
            for below, _, _ in os.walk(folder):
                sync_folder(Path(below))
            old = temporary(place) if place.exists() else None
            if old is not None:
                place.rename(old)
            folder.rename(place)
            sync_folder(place.parent)
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)

    def _discard(self, folder: Path) -> None:
        """Rename first: a model that is half deleted must not look whole."""
        with storage_errors(folder):
            gone = temporary(folder)
            folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def link_or_copy(source: Path, place: Path) -> str:
    """Make `place`, which must not exist, the same file as `source` (links followed), or a copy where it cannot be; its SHA-256."""
    with suppress(OSError):
        place.hardlink_to(source.resolve())
        return sha256_of(place)
    return copy(source, place)


def copy(source: Path, place: Path) -> str:
    """Copy a file, durably; its SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as file, new_file(place) as write:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            write(chunk)
    return digest.hexdigest()


def exists(id: str) -> UsageError:
    return UsageError(
        "model_exists",
        f"There is another model called {id} already.",
        f"Give this one another name with --as NAME, or first: keyfollow models remove {id}.",
    )


def missing(id: str) -> ModelMissing:
    return ModelMissing(
        "model_missing",
        f"The model {id} is not on this machine.",
        f"Get it with `keyfollow models pull {id}`, or `keyfollow models import FILE` where there is no network; "
        "`keyfollow models list` shows all.",
    )


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"
