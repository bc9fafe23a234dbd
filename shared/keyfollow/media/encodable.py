"""RGB pixels to FFmpeg frames for an encoder: the inverse of `decoded`, with the source's own matrix and range."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from ..frames import Pixels
from . import colour, yuv
from .decoded import FLAGS, SWS_MATRIX, samples
from .targets import Target

_PACKED = {("uint8", 3): "rgb24", ("uint8", 4): "rgba", ("uint16", 3): "rgb48le", ("uint16", 4): "rgba64le"}


class Encodable:
    """Makes frames for one `Target`; keeps the scaler's tables between them."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._scaler = VideoReformatter()
        self._range = ColorRange.JPEG if target.full else ColorRange.MPEG

    def __call__(self, pixels: Pixels) -> VideoFrame:
        """`pixels` ``(h, w, 3 or 4)`` in the target's pixel format. Half floats are clipped to 0…1."""
        target = self._target
        whole = to_whole(pixels)
        if target.matrix == "gbr":
            frame = self._scaler.reformat(packed(whole), format=target.pixel_format, interpolation=FLAGS)
        elif target.bits == 8 and not target.full and whole.dtype == np.uint8:
            frame = self._convert(packed(whole), ColorRange.JPEG)
        else:
            frame = self._convert(self._full_chroma(whole), self._range)
        frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = target.tags
        return frame

    def _convert(self, frame: VideoFrame, from_range: ColorRange) -> VideoFrame:
        if frame.format.name == self._target.pixel_format:
            return frame
        matrix = SWS_MATRIX[self._target.matrix]
        return self._scaler.reformat(
            frame, format=self._target.pixel_format, src_colorspace=matrix, dst_colorspace=matrix,
            src_color_range=from_range, dst_color_range=self._range, interpolation=FLAGS,
        )  # fmt: skip

    def _full_chroma(self, whole: Pixels) -> VideoFrame:
        """libswscale is not exact from RGB beyond 8 bits, nor into full range; it only subsamples what is made here."""
        height, width, channels = whole.shape
        bits = self._target.bits
        name = f"yuv{'a' if channels == 4 else ''}444p" + (f"{bits}le" if bits > 8 else "")
        frame = VideoFrame(width, height, name)
        coding = yuv.Coding(*colour.luma_coefficients(self._target.matrix), bits, self._target.full)
        planes = list(yuv.from_rgb(whole, coding))
        if channels == 4:
            white, top = float(np.iinfo(whole.dtype).max), 2.0**bits - 1
            planes.append(np.rint(whole[..., 3] * np.float32(top / white)).astype(planes[0].dtype))
        for plane, values in zip(frame.planes, planes, strict=True):
            samples(plane, values.dtype.str)[...] = values
        return frame


def packed(whole: Pixels) -> VideoFrame:
    """The same pixels as an FFmpeg frame."""
    return VideoFrame.from_ndarray(whole, format=_PACKED[whole.dtype.name, whole.shape[2]])


def to_whole(pixels: Pixels) -> Pixels:
    """Half floats as uint16, clipped to 0…1 (not a number is 0); whole numbers as they are."""
    if pixels.dtype != np.float16:
        return pixels
    return np.rint(np.clip(np.nan_to_num(pixels.astype(np.float32), nan=0.0), 0, 1) * 65535).astype(np.uint16)
