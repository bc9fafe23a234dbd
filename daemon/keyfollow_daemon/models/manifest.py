"""What the store knows of a model: where it came from, under which licence, and the SHA-256 of each of its files.

It lies sealed beside the model's own files, as ``keyfollow.json``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from keyfollow.atomic import confined
from keyfollow.errors import ModelMissing, UsageError
from keyfollow.plain import PlainError, from_plain, to_plain
from keyfollow.sealed import Damaged, read_sealed, write_sealed

from keyfollow_daemon.models.folder import MAX_DEPTH, MAX_FILES, OURS, revision_of

FORMAT = 1
ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w.-]*)?")
"""``owner/name[@revision]`` on the hub."""
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_TEXT = 4096


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of a model: POSIX path below its folder, bytes, SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A model in the store.

    Args:
        id: its folder's name and what ``--model`` takes.
        origin: for people: ``"hub owner/name@commit"`` (several, one a line), ``"folder /path"``.
        licence, licence_url: as shown when it was accepted; empty for a folder that was added.
        pipeline: as `ModelFolder.pipeline`.
        revision: as `ModelFolder.revision`.
        files: what makes up the model, sorted by name.
        installed: seconds since the epoch.

    Raises:
        ValueError: a field is out of bounds, or `revision` is not that of `files`.
    """

    id: str
    title: str
    origin: str
    licence: str
    licence_url: str
    pipeline: str
    revision: str
    files: tuple[FileRecord, ...]
    installed: float
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"format {self.format}")
        if not is_id(self.id):
            raise ValueError("id")
        if max(map(len, (self.title, self.origin, self.licence, self.licence_url, self.pipeline))) > MAX_TEXT:
            raise ValueError("text too long")
        if not math.isfinite(self.installed) or self.installed < 0:
            raise ValueError("time")
        names = [file.name for file in self.files]
        if not 0 < len(names) <= MAX_FILES or names != sorted(set(names)):
            raise ValueError("files")
        if not all(file.size >= 0 and SHA256.fullmatch(file.sha256) and is_inside(file.name) for file in self.files):
            raise ValueError("file")
        if self.revision != revision_of((file.name, file.size, file.sha256) for file in self.files):
            raise ValueError("revision")

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files)


def is_id(text: str) -> bool:
    """Whether `text` can name a model of the store: a to z, digits, ``. _ -``, at most 64."""
    try:
        return bool(ID.fullmatch(text)) and confined(Path("models"), text).name == text
    except UsageError:
        return False


def is_inside(name: str) -> bool:
    """Whether `name` is the relative POSIX path of a file that stays in its folder, on any system."""
    parts = name.split("/")
    if len(parts) > MAX_DEPTH + 1 or name == OURS or str(PurePosixPath(name)) != name:
        return False
    try:
        confined(Path("model"), *parts)
    except UsageError:
        return False
    return True


def parse(data: Any) -> Manifest:
    """Raises ValueError (also `plain.PlainError`) when `data` is not a manifest of this format."""
    return from_plain(Manifest, data)


def write(folder: Path, manifest: Manifest) -> None:
    """Raises StorageError as `write_atomic`."""
    write_sealed(folder / OURS, to_plain(manifest))


def read(folder: Path) -> Manifest | None:
    """The manifest of the model in `folder`; None when there is none.

    Raises:
        ModelMissing: ``model_damaged`` when it cannot be read, or belongs to another folder.
    """
    try:
        found = parse(read_sealed(folder / OURS))
        if found.id != folder.name:
            raise ValueError("id")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (Damaged, PlainError, ValueError, OSError) as e:
        raise damaged(folder.name, f"its {OURS} cannot be read") from e
    return found


def damaged(id: str, why: str) -> ModelMissing:
    return ModelMissing(
        "model_damaged",
        f"The model {id} in the store is damaged: {why}.",
        f"Pull, add or import it again; `keyfollow models remove {id}` takes what is left of it away.",
    )
