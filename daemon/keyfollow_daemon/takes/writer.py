"""Fills one take, frame by frame, so that a run killed at any point goes on from its last finished frame."""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from pathlib import Path

from keyfollow import deltas
from keyfollow.atomic import write_atomic
from keyfollow.engine_info import Report
from keyfollow.errors import KeyfollowError, StorageError, UsageError
from keyfollow.frames import FrameRange
from keyfollow.plain import to_plain
from keyfollow.sealed import write_sealed
from keyfollow.take_folder import FRAMES, MANIFEST, RECIPE, REPORT, TAKE, FileSum, TakeManifest, frame_name, frame_number

from keyfollow_daemon.takes import journal
from keyfollow_daemon.takes.report import FrameMeasure

JOURNAL = "measures.jsonl"

log = logging.getLogger(__name__)


class TakeWriter:
    """The one writer of an incomplete take; get it from `TakeStore.create`."""

    def __init__(self, folder: Path, span: FrameRange) -> None:
        self.folder = folder
        self.span = span
        self._measures: dict[int, FrameMeasure] = {}
        self._sums: dict[int, FileSum] = {}

    @property
    def measures(self) -> dict[int, FrameMeasure]:
        """The measures of the frames that are finished."""
        return {frame: self._measures[frame] for frame in sorted(self._sums)}

    def finished(self) -> set[int]:
        """The frames that need not be made again: on disk, sound by their own checksum, and measured. All others are deleted.

        It reads every frame: call it once, when a run starts.
        """
        self._measures = journal.read(self.folder / JOURNAL)
        self._sums = {}
        for path in sorted((self.folder / FRAMES).iterdir()):
            frame = frame_number(path.name)
            if frame is None:
                continue
            found = self._sound(path, frame)
            if found is None:
                log.warning(
                    "frame %d of take %s is damaged or was not measured; it will be made again", frame, self.folder.name
                )
                with suppress(OSError):
                    path.unlink()
            else:
                self._sums[frame] = found
        return set(self._sums)

    def write(self, frame: int, data: bytes, measure: FrameMeasure) -> Path:
        """Keep a frame, as `deltas.pack` made it, and its measure; both are durable when this returns.

        Raises:
            UsageError: ``frame_out_of_range`` when the take does not cover `frame`.
            StorageError: ``take_exists`` after the take was completed, ``disk_full`` or ``cannot_write``.
        """
        if frame not in self.span:
            raise UsageError(
                "frame_out_of_range",
                f"Frame {frame} lies outside the take's range {self.span.start}:{self.span.stop}.",
                "Start a new take for another range.",
            )
        self._check_open()
        journal.append(self.folder / JOURNAL, frame, measure)
        path = self.folder / FRAMES / frame_name(frame)
        write_atomic(path, data)
        self._measures[frame] = measure
        self._sums[frame] = FileSum(hashlib.sha256(data).hexdigest(), len(data))
        return path

    def complete(self, report: Report) -> None:
        """Seal the take: from here on it is complete and never changes.

        Raises:
            StorageError: ``take_exists`` when it was completed before, ``take_incomplete`` when frames are missing, ``disk_full``
                or ``cannot_write``.
        """
        self._check_open()
        missing = [frame for frame in self.span if frame not in self._sums]
        if missing:
            raise StorageError(
                "take_incomplete",
                f"{len(missing)} frames of the take are missing, the first is {missing[0]}.",
                "Run the job again: it makes only the missing frames.",
            )
        write_sealed(self.folder / REPORT, to_plain(report))
        files = {}
        for name in (TAKE, RECIPE, REPORT):
            raw = (self.folder / name).read_bytes()
            files[name] = FileSum(hashlib.sha256(raw).hexdigest(), len(raw))
        frames = {str(frame): self._sums[frame] for frame in self.span}
        write_sealed(self.folder / MANIFEST, to_plain(TakeManifest(self.folder.name, files, frames)))
        with suppress(OSError):
            (self.folder / JOURNAL).unlink()

    def _sound(self, path: Path, frame: int) -> FileSum | None:
        if frame not in self._measures or frame not in self.span:
            return None
        try:
            data = path.read_bytes()
            if deltas.unpack(data).frame != frame:
                return None
        except (KeyfollowError, OSError):
            return None
        return FileSum(hashlib.sha256(data).hexdigest(), len(data))

    def _check_open(self) -> None:
        if (self.folder / MANIFEST).exists():
            raise exists(self.folder.name, "it is complete")


def exists(take: str, why: str) -> StorageError:
    return StorageError("take_exists", f"The take {take} cannot be written: {why}.", "Start a new take.")
