"""A run as a client follows it: frames as they are finished, progress, and the report at the end."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from . import deltas, session, wire
from .engine_info import ENDED, Failure, Job, Report
from .errors import Cancelled, KeyfollowError, StorageError, from_plain
from .frames import FrameBuffer, Pixels
from .plain import to_plain

if TYPE_CHECKING:
    from .client import Client

Order = Literal["arrival", "source"]
SourceOf = Callable[[int], FrameBuffer]


@dataclass(frozen=True)
class EditedFrame:
    """One finished frame of a run or a take; its checksum was verified.

    Args:
        number: source frame.
        delta: what changed, packed over the source.
    """

    number: int
    delta: deltas.FrameDelta
    _source_of: SourceOf

    @property
    def confidence(self) -> float:
        """0…1: how sure the engine is of what it changed."""
        return self.delta.confidence

    @property
    def certainty(self) -> Pixels | None:
        """Where it was how sure: ``(rows, columns)`` uint8, 255 = sure, spread over the picture, at most 128 x 128; None if it did not say."""
        return self.delta.certainty

    @cached_property
    def source(self) -> FrameBuffer | None:
        """The decoded source of this frame; None where the clip was uploaded and frames come whole."""
        return None if self.delta.tiles is None else self._source_of(self.number)

    @cached_property
    def image(self) -> FrameBuffer:
        """The whole edited picture at source size and depth.

        Raises:
            StorageError: ``wrong_source`` when the media has changed since the run.
        """
        return self.delta.compose(self.source)


class FrameStream:
    """Frames of a job or a take off the wire, under credit. Iterate it once."""

    def __init__(self, client: Client, spec: wire.OpenFrames, source_of: SourceOf) -> None:
        self._client = client
        self._source_of = source_of
        self.inbox: queue.SimpleQueue[session.Event] = queue.SimpleQueue()
        self._number = client.open_stream(spec, self.inbox.put)

    def __iter__(self) -> Iterator[EditedFrame]:
        for event in self.events():
            if isinstance(event, EditedFrame):
                yield event

    def events(self) -> Iterator[EditedFrame | Job]:
        """Frames, and (for a job that is watched) every change of the job, until no more frames will come."""
        try:
            while True:
                match self.inbox.get():
                    case session.FrameEvent(_, number, path, payload):
                        yield self._frame(number, path, payload)
                        self._client.more_frames(self._number)
                    case session.JobEvent(_, job) if job is not None:
                        yield job
                    case session.StreamEnd(_, error):
                        if error is not None:
                            raise error
                        return
        finally:
            self._client.close_stream(self._number)

    def _frame(self, number: int, path: str, payload: memoryview | None) -> EditedFrame:
        if payload is None:
            try:
                data: bytes | memoryview = Path(path).read_bytes()
            except OSError as e:
                raise StorageError("frame_gone", f"Frame {number} cannot be read at {path}.", "Run the job again.") from e
        else:
            data = payload
        return EditedFrame(number, deltas.unpack(data), self._source_of)


class Run:
    """A job that this client follows. Iterating yields its frames; when they are through, the job's end is known.

    Raises (while iterating, or in `wait`): the job's own failure as a `KeyfollowError`; `Cancelled`.
    """

    def __init__(self, client: Client, job: Job, order: Order, source_of: SourceOf) -> None:
        self._client = client
        self._order = order
        self._source_of = source_of
        self.job = job
        self.report: Report | None = None

    @property
    def id(self) -> str:
        return self.job.id

    @property
    def take(self) -> str:
        """The take that the frames belong to."""
        return self.job.take or ""

    def __iter__(self) -> Iterator[EditedFrame]:
        for event in self.events():
            if isinstance(event, EditedFrame):
                yield event

    def events(self) -> Iterator[EditedFrame | Job]:
        """Frames and changes of the job as they come; returns when the job is done."""
        spec = wire.OpenFrames(stream=0, job=self.id, order=self._order, by=self._client.frames_by)
        stream = FrameStream(self._client, spec, self._source_of)
        with self._client.watching(self.id, stream.inbox.put):
            for event in stream.events():
                if isinstance(event, Job):
                    self.job = event
                yield event
        self._finish()

    def wait(self) -> Report:
        """Let the job run to its end without taking its frames."""
        inbox: queue.SimpleQueue[session.Event] = queue.SimpleQueue()
        with self._client.watching(self.id, inbox.put):
            self.job = self._client.jobs.get(self.id)
            while self.job.state not in ENDED:
                event = inbox.get()
                if isinstance(event, session.JobEvent) and event.job is not None:
                    self.job = event.job
                elif isinstance(event, session.Failed):
                    raise event.error
        return self._finish()

    def cancel(self) -> None:
        self._client.jobs.cancel(self.id)

    def pause(self) -> None:
        self._client.jobs.pause(self.id)

    def resume(self) -> None:
        self._client.jobs.resume(self.id)

    def _finish(self) -> Report:
        self.job = self._client.jobs.get(self.id)
        if self.job.state == "cancelled":
            id = self.id[:12]
            remedy = f"`keyfollow jobs retry {id}` goes on from its last finished frame, `keyfollow jobs attach {id} -o FILE` writes the result."
            raise Cancelled(remedy=remedy)
        if self.job.failure is not None:
            raise error_of(self.job.failure)
        self.report = self._client.takes.get(self.take).report
        if self.report is None:
            raise StorageError("no_report", f"The take {self.take} has no report.", "Run the job again.")
        return self.report


def error_of(failure: Failure) -> KeyfollowError:
    """The error that a job failed with."""
    return from_plain(to_plain(failure))
