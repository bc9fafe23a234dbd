"""Keyframes that look like another frame than the one they were given for: a slip of typing that tears the whole result."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from keyfollow.frames import FrameBuffer

from keyfollow_daemon.engines.base import Array, EditKeyframe, Frames

WIDTH, HEIGHT = 64, 36
SAMPLES = 3
"""Rows and columns of the picture that are looked at for each of the small copy's: all of them would take a tenth of a short run."""
LEAST = 1.0
"""A keyframe that differs from its own frame by less (mean over a small copy, 8-bit units) is in its place."""
SHARE = 0.5
"""It must differ from another frame by less than this share of what it differs from its own."""


class Misplaced:
    """Told of frames as they pass; says once of each keyframe that one of them is more likely its own.

    A picture from which something was painted out looks like a frame that it has left, so this asks and refuses nothing.
    """

    def __init__(self, keyframes: Sequence[EditKeyframe], frames: Frames) -> None:
        self._doubtful: dict[int, tuple[Array, float]] = {}
        for key in keyframes:
            small = _small(key.image)
            own = _apart(small, _small(frames[key.frame]))
            if own > LEAST:
                self._doubtful[key.frame] = small, SHARE * own

    def told(self, frame: int, source: FrameBuffer) -> list[str]:
        """What is to be said now that source frame `frame` was seen."""
        if not self._doubtful:
            return []
        seen = _small(source)
        found = [k for k, (small, most) in self._doubtful.items() if k != frame and _apart(small, seen) < most]
        for key in found:
            del self._doubtful[key]
        return [
            f"The picture given for frame {k} looks more like the clip around frame {frame}: was it made from that?"
            for k in found
        ]


def _small(image: FrameBuffer) -> Array:
    step = max(1, min(image.width // (SAMPLES * WIDTH), image.height // (SAMPLES * HEIGHT)))
    pixels = image.pixels[::step, ::step, :3]
    if pixels.dtype != np.uint8:
        whole = float(2**image.depth - 1) if pixels.dtype.kind == "u" else 1.0
        pixels = (np.clip(pixels.astype(np.float32) / whole, 0.0, 1.0) * 255).astype(np.uint8)
    return cv2.resize(pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)


def _apart(a: Array, b: Array) -> float:
    return float(np.abs(a - b).mean())
