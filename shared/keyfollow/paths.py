"""Where things lie. `KEYFOLLOW_HOME` moves everything (tests, portable installs); `KEYFOLLOW_STORAGE` only what grows large.

Without that variable, what grows large lies where the person chose (`keep_choices`), which every program of this user reads. The job store, the lock and the connection file always stay local: SQLite's WAL and file locks fail on network drives.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from .atomic import storage_errors, write_atomic
from .errors import StorageError

APP = "keyfollow"
CHOICES = "choices.json"
CACHE_BYTES = 20 << 30
"""How much the inversion cache takes at most, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one installation. None of them is created by looking at it."""

    data: Path
    """Job store and lock."""
    storage: Path
    """Models, inversions, takes, uploads: everything that grows."""
    logs: Path
    runtime: Path
    """The connection file; 0700."""

    @property
    def connection(self) -> Path:
        return self.runtime / "connection.json"

    @property
    def lock(self) -> Path:
        return self.data / "daemon.lock"

    @property
    def jobs(self) -> Path:
        return self.data / "jobs.db"

    @property
    def inversions(self) -> Path:
        return self.storage / "inversions"

    @property
    def takes(self) -> Path:
        return self.storage / "takes"

    @property
    def blobs(self) -> Path:
        return self.storage / "blobs"

    @property
    def exports(self) -> Path:
        return self.storage / "exports"

    @property
    def models(self) -> Path:
        return self.storage / "models"


def paths(home: str = "") -> Paths:
    """The folders that the environment asks for; those below `home` where that is given."""
    home = home or os.environ.get("KEYFOLLOW_HOME", "")
    storage = os.environ.get("KEYFOLLOW_STORAGE")
    if home:
        root = Path(home).expanduser().absolute()
        data, large, logs, runtime = root / "data", root, root / "logs", root / "run"
    else:
        dirs = platformdirs.PlatformDirs(APP, appauthor=False)
        data, logs = Path(dirs.user_data_dir), Path(dirs.user_log_dir)
        large = data
        runtime = Path(dirs.user_runtime_dir) if sys.platform == "win32" else _session_folder() or data / "run"
    chosen = Path(storage).expanduser().absolute() if storage else choices(data).storage or large
    return Paths(data, chosen, logs, runtime)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose once for every program of this machine. None where they left it open."""

    storage: Path | None = None
    """Where models, inversions and takes are kept."""
    cache_bytes: int | None = None
    """How much the inversion cache takes at most."""


def choices(data: Path) -> Choices:
    """What is kept in the folder `Paths.data`; nothing chosen where that cannot be read, since no program may fail for it."""
    try:
        said = json.loads((data / CHOICES).read_text("utf-8"))
        storage, most = said.get("storage"), said.get("cache_bytes")
    except (OSError, ValueError, AttributeError, RecursionError):
        return Choices()
    good = isinstance(storage, str) and Path(storage).is_absolute()
    whole = isinstance(most, int) and not isinstance(most, bool) and most >= 0
    return Choices(Path(storage) if good else None, most if whole else None)


def keep_choices(data: Path, chosen: Choices) -> None:
    """Keep what a person chose. A daemon reads it when it starts.

    Raises:
        StorageError: ``cannot_write``, ``disk_full``.
    """
    said = {"storage": None if chosen.storage is None else str(chosen.storage.absolute()), "cache_bytes": chosen.cache_bytes}
    with storage_errors(data / CHOICES):
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(data / CHOICES, json.dumps(said, indent=1).encode())


def _session_folder() -> Path | None:
    """Our place below XDG_RUNTIME_DIR when that is what its specification asks for: this user's own, and nobody else's.

    platformdirs falls back to a guessable place under the temp folder otherwise; another user could be there first.
    """
    named = Path(os.environ.get("XDG_RUNTIME_DIR", "").strip())
    try:
        found = named.lstat()
    except (OSError, ValueError):
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
    return named / APP if private and named.is_absolute() else None


def private_folder(folder: Path) -> Path:
    """Create `folder` for this user only, or make sure that it is.

    Raises:
        StorageError: ``unsafe_folder`` when it is a link, another user's, or open to others and cannot be closed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if sys.platform == "win32":  # per-user profile folders carry their own access list
        return folder
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise StorageError(
            "unsafe_folder",
            f"{folder} is not a folder of this user's own.",
            "Remove it, or point KEYFOLLOW_HOME to a folder of yours.",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder
