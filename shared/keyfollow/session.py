"""The client's side of the protocol, without I/O: messages in, messages and events out.

`client.py` drives it from a thread, Blender's bridge from a timer. The driver owns the sockets: it sends what `outgoing` returns,
hands what it receives to `receive`, calls `tick` at least twice a second, and `connected` after every (re)connect. Everything
unfinished then goes on by itself: unanswered questions are asked again (they are idempotent), open streams and uploads resume.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import wire
from .engine_info import Job
from .errors import DaemonError, KeyfollowError
from .wire import CONTROL, DATA, Channel


@dataclass(frozen=True, slots=True)
class Opened:
    """The daemon said hello; from now on it answers."""

    welcome: wire.Welcome


@dataclass(frozen=True, slots=True)
class Answer:
    id: int
    body: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A question was refused. `id` 0: the session is over (another protocol version, a daemon that was stopped)."""

    id: int
    error: KeyfollowError


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A watched job changed; `job` is None when it was removed."""

    id: str
    job: Job | None


@dataclass(frozen=True, slots=True, eq=False)
class FrameEvent:
    """A frame arrived. Call `Session.more` once it was taken off the queue."""

    stream: int
    frame: int
    path: str
    payload: memoryview | None


@dataclass(frozen=True, slots=True)
class StreamEnd:
    stream: int
    error: KeyfollowError | None = None


@dataclass(frozen=True, slots=True)
class BlobEvent:
    """An upload moved on, finished (`whole`), or was refused."""

    sha256: str
    received: int
    whole: bool
    error: KeyfollowError | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing was heard for too long, on this side or the other: the driver should look for the daemon and call `connected` again."""


Event = Opened | Answer | Failed | JobEvent | FrameEvent | StreamEnd | BlobEvent | Lost
Read = Callable[[int, int], bytes]
"""``read(offset, size)``: bytes of a blob."""


@dataclass(slots=True)
class _Upload:
    size: int
    read: Read
    sent: int = 0
    id: int = 0


@dataclass(slots=True)
class _Stream:
    spec: wire.OpenFrames
    got: set[int] = field(default_factory=set)
    id: int = 0


class Session:
    """Protocol state of one client. Not thread-safe: its driver is one thread (or one timer).

    Args:
        client: name shown in the daemon's status and log.
        version: the client's own version.
        now: seconds of a monotonic clock.
        ahead: pieces of an upload that may be on their way, and so are read at a time: fewer for a driver that must not be held up.
    """

    def __init__(self, client: str, version: str, now: float, *, ahead: int = wire.CREDIT) -> None:
        self._hello = wire.Hello(wire.PROTOCOL, client, version)
        self._out: deque[tuple[Channel, list[Any]]] = deque()
        self._next = 1
        self._pending: dict[int, Any] = {}
        self._watching: list[wire.Watch] = []
        self._streams: dict[int, _Stream] = {}
        self._uploads: dict[str, _Upload] = {}
        self._heard = now
        self._beaten = now
        self._ahead = ahead
        self._hello_id = 0
        self.open = False

    def spare(self, wanted: bool) -> None:
        """Whether the daemon shall leave a processor to this program; said in the next hello."""
        self._hello = replace(self._hello, spare=wanted)

    def connected(self, now: float) -> None:
        """The driver has fresh sockets: say hello; what is unfinished follows when the daemon has answered."""
        self.open = False
        self._out.clear()
        self._heard = self._beaten = now
        self._hello_id = self._send(CONTROL, self._hello)

    def ask(self, body: Any) -> int:
        """Ask something on the control channel; its `Answer` or `Failed` carries the returned id."""
        id = self._id()
        self._pending[id] = body
        if self.open:
            self._send(CONTROL, body, id)
        return id

    def watch(self, job: str | None) -> int:
        """Ask for `JobEvent`s of one job (None: all), now and after every reconnect."""
        body = wire.Watch(job)
        self._watching.append(body)
        return self.ask(body)

    def stream(self, spec: wire.OpenFrames) -> int:
        """Open a stream of frames; its number (`spec.stream` is ignored) is in every `FrameEvent` until `StreamEnd`."""
        number = self._id()
        state = _Stream(replace(spec, stream=number))
        self._streams[number] = state
        if self.open:
            state.id = self._send(DATA, state.spec)
        return number

    def more(self, stream: int, frames: int = 1) -> None:
        """Give back credit for frames that were consumed."""
        if self.open and stream in self._streams:
            self._send(DATA, wire.MoreFrames(stream, frames))

    def close_stream(self, stream: int) -> None:
        if self._streams.pop(stream, None) is not None and self.open:
            self._send(DATA, wire.CloseFrames(stream))

    def upload(self, sha256: str, size: int, read: Read) -> None:
        """Put a blob; `BlobEvent`s follow. Bytes that the daemon has already, or that are on their way, are not sent again."""
        if sha256 in self._uploads:
            return
        self._uploads[sha256] = _Upload(size, read)
        if self.open:
            self._begin_upload(sha256)

    def drop_upload(self, sha256: str) -> None:
        """Nobody waits for it any more."""
        self._uploads.pop(sha256, None)

    def own(self, job: str) -> None:
        """A job that must not outlive this session; said again in every hello."""
        self._hello = replace(self._hello, owns=(*self._hello.owns, job))

    def outgoing(self) -> list[tuple[Channel, list[Any]]]:
        """Messages to send now, in order; each is (channel, parts)."""
        out = list(self._out)
        self._out.clear()
        return out

    def tick(self, now: float) -> list[Event]:
        """Beats and loss detection."""
        if self.open and now - self._beaten >= wire.BEAT_S:
            self._beaten = now
            self._send(CONTROL, wire.Beat())
        if now - self._heard > wire.BEAT_S * wire.MISSED_BEATS:
            self._heard = now
            self.open = False
            return [Lost()]
        return []

    def receive(self, channel: Channel, parts: Sequence[Any], now: float) -> list[Event]:
        """Take in one message; a malformed one raises `WireError` and changes nothing.

        A type that this version does not know fails the question that it answers; as an event it is passed over.
        """
        try:
            message = wire.decode(list(parts), wire.TO_CLIENT)
        except wire.UnknownType as e:
            self._heard = now
            return self._refused(e.id, e)
        self._heard = now
        match message.body:
            case wire.Welcome() as welcome:
                return self._opened(welcome)
            case wire.JobChanged(job):
                return [JobEvent(job.id, job)]
            case wire.JobRemoved(job):
                return [JobEvent(job, None)]
            case wire.FrameIs(stream, frame, path):
                return self._frame(stream, frame, path, message.payload)
            case wire.FramesEnd(stream):
                return [StreamEnd(stream)] if self._streams.pop(stream, None) else []
            case wire.BlobState(sha256, received, whole):
                return self._blob(sha256, received, whole)
            case wire.Stopping():
                remedy = "Start it again (keyfollow daemon start): submitted jobs go on then."
                return [Failed(0, DaemonError("daemon_stopped", "The daemon was stopped.", remedy))]
            case wire.Refused() as refused:
                return self._refused(message.id, refused.error())
            case body:
                return [Answer(message.id, body)] if self._pending.pop(message.id, None) is not None else []

    def _opened(self, welcome: wire.Welcome) -> list[Event]:
        self.open = True
        self._watching = list(dict.fromkeys(self._watching))
        for watch in self._watching:
            self._send(CONTROL, watch)
        for id, body in self._pending.items():
            self._send(CONTROL, body, id)
        for stream in self._streams.values():
            stream.id = self._send(DATA, replace(stream.spec, skip=tuple(sorted({*stream.spec.skip, *stream.got}))))
        for sha256 in self._uploads:
            self._begin_upload(sha256)
        return [Opened(welcome)]

    def _frame(self, stream: int, frame: int, path: str, payload: memoryview | None) -> list[Event]:
        state = self._streams.get(stream)
        if state is None or frame in state.got:
            return []
        state.got.add(frame)
        return [FrameEvent(stream, frame, path, payload)]

    def _blob(self, sha256: str, received: int, whole: bool) -> list[Event]:
        upload = self._uploads.get(sha256)
        if upload is None:
            return []
        if whole:
            del self._uploads[sha256]
        else:
            upload.sent = max(upload.sent, received)
            while upload.sent < upload.size and upload.sent - received < self._ahead * wire.CHUNK:
                try:
                    data = upload.read(upload.sent, min(wire.CHUNK, upload.size - upload.sent))
                except (OSError, ValueError):  # the file is gone, or was closed by whoever stopped waiting
                    data = b""
                if not data:
                    return self._drop_upload(sha256)
                self._out.append((DATA, [wire.encode(wire.BlobChunk(sha256, upload.sent), upload.id), data]))
                upload.sent += len(data)
        return [BlobEvent(sha256, received, whole)]

    def _begin_upload(self, sha256: str) -> None:
        upload = self._uploads[sha256]
        upload.sent = 0
        upload.id = self._send(DATA, wire.PutBlob(sha256, upload.size))

    def _drop_upload(self, sha256: str) -> list[Event]:
        del self._uploads[sha256]
        error = DaemonError(
            "upload_short", "A file became shorter, or went away, while it was sent.", "Save it again and retry."
        )
        return [BlobEvent(sha256, 0, False, error)]

    def _refused(self, id: int, error: KeyfollowError) -> list[Event]:
        if id == self._hello_id:
            return [Failed(0, error)]
        if error.code == "no_session":
            # it forgot us, as it does when we slept or were held up (a long render): all is asked again after the next hello
            was_open, self.open = self.open, False
            return [Lost()] if was_open else []
        if id == 0:
            return []
        if self._pending.pop(id, None) is not None:
            return [Failed(id, error)]
        for number, stream in self._streams.items():
            if stream.id == id:
                del self._streams[number]
                return [StreamEnd(number, error)]
        for sha256, upload in self._uploads.items():
            if upload.id == id:
                del self._uploads[sha256]
                return [BlobEvent(sha256, 0, False, error)]
        return []

    def _id(self) -> int:
        id = self._next
        self._next += 1
        return id

    def _send(self, channel: Channel, body: Any, id: int | None = None) -> int:
        id = self._id() if id is None else id
        self._out.append((channel, [wire.encode(body, id)]))
        return id
