"""What is kept so that a crash loses nothing, and so that what crashed once is not tried again by itself.

While a project is open, ``recovery/open.json`` says by whom, and every change is soon in ``recovery/autosave.otio``. A clean end
removes both. What is found at the next start is offered once: it is renamed before it is read, so a recovery that ends the
program is not offered again (it stays in the folder for a person who wants it).
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import psutil
from keyfollow.atomic import remove_leftovers, storage_errors, write_atomic
from keyfollow.errors import UsageError

from . import project_file
from .state import Project

FOLDER = "recovery"
SAVED, TRIED, OPEN = "autosave.otio", "autosave.tried.otio", "open.json"


def enter(folder: Path) -> None:
    """Say that this process has the project open.

    Raises:
        UsageError: ``project_open`` while another process has.
        StorageError: ``cannot_write``, ``disk_full``.
    """
    if (pid := _holder(folder)) is not None:
        raise UsageError("project_open", f"{folder.name} is open in another window (process {pid}).", "Go to that window.")
    place = folder / FOLDER
    with storage_errors(place):
        place.mkdir(mode=0o700, exist_ok=True)
    remove_leftovers(folder)
    me = psutil.Process()
    write_atomic(place / OPEN, json.dumps({"pid": me.pid, "started": me.create_time()}).encode())


def leave(folder: Path) -> None:
    """The project was closed, and saved or given up: nothing of it needs recovery."""
    for name in (SAVED, TRIED, OPEN):
        with suppress(OSError):
            (folder / FOLDER / name).unlink()


def autosave(folder: Path, project: Project) -> None:
    """Keep `project` beside the saved one. Quick enough for every few seconds; any thread. Raises StorageError."""
    write_atomic(folder / FOLDER / SAVED, project_file.render(folder, project))


def saved(folder: Path) -> None:
    """The project itself was saved: what was kept before is worth nothing now."""
    for name in (SAVED, TRIED):
        with suppress(OSError):
            (folder / FOLDER / name).unlink()


def offered(folder: Path) -> float | None:
    """When the work was done that an earlier end left unsaved (seconds since the epoch), None without such. Ask before `enter`."""
    try:
        return (folder / FOLDER / SAVED).stat().st_mtime
    except OSError:
        return None


def recover(folder: Path) -> Project:
    """The project as it was kept last; unsaved still. Raises StorageError ``project_damaged``."""
    skip(folder)
    return project_file.parse(folder, folder / FOLDER / TRIED)


def skip(folder: Path) -> None:
    """Don't offer it again; it stays as ``autosave.tried.otio`` until the next save."""
    if offered(folder) is not None:
        with storage_errors(folder / FOLDER / TRIED):
            (folder / FOLDER / SAVED).replace(folder / FOLDER / TRIED)


def _holder(folder: Path) -> int | None:
    """The living process, another than this one, that has the project open."""
    try:
        said = json.loads((folder / FOLDER / OPEN).read_text("utf-8"))
        pid, started = int(said["pid"]), float(said["started"])
        # a pid is given again; together with its start it is not
        alive = pid != os.getpid() and abs(psutil.Process(pid).create_time() - started) < 1.0
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return pid if alive else None
