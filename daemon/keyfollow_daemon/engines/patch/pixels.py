"""Frames as arrays to compute on, and back without touching a pixel that the edit leaves alone.

Values are computed in *8-bit units* (full white = 255.0, float32, linear in the stored values), whatever the source's dtype. The
*guide* is a normalised 8-bit RGB copy for analysis only: flow, match errors, colour cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from keyfollow.frames import FrameBuffer

from .kernels import kernel, rows

Floats = npt.NDArray[np.floating[Any]]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]
Plane = TypeVar("Plane", bound=npt.NDArray[Any])

Window = tuple[slice, slice]
"""Rows and columns of a part of a picture."""
WHOLE: Window = (slice(None), slice(None))

DETAIL_PX = 3.0
EVENED_CONTRAST = 40.0
NOISE, MOST_NOISE = 4.0, 6.0
"""Contrast (8-bit units) that noise alone makes: less than this is not amplified. Where a picture's flattest tenth has more, it is grain."""

cv: Any = cv2
"""OpenCV, untyped: its stubs refuse optional arguments and float arrays that its functions take."""


HALVES = int(cv2.__version__.split(".")[0]) >= 5
"""Whether OpenCV knows half precision: it converts in a sixth of the time that numpy takes, to the same bits."""


def opened(area: Bools, px: int) -> Bools:
    """`area` ``(h, w)`` without what is narrower than `px`."""
    out: Bools = cv.morphologyEx(area.astype(np.uint8), cv.MORPH_OPEN, np.ones((px, px), np.uint8)) > 0
    return out


def values(frame: FrameBuffer) -> Floats:
    """``(h, w, 3 or 4)`` float32 in 8-bit units; not-a-number becomes 0, infinities the largest half float."""
    pixels = frame.pixels.astype(np.float32)
    if frame.pixels.dtype == np.float16:
        pixels = np.nan_to_num(pixels, nan=0.0, posinf=65504.0, neginf=-65504.0)
    pixels *= np.float32(255.0 / frame.white)
    return pixels


def half(plane: Floats) -> npt.NDArray[np.float16]:
    """``(h, w, c)`` in half precision."""
    out: npt.NDArray[np.float16] = cv.add(plane, 0, dtype=cv.CV_16F) if HALVES else plane.astype(np.float16)
    return out


def single(plane: npt.NDArray[np.float16]) -> Floats:
    """``(h, w, c)`` of half precision in single."""
    out: Floats = cv.add(plane, 0, dtype=cv.CV_32F) if HALVES else plane.astype(np.float32)
    return out


def guide(frame: FrameBuffer, scale: float | None = None) -> Bytes:
    """``(h, w, 3)`` uint8 analysis copy, of `work_size` at `scale`, or of the frame's own size; half floats are taken as linear light and encoded with gamma 2.2."""
    rgb = frame.pixels[..., :3]
    if rgb.dtype == np.uint16:
        rgb = ((rgb.astype(np.uint32) + 128) // 257).astype(np.uint8)
    elif rgb.dtype == np.float16:
        light = np.clip(np.nan_to_num(rgb.astype(np.float32)), 0.0, 1.0)
        rgb = np.rint(255.0 * light ** (1 / 2.2)).astype(np.uint8)
    rgb = np.ascontiguousarray(rgb)
    if scale is not None and (size := work_size(frame.width, frame.height, scale)) != (frame.width, frame.height):
        rgb = cv.resize(rgb, size, interpolation=cv.INTER_AREA)
    return rgb


def shrunk(frame: FrameBuffer, size: tuple[int, int]) -> FrameBuffer:
    """The frame at (width, height) `size`, at its own dtype."""
    if (frame.width, frame.height) == size:
        return frame
    half_float = frame.pixels.dtype == np.float16
    pixels = cv.resize(frame.pixels.astype(np.float32) if half_float else frame.pixels, size, interpolation=cv.INTER_AREA)
    return FrameBuffer(pixels.astype(frame.pixels.dtype), frame.depth, frame.colour)


def cropped(frame: FrameBuffer, window: Window) -> FrameBuffer:
    """A part of the frame; a copy, unless that is all of it."""
    pixels = frame.pixels[window]
    if pixels.shape == frame.pixels.shape:
        return frame
    return FrameBuffer(np.ascontiguousarray(pixels), frame.depth, frame.colour)


def pasted(part: Plane, window: Window, height: int, width: int) -> Plane:
    """A plane or picture with the `part` of it in the `window` given, 0 elsewhere."""
    if part.shape[:2] == (height, width):
        return part
    out: Any = np.zeros((height, width, *part.shape[2:]), part.dtype)
    out[window] = part
    return out  # type: ignore[no-any-return]


def enlarged(image: Floats, width: int, height: int) -> Floats:
    """A plane or picture at another size; where it is 0 all around it stays exactly 0."""
    if image.shape[1::-1] == (width, height):
        return image
    out: Floats = cv.resize(image, (width, height), interpolation=cv.INTER_LINEAR)
    return out


def work_size(width: int, height: int, scale: float) -> tuple[int, int]:
    """(width, height) of the analysis copy of a ``width x height`` picture; at least 16, below which DIS finds no patch."""
    return max(16, round(width * scale)), max(16, round(height * scale))


def grey(rgb: Bytes) -> Bytes:
    out: Bytes = cv.cvtColor(rgb, cv.COLOR_RGB2GRAY)
    return out


def add_edit(source: FrameBuffer, edit: Floats, window: Window = WHOLE) -> FrameBuffer:
    """`source` + `edit` (``(h, w, c)``, 8-bit units, of the `window`) at the source's dtype. Where the edit is 0 the source's bits stay."""
    made = source.pixels.copy()
    part, scale = made[window], np.float32(source.white / 255.0)
    if made.dtype == np.float16:
        total = np.clip(part.astype(np.float32) + edit * scale, -65504.0, 65504.0).astype(np.float16)
        part[...] = np.where(edit == 0, part, total)
    else:
        rows(_add, len(part), edit, scale, np.float32(np.iinfo(made.dtype).max), part)
    return FrameBuffer(made, source.depth, source.colour)


@kernel
def _add(first: int, end: int, edit: Floats, scale: Any, most: Any, made: Any) -> None:
    for y in range(first, end):
        for x in range(edit.shape[1]):
            if edit[y, x, 0] == 0 and edit[y, x, 1] == 0 and edit[y, x, -1] == 0:
                continue
            for c in range(edit.shape[2]):
                if edit[y, x, c] != 0:
                    value = np.float32(made[y, x, c]) + edit[y, x, c] * scale
                    made[y, x, c] = int(min(max(np.rint(value), np.float32(0)), most))


def largest(edit: Floats) -> Floats:
    """``(h, w)``, the largest absolute value of the channels of ``(h, w, c)``."""
    out = np.empty(edit.shape[:2], np.float32)
    rows(_largest, len(out), edit, out)
    return out


@kernel
def _largest(first: int, end: int, edit: Floats, out: Floats) -> None:
    for y in range(first, end):
        for x in range(edit.shape[1]):
            most = np.float32(0)
            for c in range(edit.shape[2]):
                most = max(most, abs(edit[y, x, c]))
            out[y, x] = most


def evened(rgb: Bytes) -> Bytes:
    """``(h, w)`` uint8, what motion is estimated from: the detail of a guide, in units of its local contrast (Gaussian, 3 px), around 128.

    Shade, highlights and exposure stay where the light is while the surface moves on; divided out, they no longer hold it back.
    """
    light = grey(rgb).astype(np.float32)
    detail = light - cv.GaussianBlur(light, (0, 0), DETAIL_PX)
    contrast = np.sqrt(cv.GaussianBlur(detail * detail, (0, 0), DETAIL_PX))
    grain = min(max(NOISE, 2.0 * _tenth(contrast[::4, ::4].ravel())), MOST_NOISE)
    out: Bytes = np.clip(128.5 + EVENED_CONTRAST * detail / (contrast + np.float32(grain)), 0.0, 255.0).astype(np.uint8)
    return out


def _tenth(values: Floats) -> float:
    """The quantile 0.1, linear between values; numpy's own takes half as long as all else that `evened` does."""
    place = 0.1 * (values.size - 1)
    low = int(place)
    ends = np.partition(values, (low, min(low + 1, values.size - 1)))[low : low + 2]
    return float(ends[0] + (place - low) * (ends[-1] - ends[0]))


@lru_cache(maxsize=4)
def grid(height: int, width: int) -> Floats:
    """``(h, w, 2)`` pixel coordinates (x, y); shared, so never written to."""
    out = np.empty((height, width, 2), np.float32)
    out[..., 0] = np.arange(width, dtype=np.float32)
    out[..., 1] = np.arange(height, dtype=np.float32)[:, None]
    out.flags.writeable = False
    return out


def moved(places: Floats, by: Floats) -> Floats:
    """Places ``(…, 2)`` (x, y) as an affine map (3 x 3, homogeneous) has them, float32."""
    how = by.astype(np.float32)
    out: Floats = places @ how[:2, :2].T + how[:2, 2]
    return out


def sample(
    image: npt.NDArray[np.generic], where: Floats, *, nearest: bool = False, border: int = cv.BORDER_REPLICATE
) -> Floats:
    """`image` at the pixel coordinates `where` (``(h, w, 2)`` x, y), bilinear unless `nearest`."""
    out: Floats = cv.remap(image, where, None, cv.INTER_NEAREST if nearest else cv.INTER_LINEAR, borderMode=border)
    return out


def shown(plane: Bytes, where: Floats) -> Bytes:
    """`plane` ``(h, w)`` at the nearest pixels to the coordinates `where`; 0 beyond its border."""
    out: Bytes = sample(plane, where, nearest=True, border=cv.BORDER_CONSTANT).astype(np.uint8, copy=False)
    return out


def around(area: Bools, margin: int) -> tuple[slice, slice]:
    """The rectangle that holds `area` and `margin` px around it; nothing where there is no area."""
    left, top, width, height = cv.boundingRect(area.view(np.uint8))
    if not width:
        return slice(0, 0), slice(0, 0)
    return slice(max(0, top - margin), top + height + margin), slice(max(0, left - margin), left + width + margin)


def span(parts: Sequence[slice]) -> slice:
    """The stretch that holds all `parts`."""
    return slice(min(part.start for part in parts), max(part.stop for part in parts))


def box(image: Floats, radius: int) -> Floats:
    """Mean over ``(2 radius + 1)²`` windows, borders mirrored."""
    side = 2 * radius + 1
    out: Floats = cv.blur(image, (side, side), borderType=cv.BORDER_REFLECT)
    return out
