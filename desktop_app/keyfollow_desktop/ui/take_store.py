"""What is known of takes beyond their entry in the project: where their frames lie, which are there, how sure the engine was of each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from keyfollow.engine_info import Report
from keyfollow.errors import KeyfollowError
from keyfollow.paths import paths
from keyfollow.plain import PlainError, from_plain
from keyfollow.sealed import Damaged, read_sealed
from keyfollow.take_folder import FRAMES, REPORT, frame_number
from PySide6.QtCore import QObject, Signal

UNSURE = 0.6
"""Below this confidence a frame is worth a look: "Check here"."""


@dataclass(slots=True)
class Known:
    """`confidence` by source frame (0…1); `done` are the frames that can be shown; `suggested` is worth painting next; `report` is the
    finished run's."""

    folder: Path | None = None
    done: set[int] = field(default_factory=set)
    confidence: dict[int, float] = field(default_factory=dict)
    suggested: int | None = None
    report: Report | None = None


class TakeStore(QObject):
    """`changed` carries a take's id when more of it is known. `claimed_in` gives the folder of the project's own takes."""

    changed = Signal(str)

    def __init__(self, claimed_in: Callable[[], Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._claimed_in = claimed_in
        self._known: dict[str, Known] = {}

    def get(self, take: str) -> Known:
        """What is known; the disk is looked at once."""
        if take not in self._known:
            self._known[take] = self._look(take)
        return self._known[take]

    def folder(self, take: str) -> str:
        """Where the frames of a take lie, "" for none."""
        found = self.get(take).folder if take else None
        return "" if found is None else str(found)

    def place(self, take: str, folder: Path) -> None:
        """The daemon said where it writes this take."""
        known = self._known.setdefault(take, Known())
        known.folder = folder
        self.changed.emit(take)

    def frame(self, take: str, frame: int, confidence: float) -> None:
        """A frame is there."""
        known = self.get(take)
        known.done.add(frame)
        known.confidence[frame] = confidence
        self.changed.emit(take)

    def report(self, take: str, report: Report) -> None:
        known = self.get(take)
        known.confidence.update({int(n): c for n, c in report.confidence.items()})
        known.suggested = report.suggested_keyframe
        known.report = report
        self.changed.emit(take)

    def forget(self) -> None:
        """Another project was opened."""
        self._known.clear()

    def _look(self, take: str) -> Known:
        for folder in (self._claimed_in() / take, paths().takes / take):
            if (folder / FRAMES).is_dir():
                break
        else:
            return Known()
        known = Known(folder)
        known.done = {n for f in (folder / FRAMES).iterdir() if (n := frame_number(f.name)) is not None}
        with suppress(OSError, Damaged, PlainError, KeyfollowError, ValueError):
            report = from_plain(Report, read_sealed(folder / REPORT))
            known.confidence = {int(n): c for n, c in report.confidence.items()}
            known.suggested = report.suggested_keyframe
            known.report = report
        return known
