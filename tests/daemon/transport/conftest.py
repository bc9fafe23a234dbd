"""A server on loopback with its own loop thread, and clients that speak to it with whatever keys a test gives them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq
from keyfollow import wire
from keyfollow.wire import CONTROL, DATA, Channel
from keyfollow_daemon.transport.auth import Keys
from keyfollow_daemon.transport.server import Server


class Echo:
    """A handler that answers every message with its own parts; `seen` has their sizes."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.seen: list[tuple[Channel, bytes, list[int]]] = []
        self.ticks = 0

    def message(self, channel: Channel, peer: bytes, parts: list[memoryview]) -> None:
        self.seen.append((channel, peer, [len(p) for p in parts]))
        if bytes(parts[0]) == b"explode":
            raise RuntimeError("a bug behind a message")
        self.server.send(channel, peer, [bytes(p) for p in parts])

    def tick(self, now: float) -> None:
        self.ticks += 1


class Running:
    """A server that runs on a thread and hands on to `handler`, which may be replaced on the way."""

    def __init__(self) -> None:
        self.keys = Keys.make()
        self.server = Server(self.keys)
        self.handler: Any = Echo(self.server)
        self._thread = threading.Thread(target=lambda: self.server.run(self), daemon=True)

    def message(self, channel: Channel, peer: bytes, parts: list[memoryview]) -> None:
        self.handler.message(channel, peer, parts)

    def tick(self, now: float) -> None:
        self.handler.tick(now)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def on_loop(self, work: Callable[[], Any]) -> Any:
        """Run `work` on the loop's thread and wait for what it returns."""
        done, result = threading.Event(), []

        def run() -> None:
            try:
                result.append(work())
            finally:
                done.set()

        self.server.post(run)
        assert done.wait(10)
        return result[0]

    def stop(self) -> None:
        self.server.stop()
        if self._thread.is_alive():
            self.server.post(lambda: None)
            self._thread.join(5)
            assert not self._thread.is_alive()
        self.server.close()


class Client:
    """Both channels of one client. `ask` speaks the protocol, `sockets` is for everything else."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], running: Running, keys: Keys, name: bytes = b"") -> None:
        self.name = name or b"k" + uuid.uuid4().bytes
        self.sockets: dict[Channel, zmq.Socket[bytes]] = {}
        self._id = 0
        self.events: list[wire.Envelope] = []
        for channel in (CONTROL, DATA):
            socket = context.socket(zmq.DEALER)
            socket.setsockopt(zmq.ROUTING_ID, self.name)
            socket.setsockopt(zmq.LINGER, 0)
            socket.curve_serverkey = keys.server_public.encode()
            socket.curve_publickey = keys.client_public.encode()
            socket.curve_secretkey = keys.client_secret.encode()
            socket.connect(running.server.endpoints[channel])
            self.sockets[channel] = socket

    def send(self, channel: Channel, *parts: bytes) -> None:
        self.sockets[channel].send_multipart(parts)

    def receive(self, channel: Channel, within_s: float = 10.0) -> list[bytes] | None:
        """The next message; None when there is none in time."""
        if not self.sockets[channel].poll(int(within_s * 1000)):
            return None
        return self.sockets[channel].recv_multipart()

    def hear(self, channel: Channel, within_s: float = 10.0) -> wire.Envelope | None:
        parts = self.receive(channel, within_s)
        return None if parts is None else wire.decode(parts, wire.TO_CLIENT)

    def tell(self, channel: Channel, body: Any, *payload: bytes) -> int:
        """Send a message of the protocol; its id."""
        self._id += 1
        self.send(channel, wire.encode(body, self._id), *payload)
        return self._id

    def ask(self, body: Any, *payload: bytes, channel: Channel = CONTROL) -> Any:
        """The body of the answer; what else comes meanwhile is kept in `events`."""
        id = self.tell(channel, body, *payload)
        while (message := self.hear(channel)) is not None:
            if message.id == id:
                return message.body
            self.events.append(message)
        raise AssertionError(f"no answer to {body}")

    def hello(self) -> Any:
        return self.ask(wire.Hello(wire.PROTOCOL, "test", "0"))

    def close(self) -> None:
        for socket in self.sockets.values():
            socket.close(0)


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    yield made
    made.stop()


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    made: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    yield made
    made.destroy(0)


@pytest.fixture
def connect(running: Running, context: zmq.Context[zmq.Socket[bytes]]) -> Callable[..., Client]:
    """Makes clients; with the right keys unless others are given."""

    def make(keys: Keys | None = None, name: bytes = b"") -> Client:
        return Client(context, running, keys or running.keys, name)

    return make
