"""The client's protocol state, driven by hand: what goes out, what comes of what comes in, and what survives a lost daemon."""

from __future__ import annotations

from typing import Any

import pytest
from keyfollow import session, wire
from keyfollow.engine_info import Job
from keyfollow.errors import DaemonError, UsageError
from keyfollow.session import Answer, BlobEvent, Failed, FrameEvent, JobEvent, Lost, Opened, Session, StreamEnd
from keyfollow.wire import CHUNK, CONTROL, CREDIT, DATA, Channel

WELCOME = wire.Welcome(wire.PROTOCOL, "0.1.0", 42, "s")
JOB = Job("job-1", "running", "patch", "/a.mp4", "final", "take-1", 1.0, 1.0)
SHA = "ab" * 32


class Wire:
    """The other end of a session, without sockets: `sent` reads what it sends, `hear` answers."""

    def __init__(self) -> None:
        self.now = 100.0
        self.session = Session("test", "0.1.0", self.now)

    def open(self) -> list[tuple[Channel, wire.Envelope]]:
        """(Re)connect and welcome; what the session sends then."""
        self.session.connected(self.now)
        ((_, hello),) = self.sent()
        assert isinstance(hello.body, wire.Hello)
        assert self.hear(WELCOME, hello.id) == [Opened(WELCOME)]
        return self.sent()

    def sent(self) -> list[tuple[Channel, wire.Envelope]]:
        return [(channel, wire.decode(parts, wire.TO_DAEMON)) for channel, parts in self.session.outgoing()]

    def bodies(self) -> list[Any]:
        return [message.body for _, message in self.sent()]

    def hear(self, body: object, id: int = 0, payload: bytes | None = None, channel: Channel = CONTROL) -> list[session.Event]:
        parts = [wire.encode(body, id), *([] if payload is None else [payload])]
        return self.session.receive(channel, parts, self.now)

    def refuse(self, id: int, error: DaemonError | UsageError, channel: Channel = CONTROL) -> list[session.Event]:
        return self.hear(wire.Refused(**error.to_plain()), id, channel=channel)

    def wait(self, seconds: float) -> list[session.Event]:
        self.now += seconds
        return self.session.tick(self.now)


@pytest.fixture
def line() -> Wire:
    return Wire()


@pytest.fixture
def open_line(line: Wire) -> Wire:
    assert line.open() == []
    return line


NO = UsageError("unknown_job", "There is no such job.", "Look again.")


def test_it_says_hello_first_and_what_was_asked_before_follows_the_welcome(line: Wire) -> None:
    early = line.session.ask(wire.Status())
    assert line.sent() == []
    line.session.connected(line.now)
    ((channel, hello),) = line.sent()
    assert (channel, hello.body) == (CONTROL, wire.Hello(wire.PROTOCOL, "test", "0.1.0"))
    assert not line.session.open
    assert line.hear(WELCOME, hello.id) == [Opened(WELCOME)]
    assert line.session.open
    assert [(m.id, m.body) for _, m in line.sent()] == [(early, wire.Status())]


def test_a_processor_is_asked_for_in_every_hello(line: Wire) -> None:
    line.session.spare(True)
    for _ in range(2):
        line.session.connected(line.now)
        ((_, hello),) = line.sent()
        assert hello.body == wire.Hello(wire.PROTOCOL, "test", "0.1.0", spare=True)


def test_answers_and_refusals_reach_their_own_asker_in_any_order(open_line: Wire) -> None:
    first, second, third = (open_line.session.ask(wire.Jobs()) for _ in range(3))
    assert [m.id for _, m in open_line.sent()] == [first, second, third]
    assert open_line.hear(wire.JobList((JOB,)), third) == [Answer(third, wire.JobList((JOB,)))]
    (failed,) = open_line.refuse(first, NO)
    assert isinstance(failed, Failed)
    assert (failed.id, type(failed.error), failed.error.code) == (first, UsageError, "unknown_job")
    assert open_line.hear(wire.JobList(()), second) == [Answer(second, wire.JobList(()))]


def test_an_answer_counts_once_and_a_stranger_never(open_line: Wire) -> None:
    asked = open_line.session.ask(wire.Jobs())
    assert len(open_line.hear(wire.JobList(()), asked)) == 1
    assert open_line.hear(wire.JobList(()), asked) == []
    assert open_line.hear(wire.JobList(()), 987_654) == []
    assert open_line.refuse(987_654, NO) == []


def test_another_protocol_version_is_the_end_of_the_session(line: Wire) -> None:
    line.session.connected(line.now)
    ((_, hello),) = line.sent()
    (failed,) = line.refuse(hello.id, DaemonError("wrong_protocol", "1.0 and 2.0.", "Update."))
    assert isinstance(failed, Failed)
    assert (failed.id, failed.error.code) == (0, "wrong_protocol")
    assert not line.session.open


def test_it_beats_once_a_second_and_only_while_open(line: Wire) -> None:
    assert line.wait(1.5) == []
    assert line.sent() == []
    line.open()
    beats = 0
    for _ in range(10):
        assert line.wait(0.5) == []
        beats += line.bodies().count(wire.Beat())
        line.hear(wire.Done())
    assert beats == 5


def test_silence_is_a_loss_and_any_message_breaks_it(open_line: Wire) -> None:
    limit = wire.BEAT_S * wire.MISSED_BEATS
    assert open_line.wait(limit) == []
    open_line.hear(wire.JobRemoved("x"))
    assert open_line.wait(limit) == []
    assert open_line.wait(0.1) == [Lost()]
    assert not open_line.session.open
    assert open_line.wait(1.0) == []
    assert open_line.wait(limit) == [Lost()], "it says so again while nothing is done about it"


def test_a_malformed_message_changes_nothing(open_line: Wire) -> None:
    asked = open_line.session.ask(wire.Status())
    open_line.sent()
    for parts in ([b"\xc1"], []):
        with pytest.raises(wire.WireError):
            open_line.session.receive(CONTROL, parts, open_line.now)
    assert open_line.session.open
    assert open_line.sent() == []
    assert len(open_line.hear(wire.Done(), asked)) == 1


def test_a_type_of_a_newer_version_fails_its_question_and_is_passed_over_as_an_event(open_line: Wire) -> None:
    asked = open_line.session.ask(wire.Status())
    open_line.sent()
    assert open_line.session.receive(CONTROL, [wire.encode(wire.Beat())], open_line.now) == []
    (event,) = open_line.session.receive(CONTROL, [wire.encode(wire.Beat(), asked)], open_line.now)
    assert isinstance(event, Failed)
    assert (event.id, event.error.code) == (asked, "bad_message")
    assert open_line.session.open


def test_after_a_reconnect_unanswered_questions_are_asked_again_in_order(open_line: Wire) -> None:
    answered, waiting, refused, last = (open_line.session.ask(wire.JobAction(f"job-{n}", "cancel")) for n in range(4))
    open_line.hear(wire.JobIs(JOB), answered)
    open_line.refuse(refused, NO)
    assert [(c, m.id, m.body.job) for c, m in open_line.open()] == [(CONTROL, waiting, "job-1"), (CONTROL, last, "job-3")]
    assert len(open_line.hear(wire.JobIs(JOB), waiting)) == 1


def test_what_was_queued_for_the_dead_daemon_is_not_sent_twice(open_line: Wire) -> None:
    asked = open_line.session.ask(wire.Jobs())
    assert [m.id for _, m in open_line.open()] == [asked]


# --- watching ----------------------------------------------------------------------------------------------------------


def test_job_events_are_handed_on(open_line: Wire) -> None:
    assert open_line.hear(wire.JobChanged(JOB)) == [JobEvent("job-1", JOB)]
    assert open_line.hear(wire.JobRemoved("job-1")) == [JobEvent("job-1", None)]


def test_watches_are_set_again_after_a_reconnect_once_each(open_line: Wire) -> None:
    for job in ("job-1", None, "job-1"):
        asked = open_line.session.watch(job)
        open_line.hear(wire.Done(), asked)
    open_line.sent()
    again = open_line.open()
    assert [m.body for _, m in again] == [wire.Watch("job-1"), wire.Watch(None)]
    for _, message in again:
        assert open_line.refuse(message.id, NO) == [], "a job that is gone meanwhile harms nobody"


# --- frames out --------------------------------------------------------------------------------------------------------


def open_stream(line: Wire, spec: wire.OpenFrames) -> tuple[int, int]:
    """(stream number, id of the message that opened it)."""
    number = line.session.stream(spec)
    ((channel, message),) = line.sent()
    assert channel == DATA
    assert message.body.stream == number
    return number, message.id


def test_frames_arrive_under_the_number_of_their_stream(open_line: Wire) -> None:
    number, _ = open_stream(open_line, wire.OpenFrames(stream=0, job="job-1"))
    (event,) = open_line.hear(wire.FrameIs(number, 7, "/f/7"), channel=DATA)
    assert isinstance(event, FrameEvent)
    assert (event.stream, event.frame, event.path, event.payload) == (number, 7, "/f/7", None)
    (event,) = open_line.hear(wire.FrameIs(number, 8), payload=b"packed", channel=DATA)
    assert isinstance(event, FrameEvent)
    assert (event.frame, event.path, bytes(event.payload or b"")) == (8, "", b"packed")


def test_a_frame_that_came_already_is_dropped(open_line: Wire) -> None:
    number, _ = open_stream(open_line, wire.OpenFrames(stream=0, job="job-1"))
    assert len(open_line.hear(wire.FrameIs(number, 7, "/f/7"))) == 1
    assert open_line.hear(wire.FrameIs(number, 7, "/f/7")) == []


def test_credit_is_given_back_and_a_stream_can_be_closed(open_line: Wire) -> None:
    number, _ = open_stream(open_line, wire.OpenFrames(stream=0, job="job-1"))
    open_line.session.more(number)
    open_line.session.more(number, 3)
    open_line.session.close_stream(number)
    open_line.session.close_stream(number)
    open_line.session.more(number)
    assert open_line.bodies() == [wire.MoreFrames(number, 1), wire.MoreFrames(number, 3), wire.CloseFrames(number)]
    assert open_line.hear(wire.FrameIs(number, 9)) == []
    assert open_line.hear(wire.FramesEnd(number)) == []


def test_a_stream_ends_once(open_line: Wire) -> None:
    number, _ = open_stream(open_line, wire.OpenFrames(stream=0, take="take-1"))
    assert open_line.hear(wire.FramesEnd(number)) == [StreamEnd(number)]
    assert open_line.hear(wire.FramesEnd(number)) == []
    assert open_line.open() == [], "it is not opened again"


def test_a_refused_stream_ends_with_the_reason_and_leaves_the_others(open_line: Wire) -> None:
    first, first_id = open_stream(open_line, wire.OpenFrames(stream=0, job="job-1"))
    second, _ = open_stream(open_line, wire.OpenFrames(stream=0, job="job-2"))
    (end,) = open_line.refuse(first_id, NO, DATA)
    assert isinstance(end, StreamEnd)
    assert end.stream == first
    assert end.error is not None and end.error.code == "unknown_job"
    assert len(open_line.hear(wire.FrameIs(second, 0))) == 1


def test_after_a_reconnect_a_stream_skips_what_it_has(open_line: Wire) -> None:
    number, first_id = open_stream(open_line, wire.OpenFrames(stream=0, job="job-1", order="source", skip=(2,)))
    for frame in (5, 3):
        open_line.hear(wire.FrameIs(number, frame))
    ((channel, message),) = open_line.open()
    assert channel == DATA
    assert message.body == wire.OpenFrames(stream=number, job="job-1", order="source", skip=(2, 3, 5))
    assert open_line.hear(wire.FrameIs(number, 3)) == []
    assert len(open_line.hear(wire.FrameIs(number, 4))) == 1
    assert open_line.refuse(first_id, NO) == [], "a refusal of the old opening is no refusal of the new one"
    assert len(open_line.refuse(message.id, NO)) == 1


def test_a_stream_asked_for_before_the_welcome_opens_with_it(line: Wire) -> None:
    number = line.session.stream(wire.OpenFrames(stream=0, job="job-1"))
    assert [(c, m.body.stream) for c, m in line.open()] == [(DATA, number)]


# --- blobs in ----------------------------------------------------------------------------------------------------------


class Upload:
    """An upload of pattern bytes, and the daemon's side of it."""

    def __init__(self, line: Wire, size: int) -> None:
        self.line = line
        self.data = (bytes(range(256)) * (size // 256 + 1))[:size]
        self.size = size
        line.session.upload(SHA, size, lambda offset, count: self.data[offset : offset + count])

    def state(self, received: int) -> list[session.Event]:
        return self.line.hear(wire.BlobState(SHA, received, received == self.size), 1, channel=DATA)

    def chunks(self) -> list[tuple[int, bytes]]:
        sent = self.line.sent()
        assert all(c == DATA and isinstance(m.body, wire.BlobChunk) for c, m in sent)
        return [(m.body.offset, bytes(m.payload or b"")) for _, m in sent]


def test_an_upload_is_announced_and_every_byte_is_sent_once(open_line: Wire) -> None:
    upload = Upload(open_line, 20 * CHUNK + 5)
    assert open_line.bodies() == [wire.PutBlob(SHA, upload.size)]
    received, arrived = 0, b""
    events = upload.state(0)
    in_flight = upload.chunks()
    while in_flight:
        assert 0 < len(in_flight) <= CREDIT
        offset, data = in_flight.pop(0)
        assert offset == received, "in order, none twice"
        assert len(data) <= CHUNK
        arrived, received = arrived + data, received + len(data)
        events += upload.state(received)
        in_flight += upload.chunks()
    assert arrived == upload.data
    assert [e.received for e in events if isinstance(e, BlobEvent)][-1] == upload.size
    assert [e for e in events if isinstance(e, BlobEvent) and e.whole] == [BlobEvent(SHA, upload.size, True)]
    assert upload.state(upload.size) == [], "nothing follows the end"


def test_a_driver_may_read_a_piece_at_a_time(line: Wire) -> None:
    line.session = Session("test", "0.1.0", line.now, ahead=1)
    line.open()
    upload = Upload(line, 2 * CHUNK + 5)
    line.sent()
    for received in (0, CHUNK, 2 * CHUNK):
        upload.state(received)
        assert [offset for offset, _ in upload.chunks()] == [received]


def test_a_blob_that_is_there_already_is_not_sent(open_line: Wire) -> None:
    upload = Upload(open_line, 3 * CHUNK)
    open_line.sent()
    assert upload.state(upload.size) == [BlobEvent(SHA, upload.size, True)]
    assert open_line.sent() == []


def test_an_upload_goes_on_where_the_daemon_is(open_line: Wire) -> None:
    upload = Upload(open_line, 3 * CHUNK)
    open_line.sent()
    upload.state(2 * CHUNK)
    assert upload.chunks() == [(2 * CHUNK, upload.data[2 * CHUNK :])]


def test_after_a_reconnect_an_upload_begins_with_what_arrived(open_line: Wire) -> None:
    upload = Upload(open_line, 20 * CHUNK)
    open_line.sent()
    upload.state(0)
    upload.chunks()
    assert [m.body for _, m in open_line.open()] == [wire.PutBlob(SHA, upload.size)]
    upload.state(3 * CHUNK)
    assert [offset for offset, _ in upload.chunks()] == [n * CHUNK for n in range(3, 3 + CREDIT)]
    upload.state(0)
    assert upload.chunks() == [], "a report from the past sends nothing again"


def test_an_upload_that_is_under_way_is_not_begun_again(open_line: Wire) -> None:
    """Two threads of one client may put the same picture."""
    upload = Upload(open_line, 3 * CHUNK)
    open_line.sent()
    upload.state(0)
    assert len(upload.chunks()) == 3
    again = Upload(open_line, 3 * CHUNK)
    open_line.sent()
    again.state(CHUNK)
    assert again.chunks() == []


def test_a_refused_upload_says_why(open_line: Wire) -> None:
    open_line.session.upload(SHA, 10, lambda offset, size: bytes(size))
    ((_, put),) = open_line.sent()
    (event,) = open_line.refuse(put.id, UsageError("blob_too_large", "Too large.", "Smaller."), DATA)
    assert isinstance(event, BlobEvent)
    assert event.sha256 == SHA
    assert event.error is not None and event.error.code == "blob_too_large"
    assert open_line.open() == []


def test_a_file_that_became_shorter_fails_its_upload_only(open_line: Wire) -> None:
    asked = open_line.session.ask(wire.Status())
    open_line.session.upload(SHA, 2 * CHUNK, lambda offset, size: b"")
    open_line.sent()
    (event,) = open_line.hear(wire.BlobState(SHA, 0, False), channel=DATA)
    assert isinstance(event, BlobEvent)
    assert event.error is not None and event.error.code == "upload_short"
    assert len(open_line.hear(wire.Done(), asked)) == 1


@pytest.mark.parametrize("problem", [OSError("gone"), ValueError("read of closed file")])
def test_a_file_that_cannot_be_read_any_more_fails_its_upload_only(open_line: Wire, problem: Exception) -> None:
    def read(offset: int, size: int) -> bytes:
        raise problem

    open_line.session.upload(SHA, 10, read)
    open_line.sent()
    (event,) = open_line.hear(wire.BlobState(SHA, 0, False), channel=DATA)
    assert isinstance(event, BlobEvent)
    assert event.error is not None


# --- a daemon that has forgotten us ------------------------------------------------------------------------------------


def test_a_daemon_that_forgot_the_session_is_told_hello_again(open_line: Wire) -> None:
    """The client was suspended for longer than three beats; messages sent before that still waited in its socket."""
    asked = open_line.session.ask(wire.Jobs())
    open_line.sent()
    forgotten = DaemonError("no_session", "This session is not open (any more).", "Say hello first.")
    events = open_line.refuse(asked, forgotten)
    assert not any(isinstance(e, Failed) for e in events)
    assert Lost() in events or any(isinstance(b, wire.Hello) for b in open_line.bodies())


def test_a_session_that_the_daemon_forgot_is_opened_again_and_everything_is_asked_anew(open_line: Wire) -> None:
    id = open_line.session.ask(wire.Jobs())
    stream = open_line.session.stream(wire.OpenFrames(0, job="job-1"))
    sent = open_line.sent()
    gone = DaemonError("no_session", "This session is not open (any more).", "Say hello first.")
    assert open_line.refuse(id, gone) == [Lost()]
    assert open_line.refuse(sent[-1][1].id, gone, DATA) == [], "once is enough"
    bodies = [message.body for _, message in open_line.open()]
    assert wire.Jobs() in bodies
    assert wire.OpenFrames(stream, job="job-1") in bodies
    assert open_line.hear(wire.JobList(()), id) == [Answer(id, wire.JobList(()))]
