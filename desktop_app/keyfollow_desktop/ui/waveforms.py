"""The loudness of sources along their time, for the timeline: read in the background, drawn as far as it is known."""

from __future__ import annotations

import threading
from contextlib import suppress
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from keyfollow.errors import KeyfollowError
from keyfollow.media.mixing import read_peaks
from keyfollow.media.sound import RATE
from PySide6.QtCore import QObject, Signal

from ..model.state import Media

PER_SECOND = 100
Peaks = npt.NDArray[np.float32]


class Waveforms(QObject):
    """`get` the peaks of a source, 0…1, `PER_SECOND` of them for a second; `changed` when more are known. One source is read at a time."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[str, Peaks] = {}
        self._waiting: list[Media] = []
        self._turn = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def get(self, media: Media) -> Peaks:
        """What is known by now; the rest is read."""
        with self._turn:
            if media.path not in self._known:
                self._known[media.path] = np.zeros(0, np.float32)
                self._waiting.append(media)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="keyfollow-waveforms", daemon=True)
                    self._thread.start()
                self._turn.notify()
            return self._known[media.path]

    def close(self) -> None:
        with self._turn:
            self._closing = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while True:
            with self._turn:
                while not self._waiting and not self._closing:
                    self._turn.wait()
                if self._closing:
                    return
                media = self._waiting.pop(0)
            # a source without readable sound has a flat line: what is wrong with it is said where it is opened
            with suppress(KeyfollowError):
                self._read(media)

    def _read(self, media: Media) -> None:
        found: list[Peaks] = []
        for part in read_peaks(media.path, Fraction(media.frames) / media.fps, RATE // PER_SECOND):
            if self._closing:
                return
            found.append(part[:, 0])
            self._tell(media, found)

    def _tell(self, media: Media, found: list[Peaks]) -> None:
        with self._turn:
            self._known[media.path] = np.minimum(np.concatenate(found), 1.0) if found else np.zeros(0, np.float32)
        with suppress(RuntimeError):  # the window is gone meanwhile
            if not self._closing:
                self.changed.emit()
