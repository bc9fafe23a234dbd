"""The matrix between Y'CbCr and R'G'B' in numpy, for depths that libswscale is not exact at. H.273 equations 38 to 46.

    E'y = Kr E'r + (1 - Kr - Kb) E'g + Kb E'b     E'cb = (E'b - E'y) / (2 (1 - Kb))     E'cr = (E'r - E'y) / (2 (1 - Kr))

Codes of n bits: limited range Y = 2^(n-8) (219 E'y + 16), C = 2^(n-8) (224 E'c + 128); full range Y = (2^n - 1) E'y,
C = (2^n - 1) E'c + 2^(n-1). Results are the nearest code, clipped to what the type holds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[Any]
_BLOCK = 1 << 16
"""Pixels worked on at a time: a few float32 planes of it fit the second-level cache."""


class Coding(NamedTuple):
    """How Y'CbCr codes are made: luma coefficients, bits per code, full range or limited."""

    kr: float
    kb: float
    bits: int
    full: bool

    @property
    def luma(self) -> tuple[float, float]:
        """(code of black, codes from black to white)."""
        return (0.0, 2.0**self.bits - 1) if self.full else (16.0 * 2 ** (self.bits - 8), 219.0 * 2 ** (self.bits - 8))

    @property
    def chroma(self) -> tuple[float, float]:
        """(code of neutral, codes from -0.5 to 0.5)."""
        return 2.0 ** (self.bits - 1), (2.0**self.bits - 1 if self.full else 224.0 * 2 ** (self.bits - 8))


def to_rgb(y: Plane, cb: Plane, cr: Plane, coding: Coding, out: Plane) -> None:
    """Y'CbCr planes ``(h, w)`` of unsigned codes to R'G'B' in the first three channels of `out` ``(h, w, >=3)`` uint8 or uint16."""
    white = float(np.iinfo(out.dtype).max)
    black, span = coding.luma
    neutral, chroma_span = coding.chroma
    kg = 1 - coding.kr - coding.kb
    luma_scale, chroma_scale = white / span, white / chroma_span
    red_cr, blue_cb = 2 * (1 - coding.kr) * chroma_scale, 2 * (1 - coding.kb) * chroma_scale
    green_cr, green_cb = -red_cr * coding.kr / kg, -blue_cb * coding.kb / kg
    for rows in _blocks(y.shape):
        luma = y[rows].astype(np.float32)
        luma -= np.float32(black)
        luma *= np.float32(luma_scale)
        luma += np.float32(0.5)
        b = cb[rows].astype(np.float32)
        b -= np.float32(neutral)
        r = cr[rows].astype(np.float32)
        r -= np.float32(neutral)
        green = b * np.float32(green_cb)
        green += r * np.float32(green_cr)
        r *= np.float32(red_cr)
        b *= np.float32(blue_cb)
        for channel, value in enumerate((r, green, b)):
            value += luma
            np.clip(value, 0, np.float32(white), out=value)
            out[rows, :, channel] = value


def from_rgb(rgb: Plane, coding: Coding) -> tuple[Plane, Plane, Plane]:
    """R'G'B' ``(h, w, >=3)`` uint8 or uint16 to planes Y', Cb, Cr ``(h, w)``, uint8 up to 8 bits, else uint16."""
    dtype = np.uint8 if coding.bits == 8 else np.uint16
    planes = tuple(np.empty(rgb.shape[:2], dtype) for _ in range(3))
    white = float(np.iinfo(rgb.dtype).max)
    black, span = coding.luma
    neutral, chroma_span = coding.chroma
    top = np.float32(2.0**coding.bits - 1)
    kg = 1 - coding.kr - coding.kb
    blue_scale, red_scale = chroma_span / (2 * (1 - coding.kb) * white), chroma_span / (2 * (1 - coding.kr) * white)
    for rows in _blocks(rgb.shape):
        r, g, b = (rgb[rows, :, i].astype(np.float32) for i in range(3))
        luma = r * np.float32(coding.kr)
        luma += g * np.float32(kg)
        luma += b * np.float32(coding.kb)
        b -= luma
        r -= luma
        for plane, value, scale, zero in (
            (planes[0], luma, span / white, black),
            (planes[1], b, blue_scale, neutral),
            (planes[2], r, red_scale, neutral),
        ):
            value *= np.float32(scale)
            value += np.float32(zero + 0.5)
            np.clip(value, 0, top, out=value)
            plane[rows] = value
    return planes[0], planes[1], planes[2]


def expand(codes: Plane, black: float, span: float, out: Plane) -> None:
    """Codes to the full range of `out`'s unsigned type: the nearest value, clipped."""
    white = float(np.iinfo(out.dtype).max)
    if black == 0 and span == white:
        out[...] = codes
        return
    for rows in _blocks(codes.shape):
        value = codes[rows].astype(np.float32)
        value -= np.float32(black)
        value *= np.float32(white / span)
        value += np.float32(0.5)
        np.clip(value, 0, np.float32(white), out=value)
        out[rows] = value


def _blocks(shape: tuple[int, ...]) -> list[slice]:
    step = max(1, _BLOCK // shape[1])
    return [slice(top, min(top + step, shape[0])) for top in range(0, shape[0], step)]
