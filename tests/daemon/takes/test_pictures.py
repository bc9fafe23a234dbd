"""Whole pictures for clients that decode nothing: the decoded source's own pixels, and a take's over them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.edits import Blob, Clip
from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameBuffer
from keyfollow.media.reader import MediaReader
from keyfollow_daemon.takes.pictures import IDLE_S, Pictures
from keyfollow_daemon.takes.report import FrameMeasure
from keyfollow_daemon.takes.store import TakeStore
from keyfollow_testkit.clips import moving_patch, read_png, write_clip

META = {"job": "j", "source": "/a.mp4", "engine": "patch", "quality": "final", "created": 5.0, "start": 0, "stop": 4}


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    return Clip(str(write_clip(tmp_path / "clip.mp4", moving_patch(6))))


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(TakeStore(tmp_path / "takes"), tmp_path / "exports" / "pictures")


def source(clip: Clip, frame: int) -> FrameBuffer:
    assert clip.path
    with MediaReader(clip.path) as reader:
        return reader.read(frame)


def take(pictures: Pictures, clip: Clip) -> str:
    writer = pictures._takes.create("take-1", {"a": 1}, META)
    for n in range(4):
        original = source(clip, n)
        pixels = original.pixels.copy()
        pixels[:8, :8] = 10 * n
        base = original if n != 2 else None
        writer.write(n, deltas.pack(n, FrameBuffer(pixels), base), FrameMeasure(0.1, 0, 0, 1.0))
    return "take-1"


def code(pictures: Pictures, clip: Clip, frame: int, take: str = "") -> str:
    with pytest.raises(KeyfollowError) as caught:
        pictures.write(clip, frame, take, "png")
    return caught.value.code


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_a_frame_of_the_clip_is_the_decoded_source(pictures: Pictures, clip: Clip, form: str) -> None:
    for n in (3, 4, 1):
        path = pictures.write(clip, n, "", form)  # type: ignore[arg-type]
        assert path.suffix == f".{form}"
        assert np.array_equal(read_png(path), source(clip, n).pixels)
    info = pictures.info(clip)
    assert (info.frames, info.width, info.height) == (6, 96, 64)


def test_a_frame_of_a_take_lies_over_its_source(pictures: Pictures, clip: Clip) -> None:
    name = take(pictures, clip)
    for n in (0, 1, 2, 3):
        expected = source(clip, n).pixels.copy()
        expected[:8, :8] = 10 * n
        assert np.array_equal(read_png(pictures.write(clip, n, name, "png")), expected)


def test_the_edit_alone_is_transparent_where_nothing_changed(pictures: Pictures, clip: Clip) -> None:
    name = take(pictures, clip)
    for n in (1, 2):
        made = read_png(pictures.write(clip, n, name, "png", "edit"))
        changed = (made[..., :3] != source(clip, n).pixels).any(axis=2)
        assert changed[:8, :8].any() and not changed[8:].any()
        assert np.array_equal(made[..., 3] == 255, changed)
        assert np.array_equal(made[..., 3] == 0, ~changed)


def test_what_cannot_be_is_told(pictures: Pictures, clip: Clip, tmp_path: Path) -> None:
    name = take(pictures, clip)
    assert code(pictures, clip, 6) == "frame_out_of_range"
    assert code(pictures, clip, 5, name) == "unknown_frame"
    assert code(pictures, clip, 0, "nothing") == "unknown_take"
    assert code(pictures, Clip(str(tmp_path / "gone.mp4")), 0) == "media_not_found"
    assert code(pictures, Clip(frames=(Blob("ab" * 32, 3, "frame"),)), 0) == "bad_clip"


def test_a_clip_that_was_replaced_is_read_anew(pictures: Pictures, clip: Clip) -> None:
    name = take(pictures, clip)
    assert clip.path
    write_clip(Path(clip.path), moving_patch(6, seed=9))
    assert np.array_equal(read_png(pictures.write(clip, 1, "", "png")), source(clip, 1).pixels)
    assert code(pictures, clip, 1, name) == "wrong_source"


def test_the_reader_does_not_stay_open_for_nothing(pictures: Pictures, clip: Clip) -> None:
    assert not pictures.idle(time.monotonic() + IDLE_S + 1)
    pictures.info(clip)
    assert not pictures.idle(time.monotonic())
    assert pictures.idle(time.monotonic() + IDLE_S + 1)
    pictures.close()
    assert not pictures.idle(time.monotonic() + IDLE_S + 1)


def test_leftovers_of_an_earlier_daemon_go(tmp_path: Path) -> None:
    folder = tmp_path / "exports" / "pictures"
    folder.mkdir(parents=True)
    (folder / "old.png").write_bytes(b"x")
    Pictures(TakeStore(tmp_path / "takes"), folder)
    assert not folder.exists()
