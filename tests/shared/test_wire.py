"""Whatever arrives, decoding yields a checked message or raises `WireError`; what we send ourselves comes back as it was."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyfollow import wire
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.engine_info import CacheInfo, EngineInfo, Estimate, Failure, Job, Progress, Report, Setting, Take
from keyfollow.errors import DaemonError, ModelMissing, UsageError
from keyfollow.frames import FrameRange
from keyfollow.wire import TO_CLIENT, TO_DAEMON, WireError, decode, encode

SHA = "ab" * 32
REQUEST = EditRequest(
    clip=Clip(path="/clips/a.mp4"),
    keyframes=(Keyframe(3, Blob(SHA, 10, "file", "three.png")),),
    masks=(Mask("protect", frame=3, image=Blob(SHA, 10)), Mask("edit", video="/masks/m.mkv")),
    range=FrameRange(0, 12),
    settings={"whole": 1, "part": 0.5, "flag": True, "word": "fine"},
    prompt="ein grüner Hut",
    seed=7,
    quality="draft",
)
JOB = Job(
    "job-1", "failed", "patch", "/clips/a.mp4", "final", "take-1", 1.5, 2.0, 1, Progress("Reading", 1, 2, 0.5, b"\xff\xd8"),
    Failure("JobError", "engine_failed", "It failed.", "Retry."), "mine", FrameRange(1, 3),
)  # fmt: skip
TAKE = Take(
    "take-1", "job-1", "/clips/a.mp4", "patch", "final", 1.5, 0, 12, 99, True, "/project", Report(12, confidence={"3": 0.5})
)
CACHE = CacheInfo("cache-1", "patch", "/clips/a.mp4", 0, 12, 11, 1000, 2.5, 1.0, 2.0, True)
ENGINE = EngineInfo(
    "patch",
    "Patch",
    "1",
    "Carries patches.",
    (Setting("radius", "int", 3, "How far.", 1, 9, source_only=True),),
    missing=("A GPU.",),
)

SAMPLES: list[Any] = [
    wire.Hello((1, 0), "python", "0.1.0"),
    wire.Hello((1, 3), "blender", spare=True),
    wire.Beat(),
    wire.Status(),
    wire.Shutdown(),
    wire.Engines(),
    wire.EstimateAsk(REQUEST),
    wire.Submit("job-1", REQUEST, "mine", survives=False),
    wire.Prepare(REQUEST, near=12),
    wire.Jobs(),
    wire.Watch(None),
    wire.Watch("job-1"),
    wire.JobAction("job-1", "move", "job-2"),
    wire.Takes(),
    wire.TakeAction("take-1", "claimed", "/project"),
    wire.Caches(),
    wire.CacheAction("import", blob=SHA),
    wire.ClipAsk(Clip("/clips/a.mp4")),
    wire.PictureAsk(Clip("/clips/a.mp4"), 12, "take-1", "tiff", "edit"),
    wire.OpenFrames(4, job="job-1", order="source", by="bytes", credit=2, skip=(1, 2, 3)),
    wire.MoreFrames(4, 2),
    wire.CloseFrames(4),
    wire.PutBlob(SHA, 10),
    wire.BlobChunk(SHA, 0),
    wire.Welcome((1, 0), "0.1.0", 42, "session"),
    wire.Done(),
    wire.Stopping(),
    wire.Refused("UsageError", "bad_setting", "Not so.", "But so."),
    wire.DaemonStatus("0.1.0", 42, 1.5, 2, {"queued": 3}, "idle", 1 << 20, "/storage"),
    wire.EngineList((ENGINE,)),
    wire.EstimateIs(Estimate(2.0, 1 << 20, 1 << 30, 12, 3, works_at=(64, 48), delivers=(640, 480))),
    wire.JobIs(JOB),
    wire.JobList((JOB, JOB)),
    wire.JobChanged(JOB),
    wire.JobRemoved("job-1"),
    wire.TakeIs(TAKE, "/takes/take-1"),
    wire.TakeList((TAKE,)),
    wire.RecipeIs({"request": {"seed": 7}, "versions": [1, 2]}),
    wire.CacheIs(CACHE),
    wire.CacheList((CACHE,)),
    wire.Exported("/exports/cache-1.zip", 1000),
    wire.ClipIs(1920, 1080, 240, (24000, 1001), "uint8", 3, True),
    wire.PictureIs(12, "/exports/pictures/1a.tiff"),
    wire.FrameIs(4, 7, "/takes/take-1/frames/7"),
    wire.FramesEnd(4),
    wire.BlobState(SHA, 10, True),
]
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def direction(body: object) -> dict[str, type]:
    return TO_DAEMON if type(body).__name__ in TO_DAEMON else TO_CLIENT


def head(**fields: Any) -> bytes:
    return bytes(msgpack.packb(fields))


def test_there_is_a_sample_of_every_message() -> None:
    assert {type(s).__name__ for s in SAMPLES} == TO_DAEMON.keys() | TO_CLIENT.keys()
    assert not TO_DAEMON.keys() & TO_CLIENT.keys()


@pytest.mark.parametrize("body", SAMPLES, ids=lambda b: type(b).__name__)
def test_a_message_comes_back_as_it_was_sent(body: Any) -> None:
    message = decode([encode(body, 5)], direction(body))
    assert (message.id, message.body, message.payload) == (5, body, None)


def test_the_payload_is_a_view_on_the_second_part() -> None:
    pixels = bytearray(b"pixels")
    payload = decode([encode(wire.BlobChunk(SHA, 0), 1), memoryview(pixels)], TO_DAEMON).payload
    assert payload is not None
    pixels[0:1] = b"P"
    assert bytes(payload) == b"Pixels"


def test_an_event_has_the_id_nought() -> None:
    assert decode([encode(wire.JobRemoved("job-1"))], TO_CLIENT).id == 0


def test_fields_of_a_newer_peer_are_ignored_and_missing_ones_take_their_default() -> None:
    message = decode([head(type="OpenFrames", id=1, stream=4, sharpness=11)], TO_DAEMON)
    assert message.body == wire.OpenFrames(4)


def test_a_refusal_is_the_error_again() -> None:
    error = wire.Refused(**ModelMissing("no_weights", "They are not here.", "Fetch them.").to_plain()).error()
    assert type(error) is ModelMissing
    assert error.to_plain() == {
        "kind": "ModelMissing",
        "code": "no_weights",
        "message": "They are not here.",
        "remedy": "Fetch them.",
    }


def test_a_wire_error_is_an_error_that_can_be_sent() -> None:
    error = WireError("Too long.")
    assert isinstance(error, DaemonError)
    assert error.code == "bad_message"
    assert error.remedy


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([], "parts"),
        ([b"\x80", b"", b""], "parts"),
        ([b""], "msgpack"),
        ([b"\xc1"], "msgpack"),
        ([b"\x81\xa4type"], "msgpack"),
        ([head(type="Beat") + b"\x00"], "msgpack"),
        ([b"\x81\xa4type\xa2\xff\xfe"], "msgpack"),
        ([b"\x93\x01\x02\x03"], "mapping"),
        ([b"\xc0"], "mapping"),
        ([msgpack.packb({b"type": "Beat"})], "mapping"),
        ([msgpack.packb({1: 2})], "msgpack"),
        ([head(id=1)], "type"),
        ([head(type=5)], "type"),
        ([head(type=["Beat"])], "type"),
        ([head(type="Pickle", id=1)], "Pickle"),
        ([head(type="Welcome", id=1)], "Welcome"),
        ([head(type="Beat", id=-1)], "id"),
        ([head(type="Beat", id=1 << 63)], "id"),
        ([head(type="Beat", id=True)], "id"),
        ([head(type="Beat", id="1")], "id"),
        ([head(type="Beat", id=1.0)], "id"),
        ([head(type="MoreFrames", id=1)], "stream"),
        ([head(type="MoreFrames", id=1, stream="4")], "stream"),
        ([head(type="MoreFrames", id=1, stream=True)], "stream"),
        ([head(type="Hello", id=1, protocol=[1], client="x")], "protocol"),
        ([head(type="Hello", id=1, protocol=[1, 0], client=None)], "client"),
        ([head(type="JobAction", id=1, job="j", action="explode")], "action"),
        ([head(type="OpenFrames", id=1, stream=1, skip=[0, "1"])], "skip"),
        ([head(type="Submit", id=1, job="j", request=[])], "request"),
        ([head(type="Submit", id=1, job="j", request={"clip": {}, "range": {"start": 4, "stop": 4}})], "no frame"),
        ([head(type="Submit", id=1, job="j", request={"clip": {}, "settings": {"a": None}})], "settings"),
        ([head(type="Submit", id=1, job="j", request={"clip": {"frames": [{"sha256": b"x", "size": 1}]}})], "frames[0].sha256"),
    ],
)  # fmt: skip
def test_what_the_protocol_does_not_allow_is_refused_with_what_it_is(parts: list[bytes], says: str) -> None:
    with pytest.raises(WireError) as refused:
        decode(parts, TO_DAEMON)
    assert says in refused.value.message


@pytest.mark.parametrize("code", [-1, 0, 5, 127])
@pytest.mark.parametrize("size", [1, 4, 8, 12, 300])
def test_ext_types_and_timestamps_are_refused(code: int, size: int) -> None:
    ext = {1: b"\xd4", 4: b"\xd6", 8: b"\xd7", 12: b"\xc7\x0c", 300: b"\xc8\x01\x2c"}[size] + code.to_bytes(
        1, "big", signed=True
    )
    with pytest.raises(WireError):
        decode([b"\x82\xa4type\xa4Beat\xa1x" + ext + bytes(size)], TO_DAEMON)


@pytest.mark.parametrize("opener", [b"\x91", b"\x81\xa1a", b"\xdd\x00\x00\x00\x01"])
def test_a_depth_bomb_is_refused(opener: bytes) -> None:
    with pytest.raises(WireError):
        decode([b"\x82\xa4type\xa8RecipeIs\xa6recipe" + opener * 100_000 + b"\xc0"], TO_CLIENT)


@pytest.mark.parametrize(
    "claim",
    [
        *(kind + b"\xff\xff\xff\xff" for kind in (b"\xdd", b"\xdf", b"\xdb", b"\xc6")),
        *(kind + (wire.MAX_ITEMS + 1).to_bytes(4, "big") for kind in (b"\xdd", b"\xdf")),
    ],
)
def test_a_claimed_length_is_not_believed(claim: bytes) -> None:
    with pytest.raises(WireError):
        decode([b"\x82\xa4type\xa4Beat\xa1x" + claim], TO_DAEMON)


def test_each_limit_is_the_last_size_that_passes() -> None:
    def beat(x: object) -> bytes:
        return head(type="Beat", id=1, x=x)

    assert decode([beat("s" * wire.MAX_STRING)], TO_DAEMON).body == wire.Beat()
    assert decode([beat(b"s" * wire.MAX_STRING)], TO_DAEMON).body == wire.Beat()
    assert decode([beat([0] * wire.MAX_ITEMS)], TO_DAEMON).body == wire.Beat()
    for over in ("s" * (wire.MAX_STRING + 1), b"s" * (wire.MAX_STRING + 1), [0] * (wire.MAX_ITEMS + 1)):
        with pytest.raises(WireError):
            decode([beat(over)], TO_DAEMON)
    with pytest.raises(WireError, match="over the limit"):
        decode([bytes(wire.MAX_HEAD + 1)], TO_DAEMON)


def test_a_long_clip_of_uploaded_frames_fits_into_one_head() -> None:
    clip = Clip(frames=tuple(Blob(f"{n:064x}", 1 << 20, "frame", "pixels") for n in range(100_000)), rate=(24, 1))
    sent = encode(wire.Submit("job-1", EditRequest(clip), survives=True), 1)
    assert len(sent) <= wire.MAX_HEAD
    assert decode([sent], TO_DAEMON).body.request.clip == clip


def test_no_message_unpacks_to_many_times_its_size() -> None:
    empty_maps = b"\xdd" + (100_000).to_bytes(4, "big") + b"\x80" * 100_000
    with pytest.raises(WireError):
        decode([b"\x82\xa4type\xa4Beat\xa1x\x94" + empty_maps * 4], TO_DAEMON)


@given(st.binary(max_size=200))
def test_junk_is_a_wire_error(junk: bytes) -> None:
    for types in (TO_DAEMON, TO_CLIENT):
        with pytest.raises(WireError):
            decode([junk], types)


@given(st.sampled_from(sorted(TO_DAEMON | TO_CLIENT)), st.dictionaries(st.text(max_size=8), PLAIN, max_size=3), st.data())
def test_a_known_type_with_wild_fields_decodes_or_is_a_wire_error(name: str, wild: dict[str, Any], data: st.DataObject) -> None:
    types = TO_DAEMON if name in TO_DAEMON else TO_CLIENT
    for known in types[name].__dataclass_fields__:  # type: ignore[attr-defined]
        if data.draw(st.booleans()):
            wild[known] = data.draw(PLAIN)
    try:
        assert isinstance(decode([head(**{**wild, "type": name})], types).body, types[name])
    except WireError as e:
        assert e.code == "bad_message"


@settings(max_examples=300)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_mutated_message_decodes_or_is_a_wire_error(body: Any, data: st.DataObject) -> None:
    raw = bytearray(encode(body, 9))
    for _ in range(data.draw(st.integers(1, 4))):
        match data.draw(st.integers(0, 2)):
            case 0:
                raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
            case 1:
                del raw[data.draw(st.integers(1, len(raw))) :]
            case _:
                at = data.draw(st.integers(0, len(raw)))
                raw[at:at] = data.draw(st.binary(max_size=6))
    with suppress(WireError):
        assert type(decode([raw], direction(body)).body).__name__ in direction(body)


def test_usage_errors_of_the_types_themselves_do_not_escape() -> None:
    with pytest.raises(UsageError):
        FrameRange(5, 5)
    with pytest.raises(WireError):
        decode([head(type="EstimateAsk", id=1, request={"clip": {}, "range": {"start": 5, "stop": 5}})], TO_DAEMON)
