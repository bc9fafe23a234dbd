"""Take a folder of the person's own into the store: the same files where the disk allows (hard links), copies elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

from keyfollow.atomic import storage_errors
from keyfollow.errors import ModelMissing

from keyfollow_daemon.models.digests import Report, quiet
from keyfollow_daemon.models.folder import check_files, layout, reading
from keyfollow_daemon.models.manifest import Manifest
from keyfollow_daemon.models.store import ModelStore, copy, exists, link_or_copy


def add_folder(
    store: ModelStore, folder: Path, id: str | None = None, *, copies: bool = False, report: Report = quiet
) -> Manifest:
    """Check `folder` and install what belongs to a model in it under `id` (by default the folder's name). It stays as it is.

    Args:
        copies: never link: later changes of the person's files, which would damage the store's model, stay theirs.

    Raises:
        ModelMissing: ``model_not_found``.
        UsageError: ``unsafe_weights``, ``damaged_weights``, ``bad_model``, ``bad_name``, ``model_exists``, ``model_busy``.
        StorageError: ``disk_full`` or ``cannot_write``.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise ModelMissing("model_not_found", f"There is no folder {folder}.", "Check the path.")
    id = id or re.sub(r"[^a-z0-9._-]+", "-", folder.name.lower()).strip("-._")[:64]
    if store.path(id).exists():
        raise exists(id)
    with reading(folder):
        files = check_files(folder)
        layout(folder, files)
    total = sum(file.size for file in files)
    if copies:
        store.check_space(total, folder.name)
    with store.busy(id), store.staging(id) as staged:
        sha256, done = {}, 0
        for file in files:
            report(file.name, done, total)
            place = staged / file.name
            with storage_errors(place):
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sha256[file.name] = (copy if copies else link_or_copy)(folder / file.name, place)
            done += file.size
        report("", done, total)
        return store.install(staged, id, sha256, title=folder.name, origin=f"folder {folder}")
