"""A run as its client sees it: frames verified and composed, changes of the job, the report or the failure at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from keyfollow import deltas, session, wire
from keyfollow.client import Client
from keyfollow.engine_info import Failure, Job, Report, Take
from keyfollow.errors import Cancelled, DaemonError, JobError, KeyfollowError, ModelMissing, StorageError
from keyfollow.frames import FrameBuffer
from keyfollow.resources import Jobs, Takes
from keyfollow.run import EditedFrame, FrameStream, Run, error_of

SOURCE = FrameBuffer(np.full((100, 130, 3), 9, np.uint8))
RUNNING = Job("job-1", "running", "patch", "/a.mp4", "final", "take-1", 1.0, 1.0)
DONE = replace(RUNNING, state="done")
REPORT = Report(frames=2, summary="fine")
TAKE = Take("take-1", "job-1", "/a.mp4", "patch", "final", 1.0, 0, 2, 10, True, report=REPORT)


class Daemon:
    """What a client does for a run, with the answers given here."""

    frames_by = "bytes"

    def __init__(self, job: Job = DONE, take: Take = TAKE) -> None:
        self.job, self.take = job, take
        self.stream: session.Event | Any = None
        self.opened: list[wire.OpenFrames] = []
        self.asked: list[Any] = []
        self.more = 0
        self.open = False
        self.jobs, self.takes = Jobs(cast(Client, self)), Takes(cast(Client, self))
        self.events: list[session.Event] = []

    def ask(self, body: Any, answer: type, timeout_s: float = 60) -> Any:
        self.asked.append(body)
        return wire.JobIs(self.job) if isinstance(body, wire.JobAction) else wire.TakeIs(self.take, "/takes/take-1")

    def open_stream(self, spec: wire.OpenFrames, sink: Callable[[session.Event], None]) -> int:
        self.opened.append(spec)
        self.open = True
        for event in self.events:
            sink(event)
        return 5

    def more_frames(self, stream: int) -> None:
        self.more += 1

    def close_stream(self, stream: int) -> None:
        self.open = False

    @contextmanager
    def watching(self, job: str, sink: Callable[[session.Event], None]) -> Iterator[None]:
        self.sink = sink
        yield


def edited(value: int) -> FrameBuffer:
    pixels = SOURCE.pixels.copy()
    pixels[70:90, 100:120] = value
    return FrameBuffer(pixels)


def frame(number: int) -> session.FrameEvent:
    return session.FrameEvent(5, number, "", memoryview(deltas.pack(number, edited(number), SOURCE, confidence=0.5)))


END = session.StreamEnd(5)


def run_of(daemon: Daemon) -> Run:
    return Run(cast(Client, daemon), RUNNING, "arrival", lambda frame: SOURCE)


def test_frames_are_composed_over_their_source_and_credit_goes_back_after_each() -> None:
    daemon = Daemon()
    daemon.events = [frame(1), frame(0), END]
    run = run_of(daemon)
    seen = []
    for made in run:
        seen.append(made.number)
        assert daemon.more == len(seen) - 1, "a frame counts as taken when the next one is asked for"
        assert made.confidence == 0.5
        assert np.array_equal(made.image.pixels, edited(made.number).pixels)
        assert made.delta.tiles is not None and made.delta.tiles.tolist() == [4]
    assert seen == [1, 0]
    assert daemon.opened == [wire.OpenFrames(stream=0, job="job-1", order="arrival", by="bytes")]
    assert not daemon.open
    assert (run.job, run.report) == (DONE, REPORT)


def test_whoever_leaves_early_closes_the_stream() -> None:
    daemon = Daemon()
    daemon.events = [frame(0), frame(1), END]
    frames = iter(run_of(daemon))
    next(frames)
    cast(Any, frames).close()
    assert not daemon.open


def test_changes_of_the_job_come_between_its_frames() -> None:
    daemon = Daemon()
    paused = replace(RUNNING, state="paused")
    daemon.events = [frame(0), session.JobEvent("job-1", paused), session.JobEvent("job-1", None), frame(1), END]
    assert [e.state if isinstance(e, Job) else e.number for e in run_of(daemon).events()] == [0, "paused", 1]


def test_a_frame_on_disk_is_read_from_its_path(tmp_path: Path) -> None:
    daemon = Daemon()
    (tmp_path / "7").write_bytes(deltas.pack(7, edited(7), SOURCE))
    daemon.events = [session.FrameEvent(5, 7, str(tmp_path / "7"), None), END]
    (made,) = run_of(daemon)
    assert np.array_equal(made.image.pixels, edited(7).pixels)


def failure_of(daemon: Daemon) -> KeyfollowError:
    with pytest.raises(KeyfollowError) as failed:
        list(run_of(daemon))
    assert not daemon.open
    return failed.value


def test_a_frame_that_is_gone_or_damaged_is_an_error(tmp_path: Path) -> None:
    daemon = Daemon()
    daemon.events = [session.FrameEvent(5, 7, str(tmp_path / "none"), None), END]
    assert failure_of(daemon).code == "frame_gone"
    packed = bytearray(deltas.pack(7, edited(7), SOURCE))
    packed[len(packed) // 2] ^= 1
    daemon.events = [session.FrameEvent(5, 7, "", memoryview(packed)), END]
    assert failure_of(daemon).code == "corrupt_frame"


def test_a_frame_is_never_laid_over_another_source() -> None:
    daemon = Daemon()
    daemon.events = [frame(0), END]
    run = Run(cast(Client, daemon), RUNNING, "arrival", lambda n: edited(200))
    (made,) = run
    with pytest.raises(StorageError) as wrong:
        _ = made.image
    assert wrong.value.code == "wrong_source"


def test_a_whole_frame_needs_no_source() -> None:
    def no_source(frame: int) -> FrameBuffer:
        raise AssertionError("nobody asks for it")

    made = EditedFrame(0, deltas.unpack(deltas.pack(0, edited(3))), no_source)
    assert made.source is None
    assert np.array_equal(made.image.pixels, edited(3).pixels)


def test_the_reason_a_stream_ended_with_is_raised() -> None:
    daemon = Daemon()
    daemon.events = [frame(0), session.StreamEnd(5, DaemonError("daemon_keeps_dying", "Six times.", "Look."))]
    assert failure_of(daemon).code == "daemon_keeps_dying"


def test_a_failed_job_raises_its_own_error_after_its_frames() -> None:
    failed = replace(RUNNING, state="failed", failure=Failure("ModelMissing", "no_weights", "Gone.", "Fetch them."))
    daemon = Daemon(failed)
    daemon.events = [frame(0), END]
    frames = iter(run_of(daemon))
    assert next(frames).number == 0
    with pytest.raises(ModelMissing) as error:
        next(frames)
    assert (error.value.code, error.value.remedy) == ("no_weights", "Fetch them.")


def test_a_cancelled_job_raises_cancelled() -> None:
    daemon = Daemon(replace(RUNNING, state="cancelled"))
    daemon.events = [END]
    error = failure_of(daemon)
    assert isinstance(error, Cancelled)
    assert "jobs retry job-1" in error.remedy and "jobs attach job-1 -o" in error.remedy


def test_a_take_without_its_report_is_an_error() -> None:
    daemon = Daemon(take=replace(TAKE, report=None))
    daemon.events = [END]
    assert failure_of(daemon).code == "no_report"


def test_wait_returns_the_report_of_a_job_that_has_ended_already() -> None:
    assert run_of(Daemon()).wait() == REPORT


def test_wait_follows_the_job_to_its_end() -> None:
    daemon = Daemon(RUNNING)

    def finish() -> None:
        daemon.sink(session.JobEvent("job-1", RUNNING))
        daemon.job = DONE
        daemon.sink(session.JobEvent("job-1", DONE))

    timer = threading.Timer(0.1, finish)
    timer.start()
    assert run_of(daemon).wait() == REPORT
    timer.join()


def test_wait_ends_when_the_client_breaks() -> None:
    daemon = Daemon(RUNNING)
    timer = threading.Timer(0.1, lambda: daemon.sink(session.Failed(0, DaemonError("closed", "Closed.", "Connect again."))))
    timer.start()
    with pytest.raises(DaemonError):
        run_of(daemon).wait()
    timer.join()


def test_a_run_can_be_steered() -> None:
    daemon = Daemon()
    run = run_of(daemon)
    run.pause()
    run.resume()
    run.cancel()
    assert daemon.asked == [wire.JobAction("job-1", action) for action in ("pause", "resume", "cancel")]
    assert (run.id, run.take) == ("job-1", "take-1")


def test_a_take_is_streamed_without_a_job() -> None:
    daemon = Daemon()
    daemon.events = [frame(0), END]
    stream = FrameStream(cast(Client, daemon), wire.OpenFrames(stream=0, take="take-1"), lambda n: SOURCE)
    assert [made.number for made in stream] == [0]


def test_a_failure_of_an_unknown_kind_is_still_an_error() -> None:
    assert type(error_of(Failure("JobError", "x", "X.", "Y."))) is JobError
    assert type(error_of(Failure("FutureError", "x", "X.", "Y."))) is KeyfollowError
