"""Opening a container under the allow-lists. Runs in the sandbox child."""

from __future__ import annotations

import os
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from .limits import AUDIO_DECODERS, DEMUXERS, MAX_PIXELS, VIDEO_DECODERS
from .problems import problem

_OPTIONS = {
    "format_whitelist": DEMUXERS,
    "codec_whitelist": f"{VIDEO_DECODERS},{AUDIO_DECODERS}",
    # the file is handed over open: there is no protocol left to allow
    "protocol_whitelist": "none",
    "max_pixels": str(MAX_PIXELS),
    "max_streams": "64",
    "enable_drefs": "0",
}


class SharedFile:
    """A descriptor as a file with a position of its own, so that several containers can read it in turn."""

    def __init__(self, fd: int) -> None:
        self._fd, self._at = fd, 0

    def read(self, size: int) -> bytes:
        os.lseek(self._fd, self._at, os.SEEK_SET)
        data = os.read(self._fd, size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}
        self._at = max(0, offset + (base[whence] if whence in base else os.fstat(self._fd).st_size))
        return self._at

    def tell(self) -> int:
        return self._at


def open_container(fd: int) -> InputContainer:
    """The container in the regular file `fd`, from its beginning. Nothing else can be opened through it.

    Raises:
        MediaError: ``media_unreadable``.
    """
    try:
        return av.open(SharedFile(fd), "r", options=_OPTIONS, buffer_size=1 << 18, io_open=_refuse)
    except FFmpegError as e:
        raise problem("media_unreadable", str(e.strerror)) from e
    except (ValueError, MemoryError) as e:
        raise problem("media_unreadable", str(e)) from e


def missing_of_riff(fd: int) -> int:
    """Bytes that the RIFF lists of an AVI file promise and `fd` does not hold; 0 for other files, and where the writer promised nothing.

    FFmpeg plays what is there of such a file, without a word.
    """
    size, at = os.fstat(fd).st_size, 0
    file = SharedFile(fd)
    while True:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        # a writer that could not go back, or was ended, leaves 0 or all ones
        if len(head) < 8 or head[:4] != b"RIFF" or length in (0, 0xFFFFFFFF):
            return 0
        at += 8 + length + length % 2
        if at > size + length % 2:
            return at - length % 2 - size


def _refuse(*_: Any) -> None:
    raise problem("media_unsupported", "it refers to other files")


def video_stream(container: InputContainer) -> VideoStream:
    """The stream that is the clip: the first video that is not a cover picture.

    Raises:
        MediaError: ``media_no_video``, ``media_unsupported``, ``media_too_large``.
    """
    for stream in container.streams.video:
        if stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails):
            continue
        context = stream.codec_context
        if context is None or context.name not in VIDEO_DECODERS.split(","):
            raise problem("media_unsupported", "its video codec")
        if context.width * context.height > MAX_PIXELS:
            raise problem("media_too_large", f"{context.width} x {context.height}")
        return stream
    raise problem("media_no_video")
