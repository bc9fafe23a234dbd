"""A project as one zip to hand over, with its footage if asked; and back. Read as if it were hostile (see `keyfollow.stored_zip`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from keyfollow.atomic import confined, new_file, storage_errors, sync_folder, temporary
from keyfollow.errors import MediaError, UsageError
from keyfollow.media.source import find_series
from keyfollow.stored_zip import CHUNK, BadArchive, chunks_of, open_stored, write_members

from . import assets, project_file
from .state import Media, Project

FOLDERS = ("keyframes", "masks", "takes", "recipes", "media")
MAX_MEMBERS = 200_000
MAX_MEMBER = 1 << 40
DEPTH = 4


def pack(
    folder: Path, project: Project, target: Path, *, footage: bool = False, step: Callable[[], object] = lambda: None
) -> None:
    """Write the project to `target`, whole or not at all.

    Args:
        footage: put the sources in as well, so that it opens on another machine as it is.
        step: called between parts; what it raises ends the work.

    Raises:
        MediaError: ``footage_gone`` for a source that is not there.
        StorageError: ``disk_full``, ``cannot_write``.
    """
    temp = temporary(target)
    try:
        with storage_errors(target):
            with temp.open("xb") as file:
                write_members(file, _members(folder, project, footage, step))
                file.flush()
                os.fsync(file.fileno())
            temp.replace(target)
            sync_folder(target.parent)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise


def unpack(archive: Path, folder: Path) -> None:
    """Make the project folder `folder`, which must not exist, from an archive; whole or not at all.

    Raises:
        UsageError: ``bad_archive``, ``project_there``, ``no_such_file``.
        StorageError: ``disk_full``, ``cannot_write``, ``project_damaged``.
    """
    if folder.exists():
        raise UsageError("project_there", f"{folder} is there already.", "Choose another name.")
    temp = temporary(folder)
    try:
        with storage_errors(folder):
            temp.mkdir(mode=0o700, parents=True)
        with archive.open("rb") as file, open_stored(file, _limit, MAX_MEMBERS) as zipped:
            for name in zipped.members:
                path = confined(temp, *name.split("/"))
                with storage_errors(path):
                    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with zipped.open(name) as member, new_file(path) as write:
                    while chunk := member.read(CHUNK):
                        write(chunk)
        project_file.load(temp)
        with storage_errors(folder):
            temp.replace(folder)
    except BaseException as e:
        shutil.rmtree(temp, ignore_errors=True)
        if isinstance(e, BadArchive):
            raise UsageError(
                "bad_archive",
                f"{archive.name} is not a project's archive: {e}.",
                "Export it again on the machine it comes from.",
            ) from e
        if isinstance(e, FileNotFoundError):
            raise UsageError("no_such_file", f"{archive} is not there.", "Choose another file.") from e
        raise


def _members(
    folder: Path, project: Project, footage: bool, step: Callable[[], object]
) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    def told(path: Path) -> Iterator[bytes]:
        for chunk in chunks_of(path):
            step()
            yield chunk

    head = (folder / project_file.HEAD).read_bytes()
    packed = replace(project, media={n: _packed(folder, m) for n, m in project.media.items()}) if footage else project
    content = project_file.render(folder, packed)
    yield project_file.HEAD, len(head), iter([head])
    yield project_file.CONTENT, len(content), iter([content])
    for kind, name in sorted(assets.names(project)):
        path = assets.picture(folder, kind, name)
        yield f"{kind}/{name}", path.stat().st_size, told(path)
    for name in ("takes", "recipes"):
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path.stat().st_size, told(path)
    if footage:
        for media in project.media.values():
            for path in _files(media):
                yield f"media/{media.id}/{path.name}", path.stat().st_size, told(path)


def _files(media: Media) -> tuple[Path, ...]:
    try:
        series = find_series(media.path)
    except MediaError as e:
        raise _gone(media) from e
    files = (Path(media.path),) if series is None else series.files
    if not files[0].is_file():
        raise _gone(media)
    return files


def _gone(media: Media) -> MediaError:
    return MediaError("footage_gone", f"{media.name} is not at {media.path}.", "Relink it, or export without footage.")


def _packed(folder: Path, media: Media) -> Media:
    """`media` as it will lie in the unpacked project: what `_files` yields, in a folder of its own."""
    path, inside = Path(media.path), folder / "media" / media.id
    return replace(media, path=str(inside if path.is_dir() else inside / path.name))


def _limit(name: str) -> int | None:
    parts = name.split("/")
    if name in (project_file.HEAD, project_file.CONTENT):
        return project_file.MAX_BYTES
    return MAX_MEMBER if parts[0] in FOLDERS and 2 <= len(parts) <= DEPTH else None
