"""Where the shots of a source begin, found by looking through it in the background after it was imported.

A cut is where a picture differs much more from the one before than its neighbours do from theirs, and goes on differing: a flash comes
back, motion is like its neighbours. Dissolves are not found. Frames are compared at a few pixels: that is what makes it quick.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

import numpy as np
import numpy.typing as npt
from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameRange, Pixels
from keyfollow.media.reader import MediaReader
from PySide6.QtCore import QObject, Signal

from ..model.state import Media

ROWS, COLUMNS = 18, 32
STEP = 0.06
"""Of full white, on average over the picture: a smaller change is no cut."""
STANDS_OUT = 3.0
"""A cut is so many times the change of the frames around it."""
AROUND = 4
FLASH = 3
"""Frames of a flash, at most."""
SHORTEST = 6
"""Frames of a shot: a faster change is an effect."""
LONGEST = 60_000
"""Frames of a source that is looked through: beyond, a person marks shots by hand."""
Small = npt.NDArray[np.float32]


class Shots(QObject):
    """`found` with a media id and its cuts (first frames of shots but the first), when there are any."""

    found = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closing = False
        self._turn = threading.Lock()
        """One source at a time: looking through several would only make each slower."""
        self._threads: list[threading.Thread] = []

    def look_through(self, media: Media) -> None:
        if 2 * SHORTEST <= media.frames <= LONGEST:
            self._threads = [t for t in self._threads if t.is_alive()]
            self._threads.append(threading.Thread(target=self._run, args=(media,), name="keyfollow-shots", daemon=True))
            self._threads[-1].start()

    def close(self) -> None:
        """Stop, and wait until they have: a thread that is cut off inside C++ code takes the whole process down."""
        self._closing = True
        for thread in self._threads:
            thread.join(10)

    def _run(self, media: Media) -> None:
        with (
            self._turn,
            suppress(KeyfollowError, RuntimeError),
        ):  # what is wrong with it is said elsewhere; or the window is gone
            if self._closing:
                return
            with MediaReader(media.path, rate=media.given_rate) as reader:
                frames = reader.frames(FrameRange(0, reader.info.frames))
                found = cuts((small(f.pixels, f.white) for f in frames), lambda: self._closing)
            if found and not self._closing:
                self.found.emit(media.id, found)


def small(pixels: Pixels, white: float) -> Small:
    """A frame as ``(ROWS, COLUMNS, 3)`` means, 0…1."""
    import cv2

    # every fourth pixel tells as much at a sixteenth of the cost
    step = max(1, min(pixels.shape[0] // (2 * ROWS), pixels.shape[1] // (2 * COLUMNS)))
    part = np.ascontiguousarray(pixels[::step, ::step, :3]).astype(np.float32) / np.float32(white)
    out: Small = cv2.resize(np.clip(part, 0, 1), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return out


def cuts(frames: Iterable[Small], stop: Callable[[], bool] = lambda: False) -> tuple[int, ...]:
    """The first frames of all shots but the first; none when `stop` says so before the end."""
    pictures: list[npt.NDArray[np.uint8]] = []
    changes = [0.0]
    for picture in frames:
        if stop():
            return ()
        if pictures:
            changes.append(_apart(picture * 255, pictures[-1]))
        # as bytes: an hour is 150 MB else
        pictures.append(np.rint(picture * 255).astype(np.uint8))
    found: list[int] = []
    for n in range(1, len(pictures)):
        near = [changes[m] for m in range(max(1, n - AROUND), min(len(changes), n + AROUND + 1)) if m != n]
        usual = float(np.median(near)) if near else 0.0
        if changes[n] < max(STEP, STANDS_OUT * usual):
            continue
        # what comes back within a few frames was a flash, and its end is no cut either
        before, after = max(0, n - 1 - FLASH), min(len(pictures) - 1, n + FLASH)
        if min(_apart(pictures[after], pictures[n - 1]), _apart(pictures[n], pictures[before])) < 0.6 * changes[n]:
            continue
        if n - (found[-1] if found else 0) >= SHORTEST and len(pictures) - n >= SHORTEST:
            found.append(n)
    return tuple(found)


def _apart(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> float:
    """How much two pictures of 0…255 differ on average, of full white."""
    return float(np.abs(a.astype(np.float32) - b.astype(np.float32)).mean()) / 255
