"""One picture as an image file: PNG, TIFF, JPEG or OpenEXR, by suffix, whole or not there at all."""

from __future__ import annotations

import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.codec.codec import Codec
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from ..atomic import temporary
from ..errors import UsageError
from ..frames import FrameBuffer, Pixels
from .decoded import samples
from .encodable import Encodable, packed, to_whole
from .outputs import writing
from .targets import Target

_JPEG = Target("", "mjpeg", "yuvj444p", "smpte170m", True, (5, 2, 2, 2))
_PIXEL_FORMATS = {("uint8", 3): "rgb24", ("uint8", 4): "rgba", ("uint16", 3): "rgb48", ("uint16", 4): "rgba64"}
IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".exr")


def write_image(path: Path, frame: FrameBuffer) -> None:
    """Write `frame` to `path`: .png and .tif/.tiff (8 or 16 bit), .jpg/.jpeg (rounded to 8 bit), .exr (half float).

    Raises:
        UsageError: ``unknown_output_format``, ``no_alpha_in_format``, ``no_float_in_format``, ``output_unwritable``.
        StorageError: ``disk_full``.
    """
    data = encode_image(path.suffix.lower(), frame.pixels)
    part = temporary(path)
    with writing(path):
        try:
            with part.open("xb", buffering=0) as file:
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


def encode_image(suffix: str, pixels: Pixels) -> bytes:
    """The bytes of an image file. Raises as `write_image`, without touching a disk."""
    if suffix == ".exr":
        return _encode("exr", _exr_frame(pixels), {"format": "half", "compression": "zip16"})
    if suffix in (".jpg", ".jpeg"):
        if pixels.shape[2] == 4:
            raise UsageError("no_alpha_in_format", "JPEG cannot hold transparency.", "Write .png, .tif or .exr.")
        return _encode("mjpeg", Encodable(_JPEG)(_eight_bits(pixels)), {"flags": "+qscale", "global_quality": str(2 * 118)})
    codec = {".png": "png", ".tif": "tiff", ".tiff": "tiff"}.get(suffix)
    if codec is None:
        raise UsageError(
            "unknown_output_format",
            f"{suffix or 'A name without an ending'} is not an image format that can be written.",
            f"Use {', '.join(IMAGE_SUFFIXES)}.",
        )
    if pixels.dtype == np.float16:
        raise UsageError("no_float_in_format", f"{codec.upper()} does not hold half-float values.", "Write .exr.")
    frame = packed(pixels)
    if pixels.dtype == np.uint16:
        order = "be" if codec == "png" else "le"
        frame = frame.reformat(format=_PIXEL_FORMATS["uint16", pixels.shape[2]] + order)
    return _encode(
        codec, frame, {"compression_level": "3", "pred": "up"} if codec == "png" else {"compression_algo": "deflate"}
    )


def _encode(codec: str, frame: VideoFrame, options: dict[str, str]) -> bytes:
    context = CodecContext.create(Codec(codec, "w"), "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, frame.format.name
    context.time_base = Fraction(1, 1)
    context.thread_count = 1
    context.options = options
    frame.pts = 0
    return b"".join(bytes(p) for p in [*context.encode(frame), *context.encode(None)])


def _exr_frame(pixels: Pixels) -> VideoFrame:
    height, width, channels = pixels.shape
    frame = VideoFrame(width, height, "gbrapf32le" if channels == 4 else "gbrpf32le")
    scale = {"float16": 1.0, "uint8": 255.0, "uint16": 65535.0}[pixels.dtype.name]
    for channel, plane in zip((1, 2, 0, 3), frame.planes, strict=False):
        samples(plane, "<f4")[...] = pixels[..., channel].astype(np.float32) / np.float32(scale)
    return frame


def _eight_bits(pixels: Pixels) -> Pixels:
    whole = to_whole(pixels)
    return whole if whole.dtype == np.uint8 else ((whole.astype(np.uint32) + 128) // 257).astype(np.uint8)
