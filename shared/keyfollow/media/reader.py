"""Frames of a source by number, decoded in a sandbox child that lives as long as the reader."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType

import numpy as np

from ..errors import MediaError, UsageError
from ..frames import FrameBuffer, FrameRange, Pixels
from .images import decode_image, receive_pixels
from .info import MediaInfo
from .probe import check_no_rate, probe_images, probe_video
from .problems import problem
from .sandbox import Sandbox
from .source import ImageSeries, find_series, open_regular, read_file

AHEAD_BYTES = 32 << 20
"""How much the child is asked for at a time; it decodes on while the caller works on a frame."""
REVERSE_BYTES = 128 << 20
"""How much of a piece that is decoded forward is held to be given out backward."""


class MediaReader:
    """A source, open for reading. One thread at a time; a context manager.

    Args:
        source: as `probe.probe` takes it.
        info: what `probe` found earlier; saves looking again.
        rate: frames per second of an image sequence.

    Raises:
        MediaError: as `probe.probe`; reading raises ``media_truncated`` where a frame is missing, never gives fewer.
    """

    def __init__(
        self, source: str | os.PathLike[str], *, info: MediaInfo | None = None, rate: tuple[int, int] | None = None
    ) -> None:
        series = find_series(source)
        self._track: _Images | _Video
        if series is not None:
            self._track = _Images(series, info, rate)
        else:
            check_no_rate(rate)
            self._track = _Video(os.fspath(source), info)

    @property
    def info(self) -> MediaInfo:
        return self._track.info

    def read(self, frame: int) -> FrameBuffer:
        """One frame. The next one after the last read is the cheapest; any other is sought.

        Raises:
            UsageError: ``frame_out_of_range``.
            MediaError: ``media_truncated``, ``media_size_changes``…
        """
        return next(self._track.frames(self._checked(FrameRange(frame, frame + 1))))

    def frames(self, range_: FrameRange, reverse: bool = False) -> Iterator[FrameBuffer]:
        """Frames of `range_` in order, or last to first; at most `REVERSE_BYTES` of them are held at a time.

        Several streams may be open at a time; changing from one to another seeks.

        Raises:
            UsageError: ``frame_out_of_range``.
            MediaError: ``media_truncated`` instead of a frame that is missing.
        """
        self._checked(range_)
        return self._backward(range_) if reverse else self._track.frames(range_)

    def _backward(self, range_: FrameRange) -> Iterator[FrameBuffer]:
        piece = max(1, REVERSE_BYTES // self.info.frame_bytes)
        for stop in range(range_.stop, range_.start, -piece):
            held = deque(self._track.frames(FrameRange(max(range_.start, stop - piece), stop)))
            while held:
                yield held.pop()

    def _checked(self, range_: FrameRange) -> FrameRange:
        if range_.stop > self.info.frames:
            raise UsageError(
                "frame_out_of_range",
                f"The clip has frames 0 to {self.info.frames - 1}; {range_.stop - 1} is beyond them.",
                "Choose a frame or range within the clip.",
            )
        return range_

    def close(self) -> None:
        self._track.close()

    def __enter__(self) -> MediaReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Video:
    """A video file: its descriptor, and a child that is replaced when it failed."""

    def __init__(self, name: str, info: MediaInfo | None) -> None:
        self._name = name
        self._fd = open_regular(name)
        self._sandbox: Sandbox | None = None
        self._owed = 0
        self._turn = 0
        try:
            self.info = info or probe_video(self._child())
        except BaseException:
            self.close()
            raise
        self._chunk = min(8, max(1, AHEAD_BYTES // self.info.frame_bytes))

    def _child(self) -> Sandbox:
        if self._sandbox is None:
            self._sandbox = Sandbox({"source": self._fd}, name=self._name)
        return self._sandbox

    def frames(self, range_: FrameRange) -> Iterator[FrameBuffer]:
        turn = -1
        asked = range_.start
        for n in range_:
            try:
                if turn != self._turn:
                    # another stream was read from meanwhile (or none was yet): what is on its way is not for this one
                    self._settle()
                    turn = self._turn = self._turn + 1
                    asked = n
                sandbox = self._child()
                # one chunk is always asked for ahead of the one being read
                while asked < range_.stop and asked - n <= self._chunk:
                    stop = min(asked + self._chunk, range_.stop)
                    sandbox.post("frames", start=asked, stop=stop)
                    self._owed += stop - asked
                    asked = stop
                pixels = self._take(sandbox)
            except MediaError:
                self._drop()
                raise
            yield FrameBuffer(pixels, self.info.depth, self.info.colour)

    def _take(self, sandbox: Sandbox) -> Pixels:
        head = sandbox.reply()
        if head.get("shape") != [self.info.height, self.info.width, self.info.channels] or head.get("dtype") != self.info.dtype:
            raise problem("media_size_changes", f"{head.get('shape')} {head.get('dtype')}", self._name)
        pixels = receive_pixels(sandbox, head)
        self._owed -= 1
        return pixels

    def _settle(self) -> None:
        """Take and forget what an abandoned stream still had coming."""
        while self._owed and self._sandbox is not None:
            try:
                self._take(self._sandbox)
            except MediaError:
                self._drop()

    def _drop(self) -> None:
        self._owed = 0
        self._turn += 1
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def close(self) -> None:
        self._drop()
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1


class _Images:
    """Numbered images: each file is read here and decoded in the child."""

    def __init__(self, series: ImageSeries, info: MediaInfo | None, rate: tuple[int, int] | None) -> None:
        self._series = series
        self._sandbox: Sandbox | None = None
        try:
            self.info = info or probe_images(self._child(series.files[0].name), series, rate)
        except BaseException:
            self.close()
            raise

    def _child(self, name: str) -> Sandbox:
        if self._sandbox is None:
            self._sandbox = Sandbox()
        self._sandbox.name = name
        return self._sandbox

    def frames(self, range_: FrameRange) -> Iterator[FrameBuffer]:
        for n in range_:
            path = self._series.files[n]
            try:
                frame, _ = decode_image(self._child(str(path)), read_file(path))
            except MediaError:
                self.close()
                raise
            yield FrameBuffer(self._conformed(frame.pixels, str(path)), self.info.depth, self.info.colour)

    def _conformed(self, pixels: Pixels, name: str) -> Pixels:
        """The same form for every frame; an opaque picture among transparent ones gets its alpha."""
        info = self.info
        if pixels.shape[:2] != (info.height, info.width) or pixels.dtype.name != info.dtype or pixels.shape[2] > info.channels:
            height, width, channels = pixels.shape
            found = f"{width} x {height}, {channels} channels, {pixels.dtype}; the first has {info.width} x {info.height}, {info.channels}, {info.dtype}"
            raise problem("media_size_changes", found, name)
        if pixels.shape[2] == info.channels:
            return pixels
        opaque = np.full((info.height, info.width, 1), FrameBuffer(pixels).white, pixels.dtype)
        return np.concatenate([pixels, opaque], axis=2)

    def close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
