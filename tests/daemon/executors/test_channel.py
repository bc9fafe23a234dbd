"""Messages over a real pipe: whole, in order, from several threads; the end is told, garbage is not believed."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator
from typing import BinaryIO

import msgpack
import pytest
from keyfollow_daemon.executors.channel import MAX_MESSAGE, Channel


class Pipe:
    """One direction: `there` sends, `here` receives; `raw` writes what it likes."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self.reader: BinaryIO = os.fdopen(reading, "rb")
        self.raw: BinaryIO = os.fdopen(writing, "wb")
        self.here = Channel(self.reader, open(os.devnull, "wb"))  # noqa: SIM115, PTH123
        self.there = Channel(open(os.devnull, "rb"), self.raw)  # noqa: SIM115, PTH123


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.there.close_writer()
    made.reader.close()


def test_messages_arrive_whole_and_in_order(pipe: Pipe) -> None:
    messages = [{"n": 1}, {"data": b"\x00\xff", "text": "ä", "none": None, "list": [1, 2.5, True]}, {}]
    for message in messages:
        pipe.there.send(message)
    assert [pipe.here.receive() for _ in messages] == messages


def test_a_message_larger_than_the_pipe_arrives(pipe: Pipe) -> None:
    sender = threading.Thread(target=pipe.there.send, args=({"data": bytes(3 << 20)},))
    sender.start()
    assert pipe.here.receive() == {"data": bytes(3 << 20)}
    sender.join()


def test_several_threads_may_send(pipe: Pipe) -> None:
    def send(who: int) -> None:
        for n in range(100):
            pipe.there.send({"who": who, "n": n, "data": bytes(500)})

    senders = [threading.Thread(target=send, args=(who,)) for who in range(4)]
    for sender in senders:
        sender.start()
    got = [pipe.here.receive() for _ in range(400)]
    for sender in senders:
        sender.join()
    for who in range(4):
        assert [m["n"] for m in got if m is not None and m["who"] == who] == list(range(100))


def test_the_end_of_the_other_side_is_none(pipe: Pipe) -> None:
    pipe.there.send({"last": True})
    pipe.there.close_writer()
    assert pipe.here.receive() == {"last": True}
    assert pipe.here.receive() is None


@pytest.mark.parametrize(
    "raw",
    [
        b"\x01",
        struct.pack("<I", 10) + b"short",
        struct.pack("<I", MAX_MESSAGE + 1) + b"\x80" * 100,
        struct.pack("<I", 1) + b"\x05",
    ],
)
def test_a_message_that_is_cut_short_too_long_or_no_mapping_is_the_end(pipe: Pipe, raw: bytes) -> None:
    pipe.raw.write(raw)
    pipe.there.close_writer()
    assert pipe.here.receive() is None


@pytest.mark.parametrize("body", [b"\xc1", b"\x81\xa1a", b"\x80\x80", msgpack.packb({1: 2})])
def test_garbage_is_the_end_too(pipe: Pipe, body: bytes) -> None:
    pipe.raw.write(struct.pack("<I", len(body)) + body)
    pipe.there.close_writer()
    assert pipe.here.receive() is None


def test_sending_to_a_side_that_is_gone_is_an_os_error(pipe: Pipe) -> None:
    pipe.reader.close()
    with pytest.raises(OSError):
        for _ in range(10):
            pipe.there.send({"n": 1})
    pipe.there.close_writer()
