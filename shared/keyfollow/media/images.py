"""Still images and image sequences, decoded in the sandbox; written atomically by suffix."""

from __future__ import annotations

import threading
from math import prod
from typing import Any

import numpy as np

from ..frames import DTYPES, Colour, FrameBuffer
from .channel import Head
from .limits import MAX_PIXELS
from .problems import problem
from .sandbox import Sandbox

SPARE_S = 600.0
"""How long `make_ready`'s child waits for a picture."""


class _Spare:
    """A child that is there before its picture is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: tuple[Sandbox, threading.Timer] | None = None

    def start(self) -> None:
        with self._lock:
            if self._held is not None and self._held[0].alive:
                return
        child, timer = Sandbox(), threading.Timer(SPARE_S, self._give_up)
        timer.daemon = True
        with self._lock:
            before, self._held = self._held, (child, timer)
        timer.start()
        if before is not None:
            _end(*before)

    def take(self, name: str) -> Sandbox:
        """The child that waits, else a new one; the caller's to close."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None and held[0].alive:
            held[1].cancel()
            held[0].name = name
            return held[0]
        if held is not None:
            _end(*held)
        return Sandbox(name=name)

    def _give_up(self) -> None:
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            _end(*held)


def _end(child: Sandbox, timer: threading.Timer) -> None:
    timer.cancel()
    child.close()


_SPARE = _Spare()


def make_ready() -> None:
    """A picture is about to come: start the child of its own that `read_image` will decode it in, which takes longer than to decode it.

    A child that is not needed ends after `SPARE_S`.
    """
    _SPARE.start()


def read_image(data: bytes, *, name: str = "") -> FrameBuffer:
    """Decode an encoded still (PNG, JPEG, TIFF, WebP, BMP, EXR, DPX, a PSD's composite; by content, not by name) in a child of its own.

    EXIF orientation is applied; an embedded ICC profile is ignored.

    Raises:
        MediaError: ``media_unreadable``, ``media_too_large``, ``media_truncated``, ``media_timeout``…
    """
    with _SPARE.take(name) as sandbox:
        return decode_image(sandbox, data)[0]


def decode_image(sandbox: Sandbox, data: bytes) -> tuple[FrameBuffer, Head]:
    """The picture, and what the child said of it: ``codec``, ``pixel_format``, ``depth``.

    Raises:
        MediaError: as `read_image`.
    """
    if not data:
        raise problem("media_empty", name=sandbox.name)
    head = sandbox.call("image", data)
    pixels = receive_pixels(sandbox, head)
    return FrameBuffer(pixels, int(head["depth"]), Colour(*map(str, head["colour"]))), head


def receive_pixels(sandbox: Sandbox, head: Head) -> np.ndarray[Any, np.dtype[Any]]:
    """The payload of `head` as an array. Its size was the child's to say, so it is checked before memory is taken.

    Raises:
        MediaError: ``media_reader_died`` when the child does not keep to the form.
    """
    shape, dtype = list(head.get("shape") or ()), str(head.get("dtype"))
    good = len(shape) == 3 and all(isinstance(n, int) and n > 0 for n in shape) and shape[2] in (3, 4) and dtype in DTYPES
    if not good or shape[0] * shape[1] > MAX_PIXELS or prod(shape) * np.dtype(dtype).itemsize != head["bytes"]:
        raise problem("media_reader_died", "it answered nonsense", sandbox.name)
    pixels = np.empty(shape, dtype)
    sandbox.payload(pixels.reshape(-1).view(np.uint8).data)
    return pixels
