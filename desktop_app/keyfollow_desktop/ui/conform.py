"""Frames of different sources brought to one size and kind, so that they fit into one file. No Qt, any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from keyfollow.frames import FrameBuffer, Pixels
from keyfollow.media.info import MediaInfo

WHITE = {"uint8": 255.0, "uint16": 65535.0, "float16": 1.0}
RANK = ("uint8", "uint16", "float16")


@dataclass(frozen=True, slots=True)
class Form:
    """What every frame is to be; see `keyfollow.frames.FrameBuffer`."""

    width: int
    height: int
    dtype: str
    depth: int
    channels: int


def common_form(infos: Sequence[MediaInfo], size: tuple[int, int] | None = None) -> Form:
    """The form that loses nothing of the deepest of `infos`; of the first one's size unless `size` is given.

    Where only some have alpha the result has none: they lie on black.
    """
    deepest = max(infos, key=lambda i: (RANK.index(i.dtype), i.depth))
    width, height = size or (infos[0].width, infos[0].height)
    return Form(width, height, deepest.dtype, deepest.depth, min(i.channels for i in infos))


def conform(frame: FrameBuffer, form: Form) -> FrameBuffer:
    """`frame` in `form`: fitted whole into its size with black beside it, full white still full white. A frame that fits is itself."""
    pixels = frame.pixels
    if (frame.width, frame.height, pixels.dtype.name, frame.channels) == (form.width, form.height, form.dtype, form.channels):
        return frame
    values = pixels.astype(np.float32) / np.float32(WHITE[pixels.dtype.name])
    values = _placed(_scaled(_channels(values, form.channels), form), form)
    pixels = _rounded(values * np.float32(WHITE[form.dtype]), form.dtype)
    return FrameBuffer(np.ascontiguousarray(pixels), form.depth, frame.colour)


def dissolved(under: FrameBuffer, over: FrameBuffer, share: float) -> FrameBuffer:
    """`share` (0…1) of `over`, the rest of `under`, which is fitted to it; in stored values, as editors dissolve."""
    under = conform(under, Form(over.width, over.height, over.pixels.dtype.name, over.depth, over.channels))
    values = under.pixels.astype(np.float32) * np.float32(1 - share) + over.pixels.astype(np.float32) * np.float32(share)
    return FrameBuffer(_rounded(values, over.pixels.dtype.name), over.depth, over.colour)


def _channels(pixels: Pixels, count: int) -> Pixels:
    if pixels.shape[2] == count:
        return pixels
    if count == 3:
        return np.ascontiguousarray(pixels[..., :3] * pixels[..., 3:])
    return np.concatenate([pixels, np.ones_like(pixels[..., :1])], axis=2)


def _scaled(pixels: Pixels, form: Form) -> Pixels:
    height, width = pixels.shape[:2]
    ratio = min(form.width / width, form.height / height)
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    if size == (width, height):
        return pixels
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC)


def _placed(pixels: Pixels, form: Form) -> Pixels:
    height, width = pixels.shape[:2]
    if (width, height) == (form.width, form.height):
        return pixels
    out = np.zeros((form.height, form.width, pixels.shape[2]), np.float32)
    top, left = (form.height - height) // 2, (form.width - width) // 2
    out[top : top + height, left : left + width] = pixels
    return out


def _rounded(values: Pixels, dtype: str) -> Pixels:
    if dtype == "float16":
        return values.astype(np.float16)
    return np.clip(np.rint(values), 0, WHITE[dtype]).astype(dtype)
