from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyfollow.errors import UsageError
from keyfollow.frames import MAX_FRAMES, MAX_SIDE, FrameBuffer, FrameRange


@given(st.integers(0, 1000), st.integers(1, 100), st.integers(-10, 1200))
def test_a_range_is_half_open(start: int, length: int, frame: int) -> None:
    r = FrameRange(start, start + length)
    assert len(r) == length
    assert (frame in r) == (start <= frame < start + length)
    assert list(r) == list(range(start, start + length))


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (5, 5), (5, 4), (-1, 3), (-2, -1)])
def test_an_empty_range_is_refused(start: int, stop: int) -> None:
    with pytest.raises(UsageError, match="holds no frame") as caught:
        FrameRange(start, stop)
    assert caught.value.code == "empty_range"


def test_a_range_beyond_any_clip_is_refused_before_its_length_overflows() -> None:
    assert len(FrameRange(0, MAX_FRAMES)) == MAX_FRAMES
    with pytest.raises(UsageError) as caught:
        FrameRange(0, 2**64 - 1)
    assert caught.value.code == "frame_out_of_range"


def test_numpy_frame_numbers_are_frame_numbers() -> None:
    assert np.int64(3) in FrameRange(2, 4)
    assert np.int64(4) not in FrameRange(2, 4)
    assert "3" not in FrameRange(2, 4)
    assert 3.0 not in FrameRange(2, 4)


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float16", 1)])
@pytest.mark.parametrize("channels", [3, 4])
def test_what_the_table_lists_is_a_frame(dtype: str, white: float, channels: int) -> None:
    frame = FrameBuffer(np.zeros((2, 5, channels), dtype))
    assert (frame.height, frame.width, frame.channels, frame.has_alpha) == (2, 5, channels, channels == 4)
    assert frame.white == white


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 2), np.uint8),
        np.zeros((2, 2, 1), np.uint8),
        np.zeros((2, 2, 5), np.uint8),
        np.zeros((0, 2, 3), np.uint8),
        np.zeros((1, MAX_SIDE + 1, 3), np.uint8),
        np.zeros((2, 2, 3), np.float32),
        np.zeros((2, 2, 3), np.int8),
        np.zeros((2, 2, 3), ">u2"),
        np.zeros((2, 2, 3), ">f2"),
        np.zeros((4, 4, 3), np.uint8)[::2],
        np.zeros((3, 2, 2), np.uint8).transpose(1, 2, 0),
    ],
    ids=lambda p: f"{p.shape}{p.dtype.str}",
)
def test_anything_else_is_refused_with_what_it_was(pixels: Any) -> None:
    with pytest.raises(UsageError) as caught:
        FrameBuffer(pixels)
    assert caught.value.code == "bad_frame"
    assert str(pixels.shape) in caught.value.message
    assert pixels.dtype.str in caught.value.message


def test_a_frame_is_a_view() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    frame = FrameBuffer(pixels)
    pixels[0, 0, 0] = 7
    assert frame.pixels[0, 0, 0] == 7


def test_the_digest_is_the_identity_of_the_content() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    same, other = FrameBuffer(pixels.copy(), depth=8), pixels.copy()
    other[1, 3, 2] ^= 1
    assert FrameBuffer(pixels).digest() == same.digest()
    digests = {FrameBuffer(p).digest() for p in (pixels, other, pixels.reshape(4, 2, 3), pixels.reshape(2, 3, 4))}
    assert len(digests) == 4
    assert FrameBuffer(np.zeros((1, 2, 3), np.uint16)).digest() != FrameBuffer(np.zeros((1, 2, 3), np.float16)).digest()
