"""The connection to the daemon: `keyfollow.session` driven from Blender's timer, two sockets, no thread, nothing that waits.

Whoever asks gives functions to be called with the answer or the error; they are called from `tick`.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Literal

import zmq
from keyfollow import __version__, launch, session, sockets, wire
from keyfollow.connection import Connection
from keyfollow.errors import DaemonError, KeyfollowError
from keyfollow.launch import Starting
from keyfollow.paths import Paths, paths
from keyfollow.wire import Channel

State = Literal["closed", "starting", "connecting", "open", "absent"]
Then = Callable[[Any], None]
Otherwise = Callable[[KeyfollowError], None]
Sink = Callable[[session.Event], None]
BUDGET_S = 0.004
"""How long one tick may take in messages; what is left comes at the next one."""
LOOK_S = 1.0
START_S = 30.0
RESTARTS = 5
RESTARTS_S = 120.0


def _session() -> session.Session:
    return session.Session("blender", __version__, time.monotonic(), ahead=1)  # a piece a tick: 1 MiB


class Bridge:
    """One client of the daemon. Made closed; `open` begins to look for the daemon, `close` leaves nothing behind.

    Args:
        program: gives the path of keyfollowd (empty: the one on PATH) and its home (empty: this user's own).
        spare: tells whether the daemon shall leave a processor to Blender.
    """

    def __init__(
        self, program: Callable[[], tuple[str, str]] = lambda: ("", ""), spare: Callable[[], bool] = lambda: True
    ) -> None:
        self._program, self._spare = program, spare
        self.opened: list[Callable[[], None]] = []
        """Called after every hello."""
        self._begin()

    def _begin(self) -> None:
        self.state: State = "closed"
        self.error: KeyfollowError | None = None
        """Why there is no connection; cleared when there is one."""
        self._session = _session()
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._sockets: dict[Channel, zmq.Socket[bytes]] = {}
        self._answers: dict[int, tuple[Then, Otherwise]] = {}
        self._uploads: dict[str, list[tuple[Then, Otherwise]]] = {}
        self._sinks: dict[int, Sink] = {}
        self._watchers: dict[str, Sink] = {}
        self._events: deque[session.Event] = deque()
        self._unsent: deque[tuple[Channel, list[Any]]] = deque()
        self._daemon: Connection | None = None
        self._starting: Starting | None = None
        self._starts: list[float] = []
        self._look_at = 0.0

    # --- what the add-on asks ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Find the daemon, or start one; `state` and `error` tell how that goes."""
        if self.state in ("closed", "absent"):
            self.state, self.error, self._look_at, self._starts = "connecting", None, 0.0, []

    def ask(self, body: Any, then: Then, otherwise: Otherwise) -> None:
        """Ask on the control channel. Unanswered questions outlive a lost daemon: they are asked again."""
        self.open()
        self._answers[self._session.ask(body)] = (then, otherwise)

    def upload(self, sha256: str, size: int, read: session.Read, then: Then, otherwise: Otherwise) -> None:
        """Put a blob; `then` is called with its SHA-256 when the daemon has all of it."""
        self.open()
        self._uploads.setdefault(sha256, []).append((then, otherwise))
        self._session.upload(sha256, size, read)

    def follow(self, job: str, order: Literal["arrival", "source"], sink: Sink) -> int:
        """Hear of a job and of its frames as they are finished; returns the stream for `more` and `unfollow`."""
        self.open()
        self._watchers[job] = sink
        self._session.watch(job)
        stream = self._session.stream(wire.OpenFrames(0, job=job, order=order))
        self._sinks[stream] = sink
        return stream

    def more(self, stream: int) -> None:
        self._session.more(stream)

    def unfollow(self, job: str, stream: int) -> None:
        self._watchers.pop(job, None)
        self._sinks.pop(stream, None)
        self._session.close_stream(stream)

    def greet(self) -> None:
        """Say hello again: what the preferences say has changed. Nothing that was asked or followed is lost."""
        if self._sockets:
            self._disconnect()
            self.state = "connecting"

    def close(self) -> None:
        """End the session; jobs go on in the daemon. Whoever waits for an answer gets none."""
        self._disconnect()
        if self._context is not None:
            self._context.term()
        self.opened.clear()
        self._begin()

    @property
    def busy(self) -> bool:
        """Is something on its way?"""
        return bool(self._events or self._unsent or self._answers or self._uploads)

    # --- the timer's turn ----------------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Send, receive, reconnect: whatever can be done now. Never waits and never raises a `KeyfollowError`.

        True when a message came or went: then another may be there soon.
        """
        if self.state in ("closed", "absent"):
            return False
        now = time.monotonic()
        try:
            if not self._sockets:
                self._find(now)
            for event in self._session.tick(now):
                self._handle(event)
            received = self._receive(now + BUDGET_S)
            return self._send() or received
        except KeyfollowError as e:
            self._give_up(e)
            return True

    def _find(self, now: float) -> None:
        if now < self._look_at:
            return
        if self._starting is not None:
            found = self._starting.poll()
            if found is None and now - self._starts[-1] > START_S:
                raise DaemonError("daemon_slow", f"The daemon was not ready after {START_S:.0f} s.", "Look into its log.")
        else:
            program, home = self._program()
            where = paths(home)
            found = launch.find(where)
            if found is None:
                self._start(where, program, home, now)
        if found is not None:
            self._starting = None
            self._connect(found, now)

    def _start(self, where: Paths, program: str, home: str, now: float) -> None:
        self._starts = [t for t in self._starts if now - t < RESTARTS_S]
        if len(self._starts) >= RESTARTS:
            raise DaemonError(
                "daemon_keeps_dying",
                f"The daemon ended {len(self._starts)} times within {RESTARTS_S:.0f} s.",
                f"See {where.logs}; submitted jobs are kept.",
            )
        self._starting = launch.spawn(where, program, home)
        self._starts.append(now)
        self.state = "starting"

    def _connect(self, daemon: Connection, now: float) -> None:
        if daemon.protocol[0] != wire.PROTOCOL[0]:
            theirs, ours = (f"{v[0]}.{v[1]}" for v in (daemon.protocol, wire.PROTOCOL))
            raise DaemonError(
                "wrong_protocol",
                f"The daemon that runs speaks protocol {theirs}, this add-on {ours}.",
                "Install the same Keyfollow version for both, then: keyfollow daemon stop.",
            )
        self._context = self._context or zmq.Context()
        self._sockets = sockets.connected(partial(self._context.socket, zmq.DEALER), daemon, b"k" + uuid.uuid4().bytes)
        self._daemon = daemon
        self.state = "connecting"
        self._session.spare(self._spare())
        self._session.connected(now)

    def _disconnect(self) -> None:
        for socket in self._sockets.values():
            socket.close(0)
        self._sockets = {}
        self._unsent.clear()

    def _receive(self, until: float) -> bool:
        """Events first that an earlier tick had no time for; then at least one message, so that a slow machine gets on too."""
        received = bool(self._events)
        while True:
            while self._events:
                self._handle(self._events.popleft())
                if time.monotonic() > until:
                    return True
            if not self._next():
                return received
            received = True

    def _next(self) -> bool:
        for channel, socket in self._sockets.items():
            if not socket.poll(0):  # half the cost of a `recv` that raises, and mostly there is nothing
                continue
            with suppress(zmq.Again):
                parts = socket.recv_multipart(zmq.NOBLOCK, copy=False)
                self._events.extend(self._session.receive(channel, [p.buffer for p in parts], time.monotonic()))
                return True
        return False

    def _send(self) -> bool:
        self._unsent.extend(self._session.outgoing())
        sent = False
        while self._unsent and self._sockets:
            channel, parts = self._unsent[0]
            try:
                self._sockets[channel].send_multipart(parts, zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return sent
            self._unsent.popleft()
            sent = True
        return sent

    def _handle(self, event: session.Event) -> None:
        match event:
            case session.Opened():
                self.state, self.error = "open", None
                for call in self.opened:
                    call()
            case session.Answer(id, body):
                if (waiting := self._answers.pop(id, None)) is not None:
                    waiting[0](body)
            case session.Failed(0, error):
                raise error
            case session.Failed(id, error):
                if (waiting := self._answers.pop(id, None)) is not None:
                    waiting[1](error)
            case session.JobEvent(id):
                if (sink := self._watchers.get(id)) is not None:
                    sink(event)
            case session.FrameEvent(stream) | session.StreamEnd(stream):
                if (sink := self._sinks.get(stream)) is not None:
                    sink(event)
            case session.BlobEvent(sha256, _, whole, error):
                if whole or error is not None:
                    for then, otherwise in self._uploads.pop(sha256, []):
                        otherwise(error) if error is not None else then(sha256)
            case session.Lost():
                # Blender may just have been busy for long; only a daemon that does not even answer the next hello is told of
                if self.state != "open" and self._daemon is not None and launch.alive(self._daemon.pid):
                    self.error = DaemonError("no_answer", "The daemon does not answer.", "It is asked again every few seconds.")
                    self._look_at = time.monotonic() + LOOK_S
                self._disconnect()
                self.state = "connecting"

    def _give_up(self, error: KeyfollowError) -> None:
        """No connection, and a reason that a person must mend: everyone who waits hears it."""
        self._disconnect()
        self.state, self.error, self._starting = "absent", error, None
        waiting = [*self._answers.values(), *(w for ws in self._uploads.values() for w in ws)]
        sinks = {*self._watchers.values(), *self._sinks.values()}
        self._answers.clear()
        self._uploads.clear()
        self._watchers.clear()
        self._sinks.clear()
        self._session = _session()
        for _, otherwise in waiting:
            otherwise(error)
        for sink in sinks:
            sink(session.Failed(0, error))
