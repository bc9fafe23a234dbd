"""Encoded still images to decoded frames, by content and never by name. Runs in the sandbox child."""

from __future__ import annotations

from av.codec.codec import Codec
from av.codec.context import CodecContext
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from .limits import MAX_PIXELS
from .problems import problem

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "mjpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
    (b"v/1\x01", "exr"),
    (b"SDPX", "dpx"),
    (b"XPDS", "dpx"),
    (b"8BPS", "psd"),
)


def codec_of(data: bytes) -> str:
    """FFmpeg's name of the decoder for an image file.

    Raises:
        MediaError: ``media_unreadable`` when it is none of the formats taken.
    """
    for magic, codec in _MAGIC:
        if data.startswith(magic):
            return codec
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise problem("media_unreadable", "not a PNG, JPEG, TIFF, WebP, BMP, EXR, DPX or PSD image")


def decode(data: bytes) -> tuple[str, VideoFrame]:
    """(codec, frame) of one encoded image.

    Raises:
        MediaError: ``media_unreadable``, ``media_truncated``, ``media_too_large``.
    """
    name = codec_of(data)
    context = CodecContext.create(Codec(name, "r"), "r")
    assert isinstance(context, VideoCodecContext)
    context.options = {"max_pixels": str(MAX_PIXELS), **({} if name == "tiff" else {"err_detect": "explode"})}
    context.thread_count = 1
    try:
        frames = [*context.decode(Packet(data)), *context.decode(None)]
    except FFmpegError as e:
        raise problem("media_unreadable", str(e.strerror)) from e
    if not frames:
        raise problem("media_truncated", "no picture came out")
    if frames[0].is_corrupt:
        raise problem("media_truncated")
    return name, frames[0]
