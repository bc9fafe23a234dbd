"""Frames to a video file or a folder of images; what is written appears whole, when it is finished."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

from ..atomic import temporary
from ..errors import UsageError
from ..frames import FrameBuffer, FrameRange
from .encodable import Encodable
from .encode_image import write_image as write_image
from .info import MediaInfo
from .muxing import OutputFile
from .outputs import cannot_write, writing
from .prepare import Delivery
from .sandbox import Sandbox
from .source import open_regular
from .targets import Codec, Target, choose
from .timecode import advanced

Images = Literal["png", "tif", "jpg", "exr"]


class Writer(Protocol):
    """Takes every frame of its range once, ascending. As a context it aborts on an exception; `finish` must be called."""

    def write(self, frame: int, picture: FrameBuffer) -> None: ...

    def finish(self) -> None:
        """Make the output appear.

        Raises:
            UsageError: ``frames_missing`` when not every frame of the range was written.
        """

    def abort(self) -> None:
        """Leave nothing of it. Harmless after `finish`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None: ...


def open_writer(
    out: str | os.PathLike[str],
    info: MediaInfo,
    *,
    frames: FrameRange,
    delivery: Delivery = "full",
    audio_from: str | None = None,
    codec: Codec | None = None,
    images: Images | None = None,
    prefix: str = "",
) -> Writer:
    """A writer for `out`: a video by its suffix, or images in a folder (an existing one, or a path that ends in a separator).

    Args:
        info: the source; its rate, PTS, tags, matrix and chroma are the output's.
        frames: the source frames that will be written.
        delivery: what the frames show (`prepare.deliver`): ``edit`` comes with alpha, ``matte`` without.
        audio_from: path of the source whose sound goes with it; ignored for images and for sources without sound.
        codec: other than the container's first choice.
        images: kind of image in a folder; by default PNG, OpenEXR for half floats.
        prefix: of the images' names, before the source frame number.

    Raises:
        UsageError: ``unknown_output_format``, ``no_alpha_in_format``, ``no_float_in_format``, ``codec_not_in_format``,
            ``output_unwritable``, ``frame_out_of_range``.
    """
    if frames.stop > info.frames:
        raise UsageError(
            "frame_out_of_range", f"The clip ends before frame {frames.stop - 1}.", "Choose a range within the clip."
        )
    path = Path(out)
    channels = {"full": info.channels, "edit": 4, "matte": 3}[delivery]
    if os.fspath(out).endswith((os.sep, "/")) or path.is_dir():
        suffix = images or ("exr" if info.dtype == "float16" else "png")
        return FolderWriter(path, info, frames, channels, f".{suffix}", prefix)
    target = choose(path.suffix, info, alpha=channels == 4, codec=codec)
    return VideoWriter(path, info, frames, channels, target, audio_from)


class _Ordered(ABC):
    """Holds the caller to the range, the order and the form of the frames."""

    def __init__(self, info: MediaInfo, frames: FrameRange, channels: int) -> None:
        self._info, self._range = info, frames
        self._form = (info.height, info.width, channels)
        self._next = frames.start
        self._closed = False

    def _take(self, frame: int, picture: FrameBuffer) -> None:
        if frame != self._next or frame not in self._range or self._closed:
            raise UsageError(
                "wrong_frame",
                f"Frame {frame} came where {self._next} was due.",
                "Write every frame of the range once, ascending.",
            )
        if picture.pixels.shape != self._form or picture.pixels.dtype.name != self._info.dtype:
            raise UsageError(
                "bad_frame",
                f"Frame {frame} is {picture.pixels.shape} {picture.pixels.dtype}; the output takes {self._form} {self._info.dtype}.",
                "Deliver frames at the source's size and depth, with alpha for the edit alone.",
            )
        self._next += 1

    def _check_complete(self) -> None:
        if self._next != self._range.stop:
            raise UsageError(
                "frames_missing", f"Frames {self._next} to {self._range.stop - 1} were not written.", "Write the whole range."
            )

    @abstractmethod
    def finish(self) -> None: ...

    @abstractmethod
    def abort(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if not self._closed:
            self.abort()


class FolderWriter(_Ordered):
    """Images named by source frame number, from 0: ``000123.png``, after `prefix`. They wait in a hidden folder beside their places until all are
    there, so that a failure neither leaves half a sequence nor costs an older one."""

    def __init__(self, folder: Path, info: MediaInfo, frames: FrameRange, channels: int, suffix: str, prefix: str = "") -> None:
        super().__init__(info, frames, channels)
        self._folder, self._prefix, self._suffix = folder, prefix, suffix
        self._waiting = temporary(folder / "frames")
        with writing(folder):
            self._made_folder = not folder.exists()
            folder.mkdir(exist_ok=True)
            self._waiting.mkdir()

    def write(self, frame: int, picture: FrameBuffer) -> None:
        self._take(frame, picture)
        write_image(self._waiting / f"{self._prefix}{frame:06d}{self._suffix}", picture)

    def finish(self) -> None:
        self._check_complete()
        with writing(self._folder):
            for path in sorted(self._waiting.iterdir()):
                path.replace(self._folder / path.name)
            self._waiting.rmdir()
        self._closed = True

    def abort(self) -> None:
        if self._closed:
            return
        self._closed = True
        shutil.rmtree(self._waiting, ignore_errors=True)
        if self._made_folder:
            with suppress(OSError):  # someone else may have put something there meanwhile
                self._folder.rmdir()


class VideoWriter(_Ordered):
    """A video beside its final name until `finish`. Every frame keeps the source's PTS, shifted so that the range starts at 0."""

    def __init__(
        self, path: Path, info: MediaInfo, frames: FrameRange, channels: int, target: Target, audio_from: str | None
    ) -> None:
        super().__init__(info, frames, channels)
        self._path, self._target, self._audio_from = path, target, audio_from
        self._part = temporary(path)
        self._base = Fraction(*info.time_base)
        self._encodable = Encodable(target)
        self._durations: dict[int, int] = {}
        with writing(path):
            self._file = OutputFile(
                os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), "r+b"
            )
        try:
            self._container = av.open(self._file, "w", format=target.muxer, options=self._options())
            self._container.metadata.update(self._metadata())
            self._stream = self._add_stream()
        except BaseException:
            self.abort()
            raise

    def _options(self) -> dict[str, str]:
        """The source's own time base where the container has one (Matroska counts milliseconds)."""
        scale = self._base.denominator
        return {"video_track_timescale": str(scale)} if self._target.muxer != "matroska" and scale < 1 << 31 else {}

    def _metadata(self) -> dict[str, str]:
        code = advanced(self._info.timecode, self._range.start, self._info.fps)
        told = {"timecode": code, "reel_name": self._info.reel if code else ""}
        return {tag: text for tag, text in told.items() if text}

    def _add_stream(self) -> VideoStream:
        target, info = self._target, self._info
        stream = self._container.add_stream(target.encoder, rate=info.fps, options=target.options)
        assert isinstance(stream, VideoStream)
        stream.metadata.update(self._metadata())
        stream.width, stream.height, stream.pix_fmt = info.width, info.height, target.pixel_format
        context = stream.codec_context
        context.time_base = stream.time_base = self._base
        context.colorspace, context.color_range, context.color_primaries, context.color_trc = target.tags
        context.thread_count = 0
        if target.codec_tag:
            context.codec_tag = target.codec_tag
        return stream

    def write(self, frame: int, picture: FrameBuffer) -> None:
        """Encode the next frame.

        Raises:
            UsageError: ``wrong_frame``, ``bad_frame``, ``output_unwritable``.
            StorageError: ``disk_full``.
        """
        self._take(frame, picture)
        encodable = self._encodable(picture.pixels)
        encodable.pts = self._info.pts[frame] - self._info.pts[self._range.start]
        encodable.time_base = self._base
        encodable.duration = self._info.end(frame + 1) - self._info.pts[frame]
        self._durations[encodable.pts] = encodable.duration
        self._mux(encodable)

    def _mux(self, frame: Any) -> None:
        try:
            for packet in self._stream.encode(frame):
                # encoders drop what a frame's duration was; the last one has no successor to tell it
                packet.duration = self._durations.pop(packet.pts or 0)
                self._container.mux_one(packet)
        except (FFmpegError, OSError) as e:
            raise self._failed(e) from e

    def _failed(self, error: Exception) -> Exception:
        if self._file.failure is not None:
            return cannot_write(self._path, self._file.failure)
        return UsageError(
            "output_unwritable",
            f"{self._path} cannot be encoded ({getattr(error, 'strerror', error)}).",
            "Choose another format or codec.",
        )

    def finish(self) -> None:
        self._check_complete()
        self._mux(None)
        try:
            self._container.close()
        except (FFmpegError, OSError) as e:
            raise self._failed(e) from e
        if self._audio_from is not None and self._info.audio:
            self._add_sound(self._audio_from)
        with writing(self._path):
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self._path)
        self._closed = True

    def _add_sound(self, source: str) -> None:
        """Replace the silent file by one with sound, made in a child: the source is not to be trusted."""
        info, frames = self._info, self._range
        start, stop = (Fraction(info.pts[frames.start]) * self._base, Fraction(info.end(frames.stop)) * self._base)
        silent, self._part = self._part, temporary(self._path)
        with writing(self._path):
            sounding = OutputFile(
                os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), "r+b"
            )
        fd = open_regular(source)
        try:
            with Sandbox(
                {"source": fd, "video": self._file.fileno(), "out": sounding.fileno()}, name=source, writes=True
            ) as sandbox:
                refused = sandbox.call(
                    "mux",
                    muxer=self._target.muxer,
                    options=self._options(),
                    metadata=self._metadata(),
                    rate=list(info.rate),
                    whole=len(frames) == info.frames,
                    start=[start.numerator, start.denominator],
                    stop=[stop.numerator, stop.denominator],
                )["errno"]
            if refused:
                raise cannot_write(self._path, OSError(refused, os.strerror(refused)))
        finally:
            os.close(fd)
            self._file.close()
            self._file = sounding
            with suppress(OSError):
                silent.unlink()

    def abort(self) -> None:
        self._closed = True
        # the container must not try to write its index later
        for stop in (getattr(self, "_container", None), self._file):
            with suppress(FFmpegError, OSError, AttributeError):
                stop.close()  # type: ignore[union-attr]
        with suppress(OSError):
            self._part.unlink()
