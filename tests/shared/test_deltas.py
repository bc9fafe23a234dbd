from __future__ import annotations

import hashlib
import struct
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyfollow.deltas import ALIGN, CHECKSUM, MAGIC, TILE, changed_tiles, pack, unpack
from keyfollow.errors import StorageError
from keyfollow.frames import Colour, FrameBuffer, Pixels

COLOUR = Colour("bt709", "tv", "bt709", "smpte2084")


def noise(shape: tuple[int, int, int], dtype: str, seed: int = 0) -> Pixels:
    """Every bit pattern of `dtype`, NaN and infinities of float16 among them."""
    size = np.dtype(dtype).itemsize
    raw = np.random.default_rng(seed).integers(0, 256, (*shape[:2], shape[2] * size), dtype=np.uint8)
    return raw.view(dtype)


def same_bits(a: Pixels, b: Pixels) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def reseal(data: bytes, **changes: Any) -> bytes:
    """A packed frame with other head fields and a right checksum: what a hostile client can send."""
    (size,) = struct.unpack_from("<I", data, 4)
    start = 8 + size + (-(8 + size) % ALIGN)
    head: bytes = msgpack.packb(msgpack.unpackb(data[8 : 8 + size]) | changes)
    front = MAGIC + struct.pack("<I", len(head)) + head + bytes(-(8 + len(head)) % ALIGN)
    body = front + data[start:-CHECKSUM]
    return body + hashlib.sha256(body).digest()


@settings(max_examples=60)
@given(
    height=st.integers(1, 150),
    width=st.integers(1, 150),
    channels=st.sampled_from([3, 4]),
    dtype=st.sampled_from(["uint8", "uint16", "float16"]),
    spots=st.lists(st.tuples(st.integers(0, 149), st.integers(0, 149)), max_size=4),
    frame=st.integers(0, 2**31 - 1),
    confidence=st.floats(0, 1),
)
def test_an_edited_frame_comes_back_bit_for_bit(
    height: int, width: int, channels: int, dtype: str, spots: list[tuple[int, int]], frame: int, confidence: float
) -> None:
    source = FrameBuffer(noise((height, width, channels), dtype), 10, COLOUR)
    pixels = source.pixels.copy()
    for y, x in spots:
        pixels.view(f"u{pixels.itemsize}")[y % height, x % width, 0] ^= 1
    delta = unpack(pack(frame, FrameBuffer(pixels, 10, COLOUR), source, confidence))
    result = delta.compose(source)
    assert same_bits(result.pixels, pixels)
    assert (delta.frame, delta.confidence, delta.shape) == (frame, confidence, pixels.shape)
    assert (result.depth, result.colour) == (10, COLOUR)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16"])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_frame_without_a_source_is_whole(dtype: str, channels: int) -> None:
    pixels = noise((70, 130, channels), dtype)
    delta = unpack(pack(0, FrameBuffer(pixels)))
    assert delta.tiles is None
    assert same_bits(delta.compose(None).pixels, pixels)


def test_the_sign_of_zero_counts_as_a_change() -> None:
    source = FrameBuffer(np.zeros((200, 200, 3), np.float16), 16)
    pixels = source.pixels.copy()
    pixels[5, 5, 0] = -0.0
    result = unpack(pack(0, FrameBuffer(pixels, 16), source)).compose(source)
    assert same_bits(result.pixels, pixels)


def test_size_follows_what_changed() -> None:
    source = FrameBuffer(noise((1080, 1920, 3), "uint8"))
    edited = source.pixels.copy()
    unchanged = len(pack(0, source, source))
    edited[300:310, 300:310] ^= 255
    one = len(pack(0, FrameBuffer(edited), source))
    edited[600:728, 600:728] ^= 255
    ten = len(pack(0, FrameBuffer(edited), source))
    edited ^= 255
    whole = len(pack(0, FrameBuffer(edited), source))
    tile = TILE * TILE * 3
    assert unchanged < 1024
    assert one - unchanged == pytest.approx(tile, abs=256)
    assert ten - one == pytest.approx(9 * tile, abs=256)
    assert whole - source.pixels.nbytes < 1024


def test_tiles_are_never_larger_than_the_whole() -> None:
    source = FrameBuffer(np.zeros((65, 65, 3), np.uint8))
    edited = source.pixels.copy()
    edited[0, 0] = edited[0, 64] = edited[64, 0] = 1
    data = pack(0, FrameBuffer(edited), source)
    assert unpack(data).tiles is None
    assert len(data) < edited.nbytes + 1024


def test_changed_tiles_are_numbered_by_rows() -> None:
    a = np.zeros((130, 200, 3), np.uint8)
    b = a.copy()
    b[0, 199, 2] = b[64, 0, 0] = b[129, 63, 1] = 1
    assert changed_tiles(b, a).tolist() == [3, 4, 8]


def test_a_source_of_another_size_or_depth_is_not_tiled() -> None:
    edited = FrameBuffer(np.zeros((64, 64, 3), np.uint8))
    for source in (np.zeros((64, 65, 3), np.uint8), np.zeros((64, 64, 4), np.uint8), np.zeros((64, 64, 3), np.uint16)):
        assert unpack(pack(0, edited, FrameBuffer(source))).tiles is None


def test_another_source_is_refused() -> None:
    source = FrameBuffer(noise((100, 100, 3), "uint8"))
    edited = source.pixels.copy()
    edited[0, 0] ^= 1
    delta = unpack(pack(7, FrameBuffer(edited), source))
    for wrong in (
        None,
        FrameBuffer(edited),
        FrameBuffer(noise((101, 100, 3), "uint8")),
        FrameBuffer(noise((100, 100, 4), "uint8")),
    ):
        with pytest.raises(StorageError) as caught:
            delta.compose(wrong)
        assert caught.value.code == "wrong_source"
        assert "frame 7" in caught.value.message


def flip(data: bytes, bit: int) -> bytes:
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def test_every_flipped_bit_is_detected() -> None:
    data = pack(0, FrameBuffer(noise((5, 7, 3), "uint8")))
    for bit in range(len(data) * 8):
        with pytest.raises(StorageError) as caught:
            unpack(flip(data, bit))
        assert caught.value.code == "corrupt_frame"


@given(st.data())
def test_a_flipped_bit_among_tiles_is_detected(draw: st.DataObject) -> None:
    source = FrameBuffer(noise((100, 100, 3), "uint8"))
    edited = source.pixels.copy()
    edited[70, 70] ^= 1
    data = pack(0, FrameBuffer(edited), source)
    with pytest.raises(StorageError):
        unpack(flip(data, draw.draw(st.integers(0, len(data) * 8 - 1))))


def test_every_truncation_is_detected() -> None:
    data = pack(0, FrameBuffer(noise((3, 3, 3), "uint8")))
    for size in range(len(data)):
        with pytest.raises(StorageError):
            unpack(data[:size])
    with pytest.raises(StorageError):
        unpack(data + b"\0")


@given(st.binary(max_size=300))
def test_junk_is_a_typed_error(junk: bytes) -> None:
    for data in (junk, MAGIC + junk, MAGIC + struct.pack("<I", len(junk)) + junk + bytes(200)):
        with pytest.raises(StorageError):
            unpack(data)
        with pytest.raises(StorageError):
            unpack(data, verify=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [100, 100]},
        {"shape": [0, 100, 3]},
        {"shape": [-100, -100, 3]},
        {"shape": [100, 100, 1]},
        {"shape": [1 << 40, 1 << 40, 3]},
        {"shape": [float("inf"), 100, 3]},
        {"shape": None},
        {"dtype": "object"},
        {"dtype": ">u2"},
        {"dtype": "uint16"},
        {"dtype": ["uint8"]},
        {"source": 1 << 40},
        {"tiles": 5},
        {"tiles": b"123"},
        {"tiles": struct.pack("<i", -1)},
        {"tiles": struct.pack("<i", 4)},
        {"tiles": struct.pack("<ii", 0, 0)},
        {"tiles": None},
        {"frame": "0"},
        {"confidence": None},
        {"certainty": b"123"},
        {"certainty": b"123", "certainty_shape": [-1, -3]},
        {"certainty": bytes(256), "certainty_shape": [1, 256]},
        {"colour": ["bt709"]},
        {"colour": [1, 2, 3, 4]},
    ],
    ids=repr,
)
def test_a_head_that_lies_is_refused_though_its_checksum_is_right(changes: dict[str, Any]) -> None:
    source = FrameBuffer(noise((100, 100, 3), "uint8"))
    edited = source.pixels.copy()
    edited[0, 0] ^= 1
    good = pack(0, FrameBuffer(edited), source)
    assert unpack(reseal(good)).tiles is not None
    with pytest.raises(StorageError) as caught:
        unpack(reseal(good, **changes))
    assert caught.value.code == "corrupt_frame"


def test_certainty_by_place_travels_along() -> None:
    picture = FrameBuffer(noise((100, 100, 3), "uint8"))
    where = np.arange(128 * 72, dtype=np.int64).reshape(72, 128).astype(np.uint8)
    made = unpack(pack(3, picture, picture, 0.5, where))
    assert made.certainty is not None and np.array_equal(made.certainty, where)
    assert unpack(pack(3, picture)).certainty is None


def test_a_frame_is_read_without_a_copy() -> None:
    data = pack(0, FrameBuffer(noise((64, 64, 3), "uint8")))
    block = unpack(memoryview(data)).block
    assert np.shares_memory(block, np.frombuffer(data, np.uint8))
    assert not block.flags.writeable
