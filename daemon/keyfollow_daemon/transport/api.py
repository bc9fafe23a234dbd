"""What each message means: the protocol's questions answered from jobs, takes and caches, and its frames sent under credit.

Runs on the event loop's thread. What waits for a disk or for a child process (probing, verifying, archives) runs on a small pool and
answers when it is done, so that a beat or a cancel never queues behind it.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
from keyfollow import __version__, wire
from keyfollow.atomic import storage_errors, temporary
from keyfollow.edits import Clip
from keyfollow.engine_info import Job
from keyfollow.errors import DaemonError, JobError, KeyfollowError, UsageError
from keyfollow.wire import CONTROL, DATA, Channel, Envelope

from keyfollow_daemon.cache.handles import Handles
from keyfollow_daemon.engines import registry
from keyfollow_daemon.jobs.planner import estimate, look_ahead
from keyfollow_daemon.jobs.runner import JobService
from keyfollow_daemon.media.blobs import BlobStore
from keyfollow_daemon.processors import Processors
from keyfollow_daemon.takes.pictures import Pictures
from keyfollow_daemon.takes.store import TakeStore

from .background import Background
from .outbox import Outbox, Stream
from .server import Server
from .session import Peer, Sessions

log = logging.getLogger(__name__)
RETURN_S = 10.0
"""After a start, clients have this long to come back for the jobs that must not outlive them."""
PROGRESS_S = 0.1
"""Watchers hear of mere progress at most this often."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the API answers from."""

    jobs: JobService
    takes: TakeStore
    handles: Handles
    blobs: BlobStore
    exports: Path
    storage: Path


class Api:
    """`server.Handler` and `jobs.runner.Listener` in one: messages in, answers and events out.

    Args:
        idle_exit_s: stop the daemon when for so long there was neither a client nor work; None: never.
    """

    def __init__(self, server: Server, services: Services, idle_exit_s: float | None = None) -> None:
        self._server = server
        self._s = services
        self._sessions = Sessions()
        self._outbox = Outbox()
        self._processors = Processors()
        self._background = Background()
        self._pictures = Pictures(services.takes, services.exports / "pictures")
        self._decoding = Background(1)
        self._estimating = Background(1)
        """Of its own: the first estimate asks a new process for the device, which takes seconds where torch is installed."""
        self._started = time.monotonic()
        self._idle_exit_s = idle_exit_s
        self._used = self._started
        self._inherited: set[str] | None = None
        """Jobs from before this start whose clients may yet come back."""
        self._told: dict[str, tuple[float, tuple[str, float] | None]] = {}

    # --- messages in -------------------------------------------------------------------------------------------------------

    def message(self, channel: Channel, peer: bytes, parts: list[memoryview]) -> None:
        id = 0
        try:
            message = wire.decode(parts, wire.TO_DAEMON)
            id = message.id
            session = self._sessions.heard(peer, time.monotonic())
            if isinstance(message.body, wire.Hello):
                self._hello(channel, peer, message.body, id)
            elif session is None:
                raise DaemonError("no_session", "This session is not open (any more).", "Say hello first.")
            elif channel == CONTROL:
                self._control(peer, session, message)
            else:
                self._data(peer, message)
        except wire.WireError as e:
            self._refuse(channel, peer, id or e.id, e)
        except KeyfollowError as e:
            self._refuse(channel, peer, id, e)
        except Exception as e:
            self._refuse(channel, peer, id, _internal(e))

    def _hello(self, channel: Channel, peer: bytes, hello: wire.Hello, id: int) -> None:
        if hello.protocol[0] != wire.PROTOCOL[0]:
            theirs, ours = (f"{v[0]}.{v[1]}" for v in (hello.protocol, wire.PROTOCOL))
            raise DaemonError(
                "wrong_protocol",
                f"The client speaks protocol {theirs}, the daemon {ours}.",
                "Install the same Keyfollow version for both, then: keyfollow daemon stop.",
            )
        if channel != CONTROL:
            raise DaemonError("wrong_channel", "Hello belongs on the control channel.", "See docs/PROTOCOL.md.")
        self._outbox.forget(peer)
        session = self._sessions.open(peer, hello.client[:80], hello.version[:40], time.monotonic(), spare=hello.spare)
        session.dependent.update(hello.owns)
        self._answer(peer, id, wire.Welcome(wire.PROTOCOL, __version__, os.getpid(), secrets.token_hex(8)))

    def _control(self, peer: bytes, session: Peer, message: Envelope) -> None:
        id = message.id
        jobs, takes = self._s.jobs, self._s.takes
        match message.body:
            case wire.Beat():
                self._answer(peer, id, wire.Done())
            case wire.Submit(job, request, label, survives, near):
                shown = jobs.submit(job, request, label[:200], survives, near)
                if not survives:
                    session.dependent.add(job)
                self._answer(peer, id, wire.JobIs(shown))
            case wire.Prepare(request, near):
                jobs.prepare(request, near)
                self._estimating.submit(lambda: look_ahead(request.clip))
                self._answer(peer, id, wire.Done())
            case wire.JobAction():
                self._answer(peer, id, self._job_action(message.body))
            case wire.Jobs():
                self._answer(peer, id, wire.JobList(tuple(jobs.all())))
            case wire.Watch(job):
                if job is None:
                    session.watches_all = True
                else:
                    jobs.get(job)
                    session.watched.add(job)
                self._answer(peer, id, wire.Done())
                if job is not None:  # it may have ended while nobody watched
                    self._answer(peer, 0, wire.JobChanged(jobs.get(job)))
            case wire.EstimateAsk(request):
                known, blobs = self._s.handles, self._s.blobs
                self._later(CONTROL, peer, id, lambda: wire.EstimateIs(estimate(request, known, blobs)), self._estimating)
            case wire.Engines():
                self._answer(peer, id, wire.EngineList(tuple(registry.engines().values())))
            case wire.Takes():
                self._later(CONTROL, peer, id, lambda: wire.TakeList(tuple(takes.list())))
            case wire.TakeAction():
                action = message.body
                self._later(CONTROL, peer, id, lambda: self._take_action(action))
            case wire.Caches():
                self._later(CONTROL, peer, id, lambda: wire.CacheList(tuple(self._s.handles.list())))
            case wire.CacheAction():
                change = message.body
                self._later(CONTROL, peer, id, lambda: self._cache_action(change))
            case wire.ClipAsk(clip):
                self._later(CONTROL, peer, id, lambda: self._clip(clip), self._decoding)
            case wire.PictureAsk():
                ask = message.body
                self._later(CONTROL, peer, id, lambda: self._picture(ask), self._decoding)
            case wire.Status():
                self._answer(peer, id, self._status())
            case wire.Shutdown():
                log.info("asked to stop by %s", session.client)
                self._answer(peer, id, wire.Done())
                for other in self._sessions.others(peer):
                    self._answer(other, 0, wire.Stopping())
                self._server.stop()
            case _:
                raise wire.WireError(f"{type(message.body).__name__} does not belong on the control channel.")

    def _job_action(self, action: wire.JobAction) -> Any:
        jobs = self._s.jobs
        match action.action:
            case "get":
                return wire.JobIs(jobs.get(action.job))
            case "cancel":
                return wire.JobIs(jobs.cancel(action.job))
            case "pause":
                return wire.JobIs(jobs.pause(action.job))
            case "resume":
                return wire.JobIs(jobs.resume(action.job))
            case "retry":
                return wire.JobIs(jobs.retry(action.job))
            case "move":
                return wire.JobIs(jobs.move(action.job, action.before))
            case "remove":
                jobs.remove(action.job)
                return wire.Done()

    def _take_action(self, action: wire.TakeAction) -> Any:
        takes = self._s.takes
        match action.action:
            case "get":
                return wire.TakeIs(takes.get(action.take), str(takes.folder(action.take)))
            case "recipe":
                return wire.RecipeIs(takes.recipe(action.take))
            case "claimed":
                return wire.TakeIs(takes.mark_claimed(action.take, action.note), str(takes.folder(action.take)))
            case "delete":
                if self._s.jobs.fills(action.take):
                    raise UsageError("job_runs", "A job still fills this take.", "Cancel the job first, or wait for its end.")
                takes.delete(action.take)
                return wire.Done()

    def _cache_action(self, action: wire.CacheAction) -> Any:
        handles = self._s.handles
        match action.action:
            case "get":
                return wire.CacheIs(handles.get(action.cache))
            case "pin" | "unpin":
                return wire.CacheIs(handles.pin(action.cache, action.action == "pin"))
            case "delete":
                handles.delete(action.cache)
                return wire.Done()
            case "export":
                return self._export(handles.get(action.cache).id)
            case "import":
                with self._s.blobs.file(action.blob) as file:
                    return wire.CacheIs(handles.import_(file))

    def _clip(self, clip: Clip) -> wire.ClipIs:
        info = self._pictures.info(clip)
        steps = {b - a for a, b in pairwise(info.pts)}
        steady = not steps or max(steps) - min(steps) <= 1  # a coarse time base makes steps of a steady clip differ by a tick
        what = wire.ClipIs(info.width, info.height, info.frames, info.rate, info.dtype, info.channels, steady)
        return what if steady else replace(what, pts=tuple(p - info.pts[0] for p in info.pts), time_base=info.time_base)

    def _picture(self, ask: wire.PictureAsk) -> wire.PictureIs:
        return wire.PictureIs(ask.frame, str(self._pictures.write(ask.clip, ask.frame, ask.take, ask.form, ask.show)))

    def _export(self, id: str) -> wire.Exported:
        path = self._s.exports / f"{id}.zip"
        temp = temporary(path)
        try:
            with storage_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with temp.open("wb") as file:
                    self._s.handles.export(id, file)
                temp.replace(path)
        finally:
            temp.unlink(missing_ok=True)
        return wire.Exported(str(path), path.stat().st_size)

    def _status(self) -> wire.DaemonStatus:
        return wire.DaemonStatus(
            version=__version__,
            pid=os.getpid(),
            uptime_s=time.monotonic() - self._started,
            sessions=len(self._sessions),
            jobs=self._s.jobs.counts(),
            worker=self._s.jobs.describe_worker(),
            rss_bytes=psutil.Process().memory_info().rss,
            storage=str(self._s.storage),
        )

    def _data(self, peer: bytes, message: Envelope) -> None:
        match message.body:
            case wire.OpenFrames():
                self._open_frames(peer, message.body, message.id)
            case wire.MoreFrames(number, credit):
                stream = self._outbox.get(peer, number)
                if stream is not None:
                    stream.credit = min(stream.credit + max(0, credit), wire.CREDIT)
                for open_one in self._outbox.of_peer(peer):  # what this one had taken up may be what another waited for
                    self._send_due(peer, open_one)
            case wire.CloseFrames(number):
                self._outbox.close(peer, number)
            case wire.PutBlob(sha256, size):
                received = self._s.blobs.begin(sha256, size, peer)
                self._answer(peer, message.id, wire.BlobState(sha256, received, received == size), DATA)
            case wire.BlobChunk(sha256, offset):
                self._blob_chunk(peer, message, sha256, offset)
            case _:
                raise wire.WireError(f"{type(message.body).__name__} does not belong on the data channel.")

    def _blob_chunk(self, peer: bytes, message: Envelope, sha256: str, offset: int) -> None:
        if message.payload is None or len(message.payload) > wire.CHUNK:
            raise wire.WireError("A BlobChunk carries one payload part of at most 1 MiB.")
        received, size = self._s.blobs.append(sha256, offset, message.payload, peer)
        if received < size:
            self._answer(peer, message.id, wire.BlobState(sha256, received, False), DATA)
            return
        finish = self._s.blobs.take_whole(sha256, peer)

        def work() -> wire.BlobState:
            finish()
            return wire.BlobState(sha256, size, True)

        self._later(DATA, peer, message.id, work)

    # --- frames out --------------------------------------------------------------------------------------------------------

    def _open_frames(self, peer: bytes, ask: wire.OpenFrames, id: int) -> None:
        if bool(ask.job) == bool(ask.take):
            raise UsageError("bad_stream", "A stream of frames is a job's or a take's.", "Name exactly one of them.")
        job = self._s.jobs.record(ask.job) if ask.job else None
        stream = Stream(
            number=ask.stream,
            job=ask.job,
            take=job.take if job else self._s.takes.get(ask.take).id,
            ascending=ask.order == "source",
            by_path=ask.by == "path",
            credit=max(0, min(ask.credit, wire.CREDIT)),
            asked_by=id,
            next=job.request.range.start if job and job.request.range else 0,
            fixed=None if job else tuple(self._s.takes.frames(ask.take)),
            sent=set(ask.skip),
        )
        if not self._outbox.open(peer, stream):
            raise UsageError("too_many_streams", "This client has too many streams open.", "Close some first.")
        self._send_due(peer, stream)

    def _send_due(self, peer: bytes, stream: Stream) -> None:
        finished, ended = self._finished(stream)
        room = sys.maxsize if stream.by_path else self._server.room(peer)
        for frame in stream.due(finished, ended, room):
            try:
                path = self._s.takes.frame_path(stream.take, frame)
                parts: list[Any] = [wire.encode(wire.FrameIs(stream.number, frame, str(path) if stream.by_path else ""))]
                if not stream.by_path:
                    parts.append(path.read_bytes())
            except (OSError, KeyfollowError):
                self._end_stream(peer, stream, f"Frame {frame} of take {stream.take} is gone.")
                return
            if not self._server.send(DATA, peer, parts):
                self._forget(peer)
                return
        if ended and stream.exhausted():
            self._outbox.close(peer, stream.number)
            self._answer(peer, 0, wire.FramesEnd(stream.number), DATA)

    def _end_stream(self, peer: bytes, stream: Stream, why: str) -> None:
        self._outbox.close(peer, stream.number)
        self._refuse(DATA, peer, stream.asked_by, JobError("frame_gone", why, "Run the job again."))

    def _finished(self, stream: Stream) -> tuple[Sequence[int], bool]:
        if stream.fixed is not None:
            return stream.fixed, True
        return self._s.jobs.finished(stream.job), self._s.jobs.record(stream.job).ended

    # --- jobs.runner.Listener ------------------------------------------------------------------------------------------------

    def job_changed(self, job: Job) -> None:
        now = time.monotonic()
        before, what = self._told.get(job.id, (0.0, None))
        told = (job.state, job.position)
        if told == what and now - before < PROGRESS_S:
            return
        self._told[job.id] = (now, told)
        parts = [wire.encode(wire.JobChanged(job))]
        for peer in self._sessions.watchers(job.id):
            self._send(CONTROL, peer, parts)

    def job_removed(self, id: str) -> None:
        self._told.pop(id, None)
        for peer in self._sessions.watchers(id):
            self._answer(peer, 0, wire.JobRemoved(id))
        for peer, stream in self._outbox.of_job(id):
            self._end_stream(peer, stream, "The job was removed.")

    def frame_finished(self, job: str) -> None:
        for peer, stream in self._outbox.of_job(job):
            self._send_due(peer, stream)

    # --- time ------------------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        for peer in self._sessions.expired(now):
            log.info("a client is gone")
            self._forget(peer)
        self._processors.spare_one(self._sessions.spare())
        for peer, stream in self._outbox.waiting():
            self._send_due(peer, stream)
        self._cancel_orphans(now)
        if len(self._sessions) or self._s.jobs.at_work():
            self._used = now
        elif self._idle_exit_s is not None and now - self._used > self._idle_exit_s:
            log.info("nobody needed me for %.0f s", self._idle_exit_s)
            self._server.stop()
        self._s.jobs.tick(now)
        if self._pictures.idle(now):
            self._decoding.submit(self._pictures.close)

    def _cancel_orphans(self, now: float) -> None:
        orphans = self._s.jobs.mortal() - self._sessions.owned(now)
        if self._inherited is None:
            self._inherited = orphans
        if now - self._started <= RETURN_S:
            orphans -= self._inherited
        for job in orphans:
            self._s.jobs.cancel(job)

    def close(self) -> None:
        self._background.close()
        self._decoding.submit(self._pictures.close)
        self._decoding.close()
        self._estimating.close()

    # --- out -------------------------------------------------------------------------------------------------------------------

    def _later(self, channel: Channel, peer: bytes, id: int, work: Callable[[], Any], beside: Background | None = None) -> None:
        """Answer with what `work` returns, worked out beside the loop."""

        def answer() -> None:
            try:
                body = work()
            except KeyfollowError as e:
                error = e
                self._server.post(lambda: self._refuse(channel, peer, id, error))
            except Exception as e:
                failure = _internal(e)
                self._server.post(lambda: self._refuse(channel, peer, id, failure))
            else:
                self._server.post(lambda: self._answer(peer, id, body, channel))

        (beside or self._background).submit(answer)

    def _answer(self, peer: bytes, id: int, body: Any, channel: Channel = CONTROL) -> None:
        self._send(channel, peer, [wire.encode(body, id)])

    def _refuse(self, channel: Channel, peer: bytes, id: int, error: KeyfollowError) -> None:
        self._send(channel, peer, [wire.encode(wire.Refused(**error.to_plain()), id)])

    def _send(self, channel: Channel, peer: bytes, parts: list[bytes]) -> None:
        if not self._server.send(channel, peer, parts):
            self._forget(peer)

    def _forget(self, peer: bytes) -> None:
        self._outbox.forget(peer)
        self._s.blobs.forget(peer)
        self._sessions.close(peer)


def _internal(e: Exception) -> JobError:
    """A bug behind a message: logged with its traceback, and told to whoever asked."""
    log.error("unexpected error", exc_info=e)
    return JobError("internal", f"The daemon failed: {type(e).__name__}: {e}", "See daemon.log in the log folder.")
