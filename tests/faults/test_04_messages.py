"""Promise 4: no message crashes or bloats the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyfollow import wire
from keyfollow.wire import CONTROL, DATA
from keyfollow_testkit.counts import count
from keyfollow_testkit.faults_wire import SOUND, Mutator, Peer, Target, target

pytestmark = pytest.mark.faults
MIB = 1 << 20
PING_S = 1.0
"""Ten times the promised 100 ms."""

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def peer(kf: Target) -> Iterator[Peer]:
    with Peer(kf.connection) as made:
        made.hello()
        yield made


def settle(peer: Peer) -> float:
    """Take in every answer there is; seconds until the daemon answered a beat sent after all else."""
    took = peer.ping()
    while peer.receive(DATA, 0) is not None:
        pass
    return took


def test_mutated_messages_leave_the_daemon_alive_quick_and_slim(kf: Target, peer: Peer) -> None:
    mutator = Mutator(seed=4)
    for channel, body, payload in SOUND:
        peer.send(channel, [wire.encode(body, 1), *([payload] if payload else [])])
    settle(peer)
    before, slowest = kf.daemon.rss, 0.0
    for n in range(count("messages")):
        peer.send(*mutator.message())
        if n % 50 == 49:
            slowest = max(slowest, settle(peer))
    assert slowest < PING_S
    assert kf.daemon.rss - before < 20 * MIB
    assert peer.ask(wire.Status(), wire.DaemonStatus).sessions == 1


def test_every_refusal_carries_the_id_of_its_question(peer: Peer) -> None:
    for id, damaged in ((7, {"type": "Watch", "job": 3}), (8, {"type": "FromTheFuture"}), (9, {"type": "Submit"})):
        peer.send(CONTROL, [bytes(msgpack.packb({**damaged, "id": id}))])
        refused = peer.answer(id, within_s=5)
        assert isinstance(refused, wire.Refused) and refused.code == "bad_message"


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(wire.TO_DAEMON.keys() - {"Shutdown"})),
    st.dictionaries(st.text(max_size=8), JUNK, max_size=4),
    st.data(),
)
def test_any_fields_of_any_type_are_answered(kf: Target, kind: str, junk: dict[str, object], data: st.DataObject) -> None:
    for field in wire.TO_DAEMON[kind].__dataclass_fields__:  # type: ignore[attr-defined]
        if data.draw(st.booleans()):
            junk[field] = data.draw(JUNK)
    with Peer(kf.connection) as peer:
        peer.hello()
        peer.send(data.draw(st.sampled_from((CONTROL, DATA))), [bytes(msgpack.packb({**junk, "type": kind, "id": 5}))])
        assert peer.ping() < PING_S


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=64), min_size=1, max_size=5))
def test_any_bytes_are_survived(kf: Target, parts: list[bytes]) -> None:
    with Peer(kf.connection) as peer:
        peer.hello()
        for channel in (CONTROL, DATA):
            peer.send(channel, parts)
        assert peer.ping() < PING_S


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(b"\xdd\x00\x03\x0d\x40" + b"\x80" * 200_000, id="a list of empty maps"),
        pytest.param(b"\x94" + (b"\xdd\x00\x03\x0d\x40" + b"\x80" * 200_000) * 4, id="lists of empty maps"),
        pytest.param(b"\xdd\x00\x03\x0d\x3f" * 500, id="long lists in long lists"),
        pytest.param(b"\x91" * 1_000_000, id="a deep list"),
        pytest.param(b"\x81\xa1a" * 300_000, id="a deep map"),
        pytest.param(b"\xc6\xff\xff\xff\xff", id="four gigabytes announced"),
        pytest.param(b"\xdb\x00\x7f\xff\xff" + b"x" * 0x7FFFFF, id="a long text"),
    ],
)
def test_what_unpacks_to_many_times_its_size_is_refused(kf: Target, peer: Peer, bomb: bytes) -> None:
    before = kf.daemon.rss
    for _ in range(20):
        peer.send(CONTROL, [b"\x83\xa2id\x05\xa4type\xa4Beat\xa1x" + bomb])
    assert settle(peer) < 10 * PING_S
    assert kf.daemon.rss - before < 20 * MIB


def test_a_message_never_becomes_many_times_its_size(kf: Target, peer: Peer) -> None:
    """15 MB of empty maps are 15 million of them, or 1 GB: it is noticed on the way, not afterwards."""
    empty_maps = b"\xdd\x00\x03\x0d\x40" + b"\x80" * 200_000
    before = peak(kf)
    for _ in range(2):
        peer.send(CONTROL, [b"\x83\xa2id\x05\xa4type\xa4Beat\xa1x\xdc\x00\x4b" + empty_maps * 75])
    settle(peer)
    assert peak(kf) - before < 300 * MIB


def peak(kf: Target) -> int:
    """The most bytes that the daemon ever had resident."""
    status = Path(f"/proc/{kf.daemon.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def test_a_part_over_the_limit_ends_that_connection_only(kf: Target, peer: Peer) -> None:
    with Peer(kf.connection) as glutton:
        glutton.hello()
        glutton.send(CONTROL, [bytes(wire.MAX_IN + 4096)])
        assert glutton.receive(within_s=0.5) is None
    assert peer.ping() < PING_S


def test_uploads_that_are_begun_and_never_ended_are_few(kf: Target, peer: Peer) -> None:
    before = kf.daemon.descriptors
    with Peer(kf.connection) as hoarder:
        hoarder.hello()
        for n in range(2000):
            hoarder.send(DATA, [wire.encode(wire.PutBlob(f"{n:064x}", 1 << 30), n)])
        refused = hoarder.answer(1999, DATA)
        assert isinstance(refused, wire.Refused) and refused.code == "too_many_uploads"
        assert kf.daemon.descriptors - before < 100
    assert peer.ping() < PING_S
