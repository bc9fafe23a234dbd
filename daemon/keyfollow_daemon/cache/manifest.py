"""What one run computed, as a small sealed file: ``<root>/handles/<id>.json``.

A pin is an empty file beside it, ``<id>.pin``: pinning in one process never undoes what another writes to the manifest.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyfollow.plain import from_plain, to_plain
from keyfollow.sealed import Damaged, read_sealed, write_sealed

from keyfollow_daemon.cache.keys import KEY

FORMAT = 1
ID = re.compile(r"[0-9a-f]{16}")
MAX_TEXT = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A handle as it lies on disk and in an exported archive.

    Args:
        source: path or name of the clip, for people; `prepared_from` tells clips, and ways to prepare them, apart.
        start, stop: half-open range of source frames.
        keys: entries in the order the run made them, each once.
        seconds: what computing them took; times are seconds since the epoch.

    Raises:
        ValueError: a field is out of bounds, or `id` is not that of `engine` and `keys`.
    """

    id: str
    engine: str
    source: str
    prepared_from: str
    start: int
    stop: int
    keys: tuple[str, ...]
    seconds: float
    created: float
    last_used: float
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"format {self.format}")
        if max(len(self.engine), len(self.source), len(self.prepared_from)) > MAX_TEXT:
            raise ValueError("text too long")
        if not 0 <= self.start < self.stop:
            raise ValueError("range")
        if not all(math.isfinite(t) and t >= 0 for t in (self.seconds, self.created, self.last_used)):
            raise ValueError("time")
        if not self.keys or len(set(self.keys)) != len(self.keys) or not all(map(KEY.fullmatch, self.keys)):
            raise ValueError("keys")
        if self.id != handle_id(self.engine, self.keys):
            raise ValueError("id")


def handle_id(engine: str, keys: Sequence[str]) -> str:
    """16 hex digits that name a set of entries of one engine, in whatever order."""
    text = "\n".join((engine, *sorted(keys)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def folder(root: Path) -> Path:
    """Where the manifests lie; made when it is missing."""
    where = root / "handles"
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    return where


def path(root: Path, id: str) -> Path:
    return folder(root) / f"{id}.json"


def pin_path(root: Path, id: str) -> Path:
    return folder(root) / f"{id}.pin"


def parse(data: Any) -> Manifest:
    """Raises ValueError (also `plain.PlainError`) when `data` is not a manifest of this format."""
    return from_plain(Manifest, data)


def write(root: Path, manifest: Manifest) -> None:
    """Raises StorageError as `write_atomic`."""
    write_sealed(path(root, manifest.id), to_plain(manifest))


def read(root: Path, id: str) -> Manifest | None:
    """The manifest called `id`; None when there is none that can be read. A damaged one is logged and left alone."""
    if not ID.fullmatch(id):
        return None
    try:
        manifest = parse(read_sealed(path(root, id)))
    except FileNotFoundError:
        return None
    except (Damaged, ValueError, OSError) as e:
        log.warning("inversion handle %s cannot be read (%s)", id, e)
        return None
    return manifest if manifest.id == id else None


def read_all(root: Path) -> Iterator[Manifest]:
    """Every manifest that can be read, by id."""
    for file in sorted(folder(root).glob("*.json")):
        if (manifest := read(root, file.stem)) is not None:
            yield manifest


def pinned_keys(root: Path) -> set[str]:
    """The entries that must not be evicted."""
    pinned = (read(root, file.stem) for file in folder(root).glob("*.pin"))
    return {key for manifest in pinned if manifest is not None for key in manifest.keys}
