"""Takes on disk: what is kept of every run. Finals are never overwritten, and never deleted but by name.

Workers fill takes (`TakeWriter`), the daemon lists and hands them out; any number of processes may use one folder.
See `keyfollow.take_folder` for what lies in a take.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from keyfollow import deltas, take_folder
from keyfollow.atomic import confined, storage_errors, sync_folder, temporary, write_atomic
from keyfollow.deltas import FrameDelta
from keyfollow.edits import Quality
from keyfollow.engine_info import Report, Take
from keyfollow.errors import KeyfollowError, StorageError, UsageError
from keyfollow.frames import FrameRange
from keyfollow.plain import PlainError, from_plain, to_plain
from keyfollow.sealed import Damaged, canonical, read_sealed, write_sealed
from keyfollow.take_folder import FRAMES, MANIFEST, RECIPE, REPORT, TAKE, frame_name, frame_number

from keyfollow_daemon.takes.writer import TakeWriter, exists

__all__ = ["TakeHead", "TakeStore", "TakeWriter", "recipe_hash"]

CLAIMED = "claimed.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TakeHead:
    """``take.json``: what a take is from its first moment. `recipe` is the `recipe_hash`; the rest as in `engine_info.Take`."""

    id: str
    job: str
    source: str
    engine: str
    quality: Quality
    created: float
    start: int
    stop: int
    recipe: str


def recipe_hash(recipe: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the recipe's canonical JSON: equal for equal requests, however their fields are ordered.

    Raises:
        ValueError, TypeError: `recipe` is not plain JSON data.
    """
    return hashlib.sha256(canonical(recipe)).hexdigest()


class TakeStore:
    """The takes in `root`, one folder each. Methods that are given a take's id raise UsageError ``unknown_take`` when it is not
    there, ``bad_name`` or ``path_escape`` when it is no id at all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def create(self, take_id: str, recipe: Mapping[str, Any], meta: Mapping[str, Any]) -> TakeWriter:
        """Start a take, or go on with one that was started with the same recipe.

        Args:
            take_id: chosen by the caller, e.g. ``20261120-181500-1a2b3c4d``.
            recipe: plain JSON data; all that decides the result.
            meta: ``job``, ``source``, ``engine``, ``quality``, ``created``, ``start``, ``stop`` of `engine_info.Take`.

        Raises:
            UsageError: ``bad_name``, ``path_escape``, ``empty_range``.
            StorageError: ``take_exists`` when the take is complete or of another recipe, ``disk_full``, ``cannot_write``.
            PlainError: `meta` does not fit.
        """
        folder = confined(self.root, take_id)
        head = from_plain(TakeHead, {**meta, "id": take_id, "recipe": recipe_hash(recipe)})
        span = FrameRange(head.start, head.stop)
        if not folder.exists():
            self._make(folder, recipe, head)
        if (folder / MANIFEST).exists():
            raise exists(take_id, "it is complete")
        found = self._head(folder)
        if found is None or (found.recipe, found.start, found.stop) != (head.recipe, head.start, head.stop):
            raise exists(take_id, "it belongs to another request")
        return TakeWriter(folder, span)

    def folder(self, id: str) -> Path:
        """Where a take lies; clients on the same machine claim it from there."""
        folder = confined(self.root, id)
        if not folder.is_dir():
            raise UsageError("unknown_take", f"There is no take {id}.", "`keyfollow takes list` shows them.")
        return folder

    def get(self, id: str) -> Take:
        take = self._take(self.folder(id))
        if take is None:
            raise take_folder.damaged(id, TAKE)
        return take

    def recipe(self, id: str) -> dict[str, Any]:
        """The recipe that the take was created with, checked against its hash. Raises StorageError ``take_damaged``."""
        folder = self.folder(id)
        head = self._head(folder)
        try:
            recipe = json.loads((folder / RECIPE).read_bytes())
            if head is None or not isinstance(recipe, dict) or recipe_hash(recipe) != head.recipe:
                raise take_folder.damaged(id, RECIPE)
        except (ValueError, RecursionError, OSError) as e:
            raise take_folder.damaged(id, RECIPE) from e
        return recipe

    def frames(self, id: str) -> list[int]:
        """The source frames that are on disk, ascending."""
        return sorted(_frame_sizes(self.folder(id)))

    def frame_path(self, id: str, frame: int) -> Path:
        """Where a frame lies. Raises UsageError ``unknown_frame`` when it is not there (yet)."""
        path = self.folder(id) / FRAMES / frame_name(frame)
        if not path.is_file():
            raise UsageError(
                "unknown_frame", f"The take {id} has no frame {frame}.", "Its range and job say what it will have."
            )
        return path

    def read(self, id: str, frame: int) -> FrameDelta:
        """A frame, checked.

        Raises:
            UsageError: ``unknown_frame``.
            StorageError: ``corrupt_frame``.
        """
        delta = deltas.unpack(self.frame_path(id, frame).read_bytes())
        if delta.frame != frame:
            raise StorageError("corrupt_frame", f"Frame {frame} of take {id} holds another frame.", "Run the job again.")
        return delta

    def delete(self, id: str) -> None:
        """Delete a take, at once and as a whole. Raises StorageError ``cannot_write``."""
        folder = self.folder(id)
        aside = temporary(folder)
        with storage_errors(folder):
            folder.rename(aside)
            sync_folder(self.root)
        shutil.rmtree(aside, ignore_errors=True)

    def prune_drafts(self, source: str, keep: int = 5) -> list[str]:
        """Delete all but the `keep` newest drafts of `source`; the ids of those deleted. Finals are left alone."""
        drafts = [take.id for take in self.list() if take.quality == "draft" and take.source == source]
        for id in drafts[keep:]:
            with suppress(KeyfollowError):  # another process may be pruning too
                self.delete(id)
        return drafts[keep:]

    def claim(self, id: str, into: Path) -> Path:
        """Copy a complete take to ``into/<id>``, verified: see `take_folder.claim`, which clients call themselves."""
        return take_folder.claim(self.folder(id), into)

    def mark_claimed(self, id: str, by: str) -> Take:
        """Note that a client holds a verified copy in `by`. Raises StorageError ``take_incomplete``."""
        folder = self.folder(id)
        take_folder.read_manifest(folder)
        write_sealed(folder / CLAIMED, {"by": by})
        return self.get(id)

    def list(self) -> list[Take]:
        """All takes, the newest first. One that cannot be read is logged, left alone and left out."""
        takes = [take for path in self.root.iterdir() if path.name[0] != "." and (take := self._take(path)) is not None]
        return sorted(takes, key=lambda take: (-take.created, take.id))

    def _make(self, folder: Path, recipe: Mapping[str, Any], head: TakeHead) -> None:
        aside = temporary(folder)
        try:
            with storage_errors(folder):
                (aside / FRAMES).mkdir(parents=True, mode=0o700)
            write_atomic(aside / RECIPE, canonical(recipe))
            write_sealed(aside / TAKE, to_plain(head))
            with storage_errors(folder):
                aside.rename(folder)
                sync_folder(self.root)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise

    def _head(self, folder: Path) -> TakeHead | None:
        try:
            return from_plain(TakeHead, read_sealed(folder / TAKE))
        except (Damaged, PlainError, OSError) as e:
            log.warning("take %s cannot be read (%s)", folder.name, e)
            return None

    def _take(self, folder: Path) -> Take | None:
        head = self._head(folder)
        if head is None or head.id != folder.name:
            return None
        complete = (folder / MANIFEST).exists()
        try:
            size = (
                _complete_size(folder, (folder / MANIFEST).stat().st_mtime_ns)
                if complete
                else sum(_frame_sizes(folder).values())
            )
        except (KeyfollowError, OSError) as e:
            log.warning("take %s cannot be read (%s)", folder.name, e)
            return None
        claimed, report = _sealed(folder / CLAIMED), _sealed(folder / REPORT) if complete else None
        return Take(
            id=head.id,
            job=head.job,
            source=head.source,
            engine=head.engine,
            quality=head.quality,
            created=head.created,
            start=head.start,
            stop=head.stop,
            size_bytes=size,
            complete=complete,
            claimed_by=str(claimed["by"]) if claimed and "by" in claimed else None,
            report=from_plain(Report, report) if report else None,
        )


@lru_cache(maxsize=1024)
def _complete_size(folder: Path, written_ns: int) -> int:
    """A complete take never changes, and its manifest may list a hundred thousand frames: read it once."""
    return take_folder.read_manifest(folder).size_bytes


def _frame_sizes(folder: Path) -> dict[int, int]:
    sizes = {}
    with suppress(FileNotFoundError), os.scandir(folder / FRAMES) as files:
        for file in files:
            if (frame := frame_number(file.name)) is not None:
                with suppress(FileNotFoundError):
                    sizes[frame] = file.stat().st_size
    return sizes


def _sealed(path: Path) -> dict[str, Any] | None:
    try:
        return read_sealed(path)
    except FileNotFoundError:
        return None
    except (Damaged, OSError) as e:
        log.warning("%s cannot be read (%s)", path, e)
        return None
