from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from keyfollow.deltas import pack
from keyfollow.errors import StorageError, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.encode_image import write_image
from keyfollow.media.reader import MediaReader
from keyfollow_daemon.engines.base import Frames
from keyfollow_daemon.media.clip import ClipFrames

PICTURES = [FrameBuffer(np.full((8, 8, 3), n, np.uint8)) for n in range(30)]
FRAME_BYTES = 8 * 8 * 3


class Counting(MediaReader):
    """A reader that remembers which frames it decoded."""

    def __init__(self, source: Path) -> None:
        super().__init__(source)
        self.decoded: list[int] = []

    def frames(self, range_: FrameRange, reverse: bool = False) -> Iterator[FrameBuffer]:
        for n, frame in zip(range_, super().frames(range_, reverse), strict=True):
            self.decoded.append(n)
            yield frame


@pytest.fixture
def reader(tmp_path: Path) -> Counting:
    for n, picture in enumerate(PICTURES):
        write_image(tmp_path / f"f_{n:02d}.png", picture)
    return Counting(tmp_path)


def value(frame: FrameBuffer) -> int:
    return int(frame.pixels[0, 0, 0])


def test_it_is_what_engines_expect(reader: Counting) -> None:
    clip = ClipFrames(reader)
    frames: Frames = clip
    assert (frames.count, frames.size, clip.info.kind) == (30, (8, 8), "images")
    assert frames.digest(7) == PICTURES[7].digest()
    clip.close()


def test_forward_and_backward_decode_each_frame_once(reader: Counting) -> None:
    clip = ClipFrames(reader, budget_bytes=10 * FRAME_BYTES)
    assert [value(clip[n]) for n in range(30)] == list(range(30))
    assert reader.decoded == list(range(30))
    reader.decoded.clear()
    assert [value(clip[n]) for n in range(29, -1, -1)] == list(range(29, -1, -1))
    assert sorted(reader.decoded) == list(range(20))
    clip.close()


def test_memory_is_bounded_and_a_digest_is_computed_once(reader: Counting) -> None:
    clip = ClipFrames(reader, budget_bytes=6 * FRAME_BYTES)
    for n in range(30):
        clip[n]
        assert len(clip._kept) <= 6
    reader.decoded.clear()
    assert [clip.digest(n) for n in range(30)] == [p.digest() for p in PICTURES]
    assert reader.decoded == []
    clip.close()


def test_any_order_is_right(reader: Counting) -> None:
    clip = ClipFrames(reader, budget_bytes=0)
    order = [0, 29, 5, 4, 3, 6, 7, 8, 2, 20, 19, 21, 22, 1]
    assert [value(clip[n]) for n in order] == order
    clip.close()


def test_frames_are_read_only_and_bounded(reader: Counting) -> None:
    clip = ClipFrames(reader)
    with pytest.raises(ValueError, match="read-only"):
        clip[3].pixels[0, 0, 0] = 9
    for n in (-1, 30):
        with pytest.raises(UsageError):
            clip[n]
    clip.close()


def test_uploaded_frames() -> None:
    packed = {str(n): pack(n, picture) for n, picture in enumerate(PICTURES)}
    clip = ClipFrames.uploaded(list(packed), packed.__getitem__, (25, 1), budget_bytes=0)
    assert (clip.info.kind, clip.info.rate, clip.count, clip.info.dtype) == ("uploaded", (25, 1), 30, "uint8")
    assert [value(clip[n]) for n in (0, 1, 2, 9, 8, 29)] == [0, 1, 2, 9, 8, 29]
    assert clip.digest(4) == PICTURES[4].digest()


def test_uploaded_frames_must_be_whole_and_alike() -> None:
    packed = {
        "0": pack(0, PICTURES[0]),
        "1": pack(1, FrameBuffer(np.zeros((8, 9, 3), np.uint8))),
        "2": pack(2, PICTURES[2])[:-1],
    }
    clip = ClipFrames.uploaded(list(packed), packed.__getitem__, (24, 1))
    with pytest.raises(UsageError):
        clip[1]
    with pytest.raises(StorageError):
        clip[2]
