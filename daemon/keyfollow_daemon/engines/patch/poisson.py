"""Screened Poisson blending: the detail of one picture with the colours of another (Bhat et al. 2008), solved exactly by DCT."""

from __future__ import annotations

import numpy as np

from .pixels import Floats, cv


def screened(detail: Floats, colours: Floats, weight: float) -> Floats:
    """The y that minimises ``|grad y - grad detail|² + weight |y - colours|²``, ``(h, w, c)`` float32, borders mirrored.

    Args:
        detail, colours: ``(h, w, c)`` float32.
        weight: > 0; colours rule over structures larger than ``1 / sqrt(weight)`` px.
    """
    height, width = detail.shape[:2]
    # OpenCV's cosine transform takes even sizes, and is quick for products of 2, 3 and 5
    down, across = (2 * cv.getOptimalDFTSize((n + 1) // 2) for n in (height, width))
    rise = [2.0 - 2.0 * np.cos(np.pi * np.arange(n) / n) for n in (down, across)]
    low_pass = (weight / (weight + rise[0][:, None] + rise[1])).astype(np.float32)
    out = detail.copy()
    for c in range(detail.shape[2]):
        away = cv.copyMakeBorder(
            colours[..., c] - detail[..., c], 0, down - height, 0, across - width, borderType=cv.BORDER_REFLECT
        )
        out[..., c] += cv.idct(cv.dct(away) * low_pass)[:height, :width]
    return out
