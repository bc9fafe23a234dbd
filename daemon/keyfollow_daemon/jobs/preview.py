"""Small pictures of a run under way, for whoever watches it: seldom enough to cost next to nothing, and bounded in size."""

from __future__ import annotations

import time
from typing import Any

import cv2
import numpy as np
from keyfollow.engine_info import PREVIEW_BYTES, PREVIEW_SIDE

from keyfollow_daemon.engines.base import Preview

EVERY_S = 1.0
SHARE = 0.02
"""Of a run's time that its previews may take."""
QUALITIES = (85, 50, 10)
cv: Any = cv2


class Previews:
    """The latest picture of one run."""

    def __init__(self) -> None:
        self.latest: bytes | None = None
        self._next = 0.0

    def offer(self, make: Preview) -> None:
        """Make a new `latest` where it is time for one."""
        began = time.monotonic()
        if began < self._next:
            return
        self.latest = encoded(make())
        ended = time.monotonic()
        self._next = ended + max(EVERY_S, (ended - began) / SHARE)

    def forget(self) -> None:
        """What was shown is over; the next one offered is taken, as soon as it is time."""
        self.latest = None


def encoded(picture: Any) -> bytes | None:
    """``(h, w, 3)`` uint8 RGB as a JPEG within `PREVIEW_SIDE` and `PREVIEW_BYTES`; None for one that cannot be."""
    height, width = picture.shape[:2]
    scale = PREVIEW_SIDE / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv.resize(picture, size, interpolation=cv.INTER_AREA)
    for quality in QUALITIES:
        whole, data = cv.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv.IMWRITE_JPEG_QUALITY, quality])
        if whole and len(data) <= PREVIEW_BYTES:
            return bytes(data)
    return None
