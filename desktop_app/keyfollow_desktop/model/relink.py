"""Find a source again that was moved or renamed: by its content, not its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from keyfollow.errors import MediaError
from keyfollow.media.source import find_series

from .state import Media, Project

PIECE = 1 << 20


def fingerprint(path: str | os.PathLike[str]) -> str:
    """SHA-256 over the size and the first, middle and last MiB of a file; of an image sequence's first and last file and its length.

    An hour of footage is never read whole for it. Raises MediaError ``no_such_file``.
    """
    digest = hashlib.sha256()
    try:
        series = find_series(path)
        files = [Path(os.fspath(path))] if series is None else [series.files[0], series.files[-1]]
        if series is not None:
            digest.update(len(series.files).to_bytes(8, "big"))
        for file in files:
            for piece in _pieces(file):
                digest.update(piece)
    except OSError as e:
        raise MediaError("no_such_file", f"{path} cannot be read ({e.strerror or e}).", "Check that it is still there.") from e
    return digest.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    yield size.to_bytes(8, "big")
    with path.open("rb") as file:
        for start in dict.fromkeys((0, max(0, size // 2 - PIECE // 2), max(0, size - PIECE))):
            file.seek(start)
            yield file.read(PIECE)


def missing(project: Project) -> list[Media]:
    """The sources that are not where the project last saw them. Looks at names only: quick for thousands of clips."""
    return [m for m in project.media.values() if not _there(m.path)]


def relative_to(media: Media, folder: Path) -> str:
    """The way from a project's folder to a source, with forward slashes; "" where there is none (another drive)."""
    try:
        return Path(os.path.relpath(media.path, folder)).as_posix()
    except ValueError:
        return ""


def found_beside(media: Media, relative: str, folder: Path) -> Media:
    """`media`, at its place relative to the project when project and footage were moved together, else as it is."""
    if _there(media.path) or not relative:
        return media
    path = os.path.normpath(folder / relative)
    return replace(media, path=path) if _there(path) else media


def search(media: Iterable[Media], folder: Path) -> dict[str, str]:
    """Look for sources anywhere below `folder`; the paths by media id. Files of the same name are tried first, links not followed."""
    wanted = {m.id: m for m in media}
    found: dict[str, str] = {}
    suffixes = {Path(m.path).suffix.lower() for m in wanted.values()}
    files = [
        Path(where, name)
        for where, _, names in os.walk(folder)
        for name in sorted(names)
        if Path(name).suffix.lower() in suffixes
    ]
    digests: dict[Path, str] = {}
    for source in wanted.values():
        name = Path(source.path).name
        if "%" in name or Path(source.path).suffix == "":
            # an image sequence: its folder, or the pattern in it
            candidates = [
                Path(p) / name if "%" in name else Path(p) for p in sorted({str(f.parent) for f in files} | _folders(folder))
            ]
        else:
            candidates = sorted(files, key=lambda f: f.name != name)
        for candidate in candidates:
            try:
                digest = digests.get(candidate) or digests.setdefault(candidate, fingerprint(candidate))
            except MediaError:
                continue
            if digest == source.digest:
                found[source.id] = str(candidate)
                break
    return found


def relink(project: Project, paths: dict[str, str]) -> Project:
    """Point sources at these paths. Raises UsageError ``no_such_media``."""
    media = {**project.media}
    for name, path in paths.items():
        media[name] = replace(project.source(name), path=path)
    return replace(project, media=media)


def _folders(root: Path) -> set[str]:
    return {where for where, _, _ in os.walk(root)}


def _there(path: str) -> bool:
    name = Path(path)
    return name.exists() or ("%" in name.name and name.parent.is_dir() and any(name.parent.iterdir()))
