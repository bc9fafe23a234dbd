"""The protocol's conversation over real sockets and real stores; only the engine's work is scripted."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from keyfollow import wire
from keyfollow.edits import Clip, EditRequest
from keyfollow.engine_info import Report
from keyfollow.frames import FrameRange
from keyfollow.plain import to_plain
from keyfollow.take_folder import FRAMES, frame_name
from keyfollow.wire import CHUNK, CONTROL, CREDIT, DATA
from keyfollow_daemon.cache.handles import Handles
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.executors.base import Outcome, Task, TaskDone, TaskEvent, TaskFailed, TaskStopped, Why
from keyfollow_daemon.jobs.runner import JobService
from keyfollow_daemon.jobs.store import JobStore
from keyfollow_daemon.media.blobs import BlobStore
from keyfollow_daemon.takes.store import TakeStore
from keyfollow_daemon.transport import api
from keyfollow_daemon.transport.api import Api, Services
from keyfollow_testkit.clips import moving_patch, read_png, write_clip

REQUEST = EditRequest(Clip("/a.mp4"), range=FrameRange(0, 40))
JOB = "11111111-0000-4000-8000-000000000001"
OTHER = "22222222-0000-4000-8000-000000000002"
GONE_S = wire.BEAT_S * wire.MISSED_BEATS


class Hands:
    """An executor that only notes what it is told."""

    def __init__(self, report: Callable[[Outcome], None]) -> None:
        self.report = report
        self.busy: str | None = None
        self.stops: list[Why] = []

    def start(self, task: Task) -> None:
        self.busy = task.id

    def stop(self, why: Why) -> None:
        self.stops.append(why)

    def tick(self, now: float) -> None:
        pass

    def describe(self) -> str:
        return "hands"

    def close(self) -> None:
        pass


class Daemon:
    """An API over stores in a folder; what its worker would say is said here, on the loop."""

    def __init__(self, running: Any, folder: Path) -> None:
        self._running = running
        self.takes = TakeStore(folder / "takes")
        self.blobs = BlobStore(folder / "blobs", wire.MAX_BLOB)
        self.handles = Handles(folder / "inversions", InversionStore(folder / "inversions", 1 << 30))
        self.folder = folder
        built = threading.Event()

        def build() -> None:  # SQLite belongs to the thread that opened it
            self.jobs = JobService(JobStore(folder / "jobs.db"), self.takes, lambda job: {}, self._hands)
            services = Services(self.jobs, self.takes, self.handles, self.blobs, folder / "exports", folder)
            self.api = running.handler = Api(running.server, services)
            self.jobs.start(self.api)
            built.set()

        running.server.post(build)
        running.start()
        assert built.wait(10)

    def _hands(self, report: Callable[[Outcome], None]) -> Hands:
        self.hands = Hands(report)
        return self.hands

    def says(self, outcome: Outcome) -> None:
        self._running.on_loop(lambda: self.hands.report(outcome))

    def frame(self, number: int, job: str = JOB) -> None:
        """A worker has finished a frame: it is on disk, then told."""
        take = self._running.on_loop(lambda: self.jobs.record(job)).take
        folder = self.folder / "takes" / take
        if not folder.exists():
            meta = {
                "job": job,
                "source": "/a.mp4",
                "engine": "patch",
                "quality": "final",
                "created": 1.0,
                "start": 0,
                "stop": 40,
            }
            self.takes.create(take, {"request": 1}, meta)
        (folder / FRAMES / frame_name(number)).write_bytes(b"frame %d" % number)
        self.says(TaskEvent(job, {"kind": "frame", "frame": number}))

    def done(self, job: str = JOB) -> None:
        self.hands.busy = None
        self.says(TaskDone(job, {"report": to_plain(Report(frames=1))}))

    def close(self) -> None:
        if self._running.alive:
            self._running.on_loop(self.jobs.close)
        self.api.close()


@pytest.fixture
def daemon(running: Any, tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(running, tmp_path)
    yield made
    made.close()


@pytest.fixture
def client(daemon: Daemon, connect: Callable[..., Any]) -> Any:
    made = connect()
    assert isinstance(made.hello(), wire.Welcome)
    return made


def submit(client: Any, job: str = JOB, survives: bool = True) -> Any:
    return client.ask(wire.Submit(job, REQUEST, "mine", survives))


def refused(answer: Any) -> str:
    assert isinstance(answer, wire.Refused), answer
    assert answer.message and answer.remedy
    return answer.code


def frames(client: Any, count: int) -> list[int]:
    """The next messages of the data channel, which must be so many frames."""
    got: list[int] = []
    for _ in range(count):
        message = client.hear(DATA)
        assert message is not None, f"only {got} came"
        assert isinstance(message.body, wire.FrameIs), message.body
        got.append(message.body.frame)
    return got


# --- hello -------------------------------------------------------------------------------------------------------------


def test_hello_opens_a_session(daemon: Daemon, connect: Callable[..., Any]) -> None:
    a, b = connect(), connect()
    first, second = a.hello(), b.hello()
    assert first.protocol == wire.PROTOCOL
    assert first.session != second.session
    status = a.ask(wire.Status())
    assert (status.sessions, status.jobs, status.worker) == (2, {}, "hands")
    assert status.rss_bytes > 0


def test_without_hello_nothing_is_answered_but_a_refusal(daemon: Daemon, connect: Callable[..., Any]) -> None:
    stranger = connect()
    for body, channel in ((wire.Jobs(), CONTROL), (wire.Submit(JOB, REQUEST), CONTROL), (wire.OpenFrames(1, job=JOB), DATA)):
        assert refused(stranger.ask(body, channel=channel)) == "no_session"
    stranger.hello()
    assert stranger.ask(wire.Jobs()) == wire.JobList(())


def test_another_major_version_is_refused_with_both_numbers(daemon: Daemon, connect: Callable[..., Any]) -> None:
    client = connect()
    answer = client.ask(wire.Hello((wire.PROTOCOL[0] + 1, 4), "new"))
    assert refused(answer) == "wrong_protocol"
    assert "2.4" in answer.message and f"1.{wire.PROTOCOL[1]}" in answer.message
    assert refused(client.ask(wire.Jobs())) == "no_session"
    assert isinstance(client.ask(wire.Hello((wire.PROTOCOL[0], 99), "newer minor")), wire.Welcome)


def test_both_channels_are_one_session_and_hello_is_said_on_control(client: Any, connect: Callable[..., Any]) -> None:
    assert refused(client.ask(wire.OpenFrames(1, job=JOB), channel=DATA)) == "unknown_job"
    assert refused(connect().ask(wire.Hello(wire.PROTOCOL, "x"), channel=DATA)) == "wrong_channel"


def test_a_message_on_the_wrong_channel_is_refused(client: Any) -> None:
    assert refused(client.ask(wire.Jobs(), channel=DATA)) == "bad_message"
    assert refused(client.ask(wire.PutBlob("ab" * 32, 5))) == "bad_message"


def test_junk_is_refused_and_harms_nobody(client: Any) -> None:
    for channel in (CONTROL, DATA):
        client.send(channel, b"\xc1 not msgpack")
        assert refused(client.hear(channel).body) == "bad_message"
        client.send(channel, wire.encode(wire.Beat(), 1), b"", b"", b"")
        assert refused(client.hear(channel).body) == "bad_message"
    assert client.ask(wire.Beat()) == wire.Done()


def test_a_refusal_of_wrong_fields_names_the_question(client: Any) -> None:
    client.send(CONTROL, wire.encode(wire.Submit(JOB, EditRequest(Clip("/a.mp4"), seed=1.5)), 77))  # type: ignore[arg-type]
    message = client.hear(CONTROL)
    assert (refused(message.body), message.id) == ("bad_message", 77)


# --- jobs --------------------------------------------------------------------------------------------------------------


def test_a_job_is_submitted_once_and_shown_to_everyone(daemon: Daemon, client: Any, connect: Callable[..., Any]) -> None:
    first = submit(client).job
    assert (first.id, first.state, first.label, first.range) == (JOB, "running", "mine", FrameRange(0, 40))
    assert submit(client).job == first
    other = connect()
    other.hello()
    assert other.ask(wire.Jobs()) == wire.JobList((first,))
    assert other.ask(wire.JobAction(JOB, "get")).job == first


def test_a_hint_of_what_will_be_wanted_is_taken_and_is_no_job(daemon: Daemon, client: Any) -> None:
    assert client.ask(wire.Prepare(REQUEST, near=3)) == wire.Done()
    assert (daemon.hands.busy or "").startswith("prepare-") and client.ask(wire.Jobs()) == wire.JobList(())


def test_jobs_are_steered(daemon: Daemon, client: Any) -> None:
    submit(client)
    submit(client, OTHER)
    assert client.ask(wire.JobAction(OTHER, "pause")).job.state == "paused"
    assert client.ask(wire.JobAction(OTHER, "resume")).job.state == "queued"
    assert client.ask(wire.JobAction(OTHER, "move", before=JOB)).job.position < 1
    assert [j.id for j in client.ask(wire.Jobs()).jobs] == [OTHER, JOB]
    assert client.ask(wire.JobAction(OTHER, "cancel")).job.state == "cancelled"
    assert client.ask(wire.JobAction(OTHER, "retry")).job.state == "queued"
    client.ask(wire.JobAction(OTHER, "cancel"))
    assert client.ask(wire.JobAction(OTHER, "remove")) == wire.Done()
    assert refused(client.ask(wire.JobAction(OTHER, "get"))) == "unknown_job"
    assert refused(client.ask(wire.JobAction(JOB, "remove"))) == "not_possible"
    assert client.ask(wire.JobAction(JOB, "cancel")).job.state == "running"
    assert daemon.hands.stops == ["cancel"]


def test_watchers_hear_every_state_and_others_nothing(daemon: Daemon, client: Any, connect: Callable[..., Any]) -> None:
    submit(client)
    one, all_, none = connect(), connect(), connect()
    for watcher, job in ((one, JOB), (all_, None)):
        watcher.hello()
        assert watcher.ask(wire.Watch(job)) == wire.Done()
    none.hello()
    submit(client, OTHER)
    daemon.done()
    client.ask(wire.JobAction(JOB, "remove"))
    for watcher, jobs in ((one, {JOB}), (all_, {JOB, OTHER})):
        watcher.ask(wire.Beat())
        states = [(m.body.job.id, m.body.job.state) for m in watcher.events if isinstance(m.body, wire.JobChanged)]
        assert {id for id, _ in states} == jobs
        assert (JOB, "done") in states
        assert [m.body for m in watcher.events if isinstance(m.body, wire.JobRemoved)] == [wire.JobRemoved(JOB)]
    none.ask(wire.Beat())
    assert none.events == []
    assert refused(one.ask(wire.Watch("nothing"))) == "unknown_job"


def test_whoever_begins_to_watch_is_told_how_things_stand(daemon: Daemon, client: Any) -> None:
    submit(client)
    daemon.done()
    client.ask(wire.Watch(JOB))
    client.ask(wire.Beat())
    assert [m.body.job.state for m in client.events] == ["done"]


def test_mere_progress_is_told_at_most_ten_times_a_second(daemon: Daemon, client: Any) -> None:
    submit(client)
    client.ask(wire.Watch(JOB))
    began = time.monotonic()
    for n in range(200):
        daemon.says(TaskEvent(JOB, {"kind": "progress", "phase": "Propagating", "done": n, "total": 200}))
    daemon.hands.busy = None
    daemon.says(TaskFailed(JOB, {"kind": "JobError", "code": "x", "message": "X.", "remedy": "Y."}))
    client.ask(wire.Beat())
    spent = time.monotonic() - began
    heard = [m.body.job for m in client.events]
    assert len(heard) <= spent * 10 + 2
    assert heard[-1].state == "failed", "but every state is told"


# --- frames out --------------------------------------------------------------------------------------------------------


def test_frames_go_out_as_they_are_finished_under_credit_and_end_with_the_job(daemon: Daemon, client: Any) -> None:
    submit(client)
    client.tell(DATA, wire.OpenFrames(7, job=JOB, by="bytes"))
    order = [5, 4, 6, *range(7, 20)]
    for n in order:
        daemon.frame(n)
    message = client.hear(DATA)
    assert (message.body, bytes(message.payload)) == (wire.FrameIs(7, 5), b"frame 5")
    assert frames(client, CREDIT - 1) == order[1:CREDIT]
    assert client.receive(DATA, 0.2) is None, "no credit, no frame"
    client.tell(DATA, wire.MoreFrames(7, 2))
    assert frames(client, 2) == order[CREDIT : CREDIT + 2]
    daemon.done()
    client.tell(DATA, wire.MoreFrames(7, 1000))
    assert frames(client, 6) == order[CREDIT + 2 :]
    assert client.hear(DATA).body == wire.FramesEnd(7)


def test_credit_is_never_more_than_the_limit(daemon: Daemon, client: Any) -> None:
    submit(client)
    for n in range(CREDIT + 4):
        daemon.frame(n)
    client.tell(DATA, wire.OpenFrames(7, job=JOB, credit=10_000))
    assert frames(client, CREDIT) == list(range(CREDIT))
    client.tell(DATA, wire.MoreFrames(7, -5))
    assert client.receive(DATA, 0.2) is None


def test_on_the_same_machine_a_path_is_enough(daemon: Daemon, client: Any) -> None:
    submit(client)
    daemon.frame(3)
    client.tell(DATA, wire.OpenFrames(7, job=JOB, by="path"))
    message = client.hear(DATA)
    assert message.payload is None
    assert Path(message.body.path).read_bytes() == b"frame 3"


def test_a_returning_client_gets_what_it_lacks_in_source_order(daemon: Daemon, client: Any) -> None:
    submit(client)
    for n in (2, 0, 1, 4):
        daemon.frame(n)
    client.tell(DATA, wire.OpenFrames(7, job=JOB, order="source", skip=(0,)))
    assert frames(client, 2) == [1, 2]
    assert client.receive(DATA, 0.2) is None, "4 waits for 3"
    daemon.done()
    assert frames(client, 1) == [4]
    assert client.hear(DATA).body == wire.FramesEnd(7)


def test_a_finished_take_is_a_stream_too_and_two_streams_do_not_mix(daemon: Daemon, client: Any) -> None:
    take = submit(client).job.take
    for n in (1, 0):
        daemon.frame(n)
    client.tell(DATA, wire.OpenFrames(1, take=take, order="source"))
    assert [client.hear(DATA).body.frame for _ in range(2)] == [0, 1]
    assert client.hear(DATA).body == wire.FramesEnd(1)
    client.tell(DATA, wire.OpenFrames(2, job=JOB))
    assert [(m.stream, m.frame) for m in (client.hear(DATA).body for _ in range(2))] == [(2, 1), (2, 0)]


def test_a_closed_stream_is_silent(daemon: Daemon, client: Any) -> None:
    submit(client)
    client.tell(DATA, wire.OpenFrames(7, job=JOB))
    daemon.frame(0)
    assert frames(client, 1) == [0]
    client.tell(DATA, wire.CloseFrames(7))
    client.tell(DATA, wire.MoreFrames(7, 1))
    assert refused(client.ask(wire.OpenFrames(8), channel=DATA)) == "bad_stream"
    daemon.frame(1)
    assert client.receive(DATA, 0.2) is None


def test_a_stream_names_one_thing_that_exists(daemon: Daemon, client: Any) -> None:
    submit(client)
    for spec in (wire.OpenFrames(1), wire.OpenFrames(1, job=JOB, take="take-1")):
        assert refused(client.ask(spec, channel=DATA)) == "bad_stream"
    assert refused(client.ask(wire.OpenFrames(1, job="nothing"), channel=DATA)) == "unknown_job"
    assert refused(client.ask(wire.OpenFrames(1, take="nothing"), channel=DATA)) == "unknown_take"
    assert refused(client.ask(wire.OpenFrames(1, take="../../etc"), channel=DATA)) == "bad_name"


def test_there_is_a_limit_to_open_streams(daemon: Daemon, client: Any) -> None:
    submit(client)
    for number in range(64):
        client.tell(DATA, wire.OpenFrames(number, job=JOB))
    assert refused(client.ask(wire.OpenFrames(64, job=JOB), channel=DATA)) == "too_many_streams"


def test_a_stream_of_a_take_that_is_deleted_meanwhile_ends_with_a_reason(daemon: Daemon, client: Any) -> None:
    take = submit(client).job.take
    for n in range(3):
        daemon.frame(n)
    opened = client.tell(DATA, wire.OpenFrames(1, take=take, credit=1))
    assert frames(client, 1) == [0]
    daemon.takes.delete(take)
    client.tell(DATA, wire.MoreFrames(1, 1))
    message = client.hear(DATA)
    assert isinstance(message.body, wire.Refused)
    assert message.id == opened


def test_a_stream_of_a_job_that_is_removed_meanwhile_still_ends(daemon: Daemon, client: Any) -> None:
    submit(client)
    for n in range(3):
        daemon.frame(n)
    opened = client.tell(DATA, wire.OpenFrames(1, job=JOB, credit=1))
    assert frames(client, 1) == [0]
    daemon.done()
    client.ask(wire.JobAction(JOB, "remove"))
    client.tell(DATA, wire.MoreFrames(1, 8))
    while (message := client.hear(DATA, 2)) is not None:
        if isinstance(message.body, wire.FramesEnd) or (isinstance(message.body, wire.Refused) and message.id == opened):
            return
    raise AssertionError("the client waits for ever")


# --- blobs in ----------------------------------------------------------------------------------------------------------


def put(client: Any, data: bytes, sha256: str = "") -> Any:
    """Upload `data` chunk by chunk; the last answer."""
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    state = client.ask(wire.PutBlob(sha256, len(data)), channel=DATA)
    while isinstance(state, wire.BlobState) and not state.whole:
        at = state.received
        state = client.ask(wire.BlobChunk(sha256, at), data[at : at + CHUNK], channel=DATA)
    return state


def test_a_blob_is_taken_in_pieces_and_known_afterwards(daemon: Daemon, client: Any) -> None:
    data = bytes(range(256)) * (2 * CHUNK // 256 + 10)
    sha256 = hashlib.sha256(data).hexdigest()
    assert put(client, data) == wire.BlobState(sha256, len(data), True)
    assert daemon.blobs.open(sha256) == data
    assert client.ask(wire.PutBlob(sha256, len(data)), channel=DATA) == wire.BlobState(sha256, len(data), True)


def test_a_blob_that_is_not_what_it_says_is_refused(daemon: Daemon, client: Any) -> None:
    assert refused(put(client, b"something else", "ab" * 32)) == "wrong_hash"
    assert not daemon.blobs.path("ab" * 32).exists()
    assert refused(client.ask(wire.PutBlob("../../etc/passwd", 5), channel=DATA)) == "bad_blob"
    assert refused(client.ask(wire.PutBlob("ab" * 32, wire.MAX_BLOB + 1), channel=DATA)) == "blob_too_large"


def test_pieces_out_of_turn_too_large_or_missing_are_refused(daemon: Daemon, client: Any) -> None:
    sha256 = "ab" * 32
    assert refused(client.ask(wire.BlobChunk(sha256, 0), b"x", channel=DATA)) == "bad_chunk"
    client.ask(wire.PutBlob(sha256, 3 * CHUNK), channel=DATA)
    assert refused(client.ask(wire.BlobChunk(sha256, 5), b"x", channel=DATA)) == "bad_chunk"
    assert refused(client.ask(wire.BlobChunk(sha256, 0), channel=DATA)) == "bad_message"
    assert refused(client.ask(wire.BlobChunk(sha256, 0), bytes(CHUNK + 1), channel=DATA)) == "bad_message"
    assert client.ask(wire.BlobChunk(sha256, 0), bytes(CHUNK), channel=DATA).received == CHUNK


def test_two_clients_may_upload_the_same_picture_at_once(daemon: Daemon, client: Any, connect: Callable[..., Any]) -> None:
    other = connect()
    other.hello()
    data = bytes(3 * CHUNK)
    sha256 = hashlib.sha256(data).hexdigest()
    for c in (client, other):
        assert c.ask(wire.PutBlob(sha256, len(data)), channel=DATA).received == 0
    for at in range(0, len(data), CHUNK):
        client.ask(wire.BlobChunk(sha256, at), data[at : at + CHUNK], channel=DATA)
    for at in range(0, len(data), CHUNK):
        answer = other.ask(wire.BlobChunk(sha256, at), data[at : at + CHUNK], channel=DATA)
        assert answer == wire.BlobState(sha256, at + CHUNK, at + CHUNK == len(data))


# --- takes and caches --------------------------------------------------------------------------------------------------


def test_takes_are_listed_shown_and_deleted(daemon: Daemon, client: Any) -> None:
    assert client.ask(wire.Takes()) == wire.TakeList(())
    take = submit(client).job.take
    daemon.frame(0)
    daemon.done()
    shown = client.ask(wire.TakeAction(take, "get"))
    assert Path(shown.folder) == daemon.takes.folder(take)
    assert client.ask(wire.Takes()).takes == (shown.take,)
    assert client.ask(wire.TakeAction(take, "recipe")).recipe == {"request": 1}
    assert refused(client.ask(wire.TakeAction(take, "claimed", "/project")))
    assert client.ask(wire.TakeAction(take, "delete")) == wire.Done()
    assert refused(client.ask(wire.TakeAction(take, "get"))) == "unknown_take"


def test_estimates_that_take_long_hold_up_nobody(daemon: Daemon, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def slow(*_: Any) -> Any:
        go.wait(30)
        raise RuntimeError("not the point")

    monkeypatch.setattr(api, "estimate", slow)
    try:
        for _ in range(3):
            client.tell(CONTROL, wire.EstimateAsk(REQUEST))
        assert client.ask(wire.Takes()) == wire.TakeList(())
    finally:
        go.set()


def test_a_take_that_a_job_still_fills_is_not_deleted(daemon: Daemon, client: Any) -> None:
    take = submit(client).job.take
    daemon.frame(0)
    assert refused(client.ask(wire.TakeAction(take, "delete"))) == "job_runs"


@pytest.mark.parametrize("name", ["../../etc", "/etc", "..", "a\0b", "a/b", "", "x" * 5000, "con"])
def test_no_name_leads_out_of_the_stores(daemon: Daemon, client: Any, name: str) -> None:
    for ask in (wire.TakeAction(name, "get"), wire.TakeAction(name, "delete"), wire.CacheAction("get", name)):
        refused(client.ask(ask))
    refused(client.ask(wire.CacheAction("export", name)))
    refused(client.ask(wire.CacheAction("import", blob=name)))


def test_caches_are_listed_and_unknown_ones_refused(client: Any) -> None:
    assert client.ask(wire.Caches()) == wire.CacheList(())
    for action in ("get", "pin", "unpin", "delete", "export"):
        assert refused(client.ask(wire.CacheAction(action, "0" * 16)))


def test_an_import_of_a_blob_that_never_came_is_refused(client: Any) -> None:
    assert refused(client.ask(wire.CacheAction("import", blob="ab" * 32)))


def test_a_client_that_decodes_nothing_is_given_whole_pictures(client: Any, tmp_path: Path) -> None:
    clip = Clip(str(write_clip(tmp_path / "clip.mp4", moving_patch(5))))
    assert client.ask(wire.ClipAsk(clip)) == wire.ClipIs(96, 64, 5, (24, 1), "uint8", 3, True)
    picture = client.ask(wire.PictureAsk(clip, 3))
    assert picture.frame == 3
    assert read_png(Path(picture.path)).shape == (64, 96, 3)
    assert refused(client.ask(wire.PictureAsk(clip, 5))) == "frame_out_of_range"
    assert refused(client.ask(wire.ClipAsk(Clip(str(tmp_path / "none.mp4"))))) == "media_not_found"


def test_a_variable_rate_is_not_steady(client: Any, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", moving_patch(4), pts=[0, 40, 140, 180], time_base=Fraction(1, 1000))
    answer = client.ask(wire.ClipAsk(Clip(str(path))))
    assert not answer.steady and answer.pts == (0, 40, 140, 180) and answer.time_base == (1, 1000)


# --- the end of a session, and of the daemon ---------------------------------------------------------------------------


def test_a_vanished_client_is_forgotten_and_its_dependent_jobs_are_cancelled(
    running: Any, daemon: Daemon, client: Any, connect: Callable[..., Any]
) -> None:
    leaver = connect()
    leaver.hello()
    submit(leaver, JOB, survives=True)
    submit(leaver, OTHER, survives=False)
    leaver.tell(DATA, wire.OpenFrames(1, job=JOB))
    leaver.close()
    deadline = time.monotonic() + GONE_S + 3
    while client.ask(wire.Status()).sessions > 1 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert client.ask(wire.Status()).sessions == 1
    assert client.ask(wire.JobAction(JOB, "get")).job.state == "running"
    assert client.ask(wire.JobAction(OTHER, "get")).job.state == "cancelled"
    daemon.frame(0)
    assert client.ask(wire.Beat()) == wire.Done()


def test_shutdown_is_answered_and_ends_the_loop(running: Any, daemon: Daemon, client: Any) -> None:
    submit(client)
    daemon.says(TaskStopped(JOB, "pause"))
    id = client.tell(CONTROL, wire.Shutdown())
    message = client.hear(CONTROL)
    assert (message.id, message.body) == (id, wire.Done())
    deadline = time.monotonic() + 2
    while running.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not running.alive
    assert daemon.jobs.counts() == {"paused": 1}
