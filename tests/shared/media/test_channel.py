from __future__ import annotations

import io
import struct

import pytest
from keyfollow.media.channel import MAX_HEAD, ChannelError, fill, receive, send


class Trickle(io.RawIOBase):
    """Gives a byte at a time, as a pipe may."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        return self._data.readinto(buffer[:1])


def test_a_message_survives_short_reads_and_tells_of_progress() -> None:
    pipe = io.BytesIO()
    send(pipe, {"op": "x", "n": 3}, b"payload")
    source, ticks = Trickle(pipe.getvalue()), []
    head = receive(source, lambda: ticks.append(1))
    got = bytearray(head["bytes"])
    fill(source, memoryview(got))
    assert (head["op"], head["n"], bytes(got)) == ("x", 3, b"payload")
    assert len(ticks) > 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x05",
        struct.pack("<I", MAX_HEAD + 1) + bytes(100),
        struct.pack("<I", 1) + b"\xc1",
        struct.pack("<I", 1) + b"\x80",
        struct.pack("<I", 1) + b"\x05",
        struct.pack("<I", 9) + b"\x81",
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ChannelError):
        receive(io.BytesIO(data))


def test_a_payload_that_ends_early_is_refused() -> None:
    with pytest.raises(ChannelError):
        fill(io.BytesIO(b"abc"), memoryview(bytearray(4)))
