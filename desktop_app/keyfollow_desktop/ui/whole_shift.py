"""Did an image editor change the whole picture a little? Colour management does: every pixel moves by a smooth function of its colour. No Qt.

What the person painted stands out from that function; without it, what nobody touched is the source again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from keyfollow.frames import FrameBuffer

MOST = 0.6
"""Of the pixels that must have moved, and of those that must have moved by the smooth shift."""
SLIGHT = 0.06
"""Of full white: a larger shift is a grade that somebody wanted."""
CLOSE = 1.6 / 255
SAMPLES = 40_000
ROUNDS = 3

Values = npt.NDArray[np.float32]


def whole_shift(edited: FrameBuffer, source: FrameBuffer) -> npt.NDArray[np.float64] | None:
    """The shift ``(terms, 3)`` over `terms` of the source's colours; None where the picture did not move as a whole, or by a lot.

    Both of one size and dtype.
    """
    step = max(1, int(np.sqrt(source.width * source.height / SAMPLES)))
    colours = values(source, step).reshape(-1, 3)
    off = values(edited, step).reshape(-1, 3) - colours
    if (np.abs(off).max(axis=1) > 0.2 / 255).mean() < MOST:
        return None
    given = terms(colours)
    kept = np.ones(len(off), bool)
    for _ in range(ROUNDS):
        shift, *_ = np.linalg.lstsq(given[kept], off[kept], rcond=None)
        rest = np.abs(off - given @ shift).max(axis=1)
        # what was painted is far from the shift: it must not bend it
        kept = rest <= max(CLOSE, float(np.quantile(rest, MOST)))
    size = np.abs(given @ shift).max(axis=1)
    if (rest <= CLOSE).mean() < MOST or np.median(size) > SLIGHT or np.median(size) < 0.2 / 255:
        return None
    found: npt.NDArray[np.float64] = shift.astype(np.float64)
    return found


def without_shift(edited: FrameBuffer, source: FrameBuffer, shift: npt.NDArray[np.float64]) -> FrameBuffer:
    """`edited` with the shift taken back: the source bit for bit where nothing else happened."""
    base, moved = values(source), values(edited)
    expected = (terms(base.reshape(-1, 3)) @ shift).reshape(base.shape)
    painted = np.abs(moved - base - expected).max(axis=2) > CLOSE
    # how a colour moved depends on what it was; what it is now is near enough to that for a slight shift. Painted colours may lie
    # beyond all that the fit has seen: none is moved more than what was seen to move
    least, most = expected.min(axis=(0, 1)), expected.max(axis=(0, 1))
    back = moved - np.clip((terms(moved.reshape(-1, 3)) @ shift).reshape(base.shape), least, most)
    white = np.float32(source.white)
    pixels = source.pixels.copy()
    made = np.clip(back[painted], 0, None) * white
    pixels[painted, :3] = np.clip(np.rint(made), 0, white) if pixels.dtype.kind == "u" else made
    return FrameBuffer(pixels, source.depth, source.colour)


def values(frame: FrameBuffer, step: int = 1) -> Values:
    """Red, green and blue, 0…1, of every `step`-th pixel of every `step`-th row."""
    return frame.pixels[::step, ::step, :3].astype(np.float32) / np.float32(frame.white)


def terms(colours: Values) -> Values:
    """``(n, 10)``: one, the three channels, their squares and products."""
    r, g, b = colours.T
    return np.stack([np.ones_like(r), r, g, b, r * r, g * g, b * b, r * g, g * b, r * b], axis=1)
