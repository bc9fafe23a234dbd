"""Messages between a process and its sandbox child: a length-prefixed msgpack head, then raw bytes of a length it names.

u32 LE head length | head (msgpack map, its "bytes" is the payload's length) | payload
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Protocol

import msgpack

MAX_HEAD = 1 << 20
_PREFIX = struct.Struct("<I")
Head = dict[str, Any]


class ChannelError(Exception):
    """The other side is gone, or does not keep to the form."""


class RawReader(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...


class RawWriter(Protocol):
    def write(self, buffer: bytes | memoryview, /) -> int | None: ...


def send(stream: RawWriter, head: Head, payload: bytes | memoryview = b"") -> None:
    """Write one message to an unbuffered binary stream.

    Raises:
        ChannelError: the other side is gone.
    """
    view = memoryview(payload).cast("B") if len(payload) else memoryview(b"")
    packed = msgpack.packb({**head, "bytes": len(view)})
    _write(stream, memoryview(_PREFIX.pack(len(packed)) + packed))
    _write(stream, view)


def _write(stream: RawWriter, view: memoryview) -> None:
    try:
        while len(view):
            view = view[stream.write(view) or 0 :]
    except (OSError, ValueError) as e:
        raise ChannelError("the other side is gone") from e


def receive(stream: RawReader, progress: Callable[[], None] = lambda: None) -> Head:
    """Read one head; its payload, ``head["bytes"]`` long, is next in the stream (see `fill`).

    Raises:
        ChannelError: the other side is gone, or the head is not one.
    """
    prefix = bytearray(_PREFIX.size)
    fill(stream, memoryview(prefix), progress)
    (size,) = _PREFIX.unpack(prefix)
    if size > MAX_HEAD:
        raise ChannelError("head too long")
    packed = bytearray(size)
    fill(stream, memoryview(packed), progress)
    try:
        head = msgpack.unpackb(packed, raw=False)
    except (ValueError, msgpack.UnpackException) as e:
        raise ChannelError("head is not msgpack") from e
    if not isinstance(head, dict) or not isinstance(head.get("bytes"), int) or head["bytes"] < 0:
        raise ChannelError("head is not a map with a length")
    return head


def fill(stream: RawReader, view: memoryview, progress: Callable[[], None] = lambda: None) -> None:
    """Fill `view` from an unbuffered binary stream; `progress` is called whenever bytes arrive.

    Raises:
        ChannelError: the stream ended first.
    """
    done = 0
    while done < len(view):
        try:
            count = stream.readinto(view[done:])
        except (OSError, ValueError) as e:
            raise ChannelError("the other side is gone") from e
        if not count:
            raise ChannelError("the other side is gone")
        done += count
        progress()
