"""Decoded frames for the screen, made on a thread of their own: source frames, and takes laid over them.

The UI thread only asks (`ask`) and looks (`get`); a picture comes with `ready`. Files are decoded in the media sandbox (`MediaReader`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from keyfollow import deltas
from keyfollow.errors import KeyfollowError, MediaError
from keyfollow.frames import FrameBuffer, Pixels
from keyfollow.media.images import decode_image
from keyfollow.media.reader import MediaReader
from keyfollow.media.sandbox import Sandbox
from keyfollow.media.source import read_file
from keyfollow.take_folder import FRAMES, frame_name
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from ..model.state import Media, Rate
from .frame_pictures import retouched

READERS = 4
READ_THROUGH = 24
"""Frames that are decoded on the way to a later one rather than sought: a seek decodes from a sync frame anyway."""

PASSING = ("media_timeout", "media_reader_died")
"""What may be well the next time: on a busy machine a child can be slower than its deadline."""
TRIES = 3


@dataclass(frozen=True, slots=True)
class Want:
    """A picture to show.

    Args:
        path: the source; with `frame` None a still image.
        take: folder of the take to lay over it, "" for the source itself.
        size: the largest width and height in device pixels, (0, 0) for the source's own.
        fix: path of a retouch to lay over all that, "" for none.
        view, full_range: as `Media`'s.
        under, share: a picture that this one comes out of, and how much of this one is seen, 0…1.
    """

    path: str
    frame: int | None = None
    rate: Rate | None = None
    take: str = ""
    size: tuple[int, int] = (0, 0)
    fix: str = ""
    view: str = ""
    full_range: bool = False
    under: Want | None = None
    share: float = 1.0


class Pictures(QObject):
    """Decodes what is asked for and keeps the latest.

    Args:
        latest: a new `ask` forgets what is still waiting from the one before (a viewer); else it waits in line, newest first.
        bytes_kept: how much of what was decoded is kept.

    Signals: `ready` with the Want and a QImage, or None where the take has no such frame yet; `failed` with the Want and the error.
    """

    ready = Signal(object, object)
    failed = Signal(object, object)

    def __init__(self, parent: QObject | None = None, *, latest: bool, bytes_kept: int) -> None:
        super().__init__(parent)
        self._latest = latest
        self._limit = bytes_kept
        self._held: OrderedDict[Want, QImage] = OrderedDict()
        self._bytes = 0
        self._waiting: OrderedDict[Want, None] = OrderedDict()
        self._refused: set[Want] = set()
        self._tries: dict[Want, int] = {}
        self._turn = threading.Condition()
        self._closing = False
        self._readers: OrderedDict[tuple[str, Rate | None], MediaReader] = OrderedDict()
        self._child: Sandbox | None = None
        self._expecting = False
        self._last: dict[tuple[str, Rate | None], tuple[int, FrameBuffer]] = {}
        self._thread = threading.Thread(target=self._run, name="keyfollow-pictures", daemon=True)
        self._thread.start()

    def get(self, want: Want) -> QImage | None:
        """The picture if it is there already."""
        with self._turn:
            if (image := self._held.get(want)) is not None:
                self._held.move_to_end(want)
            return image

    def ask(self, wants: Iterable[Want]) -> None:
        """Make these, the first of them first. What is there, or could not be decoded before, is not made again."""
        with self._turn:
            if self._latest:
                self._waiting.clear()
            for want in reversed([w for w in wants if w not in self._held and w not in self._refused]):
                self._waiting[want] = None
                self._waiting.move_to_end(want)
            while len(self._waiting) > 400:
                self._waiting.popitem(last=False)
            self._turn.notify()

    def expect_still(self) -> None:
        """A still image is about to come: be ready for it."""
        with self._turn:
            self._expecting = self._child is None
            self._turn.notify()

    def forget(self, take: str = "") -> None:
        """Forget what was decoded: of one take (its folder), or all, and what failed."""
        with self._turn:
            self._refused.clear()
            self._tries.clear()
            for want in [w for w in self._held if not take or w.take == take]:
                self._bytes -= self._held.pop(want).sizeInBytes()

    def close(self) -> None:
        with self._turn:
            self._closing = True
            self._waiting.clear()
            self._turn.notify()
        self._thread.join(10)

    # --- the thread ----------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while (want := self._next()) is not None:
                self._serve(want)
        finally:
            for reader in self._readers.values():
                reader.close()
            if self._child is not None:
                self._child.close()

    def _next(self) -> Want | None:
        while True:
            with self._turn:
                while not self._waiting and not self._closing and not self._expecting:
                    self._turn.wait()
                if self._closing:
                    return None
                if self._waiting:
                    return self._waiting.popitem()[0]
                self._expecting = False
            if self._child is None:
                self._child = Sandbox()

    def _serve(self, want: Want) -> None:
        try:
            frame = self._frame(want)
            if frame is not None and want.fix:
                frame = retouched(self._still(want.fix), frame)
            if frame is not None and want.under is not None:
                frame = self._dissolved(want.under, frame, want.share)
            pixels = None if frame is None else viewed(frame.pixels, want)
        except (KeyfollowError, OSError) as e:
            error = e if isinstance(e, KeyfollowError) else MediaError("media_unreadable", f"{want.path}: {e}.", "Relink it.")
            with self._turn:
                self._tries[want] = self._tries.get(want, 0) + 1
                if error.code in PASSING and self._tries[want] < TRIES:
                    self._waiting[want] = None
                    return
                self._refused.add(want)
            self._say(self.failed, want, error)
            return
        self._tries.pop(want, None)
        image = None if pixels is None else scaled(to_image(pixels), want.size)
        if image is not None:
            with self._turn:
                self._held[want] = image
                self._bytes += image.sizeInBytes()
                while self._bytes > self._limit and len(self._held) > 2:
                    self._bytes -= self._held.popitem(last=False)[1].sizeInBytes()
        self._say(self.ready, want, image)

    def _say(self, signal: Any, *what: object) -> None:
        with suppress(RuntimeError):  # the window is gone meanwhile
            if not self._closing:
                signal.emit(*what)

    def _frame(self, want: Want) -> FrameBuffer | None:
        if want.frame is None:
            return self._still(want.path)
        if not want.take:
            return self._source(want, want.frame)
        packed = Path(want.take, FRAMES, frame_name(want.frame))
        if not packed.exists():
            return None
        delta = deltas.unpack(packed.read_bytes())
        return delta.compose(None if delta.tiles is None else self._source(want, want.frame))

    def _dissolved(self, want: Want, over: FrameBuffer, share: float) -> FrameBuffer:
        from .conform import dissolved  # imports OpenCV, which the window's start must not wait for

        under = self._frame(want) or self._frame(replace(want, take=""))
        return over if under is None else dissolved(under, over, share)

    def _still(self, path: str) -> FrameBuffer:
        """One child after the other decodes a picture in a tenth of the time that a child of its own takes to start."""
        data = read_file(Path(path))
        if self._child is None:
            self._child = Sandbox()
        self._child.name = path
        try:
            return decode_image(self._child, data)[0]
        except MediaError:
            self._child.close()
            self._child = None
            raise

    def _source(self, want: Want, frame: int) -> FrameBuffer:
        key = (want.path, want.rate)
        before = self._last.get(key)
        if before is not None and before[0] == frame:
            return before[1]
        reader = self._reader(key)
        # a little further on: decoding through is cheaper than seeking
        first = before[0] + 1 if before is not None and before[0] < frame <= before[0] + READ_THROUGH else frame
        for n in range(first, frame + 1):
            found = reader.read(n)
        self._last = {**{k: v for k, v in self._last.items() if k in self._readers}, key: (frame, found)}
        return found

    def _reader(self, key: tuple[str, Rate | None]) -> MediaReader:
        reader = self._readers.get(key)
        if reader is None:
            reader = self._readers[key] = MediaReader(key[0], rate=key[1])
            while len(self._readers) > READERS:
                _, old = self._readers.popitem(last=False)
                old.close()
        self._readers.move_to_end(key)
        return reader


def to_image(pixels: Pixels) -> QImage:
    """Pixels ``(h, w, 3|4)`` of any of `FrameBuffer`'s dtypes as an 8-bit QImage of its own."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    elif pixels.dtype == np.float16:
        pixels = (np.clip(pixels.astype(np.float32), 0, 1) * 255 + 0.5).astype(np.uint8)
    height, width, channels = pixels.shape
    form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    data = np.ascontiguousarray(pixels)
    image = QImage(data.data, width, height, width * channels, form)
    return image.convertToFormat(QImage.Format.Format_RGB32 if channels == 3 else QImage.Format.Format_ARGB32_Premultiplied)


def viewed(pixels: Pixels, want: Want) -> Pixels:
    """Pixels through the view that is wanted; no more of them than will be shown, since that takes its time.

    Raises:
        MediaError: ``bad_cube``.
    """
    if not want.view:
        return pixels
    # these import OpenCV, which the window's start must not wait for
    import cv2

    from .view_transform import shown

    height, width = pixels.shape[:2]
    ratio = min(want.size[0] / width, want.size[1] / height, 1.0) if all(want.size) else 1.0
    if ratio < 1 and pixels.dtype.kind == "u":
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return shown(pixels, want.view, want.full_range)


def want_of(media: Media, frame: int, take: str = "", size: tuple[int, int] = (0, 0)) -> Want:
    """What to ask for a frame of a source, with the take of the folder `take` over it, as the source is to be seen."""
    return Want(media.path, frame, media.given_rate, take, size, view=media.view, full_range=media.full_range)


def scaled(image: QImage, size: tuple[int, int]) -> QImage:
    """`image` no larger than `size`, its shape kept; never enlarged."""
    limit = QSize(*size)
    if not all(size) or (image.width() <= limit.width() and image.height() <= limit.height()):
        return image
    return image.scaled(limit, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def still(path: Path, size: tuple[int, int] = (0, 0), like: Media | None = None) -> Want:
    """What to ask for a still image; `like` is the source whose frame it stands for."""
    if like is None:
        return Want(str(path), size=size)
    return Want(str(path), size=size, view=like.view, full_range=like.full_range)
