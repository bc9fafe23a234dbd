"""A project on the disk: the folder ``Name.kfproj``.

    project.otio    everything, as an OpenTimelineIO timeline (see `otio_form`); the one file that a save replaces
    project.json    which schema that is, so that an older Keyfollow can tell
    keyframes/ masks/    pictures, named by content (see `assets`)
    takes/          takes that the project claimed
    recovery/       what `recovery` keeps while the project is open

A save is one rename: whatever ends it, the folder holds the project as it was before or after.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import opentimelineio as otio
from keyfollow import __version__
from keyfollow.atomic import write_atomic
from keyfollow.errors import StorageError, UsageError
from keyfollow.plain import PlainError

from . import otio_text, relink
from .otio_form import from_otio, to_otio
from .state import SCHEMA, Project

SUFFIX = ".kfproj"
CONTENT, HEAD = "project.otio", "project.json"
MAX_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Opened:
    """A project as it was read. `newer` is a sentence when it may only be looked at, "" else; `stamp` names the bytes on the disk."""

    project: Project
    stamp: tuple[int, int]
    newer: str = ""


def create(folder: Path, project: Project) -> tuple[int, int]:
    """Make a new project folder and save into it; its stamp.

    Raises:
        UsageError: ``project_there``, ``bad_name`` for a folder not called ``….kfproj``.
        StorageError: ``disk_full``, ``cannot_write``.
    """
    if folder.suffix != SUFFIX:
        raise UsageError("bad_name", f"{folder.name} is not a project's name.", f"Give a name that ends in {SUFFIX}.")
    if (folder / HEAD).exists() or (folder / CONTENT).exists():
        raise UsageError("project_there", f"{folder} is a project already.", "Open it, or choose another name.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise StorageError(
            "cannot_write", f"{folder} could not be made ({e.strerror or e}).", "Choose a folder that you may write to."
        ) from e
    return save(folder, project)


def save(folder: Path, project: Project, stamp: tuple[int, int] | None = None) -> tuple[int, int]:
    """Write a project over the one in its folder, atomically; the new stamp.

    Args:
        stamp: what was on the disk when this project was read or saved last; None to write over anything.

    Raises:
        StorageError: ``project_changed`` when someone else saved meanwhile; ``disk_full``, ``cannot_write``.
    """
    if stamp is not None and _stamp(folder) not in (stamp, None):
        raise StorageError(
            "project_changed",
            f"{folder.name} was saved by another program meanwhile.",
            "Save under another name, or open the project again to see its changes.",
        )
    content = render(folder, project)
    # its reader looks at the head first: a head that is older than the content is right in all but a migration
    write_atomic(folder / HEAD, _head(project))
    write_atomic(folder / CONTENT, content)
    written = _stamp(folder)
    assert written is not None
    return written


def load(folder: Path) -> Opened:
    """Read a project; sources that moved along with it are found at their new place.

    Raises:
        UsageError: ``no_such_project``.
        StorageError: ``project_damaged``.
    """
    content = folder / CONTENT
    stamp = _stamp(folder)
    if stamp is None:
        raise UsageError("no_such_project", f"{folder} holds no project.", f"Choose a folder called something{SUFFIX}.")
    newer = ""
    head = _read_head(folder)
    schema = head.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema < 1:
        raise damaged(folder, "its schema is not a number")
    if schema > SCHEMA:
        newer = (
            f"This project was made by Keyfollow {head.get('keyfollow', '')}, which is newer: it can be looked at, not changed."
        )
    return Opened(parse(folder, content), stamp, newer)


def render(folder: Path, project: Project) -> bytes:
    """The project as the bytes of ``project.otio``."""
    relative = {name: relink.relative_to(media, folder) for name, media in project.media.items()}
    return otio_text.write(to_otio(project, relative)).encode()


def parse(folder: Path, content: Path) -> Project:
    """Read `content`, a file that `render` made for `folder`. Raises StorageError ``project_damaged``."""
    try:
        if content.stat().st_size > MAX_BYTES:
            raise damaged(folder, "it is too large")
        timeline = otio_text.read(content.read_text("utf-8"))
        if not isinstance(timeline, otio.schema.Timeline):
            raise PlainError("it is not a timeline")
        project, relative = from_otio(timeline)
    except (PlainError, UsageError, OSError, ValueError, TypeError, KeyError, otio.exceptions.OTIOError) as e:
        raise damaged(folder, str(e)) from e
    media = {n: relink.found_beside(m, relative.get(n, ""), folder) for n, m in project.media.items()}
    return replace(project, media=media)


def damaged(folder: Path, why: str) -> StorageError:
    return StorageError(
        "project_damaged",
        f"{folder.name} cannot be read as a project: {why}.",
        "Restore the folder from a copy, or open the version that was saved automatically if one is offered.",
    )


def _head(project: Project) -> bytes:
    head = {"schema": SCHEMA, "keyfollow": __version__, "name": project.name}
    return json.dumps(head, indent=1).encode() + b"\n"


def _read_head(folder: Path) -> Mapping[str, object]:
    try:
        head = json.loads((folder / HEAD).read_text("utf-8"))
    except (OSError, ValueError) as e:
        raise damaged(folder, f"{HEAD}: {e}") from e
    if not isinstance(head, dict):
        raise damaged(folder, f"{HEAD} is not a mapping")
    return head


def _stamp(folder: Path) -> tuple[int, int] | None:
    try:
        seen = (folder / CONTENT).stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_ino
