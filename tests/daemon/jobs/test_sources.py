"""Footage of a request, decoded and checked."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe, Mask
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.executors.base import Stopped
from keyfollow_daemon.jobs import sources
from keyfollow_daemon.jobs.sources import Rest, open_sources
from keyfollow_daemon.media.blobs import BlobStore
from keyfollow_testkit import clips


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs", 1 << 24)


def put(blobs: BlobStore, data: bytes, form: Any = "frame") -> Blob:
    name = hashlib.sha256(data).hexdigest()
    if blobs.begin(name, len(data)) < len(data):
        blobs.append(name, 0, data)
        blobs.take_whole(name)()
    return Blob(name, len(data), form)


def mask_video(path: Path, count: int, size: tuple[int, int] = (96, 64)) -> str:
    frames = [np.full((size[1], size[0], 3), 255 if n % 2 else 0, np.uint8) for n in range(count)]
    return str(clips.write_clip(path, frames, codec="ffv1", pixel_format="bgr0"))


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    return Clip(path=str(clips.write_clip(tmp_path / "c.mkv", clips.moving_patch(6), codec="ffv1", pixel_format="bgr0")))


def test_keyframes_come_in_order_in_the_sources_form(blobs: BlobStore, clip: Clip, tmp_path: Path) -> None:
    frame = clips.moving_patch(6)[4]
    png = clips.write_png(tmp_path / "k.png", np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)])).read_bytes()
    array = put(blobs, deltas.pack(0, FrameBuffer(frame)))
    request = EditRequest(clip, (Keyframe(4, put(blobs, png, "file")), Keyframe(1, array)))
    with open_sources(request, blobs) as sources:
        first, second = sources.keyframes()
    assert (first.frame, second.frame) == (1, 4)
    assert first.image.pixels.shape == second.image.pixels.shape == (64, 96, 3)
    assert (second.image.pixels == frame).all()


@pytest.mark.parametrize(("length", "first_value"), [(6, 0.0), (3, 0.0)])
def test_a_mask_video_spans_the_clip_or_the_range(
    blobs: BlobStore, clip: Clip, tmp_path: Path, length: int, first_value: float
) -> None:
    request = EditRequest(clip, masks=(Mask(video=mask_video(tmp_path / "m.mkv", length)),))
    with open_sources(request, blobs) as sources:
        masks = sources.masks(FrameRange(2, 5))
        assert [m.frame for m in masks] == [2, 3, 4]
        assert [float(m.weight[0, 0]) for m in masks] == [first_value, 1 - first_value, first_value]
        assert masks[1].frame == 3 and [m.frame for m in masks[1:]] == [3, 4]


@pytest.mark.parametrize(("count", "size", "code"), [(4, (96, 64), "mask_length"), (6, (64, 64), "wrong_size")])
def test_mask_videos_that_do_not_fit(
    blobs: BlobStore, clip: Clip, tmp_path: Path, count: int, size: tuple[int, int], code: str
) -> None:
    request = EditRequest(clip, masks=(Mask(video=mask_video(tmp_path / "m.mkv", count, size)),))
    with open_sources(request, blobs) as sources, pytest.raises(UsageError) as refused:
        sources.masks(FrameRange(0, 6))
    assert refused.value.code == code


def test_the_clip_of_the_last_run_is_open_for_the_next_until_it_changes(
    clip: Clip, blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "REST", Rest())
    request = EditRequest(clip)
    with open_sources(request, blobs) as first:
        pixels = first.frames[2].pixels
    with open_sources(request, blobs) as second:
        assert second.frames is first.frames and (second.frames[2].pixels == pixels).all()
    with pytest.raises(Stopped), open_sources(request, blobs) as third:
        raise Stopped("cancel")
    with pytest.raises(UsageError), open_sources(request, blobs) as fourth:
        assert fourth.frames is third.frames is first.frames
        raise UsageError("bad", "Bad.", "Good.")
    with open_sources(request, blobs) as fifth:
        assert fifth.frames is not first.frames, "what something went wrong with is not used again"
    clips.write_clip(Path(str(clip.path)), clips.moving_patch(4), codec="ffv1", pixel_format="bgr0")
    with open_sources(request, blobs) as changed:
        assert len(changed.frames) == 4
    sources.REST.take(None)


def test_a_clip_that_nobody_comes_back_for_is_closed(clip: Clip, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = Rest(keep_s=0.05)
    monkeypatch.setattr(sources, "REST", rest)
    closed = threading.Event()
    with open_sources(EditRequest(clip), blobs) as opened:
        monkeypatch.setattr(opened.frames, "_close", closed.set)
    assert closed.wait(5) and rest.take(sources._identity(EditRequest(clip))) is None
    opened.frames.close()
