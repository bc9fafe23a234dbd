"""Playing by a clock: what is shown follows the time that has passed, so that a slow machine drops frames and never slows down."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from .document import Document

SPEEDS = (1, 2, 4, 8)


class Transport(QObject):
    """Moves the document's playhead. `changed` when it starts, stops, or changes speed; `looped` when it begins anew; `speed` is below 0 backwards, 0 at rest."""

    changed = Signal()
    looped = Signal()

    def __init__(self, document: Document, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._document = document
        self._clock = clock
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        self._from, self._began = 0, 0.0
        self.speed = 0
        self.loop = False
        self.brake = False
        """K is held: J and L step by one frame."""

    @property
    def playing(self) -> bool:
        return self.speed != 0

    def toggle(self) -> None:
        self.stop() if self.playing else self.play(1)

    def play(self, speed: int) -> None:
        """Play at a whole multiple of the timeline's rate; from the start when the playhead is at the end."""
        first, stop = self._range()
        if stop <= first:
            return
        at = self._document.place.playhead
        if speed > 0 and (at >= stop - 1 or (self.loop and at < first)):
            self._document.go(first)
        self._from, self._began = self._document.place.playhead, self._clock()
        self.speed = speed
        self._timer.start(max(4, round(500 / float(self._document.project.timeline.fps))))
        self.changed.emit()

    def stop(self) -> None:
        if self.playing:
            self._timer.stop()
            self.speed = 0
            self.changed.emit()

    def shuttle(self, direction: int) -> None:
        """J (-1) and L (+1): play that way, faster each time; one frame while K is held."""
        if self.brake:
            self.step(direction)
        elif self.speed * direction > 0:
            self.play(direction * next((s for s in SPEEDS if s > abs(self.speed)), SPEEDS[-1]))
        else:
            self.play(direction)

    def step(self, by: int) -> None:
        self.stop()
        self._document.go(self._document.place.playhead + by)

    def tick(self) -> None:
        """Put the playhead where the clock says."""
        fps = float(self._document.project.timeline.fps)
        at = self._from + int((self._clock() - self._began) * fps * self.speed)
        first, stop = self._range()
        if self.loop and self.speed > 0 and at >= stop:
            self._document.go(first)
            self._from, self._began = first, self._clock()
            self.looped.emit()
        elif at >= stop or at < 0:
            self._document.go(stop - 1 if at > 0 else 0)
            self.stop()
        else:
            self._document.go(at)

    def _range(self) -> tuple[int, int]:
        """What is played: in to out when looping, else everything."""
        timeline = self._document.project.timeline
        return timeline.marked if self.loop and timeline.marked else (0, timeline.length)
