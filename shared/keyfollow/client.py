"""The blocking client: one thread owns the sockets and drives `session.Session`; every public call is thread-safe.

    with keyfollow.connect() as kf:
        for frame in kf.propagate("clip.mp4", keyframes={0: "edited.png"}):
            ...

If no daemon runs, one is started; if it dies, it is started again, and what was under way goes on.
"""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import zmq

from . import __version__, launch, session, sockets, wire
from .connection import Connection
from .edits import Blob, Clip, EditRequest, SettingValue
from .engine_info import EngineInfo, Estimate
from .errors import DaemonError, KeyfollowError, UsageError
from .frames import FrameRange
from .paths import paths
from .requests import Looked, PackedPicture, Source, build_request, for_prompts
from .resources import Caches, Jobs, Takes
from .run import Order, Run
from .wire import Channel

log = logging.getLogger(__name__)
T = TypeVar("T")
Sink = Callable[[session.Event], None]
POLL_MS = 200
ANSWER_S = 60.0
"""How long a question may stay unanswered, restarts of the daemon included."""
RESTARTS = 5
RESTARTS_S = 120.0
"""A daemon that dies more than `RESTARTS` times within this time is not started again."""


def connect(*, start: bool = True, name: str = "python") -> Client:
    """Connect to this user's daemon.

    Args:
        start: start a daemon when none runs.
        name: how this client is called in the daemon's log.

    Raises:
        DaemonError: ``no_daemon``, ``daemon_not_installed``, ``daemon_failed``, ``wrong_protocol``.
    """
    return Client(start=start, name=name)


class Client:
    """A connection to the daemon. Use `connect`; close it, or use it as a context manager."""

    def __init__(self, *, start: bool, name: str) -> None:
        self._start = start
        self._paths = paths()
        self._session = session.Session(name, __version__, time.monotonic())
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._answers: dict[int, Future[Any]] = {}
        self._uploads: dict[str, list[Future[None]]] = {}
        self._sinks: dict[int, Sink] = {}
        self._watchers: dict[str | None, list[Sink]] = {}
        self._broken: KeyfollowError | None = None
        self._closing = False
        self._opened: Future[None] = Future()
        self._daemon: Connection | None = None
        self._name = b"k" + uuid.uuid4().bytes
        """Routing id of both channels: how the daemon knows that they belong together, and to whom, after a reconnect too."""
        self._heard = False
        """Has the daemon that is connected to now answered hello?"""
        self._asleep: Connection | None = None
        """A daemon that does not answer but holds the lock."""
        self._starts: list[float] = []
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._wake_lock = threading.Lock()
        self._wake_in, self._wake_out = self._context.socket(zmq.PAIR), self._context.socket(zmq.PAIR)
        self._wake_in.bind("inproc://wake")
        self._wake_out.connect("inproc://wake")
        self._sockets: dict[Channel, zmq.Socket[bytes]] = {}
        self.frames_by: Literal["path", "bytes"] = "path"
        """How frames come: as paths of the daemon's own files (same machine), or as bytes through the socket."""
        self.looked = Looked()
        """What files were found to be when they were last looked at."""
        self.jobs = Jobs(self)
        self.takes = Takes(self)
        self.caches = Caches(self)
        self._thread = threading.Thread(target=self._run, name="keyfollow-client", daemon=True)
        self._thread.start()
        try:
            self._wait(self._opened, ANSWER_S)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session. Jobs go on in the daemon."""
        if not self._closing:
            self._closing = True
            self._post(lambda: None)
            self._thread.join(5)

    # --- what people ask ---------------------------------------------------------------------------------------------------

    def propagate(
        self,
        source: Source,
        *,
        order: Order = "arrival",
        label: str = "",
        survives: bool = True,
        job: str | None = None,
        near: int | None = None,
        **edit: Any,
    ) -> Run:
        """Carry an edit through a clip.

        Args:
            source: path of a video, a folder of numbered images or a printf pattern; or frames as arrays ``(h, w, 3|4)``, which are
                uploaded.
            order: yield frames as they are finished (nearest keyframe outward), or in source order.
            survives: the job goes on when this client is gone.
            job: an id of your own (a UUID's hex), so that submitting twice cannot run twice.
            near: the source frame that is looked at: a draft makes the frames around it first.
            edit: `keyframes`, `masks`, `range`, `engine`, `settings`, `prompt`… as in `requests.build_request`.

        Raises:
            UsageError, MediaError: the request is not possible; nothing was submitted.
        """
        request, source_of = build_request(self, source, **edit)
        shown = self.ask(wire.Submit(job or uuid.uuid4().hex, request, label, survives, near), wire.JobIs).job
        return Run(self, shown, order, source_of)

    def prepare(
        self,
        source: str | os.PathLike[str],
        *,
        near: int,
        engine: str = "patch",
        settings: Mapping[str, SettingValue] | None = None,
        range: FrameRange | None = None,
        rate: tuple[int, int] | None = None,
    ) -> None:
        """Say that a draft of this clip will be wanted soon: the daemon gets ready for it around frame `near` while it has nothing else to do.

        It is a hint: nothing is checked, and whether it helped shows in how soon the draft's first frames come.
        """
        request = EditRequest(
            Clip(path=str(Path(source).absolute()), rate=rate),
            range=range,
            engine=engine,
            settings=dict(settings or {}),
            quality="draft",
        )
        self.ask(wire.Prepare(request, near), wire.Done)
        with suppress(KeyfollowError):
            self.looked.clip(str(request.clip.path), rate)

    def propagate_each(
        self, source: Source, prompts: Sequence[str], *, settings: Mapping[str, SettingValue] | None = None, **edit: Any
    ) -> list[Run]:
        """One run for each of several prompts, as `propagate` makes them, submitted in this order.

        An engine that draws prompts together (it has a setting `prompts`) does the source's part of the work once for all of them.
        """
        if not isinstance(source, (str, os.PathLike)):
            source = list(source)
        shared = for_prompts(self, prompts, edit.get("engine", "patch"), settings or {})
        return [self.propagate(source, prompt=prompt, settings=shared, **edit) for prompt in prompts]

    def estimate(self, source: Source, **edit: Any) -> Estimate:
        """What `propagate` with the same arguments would cost."""
        request, _ = build_request(self, source, **edit)
        return self.ask(wire.EstimateAsk(request), wire.EstimateIs).estimate

    def engines(self) -> dict[str, EngineInfo]:
        """Every engine, by id; `missing` says what those that cannot run here still need."""
        return {e.id: e for e in self.ask(wire.Engines(), wire.EngineList).engines}

    def status(self) -> wire.DaemonStatus:
        return self.ask(wire.Status(), wire.DaemonStatus)

    def shutdown(self) -> None:
        """Ask the daemon to stop; what it runs goes on at its next start."""
        self._start = False
        self.ask(wire.Shutdown(), wire.Done)

    def put(self, packed: PackedPicture) -> Blob:
        """Give the daemon a picture; it is sent only if it is not there yet."""
        return self._put(packed.blob, lambda offset, size: packed.data[offset : offset + size])

    def put_file(self, path: Path) -> Blob:
        """Give the daemon a file as it is, without holding it in memory.

        Raises:
            UsageError: ``cannot_read``.
        """
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()

                def read(offset: int, size: int) -> bytes:
                    file.seek(offset)
                    return file.read(size)

                return self._put(Blob(sha256, size, "file", path.name), read)
        except OSError as e:
            raise UsageError("cannot_read", f"{path} cannot be read ({e.strerror}).", "Check the path.") from e

    def _put(self, blob: Blob, read: session.Read) -> Blob:
        done: Future[None] = Future()

        def begin() -> None:
            self._uploads.setdefault(blob.sha256, []).append(done)
            self._session.upload(blob.sha256, blob.size, read)

        self._post(begin)
        try:
            self._wait(done, ANSWER_S + blob.size / (1 << 20))
        except BaseException:
            self._post(lambda: self._session.drop_upload(blob.sha256))
            raise
        return blob

    # --- what `Run` and the resources are built on ---------------------------------------------------------------------------

    def ask(self, body: Any, answer: type[T], timeout_s: float = ANSWER_S) -> T:
        """Ask on the control channel and wait.

        Raises:
            KeyfollowError: what the daemon refused with; `DaemonError` ``no_answer``, ``no_daemon``.
        """
        try:
            size = len(wire.encode(body))
        except (TypeError, ValueError, OverflowError) as e:  # ValueError: half a surrogate pair in a file name
            raise UsageError("not_plain", f"This request cannot be sent ({e}).", "Use plain numbers and text.") from e
        if size > wire.MAX_HEAD:
            raise UsageError("too_large", f"This request of {size} bytes is too large.", f"The limit is {wire.MAX_HEAD}.")
        future: Future[Any] = Future()

        def send() -> None:
            if isinstance(body, wire.Submit) and not body.survives:
                self._session.own(body.job)
            self._answers[self._session.ask(body)] = future

        self._post(send)
        result = self._wait(future, timeout_s)
        if not isinstance(result, answer):
            raise DaemonError("bad_message", f"The daemon answered with {type(result).__name__}.", "Update both programs.")
        return result

    def open_stream(self, spec: wire.OpenFrames, sink: Sink) -> int:
        number: Future[int] = Future()

        def begin() -> None:
            id = self._session.stream(spec)
            self._sinks[id] = sink
            number.set_result(id)

        self._post(begin)
        return int(self._wait(number, ANSWER_S))

    def more_frames(self, stream: int) -> None:
        self._post(lambda: self._session.more(stream))

    def close_stream(self, stream: int) -> None:
        def end() -> None:
            self._session.close_stream(stream)
            self._sinks.pop(stream, None)

        self._post(end)

    @contextmanager
    def watching(self, job: str | None, sink: Sink) -> Iterator[None]:
        """Let `sink`, which the client's own thread calls, hear of every change of a job.

        With None it hears of every job, of anyone's; and of the connection: `session.Lost` when the daemon is gone or silent,
        `session.Opened` when one answers again.
        """

        def begin() -> None:
            self._watchers.setdefault(job, []).append(sink)
            self._session.watch(job)

        def end() -> None:
            with suppress(ValueError, KeyError):
                self._watchers[job].remove(sink)

        self._post(begin)
        try:
            yield
        finally:
            self._post(end)

    def _wait(self, future: Future[T], timeout_s: float) -> T:
        if self._broken is not None:
            raise self._broken
        try:
            return future.result(timeout_s)
        except FutureTimeout as e:
            raise DaemonError(
                "no_answer", f"The daemon did not answer for {timeout_s:.0f} s.", "See: keyfollow daemon status."
            ) from e

    def _post(self, command: Callable[[], None]) -> None:
        self._commands.put(command)
        with self._wake_lock:
            if not self._wake_out.closed:
                with suppress(zmq.Again):
                    self._wake_out.send(b"", zmq.NOBLOCK)

    # --- the thread that owns the sockets --------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._reconnect()
            while not self._closing:
                self._turn()
        except KeyfollowError as e:
            self._fail(e)
        except Exception as e:
            log.exception("the client's own thread failed")
            self._fail(DaemonError("client_failed", f"The connection broke: {e}.", "Report this."))
        finally:
            self._fail(DaemonError("closed", "This client is closed.", "Connect again."))
            with self._wake_lock:
                self._wake_out.close(0)
            self._wake_in.close(0)
            self._close_sockets()
            self._context.term()

    def _turn(self) -> None:
        poller = zmq.Poller()
        for socket in (self._wake_in, *self._sockets.values()):
            poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(POLL_MS))
        if self._wake_in in ready:
            with suppress(zmq.Again):
                while True:
                    self._wake_in.recv(zmq.NOBLOCK)
        with suppress(queue.Empty):
            while True:
                self._commands.get_nowait()()
        for channel, socket in self._sockets.items():
            if socket in ready:
                self._drain(channel, socket)
        for event in self._session.tick(time.monotonic()):
            self._handle(event)
        if self._daemon is not None and not launch.alive(self._daemon.pid):
            self._reconnect()
        self._flush()

    def _flush(self) -> None:
        for channel, parts in self._session.outgoing():
            self._sockets[channel].send_multipart(parts, copy=False)

    def _drain(self, channel: Channel, socket: zmq.Socket[bytes]) -> None:
        while not socket.closed:  # what came last may have led to a new connection
            try:
                parts = socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            for event in self._session.receive(channel, [p.buffer for p in parts], time.monotonic()):
                self._handle(event)

    def _handle(self, event: session.Event) -> None:
        match event:
            case session.Opened():
                self._heard = True
                if not self._opened.done():
                    self._opened.set_result(None)
                self._tell_all(event)
            case session.Answer(id, body):
                if (future := self._answers.pop(id, None)) is not None:
                    future.set_result(body)
            case session.Failed(0, error):
                raise error
            case session.Failed(id, error):
                if (future := self._answers.pop(id, None)) is not None:
                    future.set_exception(error)
            case session.FrameEvent(stream) | session.StreamEnd(stream):
                if (sink := self._sinks.get(stream)) is not None:
                    sink(event)
            case session.JobEvent(id):
                for sink in self._watchers.get(id, []):
                    sink(event)
                self._tell_all(event)
            case session.BlobEvent(sha256, _, whole, error):
                if whole or error is not None:
                    for future in self._uploads.pop(sha256, []):
                        future.set_exception(error) if error else future.set_result(None)
            case session.Lost():
                self._reconnect()

    def _reconnect(self) -> None:
        """Find the daemon (start it if need be), make fresh sockets, say hello."""
        self._tell_all(session.Lost())
        self._close_sockets()
        daemon = launch.find(self._paths)
        if daemon is None:
            daemon = self._start_daemon()
        elif daemon == self._daemon and not self._heard and daemon != self._asleep and self._start:
            # nobody answers: a stale file whose process number is a stranger's by now looks like this
            silent, daemon = daemon, self._start_daemon(daemon)
            self._asleep = daemon if daemon == silent else None
        self._daemon, self._heard = daemon, False
        self._sockets = sockets.connected(partial(self._context.socket, zmq.DEALER), daemon, self._name)
        self._session.connected(time.monotonic())
        self._flush()

    def _tell_all(self, event: session.Event) -> None:
        for sink in self._watchers.get(None, []):
            sink(event)

    def _start_daemon(self, silent: Connection | None = None) -> Connection:
        now = time.monotonic()
        self._starts = [t for t in self._starts if now - t < RESTARTS_S]
        if not self._start:
            raise DaemonError("no_daemon", "No Keyfollow daemon is running.", "Start it: keyfollow daemon start.")
        if len(self._starts) > RESTARTS:
            raise DaemonError(
                "daemon_keeps_dying",
                f"The daemon ended {len(self._starts)} times within {RESTARTS_S:.0f} s.",
                f"See {self._paths.logs}; submitted jobs are kept.",
            )
        found = launch.start(self._paths, silent=silent)
        if found != silent:
            self._starts.append(now)
        return found

    def _close_sockets(self) -> None:
        for socket in self._sockets.values():
            socket.close(0)
        self._sockets = {}

    def _fail(self, error: KeyfollowError) -> None:
        """Everyone who waits hears why nothing more will come."""
        if self._broken is None:
            self._broken = error
        with suppress(queue.Empty):
            while True:
                self._commands.get_nowait()()
        for future in (self._opened, *self._answers.values(), *(f for fs in self._uploads.values() for f in fs)):
            if not future.done():
                future.set_exception(self._broken)
        for number, sink in self._sinks.items():
            sink(session.StreamEnd(number, self._broken))
        for sink in (s for sinks in self._watchers.values() for s in sinks):
            sink(session.Failed(0, self._broken))
        self._answers.clear()
        self._uploads.clear()
        self._sinks.clear()
        self._watchers.clear()
