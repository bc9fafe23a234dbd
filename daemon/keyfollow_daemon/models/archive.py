"""A model as one file for a machine without network: an uncompressed .zip of ``manifest.json`` and ``files/…``.

Importing trusts nothing in it: names are confined, sizes and counts are limited, each file is compared with the manifest as it is
written, and the result is checked as any folder is. Until then it lies in a hidden folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from keyfollow.atomic import new_file, storage_errors, sync_folder, temporary
from keyfollow.errors import UsageError
from keyfollow.plain import to_plain
from keyfollow.sealed import seal, unseal
from keyfollow.stored_zip import CHUNK, BadArchive, chunks_of, open_stored, write_members

from keyfollow_daemon.models.digests import Report, quiet
from keyfollow_daemon.models.folder import MAX_FILES
from keyfollow_daemon.models.manifest import FileRecord, Manifest, damaged, is_inside, parse
from keyfollow_daemon.models.store import ModelStore, exists

MANIFEST = "manifest.json"
FILES = "files/"
MAX_MANIFEST = 4 << 20
MAX_FILE = 64 << 30
"""Weights of one component; larger ones come in shards."""


def export_model(store: ModelStore, id: str, output: Path, report: Report = quiet) -> Manifest:
    """Write the model `id` as the file `output`, whole or not at all; the same model gives the same bytes.

    Raises:
        ModelMissing: ``model_missing``, or ``model_damaged`` when a file is not the one that was installed.
        StorageError: ``disk_full`` or ``cannot_write``.
    """
    manifest = store.get(id)
    temp = temporary(output)
    try:
        with storage_errors(output):
            with temp.open("xb") as file:
                write_members(file, _members(store, manifest, report))
                file.flush()
                os.fsync(file.fileno())
            temp.replace(output)
            sync_folder(output.parent)
    finally:
        with suppress(OSError):
            temp.unlink()
    return manifest


def import_model(store: ModelStore, archive: Path, id: str | None = None, report: Report = quiet) -> Manifest:
    """Install the model in `archive` under `id` (by default its own); one that is the same, or damaged, is replaced.

    Raises:
        UsageError: ``bad_archive``, ``bad_name``, ``model_exists``, ``model_busy``, ``unsafe_weights``, ``damaged_weights``,
            ``bad_model``.
        StorageError: ``disk_full`` or ``cannot_write``. In any case nothing of it is kept.
    """
    try:
        file = archive.open("rb")
    except OSError as e:
        raise UsageError("bad_archive", f"{archive} cannot be read ({e.strerror or e}).", "Check the path.") from e
    with file:
        try:
            with open_stored(file, _limit, MAX_FILES + 1) as source:
                if MANIFEST not in source.members:
                    raise BadArchive("it has no manifest")
                manifest = parse(unseal(source.read(MANIFEST)))
                expected = {FILES + record.name: record.size for record in manifest.files}
                if {MANIFEST: source.members[MANIFEST], **expected} != source.members:
                    raise BadArchive("its files are not those of its manifest")
                manifest = replace(manifest, id=store.path(id or manifest.id).name)
                if any(known.id == manifest.id and known.revision != manifest.revision for known in store.installed()):
                    raise exists(manifest.id)
                store.check_space(manifest.size_bytes, manifest.title)
                with store.busy(manifest.id), store.staging(manifest.id) as folder:
                    done = 0
                    for record in manifest.files:
                        report(record.name, done, manifest.size_bytes)
                        with source.open(FILES + record.name) as member:
                            _stage(member, folder / PurePosixPath(record.name), record)
                        done += record.size
                    report("", done, manifest.size_bytes)
                    return _install(store, folder, manifest)
        except BadArchive as e:
            raise UsageError(
                "bad_archive", f"{archive} is not a usable model archive: {e}.", "Export it again where it came from."
            ) from e


def _members(store: ModelStore, manifest: Manifest, report: Report) -> Iterator[tuple[str, int, Iterable[bytes]]]:
    head = seal(to_plain(manifest))
    yield MANIFEST, len(head), (head,)
    done = 0
    for record in manifest.files:
        report(record.name, done, manifest.size_bytes)
        yield FILES + record.name, record.size, _sound(store.path(manifest.id) / record.name, manifest.id, record)
        done += record.size
    report("", done, manifest.size_bytes)


def _sound(path: Path, id: str, record: FileRecord) -> Iterator[bytes]:
    """The bytes of an installed file; it fails at the end if they are not those that were installed."""
    digest = hashlib.sha256()
    try:
        for chunk in chunks_of(path):
            digest.update(chunk)
            yield chunk
    except OSError as e:
        raise damaged(id, f"{record.name} cannot be read ({e.strerror or e})") from e
    if digest.hexdigest() != record.sha256:
        raise damaged(id, f"{record.name} is not the file that was installed")


def _limit(name: str) -> int | None:
    if name == MANIFEST:
        return MAX_MANIFEST
    return MAX_FILE if name.startswith(FILES) and is_inside(name.removeprefix(FILES)) else None


def _stage(member: BinaryIO, path: Path, record: FileRecord) -> None:
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with new_file(path) as write:
        while chunk := member.read(CHUNK):
            digest.update(chunk)
            write(chunk)
        if digest.hexdigest() != record.sha256:
            raise BadArchive(f"{record.name} is damaged")


def _install(store: ModelStore, folder: Path, manifest: Manifest) -> Manifest:
    return store.install(
        folder,
        manifest.id,
        {record.name: record.sha256 for record in manifest.files},
        title=manifest.title,
        origin=manifest.origin,
        licence=manifest.licence,
        licence_url=manifest.licence_url,
    )
