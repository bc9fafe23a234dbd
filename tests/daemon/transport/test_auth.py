"""Only whoever read the connection file is answered. Real CURVE handshakes on loopback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import zmq
from keyfollow.wire import CONTROL, DATA, Channel
from keyfollow_daemon.transport.auth import Keys

SILENCE_S = 0.4
"""Long against an answer, which takes some milliseconds."""


def test_keys_are_fresh_text_each_time() -> None:
    one, two = Keys.make(), Keys.make()
    keys = [k for made in (one, two) for k in (made.server_public, made.server_secret, made.client_public, made.client_secret)]
    assert len(set(keys)) == 8
    assert all(len(k) == 40 and k.isascii() for k in keys)


@pytest.mark.parametrize("channel", [CONTROL, DATA])
def test_the_right_keys_are_answered(running: Any, connect: Callable[..., Any], channel: Channel) -> None:
    running.start()
    client = connect()
    client.send(channel, b"hello", b"payload")
    assert client.receive(channel) == [b"hello", b"payload"]


def test_wrong_keys_are_not_answered(running: Any, connect: Callable[..., Any]) -> None:
    running.start()
    stranger, right = Keys.make(), running.keys
    wrong = [
        replace(right, server_public=stranger.server_public),
        replace(right, client_public=stranger.client_public, client_secret=stranger.client_secret),
        replace(right, client_secret=stranger.client_secret),
        replace(right, client_public=right.server_public, client_secret=right.server_secret),
    ]
    clients = [connect(keys) for keys in wrong]
    for client in clients:
        for channel in (CONTROL, DATA):
            client.send(channel, b"hello")
    for client in clients:
        for channel in (CONTROL, DATA):
            assert client.receive(channel, SILENCE_S / 8) is None
    friend = connect()
    friend.send(CONTROL, b"hello")
    assert friend.receive(CONTROL) == [b"hello"], "a friend is answered while strangers try"
    for client in clients:
        assert client.receive(CONTROL, SILENCE_S / 8) is None
    assert {peer for _, peer, _ in running.handler.seen} == {friend.name}


@pytest.mark.parametrize("mechanism", ["none", "plain", "plain as root"])
def test_other_mechanisms_are_not_answered(running: Any, context: zmq.Context[zmq.Socket[bytes]], mechanism: str) -> None:
    running.start()
    with context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        if mechanism != "none":
            socket.plain_username = b"root" if "root" in mechanism else b"user"
            socket.plain_password = running.keys.client_secret.encode()
        socket.connect(running.server.endpoints[CONTROL])
        socket.send(b"hello")
        assert not socket.poll(int(SILENCE_S * 1000))
    assert running.handler.seen == []


def test_nobody_listens_beyond_loopback(running: Any) -> None:
    assert all(endpoint.startswith("tcp://127.0.0.1:") for endpoint in running.server.endpoints.values())
    assert running.server.endpoints[CONTROL] != running.server.endpoints[DATA]
