"""Pictures that people hand us, fitted to the source they belong to: depth, channels, transparency."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..frames import FrameBuffer


def fit_keyframe(picture: FrameBuffer, source: FrameBuffer) -> FrameBuffer:
    """The edited picture in the source's own form: same dtype, depth, channels and colour tags. Sizes are equal already.

    A picture of lower depth than the source must not count as changed where it only lost precision: there the source's own
    values are kept. A transparent pixel leaves the source; what is half transparent mixes.
    """
    key, base = picture.pixels, source.pixels
    colour = _convert(key[..., :3], base.dtype)
    if _levels(key.dtype) < _levels(base.dtype):
        lost = np.abs(_convert(base[..., :3], key.dtype).astype(np.int32) - key[..., :3].astype(np.int32))
        colour = np.where(lost.max(axis=2, keepdims=True) <= 1, base[..., :3], colour)
    if picture.has_alpha and not source.has_alpha:
        opacity = key[..., 3:].astype(np.float32) / np.float32(picture.white)
        mixed = base[..., :3] + (colour.astype(np.float32) - base[..., :3]) * opacity
        colour = np.where(opacity >= 1, colour, _round(mixed, base.dtype))
    if source.has_alpha:
        alpha = _convert(key[..., 3:], base.dtype) if picture.has_alpha else base[..., 3:]
        colour = np.concatenate([colour, alpha], axis=2)
    return FrameBuffer(np.ascontiguousarray(colour.astype(base.dtype)), source.depth, source.colour)


def mask_weight(picture: FrameBuffer) -> npt.NDArray[np.float32]:
    """``(h, w)`` in 0…1: a mask's alpha where it has a transparent pixel, else its luma (Rec. 709 weights)."""
    scaled = picture.pixels.astype(np.float32) / np.float32(picture.white)
    if picture.has_alpha and (scaled[..., 3] < 1).any():
        alpha: npt.NDArray[np.float32] = np.clip(scaled[..., 3], 0, 1)
        return alpha
    luma: npt.NDArray[np.float32] = scaled[..., :3] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    # float rounding must not turn white into 0.9999999, which would mix what the person said to replace
    weight: npt.NDArray[np.float32] = np.clip(np.round(luma * 65535) / 65535, 0, 1).astype(np.float32)
    return weight


def _levels(dtype: np.dtype[Any]) -> int:
    return {"uint8": 8, "uint16": 16, "float16": 32}[dtype.name]


def _convert(pixels: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Values of one pixel type as another; full white stays full white."""
    if pixels.dtype == dtype:
        return pixels
    white = {"uint8": 255.0, "uint16": 65535.0, "float16": 1.0}
    return _round(pixels.astype(np.float32) * np.float32(white[dtype.name] / white[pixels.dtype.name]), dtype)


def _round(values: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if dtype.kind == "f":
        return values.astype(dtype)
    rounded: npt.NDArray[Any] = np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)
    return rounded
