"""Peers that keep to no rules: the protocol spoken by hand, messages with damage in them, strangers without the right keys."""

from __future__ import annotations

import random
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgpack
import pytest
import zmq
from keyfollow import wire
from keyfollow.connection import Connection
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.frames import FrameRange
from keyfollow.wire import CONTROL, DATA, Channel, Envelope

from .daemons import Home, home
from .faults import Daemon

T = TypeVar("T")
Parts = list[bytes]
Lock = Callable[[zmq.Socket[bytes]], None]
"""Sets the security of a socket before it connects."""


def right_keys(connection: Connection) -> Lock:
    """What the connection file says."""
    return curve(connection.server_public, connection.client_public, connection.client_secret)


def curve(server_public: str, client_public: str, client_secret: str) -> Lock:
    def set_keys(socket: zmq.Socket[bytes]) -> None:
        socket.curve_serverkey = server_public.encode()
        socket.curve_publickey = client_public.encode()
        socket.curve_secretkey = client_secret.encode()

    return set_keys


def wrong_locks(connection: Connection) -> dict[str, Lock]:
    """Every way to come without the right keys, by name; fresh keys each time."""

    def fresh() -> tuple[str, str]:
        public, secret = zmq.curve_keypair()
        return public.decode(), secret.decode()

    def plain(socket: zmq.Socket[bytes]) -> None:
        socket.plain_username, socket.plain_password = b"keyfollow", connection.client_secret.encode()

    return {
        "wrong server key": curve(fresh()[0], connection.client_public, connection.client_secret),
        "unknown client key": curve(connection.server_public, *fresh()),
        "no key": curve(connection.server_public, "0" * 40, "0" * 40),
        "NULL": lambda socket: None,
        "PLAIN": plain,
    }


@dataclass(frozen=True, slots=True)
class Target:
    """A daemon to be attacked, and how to reach it."""

    home: Home
    daemon: Daemon
    connection: Connection

    def log(self) -> str:
        return (self.home.paths.logs / "daemon.log").read_text()

    def assert_unharmed(self) -> None:
        """It runs, answers its own client, and nothing reached code that did not expect it."""
        assert self.daemon.status is None
        with Peer(self.connection) as peer:
            peer.hello()
            peer.ask(wire.Status(), wire.DaemonStatus)
        assert "Traceback" not in self.log()


@contextmanager
def target(folder: Path, *options: str, **environment: str) -> Iterator[Target]:
    """A daemon in a home of its own. At the end it must be unharmed."""
    with pytest.MonkeyPatch.context() as patch, home(folder, patch, **environment) as made, Daemon(made, *options) as daemon:
        connection = made.running()
        assert connection is not None
        yield (found := Target(made, daemon, connection))
        found.assert_unharmed()


class Peer:
    """One client without manners: sends any bytes, and reads only when it is told to. For one thread; a context manager.

    Args:
        lock: `right_keys` of the connection unless given.
        queue: answers that wait on this side before the daemon's own queue fills.
    """

    def __init__(self, connection: Connection, lock: Lock | None = None, *, queue: int = 10_000) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.sockets: dict[Channel, zmq.Socket[bytes]] = {}
        self._id = 1 << 40
        name = b"t" + uuid.uuid4().bytes
        for channel, endpoint in ((CONTROL, connection.control), (DATA, connection.data)):
            socket = self.context.socket(zmq.DEALER)
            socket.setsockopt(zmq.ROUTING_ID, name)
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RCVHWM, queue)
            socket.setsockopt(zmq.SNDHWM, queue)
            (lock or right_keys(connection))(socket)
            socket.connect(endpoint)
            self.sockets[channel] = socket

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.context.destroy(linger=0)

    def hello(self, protocol: tuple[int, int] = wire.PROTOCOL) -> wire.Welcome:
        return self.ask(wire.Hello(protocol, "fault test"), wire.Welcome)

    def send(self, channel: Channel, parts: Sequence[bytes]) -> None:
        self.sockets[channel].send_multipart(list(parts))

    def receive(self, channel: Channel = CONTROL, within_s: float = 10.0) -> Envelope | None:
        """The next message from the daemon, whatever it is; None when there is none in time."""
        socket = self.sockets[channel]
        if not socket.poll(int(within_s * 1000)):
            return None
        return wire.decode(list(socket.recv_multipart()), wire.TO_CLIENT)

    def answer(self, id: int, channel: Channel = CONTROL, within_s: float = 60.0) -> Any:
        """The answer to message `id`; what comes before it is dropped."""
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive(channel, left)
            if message is not None and message.id == id:
                return message.body
        raise AssertionError(f"message {id} was not answered within {within_s:.0f} s")

    def ask(self, body: Any, expected: type[T], channel: Channel = CONTROL, payload: bytes | None = None) -> T:
        """Ask and wait; anything but an `expected` fails the test."""
        self._id += 1
        self.send(channel, [wire.encode(body, self._id), *([] if payload is None else [payload])])
        got = self.answer(self._id, channel)
        assert isinstance(got, expected), got
        return got

    def refused(self, body: Any, channel: Channel = CONTROL) -> str:
        """The code with which the daemon refuses `body`."""
        return self.ask(body, wire.Refused, channel).code

    def ping(self) -> float:
        """Seconds from a beat to its answer."""
        began = time.perf_counter()
        self.ask(wire.Beat(), wire.Done)
        return time.perf_counter() - began


def answers_to_strangers(connection: Connection, locks: Sequence[Lock], within_s: float = 1.0) -> int:
    """How many messages come back to peers that say hello behind `locks`, all at once."""
    with ExitStack() as stack:
        strangers = [stack.enter_context(Peer(connection, lock)) for lock in locks]
        for stranger in strangers:
            for socket in stranger.sockets.values():
                with suppress(zmq.Again):
                    socket.send(wire.encode(wire.Hello(wire.PROTOCOL, "stranger"), 1), zmq.NOBLOCK)
        deadline = time.monotonic() + within_s
        heard = 0
        while time.monotonic() < deadline:
            for stranger in strangers:
                for socket in stranger.sockets.values():
                    heard += bool(socket.poll(1))
        return heard


@contextmanager
def plain_tcp(endpoint: str) -> Iterator[socket.socket]:
    """A TCP connection to a daemon's endpoint, as a browser or a port scanner would make it."""
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connected:
        yield connected


def said_until_dropped(connected: socket.socket, within_s: float) -> bytes:
    """All that the daemon says before it hangs up. Fails when it does not hang up."""
    heard, deadline = b"", time.monotonic() + within_s
    while (left := deadline - time.monotonic()) > 0:
        connected.settimeout(left)
        try:
            piece = connected.recv(4096)
        except ConnectionError:
            return heard
        except TimeoutError:
            break
        if not piece:
            return heard
        heard += piece
    raise AssertionError(f"the connection was still open after {within_s:.0f} s")


# --- damaged messages ------------------------------------------------------------------------------------------------------

ZEROS = "0" * 64
JOB = "0123456789abcdef0123456789abcdef"
REQUEST = EditRequest(
    clip=Clip(path="/nowhere/clip.mp4"),
    keyframes=(Keyframe(0, Blob(ZEROS, 10)),),
    masks=(Mask("edit", 0, Blob(ZEROS, 10)), Mask("front", video="/nowhere/mask.mp4")),
    range=FrameRange(0, 10),
    settings={"strength": 1.0},
    prompt="a red coat",
)
SOUND: tuple[tuple[Channel, Any, bytes | None], ...] = (
    (CONTROL, wire.Hello(wire.PROTOCOL, "fault test"), None),
    (CONTROL, wire.Beat(), None),
    (CONTROL, wire.Status(), None),
    (CONTROL, wire.Engines(), None),
    (CONTROL, wire.EstimateAsk(REQUEST), None),
    (CONTROL, wire.Submit(JOB, REQUEST, "label"), None),
    (CONTROL, wire.Jobs(), None),
    (CONTROL, wire.Watch(JOB), None),
    (CONTROL, wire.JobAction(JOB, "move", JOB), None),
    (CONTROL, wire.Takes(), None),
    (CONTROL, wire.TakeAction("20261120-181500-1a2b3c4d", "claimed", "/nowhere"), None),
    (CONTROL, wire.Caches(), None),
    (CONTROL, wire.CacheAction("import", "0123456789abcdef", ZEROS), None),
    (CONTROL, wire.ClipAsk(Clip("/nowhere/clip.mp4")), None),
    (CONTROL, wire.PictureAsk(Clip("/nowhere/clip.mp4"), 3, "take-1"), None),
    (DATA, wire.OpenFrames(7, job=JOB), None),
    (DATA, wire.MoreFrames(7, 1), None),
    (DATA, wire.CloseFrames(7), None),
    (DATA, wire.PutBlob(ZEROS, 1 << 20), None),
    (DATA, wire.BlobChunk(ZEROS, 0), b"\0" * 64),
)
"""A sound message of every type but `Shutdown`, which a mutation may leave as it is."""
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1 << 31, (1 << 64) - 1, -(1 << 63), 1e308, float("nan"), float("inf"), "", "\0", "../../etc/passwd",
    "/dev/zero", "\u202e" * 40, "x" * 5000, b"", b"\xff" * 300, [], {}, [[]], {"": {}}, [1] * 3000, {"type": "Shutdown"},
)  # fmt: skip


class Mutator:
    """Sound messages with one to three kinds of damage, from a seed: bits, bytes, fields, nesting, parts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def message(self) -> tuple[Channel, Parts]:
        r = self._random
        channel, body, payload = r.choice(SOUND)
        head: Any = msgpack.unpackb(wire.encode(body, r.randrange(1 << 40)))
        if head.get("job") and r.random() < 0.3:
            head["job"] = f"{r.randrange(1 << 128):032x}"
        if r.random() < 0.6:
            head = self._field(head)
        raw = self._packed(head)
        if r.random() < 0.5:
            raw = self._bytes(raw)
        parts = [raw] if payload is None else [raw, payload]
        if r.random() < 0.1:
            parts = r.choice([[], [b""], [raw, b""], [raw, raw], [raw] * 3, [raw] * 40, [b"", raw], [b"\0" * 100_000]])
        if r.random() < 0.05:
            channel = CONTROL if channel == DATA else DATA
        return channel, parts or [b""]

    def _packed(self, head: Any) -> bytes:
        r = self._random
        match r.random():
            case chance if chance < 0.02:
                head = {**head, "deep": b""}
                return bytes(msgpack.packb(head)) + b"\x91" * r.randrange(5000)
            case chance if chance < 0.04:
                return b"\x81\xa1a" * r.randrange(1, 3000) + bytes(msgpack.packb(head))
            case chance if chance < 0.06:
                return bytes(msgpack.packb({**head, "ext": msgpack.Timestamp(1, 2)}))
            case chance if chance < 0.08:  # a length that is not there: a map, list, text or bytes of four billion
                return r.choice([b"\xdf", b"\xdd", b"\xdb", b"\xc6"]) + b"\xff" * 4 + bytes(msgpack.packb(head))
            case _:
                return bytes(msgpack.packb(head))

    def _field(self, head: Any) -> Any:
        """One leaf or branch replaced, dropped or doubled."""
        r, at = self._random, head
        while True:
            keys: list[Any] = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                return head
            key = r.choice(keys)
            if isinstance(at[key], (dict, list)) and at[key] and r.random() < 0.7:
                at = at[key]
                continue
            match r.randrange(3):
                case 0:
                    at[key] = r.choice(HOSTILE)
                case 1:
                    del at[key]
                case _:
                    at[key] = [at[key]] * r.randrange(4)
            return head

    def _bytes(self, raw: bytes) -> bytes:
        r, data = self._random, bytearray(raw)
        for _ in range(r.randrange(1, 4)):
            place = r.randrange(len(data) + 1)
            match r.randrange(4):
                case 0 if place < len(data):
                    data[place] ^= 1 << r.randrange(8)
                case 1:
                    del data[place:]
                case 2:
                    data[place:place] = r.randbytes(r.randrange(1, 20))
                case _:
                    del data[place : place + r.randrange(1, 8)]
        return bytes(data)
