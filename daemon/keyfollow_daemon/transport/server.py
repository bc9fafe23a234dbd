"""The event loop: the only thread that touches sockets, the job store, and everything behind the API.

Two ROUTER sockets (control, data) on loopback, CURVE with a ZAP key list. Other threads hand work to the loop with `post`.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import zmq
from keyfollow import wire
from keyfollow.wire import CONTROL, DATA, Channel

from .auth import Gate, Keys

log = logging.getLogger(__name__)
TICK_S = 0.25
HANDSHAKE_MS = 3000
HIGH_WATER = 1000
CURVE_OVERHEAD = 1024
"""libzmq counts what encryption adds; a message at the limit must reach the check that answers it."""
BURST = 200
"""Messages taken from one socket before the others get their turn."""


class Handler(Protocol):
    """What the loop calls; nothing in it may block."""

    def message(self, channel: Channel, peer: bytes, parts: list[memoryview]) -> None: ...

    def tick(self, now: float) -> None: ...


class Server:
    """Sockets and timers. Raises `OSError`-like `zmq.ZMQError` when the address cannot be bound."""

    def __init__(self, keys: Keys, host: str = "127.0.0.1") -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, 4096)
        self._gate = Gate(self._context, {keys.client_public})
        self._sockets: dict[Channel, zmq.Socket[bytes]] = {CONTROL: self._router(keys), DATA: self._router(keys)}
        self.endpoints: dict[Channel, str] = {}
        for channel, socket in self._sockets.items():
            port = socket.bind_to_random_port(f"tcp://{host}")
            self.endpoints[channel] = f"tcp://{host}:{port}"
        self._unread: dict[bytes, list[zmq.MessageTracker]] = {}
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_in = self._context.socket(zmq.PAIR)
        self._wake_in.bind("inproc://wake")
        self._wake_out = self._context.socket(zmq.PAIR)
        self._wake_out.connect("inproc://wake")
        self._wake_lock = threading.Lock()
        self._stopping = False

    def _router(self, keys: Keys) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.ROUTER)
        socket.curve_server = True
        socket.curve_publickey = keys.server_public.encode()
        socket.curve_secretkey = keys.server_secret.encode()
        socket.setsockopt(zmq.ZAP_DOMAIN, b"keyfollow")
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        socket.setsockopt(zmq.SNDHWM, HIGH_WATER)
        socket.setsockopt(zmq.RCVHWM, HIGH_WATER)
        socket.setsockopt(zmq.MAXMSGSIZE, wire.MAX_IN + CURVE_OVERHEAD)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        socket.setsockopt(zmq.LINGER, 0)
        return socket

    def send(self, channel: Channel, peer: bytes, parts: Sequence[Any]) -> bool:
        """Send without waiting. False when the peer is gone or does not read: the caller forgets it."""
        pixels = len(parts) > 1
        try:
            sent = self._sockets[channel].send_multipart([peer, *parts], zmq.NOBLOCK, copy=False, track=pixels)
        except zmq.ZMQError as e:
            if e.errno in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                return False
            raise
        if pixels and sent is not None:
            self._unread.setdefault(peer, []).append(sent)
        return True

    def room(self, peer: bytes) -> int:
        """How many messages with pixels `peer` may be sent now: `wire.CREDIT` less those that still wait in its queue here.

        Credit is the peer's word for what it read; this is what the system knows of it.
        """
        unread = [sent for sent in self._unread.pop(peer, ()) if not sent.done]
        if unread:
            self._unread[peer] = unread
        return wire.CREDIT - len(unread)

    def post(self, work: Callable[[], None]) -> None:
        """Run `work` on the loop soon. From any thread."""
        self._posted.put(work)
        with self._wake_lock:
            if not self._wake_out.closed:
                with contextlib.suppress(zmq.Again):  # the loop has plenty of wake-ups waiting already
                    self._wake_out.send(b"", zmq.NOBLOCK)

    def stop(self) -> None:
        """Leave `run` after the work at hand. From the loop's own thread or a signal handler."""
        self._stopping = True

    def run(self, handler: Handler, alive: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop`; `alive` is called at every tick."""
        poller = zmq.Poller()
        for socket in (self._gate.socket, self._wake_in, *self._sockets.values()):
            poller.register(socket, zmq.POLLIN)
        next_tick = time.monotonic()
        while not self._stopping:
            wait = max(0.0, next_tick - time.monotonic())
            ready = dict(poller.poll(int(wait * 1000) + 1))
            if self._gate.socket in ready:
                self._gate.answer()
            if self._wake_in in ready:
                self._wake_in.recv()
            self._run_posted()
            for channel, socket in self._sockets.items():
                if socket in ready:
                    self._drain(channel, socket, handler)
            now = time.monotonic()
            if now >= next_tick:
                next_tick = now + TICK_S
                for peer in list(self._unread):  # those who are gone leave nothing here
                    self.room(peer)
                alive()
                _guard(lambda now=now: handler.tick(now))  # type: ignore[misc]

    def _run_posted(self) -> None:
        for _ in range(BURST):
            try:
                work = self._posted.get_nowait()
            except queue.Empty:
                return
            _guard(work)
        self.post(lambda: None)

    def _drain(self, channel: Channel, socket: zmq.Socket[bytes], handler: Handler) -> None:
        for _ in range(BURST):
            try:
                peer, *parts = socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            _guard(lambda peer=peer.bytes, parts=[p.buffer for p in parts]: handler.message(channel, peer, parts))  # type: ignore[misc]

    def close(self) -> None:
        with self._wake_lock:
            self._wake_out.close(0)
        self._wake_in.close(0)
        self._gate.close()
        for socket in self._sockets.values():
            socket.close(0)
        self._context.term()


def _guard(work: Callable[[], None]) -> None:
    """One bad message or a bug behind it must not end the daemon; it is logged with its traceback."""
    try:
        work()
    except Exception:
        log.exception("unexpected error in the event loop")
