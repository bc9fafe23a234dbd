"""Framed msgpack over a pipe: how the daemon and its worker process talk. No pickle, so `multiprocessing` is out."""

from __future__ import annotations

import contextlib
import struct
import threading
from typing import Any, BinaryIO

import msgpack

MAX_MESSAGE = 64 << 20


class Channel:
    """One pipe pair. `send` is safe from several threads, `receive` belongs to one."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Raises `OSError` (BrokenPipeError) when the other side is gone."""
        data = msgpack.packb(message)
        with self._lock:
            self._writer.write(struct.pack("<I", len(data)) + data)
            self._writer.flush()

    def receive(self) -> dict[str, Any] | None:
        """The next message; None when the other side is gone or speaks garbage."""
        head = self._reader.read(4)
        if len(head) < 4:
            return None
        (size,) = struct.unpack("<I", head)
        if size > MAX_MESSAGE:
            return None
        data = self._reader.read(size)
        if len(data) < size:
            return None
        try:
            message = msgpack.unpackb(data, raw=False)
        except (ValueError, msgpack.UnpackException):
            return None
        return message if isinstance(message, dict) else None

    def close_writer(self) -> None:
        """Tell the other side that no more will come."""
        with contextlib.suppress(OSError):  # it went first: nothing is left to flush to it
            self._writer.close()
