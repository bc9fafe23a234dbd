"""The loop outlives whatever is thrown at it: bugs, junk, strangers, silence and haste."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from keyfollow import wire
from keyfollow.wire import CONTROL, DATA

CURVE = 64
"""More than what encryption adds to a part; the limit counts that too."""


def answers(client: Any) -> bool:
    word = os.urandom(8)
    client.send(CONTROL, word)
    while (parts := client.receive(CONTROL)) is not None:
        if parts == [word]:
            return True
    return False


def port(running: Any) -> tuple[str, int]:
    host, _, number = running.server.endpoints[CONTROL].removeprefix("tcp://").partition(":")
    return host, int(number)


def test_messages_come_with_their_channel_and_peer(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    a, b = connect(), connect()
    a.send(CONTROL, b"one")
    b.send(DATA, b"two", b"part")
    assert a.receive(CONTROL) == [b"one"]
    assert b.receive(DATA) == [b"two", b"part"]
    assert sorted(running.handler.seen) == sorted([(CONTROL, a.name, [3]), (DATA, b.name, [3, 4])])


def test_messages_of_one_client_stay_in_order(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    client = connect()
    words = [str(n).encode() for n in range(1000)]
    for word in words:
        client.send(CONTROL, word)
    assert [client.receive(CONTROL) for _ in words] == [[word] for word in words]


def test_work_posted_from_threads_runs_on_the_loop_in_order(running: Any) -> None:
    running.start()
    ran: list[tuple[int, int, int]] = []

    def post(who: int) -> None:
        for n in range(500):
            running.server.post(lambda n=n: ran.append((who, n, threading.get_ident())))

    threads = [threading.Thread(target=post, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deadline = time.monotonic() + 10
    while len(ran) < 2000 and time.monotonic() < deadline:
        time.sleep(0.005)
    for who in range(4):
        assert [n for w, n, _ in ran if w == who] == list(range(500))
    assert len({ident for _, _, ident in ran}) == 1


def test_posted_work_does_not_wait_for_a_tick(running: Any) -> None:
    running.start()
    began = time.monotonic()
    for _ in range(50):
        running.on_loop(lambda: None)
    assert time.monotonic() - began < 2.5, "50 ticks would take 12 s"


def test_a_bug_behind_a_message_or_posted_work_does_not_end_the_loop(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    client = connect()
    client.send(CONTROL, b"explode")
    running.server.post(lambda: 1 // 0)
    assert answers(client)
    assert running.alive


def test_a_bug_in_the_tick_does_not_end_it_either(
    running: Any, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.handler, "tick", lambda now: 1 // 0)
    running.start()
    time.sleep(0.4)
    assert answers(connect())


def test_time_passes_without_messages(running: Any) -> None:
    running.start()
    time.sleep(1.1)
    assert 3 <= running.handler.ticks <= 6


def test_an_oversized_part_is_dropped_with_its_connection_only(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    huge, friend, large = connect(), connect(), connect()
    assert answers(friend)
    huge.send(CONTROL, bytes(wire.MAX_IN + CURVE))
    assert huge.receive(CONTROL, 0.3) is None
    assert answers(friend)
    large.send(CONTROL, bytes(wire.MAX_IN - CURVE))
    assert large.receive(CONTROL) == [bytes(wire.MAX_IN - CURVE)]
    assert max(size for _, _, sizes in running.handler.seen for size in sizes) == wire.MAX_IN - CURVE


@pytest.mark.parametrize(
    "raw",
    [
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL" + bytes(48),
        b"\x00" * 4096,
        os.urandom(4096),
    ],
    ids=["http", "websocket", "tls", "zmtp-null", "zeros", "noise"],
)
def test_bytes_of_other_protocols_get_nothing_and_do_no_harm(running: Any, connect: Callable[..., Any], raw: bytes) -> None:
    running.start()
    for _ in range(5):
        with socket.create_connection(port(running), timeout=0.2) as stranger, contextlib.suppress(OSError):
            stranger.sendall(raw)
            heard = stranger.recv(4096)
            assert b"HTTP" not in heard
    assert answers(connect())
    assert len(running.handler.seen) == 1


def test_a_hundred_silent_connections_keep_nobody_out(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection(port(running), timeout=1))
        assert answers(connect())


def test_sending_to_nobody_says_so(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    assert running.on_loop(lambda: running.server.send(CONTROL, b"nobody", [b"x"])) is False
    client = connect()
    assert answers(client)
    assert running.on_loop(lambda: running.server.send(CONTROL, client.name, [b"x"])) is True
    assert client.receive(CONTROL) == [b"x"]


def test_a_client_that_does_not_read_is_given_up_and_does_not_stop_the_loop(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    deaf, friend = connect(), connect()
    assert answers(deaf)

    def flood() -> int:
        sent = 0
        while sent < 20_000 and running.server.send(CONTROL, deaf.name, [bytes(20_000)]):
            sent += 1
        return sent

    assert running.on_loop(flood) < 20_000
    assert answers(friend)


def test_a_client_may_come_back_under_its_name(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    first = connect()
    assert answers(first)
    second = connect(name=first.name)
    second.send(CONTROL, b"back")
    assert second.receive(CONTROL) == [b"back"]


def test_stop_ends_the_loop_and_posting_afterwards_does_no_harm(running: Any) -> None:
    running.start()
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 2
    running.server.post(lambda: None)
