"""Promise 17: versions mix safely."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from keyfollow import deltas, wire
from keyfollow.errors import KeyfollowError
from keyfollow.session import Answer, Failed, Opened, Session
from keyfollow.wire import CONTROL, PROTOCOL, TO_CLIENT
from keyfollow_testkit.clips import moving_patch, write_clip
from keyfollow_testkit.daemons import home
from keyfollow_testkit.faults import Daemon
from keyfollow_testkit.faults_wire import Peer, Target, target
from keyfollow_testkit.transcripts import Step, fits, from_json, hold

pytestmark = pytest.mark.faults
TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.json"))
MAJOR, MINOR = PROTOCOL


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def peer(kf: Target) -> Iterator[Peer]:
    with Peer(kf.connection) as made:
        yield made


def steps_of(transcript: Path) -> list[Step]:
    steps: list[Step] = json.loads(transcript.read_text())
    return steps


def ask_raw(peer: Peer, **head: Any) -> Any:
    peer.send(CONTROL, [bytes(msgpack.packb(head))])
    return peer.answer(head["id"], within_s=10)


# --- clients of past versions, this daemon ----------------------------------------------------------------------------------


def test_there_is_a_transcript_of_every_version_up_to_this_one() -> None:
    assert [t.stem for t in TRANSCRIPTS] == [f"{MAJOR}.{minor}" for minor in range(MINOR + 1)]


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda t: str(t.stem))
def test_a_past_client_gets_what_it_relies_on(transcript: Path, tmp_path: Path) -> None:
    with target(tmp_path / "home") as fresh, Peer(fresh.connection) as peer:
        for step, head, payload in hold(peer, steps_of(transcript), write_clip(tmp_path / "clip.mp4", moving_patch(3))):
            recorded = step["hear"]
            told = f"{step.get('say')} was answered with {head}"
            assert head["type"] == recorded["type"] and head.get("code") == recorded.get("code"), told
            assert not fits(recorded, head), told
            assert (payload is None) == ("payload_heard" not in step), told


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda t: str(t.stem))
def test_pictures_of_past_versions_are_read(transcript: Path) -> None:
    packed = [from_json(step[key], {}) for step in steps_of(transcript) for key in ("payload", "payload_heard") if key in step]
    assert packed
    for data in packed:
        assert deltas.unpack(data).compose(None).pixels.shape == (16, 16, 3)


# --- this client, daemons of past versions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda t: str(t.stem))
def test_this_client_understands_a_past_daemon(transcript: Path) -> None:
    for step in steps_of(transcript):
        if "hear" in step:
            message = wire.decode([bytes(msgpack.packb(from_json(step["hear"], {})))], TO_CLIENT)
            assert type(message.body).__name__ == step["hear"]["type"]


# --- other versions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("major", [MAJOR + 1, 0, 99, 1 << 63])
def test_another_major_version_is_refused_with_both_numbers(peer: Peer, major: int) -> None:
    refused = ask_raw(peer, type="Hello", id=1, protocol=[major, 3], client="from elsewhere")
    assert isinstance(refused, wire.Refused) and refused.code == "wrong_protocol" and refused.remedy
    assert f"{major}.3" in refused.message and f"{MAJOR}.{MINOR}" in refused.message
    after = ask_raw(peer, type="Beat", id=2)
    assert isinstance(after, wire.Refused) and after.code == "no_session", "a refused client has no session"


@pytest.mark.parametrize(
    "protocol",
    [None, [], [1], [1, 0, 0], "1.0", 1, 1.0, [1.0, 0], ["1", "0"], [True, 0], {"major": 1}, [None, None], b"\1\0", [[1], [0]]],
    ids=str,
)
def test_a_version_that_is_none_is_a_bad_message(peer: Peer, protocol: Any) -> None:
    refused = ask_raw(peer, type="Hello", id=1, protocol=protocol, client="garbled")
    assert isinstance(refused, wire.Refused) and refused.code == "bad_message" and "protocol" in refused.message
    assert isinstance(ask_raw(peer, type="Beat", id=2), wire.Refused)


def test_a_hello_without_a_version_is_a_bad_message(peer: Peer) -> None:
    refused = ask_raw(peer, type="Hello", id=1, client="mute")
    assert isinstance(refused, wire.Refused) and refused.code == "bad_message" and "protocol is missing" in refused.message


@pytest.mark.parametrize("first", ["Beat", "Jobs", "Status", "Shutdown"])
def test_nothing_is_answered_before_hello(peer: Peer, first: str) -> None:
    refused = ask_raw(peer, type=first, id=1)
    assert isinstance(refused, wire.Refused) and refused.code == "no_session"


def test_a_newer_minor_version_is_welcome(peer: Peer) -> None:
    welcome = ask_raw(peer, type="Hello", id=1, protocol=[MAJOR, MINOR + 1], client="newer", version="9.9", mood="curious")
    assert isinstance(welcome, wire.Welcome) and welcome.protocol == PROTOCOL
    assert isinstance(ask_raw(peer, type="Status", id=2, verbose=True), wire.DaemonStatus), "unknown fields are ignored"
    unknown = ask_raw(peer, type="Rehearse", id=3)
    assert isinstance(unknown, wire.Refused) and unknown.code == "bad_message", "an unknown type is refused, with its id"
    assert peer.ping() < 1, "and the session goes on"


def test_missing_optional_fields_take_their_default(peer: Peer) -> None:
    peer.hello()
    job = "00000000000000000000000000000017"
    shown = ask_raw(peer, type="Submit", id=2, job=job, request={"clip": {"path": "/nowhere.mp4"}})
    assert isinstance(shown, wire.JobIs) and shown.job.quality == "final" and shown.job.engine == "patch"


# --- the client of this tree before other daemons -------------------------------------------------------------------------------


def heard(client: Session, /, **head: Any) -> list[Any]:
    return client.receive(CONTROL, [bytes(msgpack.packb(head))], time.monotonic())


def greeted() -> tuple[Session, int]:
    session = Session("test", "0", time.monotonic())
    session.connected(time.monotonic())
    ((_, (hello,)),) = session.outgoing()
    return session, msgpack.unpackb(hello)["id"]


def test_this_client_ends_when_the_daemon_speaks_another_major_version() -> None:
    session, hello = greeted()
    refusal = {
        "kind": "DaemonError",
        "code": "wrong_protocol",
        "message": "The client speaks 1.0, the daemon 2.0.",
        "remedy": "Update.",
    }
    (event,) = heard(session, type="Refused", id=hello, **refusal)
    assert isinstance(event, Failed) and event.id == 0 and event.error.code == "wrong_protocol"


def test_this_client_takes_a_newer_minor_version_as_it_is() -> None:
    session, hello = greeted()
    welcome = {"protocol": [MAJOR, MINOR + 1], "version": "9.9", "pid": 1, "session": "s", "motto": "onward"}
    (event,) = heard(session, type="Welcome", id=hello, **welcome)
    assert isinstance(event, Opened)
    asked = session.ask(wire.Beat())
    assert heard(session, type="WeatherChanged", id=0, sunny=True) == [], "events that it does not know are passed over"
    (answer,) = heard(session, type="Done", id=asked, took_s=0.1)
    assert isinstance(answer, Answer) and answer.body == wire.Done()


def test_both_programs_end_in_a_sentence(tmp_path: Path) -> None:
    """A client of another major version, end to end: what a person sees names both numbers."""
    with pytest.MonkeyPatch.context() as patch, home(tmp_path / "home", patch) as made, Daemon(made):
        patch.setattr(wire, "PROTOCOL", (MAJOR + 1, 0))
        with pytest.raises(KeyfollowError) as refused:
            made.connect()
    assert refused.value.code == "wrong_protocol"
    assert f"{MAJOR + 1}.0" in str(refused.value) and f"{MAJOR}.{MINOR}" in str(refused.value)
