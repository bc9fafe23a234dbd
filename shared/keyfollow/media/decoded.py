"""Decoded FFmpeg frames to the decoded source: the one YUV to RGB conversion of Keyfollow (docs/media.md).

Runs in the sandbox child, and in tests.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, cast

import numpy as np
from av.buffer import Buffer
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.lib.stride_tricks import as_strided

from ..frames import Colour, Pixels
from . import colour, yuv
from .problems import problem

FLAGS = int(
    Interpolation.BICUBIC
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
)
SWS_MATRIX = {
    "bt709": Colorspace.ITU709,
    "fcc": Colorspace.FCC,
    "bt470bg": Colorspace.ITU601,
    "smpte170m": Colorspace.ITU601,
    "smpte240m": Colorspace.SMPTE240M,
    "bt2020nc": Colorspace.BT2020,
    "bt2020c": Colorspace.BT2020,
}


_TURNS = ((1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0))
"""Display matrices of 0, 90, 180 and 270 degrees clockwise."""


class Form(NamedTuple):
    """What a pixel format becomes: dtype and channels of the decoded source, and the bits that matter."""

    dtype: str
    channels: int
    depth: int


def form_of(pixel_format: VideoFormat) -> Form:
    """The decoded form of `pixel_format`.

    Raises:
        MediaError: ``media_unsupported`` for Bayer and XYZ formats.
    """
    name = pixel_format.name
    if name.startswith(("bayer", "xyz")):
        raise problem("media_unsupported", f"pixel format {name}")
    if name == "pal8":
        return Form("uint8", 4, 8)
    channels = 4 if any(c.is_alpha for c in pixel_format.components) else 3
    bits = max(c.bits for c in pixel_format.components)
    if "f16" in name or "f32" in name:
        return Form("float16", channels, 16)
    return Form("uint8", channels, 8) if bits <= 8 else Form("uint16", channels, bits)


def tags(frame: VideoFrame) -> Colour:
    """The colour tags of a frame; YUV formats that are full range by name say so."""
    found = colour.from_numbers(frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
    if frame.format.name.startswith("yuvj"):
        return Colour(found.matrix, "pc", found.primaries, found.transfer)
    return found


class Decoder:
    """Converts frames of one source; keeps the scaler's tables between them."""

    def __init__(self, threads: int = 2) -> None:
        self._scaler = VideoReformatter()
        self._planar = VideoReformatter()
        self._threads = threads

    def __call__(self, frame: VideoFrame) -> Pixels:
        """``(h, w, 3 or 4)`` in the form of `form_of`, upright, C-contiguous.

        Raises:
            MediaError: ``media_unsupported``.
        """
        form = form_of(frame.format)
        name = frame.format.name
        if form.dtype == "float16":
            pixels = _floats(self._plain(frame, _float_format(frame.format)), form.channels)
        elif name == "pal8" or (frame.format.is_rgb and form.depth <= 8):
            pixels = _interleaved(self._plain(frame, "rgba" if form.channels == 4 else "rgb24"), form)
        elif frame.format.is_rgb:
            pixels = self._deep_rgb(frame, form)
        elif len(frame.format.components) <= 2:
            pixels = self._grey(frame, form)
        elif form.depth <= 8:
            pixels = self._yuv8(frame, form)
        else:
            pixels = self._deep_yuv(frame, form)
        return np.ascontiguousarray(upright(pixels, display_matrix(frame)))

    def _plain(self, frame: VideoFrame, target: str, scaler: VideoReformatter | None = None) -> VideoFrame:
        """`frame` in another layout of the same values."""
        if frame.format.name == target:
            return frame
        scaler = scaler or self._scaler
        return scaler.reformat(frame, format=target, interpolation=FLAGS, threads=self._threads)

    def _yuv8(self, frame: VideoFrame, form: Form) -> Pixels:
        # libswscale interpolates chroma several times faster into planes than into packed pixels
        matrix = SWS_MATRIX[_matrix(frame)]
        planar = self._scaler.reformat(
            frame,
            format="gbrap" if form.channels == 4 else "gbrp",
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=ColorRange.JPEG if _full(frame) else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=FLAGS,
            threads=self._threads,
        )
        return _interleaved(self._plain(planar, "rgba" if form.channels == 4 else "rgb24", self._planar), form)

    def _deep_yuv(self, frame: VideoFrame, form: Form) -> Pixels:
        full_chroma = self._same_codes(frame, f"yuv{'a' if form.channels == 4 else ''}444p{form.depth}le")
        y, cb, cr, *alpha = (samples(p, "<u2") for p in full_chroma.planes)
        pixels = np.empty((frame.height, frame.width, form.channels), np.uint16)
        coding = yuv.Coding(*colour.luma_coefficients(_matrix(frame)), form.depth, _full(frame))
        yuv.to_rgb(y, cb, cr, coding, pixels)
        if alpha:
            yuv.expand(alpha[0], 0, 2.0**form.depth - 1, pixels[..., 3])
        return pixels

    def _same_codes(self, frame: VideoFrame, target: str) -> VideoFrame:
        """`frame` with full-size chroma; matrix and range stay."""
        if frame.format.name == target:
            return frame
        matrix = SWS_MATRIX[_matrix(frame)]
        range_ = ColorRange.JPEG if _full(frame) else ColorRange.MPEG
        return self._scaler.reformat(
            frame, format=target, src_colorspace=matrix, dst_colorspace=matrix, src_color_range=range_, dst_color_range=range_,
            interpolation=FLAGS, threads=self._threads,
        )  # fmt: skip

    def _deep_rgb(self, frame: VideoFrame, form: Form) -> Pixels:
        if form.depth == 16 and len(frame.planes) == 1:
            return _interleaved(self._plain(frame, "rgba64le" if form.channels == 4 else "rgb48le"), form)
        planar = self._plain(frame, f"gbr{'a' if form.channels == 4 else ''}p{form.depth}le")
        pixels = np.empty((frame.height, frame.width, form.channels), np.uint16)
        for channel, plane in zip((1, 2, 0, 3), planar.planes, strict=False):
            yuv.expand(samples(plane, "<u2"), 0, 2.0**form.depth - 1, pixels[..., channel])
        return pixels

    def _grey(self, frame: VideoFrame, form: Form) -> Pixels:
        pixels = np.empty((frame.height, frame.width, form.channels), form.dtype)
        if form.channels == 4:
            both = self._plain(frame, "ya8" if form.depth == 8 else "ya16le")
            pairs = samples(both.planes[0], "u1" if form.depth == 8 else "<u2", 2)
            grey, pixels[..., 3] = pairs[..., 0], pairs[..., 1]
        else:
            target = "gray" if form.depth == 8 else f"gray{form.depth}le"
            grey = samples(self._plain(frame, target).planes[0], "u1" if form.depth == 8 else "<u2")
        bits = 16 if form.depth > 8 and form.channels == 4 else form.depth
        limited = frame.color_range == ColorRange.MPEG
        black, span = yuv.Coding(0, 0, bits, not limited).luma
        yuv.expand(grey, black, span, pixels[..., 0])
        pixels[..., 1] = pixels[..., 2] = pixels[..., 0]
        return pixels


def display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """The linear part (a, b, c, d) of the display matrix, as signs of a turn by quarters: x' = a x + c y, y' = b x + d y."""
    try:
        data = cast("Buffer | None", frame.side_data.get("DISPLAYMATRIX"))
    except ValueError:
        # PyAV does not know every kind of side data (EXIF) that may lie beside it; turns it can tell, mirrors it cannot
        return _TURNS[round(-frame.rotation / 90) % 4]
    if data is None:
        return _TURNS[0]
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(data)[:36])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return (-1 if a < 0 else 1), 0, 0, (-1 if d < 0 else 1)
    return 0, (-1 if b < 0 else 1), (-1 if c < 0 else 1), 0


def upright(pixels: Pixels, matrix: tuple[int, int, int, int]) -> Pixels:
    """A view of `pixels` as the display matrix shows it."""
    a, b, c, d = matrix
    if a == 0:
        pixels = pixels.swapaxes(0, 1)
        a, d = c, b
    return pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]


def rotation(matrix: tuple[int, int, int, int]) -> int:
    """Degrees clockwise of a display matrix (a mirrored picture counts as its rotation alone)."""
    return {turn[:2]: 90 * i for i, turn in enumerate(_TURNS)}[matrix[:2]]


def samples(plane: VideoPlane, dtype: str, channels: int = 1) -> Pixels:
    """A view ``(h, w)``, or ``(h, w, channels)``, of a plane without its padding."""
    kind = np.dtype(dtype)
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
        : plane.height, : plane.width * channels * kind.itemsize
    ]
    flat = rows.view(kind) if rows.flags.c_contiguous or kind.itemsize == 1 else _strided(rows, kind)
    return flat.reshape(plane.height, plane.width, channels) if channels > 1 else flat


def _strided(rows: Pixels, kind: np.dtype[np.generic]) -> Pixels:
    return as_strided(rows.view(), (rows.shape[0], rows.shape[1]), rows.strides).view(kind)


def _interleaved(frame: VideoFrame, form: Form) -> Pixels:
    return samples(frame.planes[0], "u1" if form.dtype == "uint8" else "<u2", form.channels)


def _float_format(pixel_format: VideoFormat) -> str:
    name = pixel_format.name
    if name in ("rgbf32be", "rgbaf16be", "rgbaf32be", "rgbf16be"):
        return name[:-2] + "le"
    return name.replace("be", "le") if name.endswith("be") else name


def _floats(frame: VideoFrame, channels: int) -> Pixels:
    name = frame.format.name
    kind = "<f2" if "f16" in name else "<f4"
    if len(frame.planes) == 1:
        packed = sum(1 for _ in frame.format.components)
        values = samples(frame.planes[0], kind, packed) if packed > 1 else samples(frame.planes[0], kind)[..., None]
        if packed < 3:
            values = np.concatenate([values[..., :1]] * 3 + ([values[..., 1:]] if packed == 2 else []), axis=2)
        return _halves(values)
    pixels = np.empty((frame.height, frame.width, channels), np.float16)
    for channel, plane in zip((1, 2, 0, 3), frame.planes, strict=False):
        pixels[..., channel] = _halves(samples(plane, kind))
    return pixels


def _halves(values: Pixels) -> Pixels:
    # beyond the largest half lies infinity, by definition of the conversion
    with np.errstate(over="ignore"):
        return values.astype(np.float16)


def _matrix(frame: VideoFrame) -> str:
    return colour.effective_matrix(colour.MATRICES.get(frame.colorspace, ""), frame.height)


def _full(frame: VideoFrame) -> bool:
    return bool(frame.color_range == ColorRange.JPEG) or frame.format.name.startswith("yuvj")
