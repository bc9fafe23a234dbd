"""Pictures in a project's folder, named by their content: the same picture is there once, and none is ever overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from keyfollow.atomic import confined, write_atomic
from keyfollow.errors import MediaError, UsageError

from .state import Project

Kind = Literal["keyframes", "masks"]
KINDS: tuple[Kind, ...] = ("keyframes", "masks")
MAX_BYTES = 2 << 30


def adopt(folder: Path, kind: Kind, picture: Path) -> str:
    """Copy a picture, or an editor's layered file, into the project. Returns its name there, made of its SHA-256 and suffix.

    Raises:
        UsageError: ``no_such_file``, or ``file_too_large`` above 2 GiB.
        StorageError: ``disk_full``, ``cannot_write``.
    """
    try:
        if picture.stat().st_size > MAX_BYTES:
            raise UsageError("file_too_large", f"{picture.name} is larger than 2 GiB.", "Save it with fewer layers.")
        data = picture.read_bytes()
    except OSError as e:
        raise UsageError(
            "no_such_file", f"{picture} cannot be read ({e.strerror or e}).", "Save the picture again, or choose another file."
        ) from e
    return adopt_bytes(folder, kind, data, picture.suffix)


def adopt_bytes(folder: Path, kind: Kind, data: bytes, suffix: str) -> str:
    """As `adopt`, of bytes; `suffix` with its dot."""
    name = hashlib.sha256(data).hexdigest()[:32] + suffix.lower()
    path = confined(folder, kind, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        write_atomic(path, data)
    return name


def picture(folder: Path, kind: Kind, name: str) -> Path:
    """Where a picture of the project lies.

    Raises:
        UsageError: ``bad_name``, ``path_escape``: the project names a file outside its folder.
        MediaError: ``picture_gone``.
    """
    path = confined(folder, kind, name)
    if not path.is_file():
        raise MediaError(
            "picture_gone",
            f"The picture {name} is no longer in the project's folder.",
            "Put it back, or edit that frame again.",
        )
    return path


def names(project: Project) -> set[tuple[Kind, str]]:
    """Every picture that a project uses."""
    used: set[tuple[Kind, str]] = set()
    for work in project.work.values():
        used |= {("keyframes", name) for k in work.keyframes for name in (k.image, k.layers) if name}
        used |= {("keyframes", r.image) for r in work.retouches}
        used |= {("masks", m.image) for m in work.masks if m.image}
    return used


def remove_unused(folder: Path, projects: Iterable[Project]) -> int:
    """Delete the pictures that none of `projects` (all that undo can reach, and the saved one) uses; how many. Call it when closing."""
    used = set().union(*(names(p) for p in projects))
    removed = 0
    for kind in KINDS:
        for path in sorted((folder / kind).glob("*")):
            if (kind, path.name) not in used and path.is_file() and not path.is_symlink():
                with suppress(OSError):
                    path.unlink()
                    removed += 1
    return removed
