"""Frames into a file: all of it or none of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.cli import deliver
from keyfollow.errors import Cancelled, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader
from keyfollow.run import EditedFrame
from keyfollow_testkit import clips


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return clips.write_clip(tmp_path / "c.mkv", clips.moving_patch(4), codec="ffv1", pixel_format="bgr0")


def frame(source: FrameBuffer, n: int) -> EditedFrame:
    pixels = source.pixels.copy()
    pixels[:20, :20] = (1, 2, 3)
    return EditedFrame(n, deltas.unpack(deltas.pack(n, FrameBuffer(pixels), source)), lambda _: source)


def test_frames_are_written_in_order_and_the_file_appears_at_the_end(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    with (
        MediaReader(clip) as reader,
        deliver.writing(str(out), str(clip), probe(clip), FrameRange(1, 3), "full") as write,
    ):
        for n in (1, 2):
            assert not out.exists()
            write(frame(reader.read(n), n))
    with MediaReader(out) as made:
        assert made.info.frames == 2 and (made.read(0).pixels[:20, :20] == (1, 2, 3)).all()


def test_another_file_is_only_replaced_when_that_was_asked_for(clip: Path, tmp_path: Path) -> None:
    (there := tmp_path / "there.mkv").write_bytes(b"mine")
    with pytest.raises(UsageError) as refused:
        deliver.check_output(str(there), str(clip))
    assert refused.value.code == "output_exists" and "--overwrite" in refused.value.remedy
    deliver.check_output(str(there), str(clip), overwrite=True)
    with pytest.raises(UsageError) as refused:
        deliver.check_output(str(clip), str(clip), overwrite=True)
    assert refused.value.code == "output_is_source"
    with pytest.raises(UsageError):
        deliver.check_output(" ")


def test_a_failure_in_between_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    with (
        pytest.raises(ZeroDivisionError),
        MediaReader(clip) as reader,
        deliver.writing(str(tmp_path / "out.mkv"), str(clip), probe(clip), FrameRange(0, 4), "full") as write,
    ):
        write(frame(reader.read(0), 0))
        raise ZeroDivisionError
    assert sorted(tmp_path.iterdir()) == before


def test_the_frames_of_a_job_that_was_stopped_wait_for_its_reason(clip: Path, tmp_path: Path) -> None:
    """It gives what it has, here the keyframe alone: why it ended must not be hidden by a complaint about gaps."""
    before = sorted(tmp_path.iterdir())
    with (
        pytest.raises(Cancelled),
        MediaReader(clip) as reader,
        deliver.writing(str(tmp_path / "out.mkv"), str(clip), probe(clip), FrameRange(0, 4), "full") as write,
    ):
        write(frame(reader.read(2), 2))
        raise Cancelled
    assert sorted(tmp_path.iterdir()) == before


def test_a_trailing_slash_makes_a_folder_of_pictures(clip: Path, tmp_path: Path) -> None:
    with (
        MediaReader(clip) as reader,
        deliver.writing(f"{tmp_path}/new/", str(clip), probe(clip), FrameRange(2, 3), "edit") as write,
    ):
        write(frame(reader.read(2), 2))
    picture = clips.read_png(tmp_path / "new" / "000002.png")
    assert picture.shape == (64, 96, 4) and int((picture[..., 3] > 0).sum()) <= 400 and np.any(picture[..., 3])


def test_the_source_is_refused_as_output(clip: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.mkv"
    link.symlink_to(clip)
    for same in (clip, link):
        with pytest.raises(UsageError) as refused:
            deliver.check_output(str(same), str(clip))
        assert refused.value.code == "output_is_source"
    deliver.check_output(str(tmp_path / "other.mkv"), str(clip))


def test_deliveries_have_names() -> None:
    assert [deliver.delivery_of(d) for d in ("full", "edit", "matte")] == ["full", "edit", "matte"]
    with pytest.raises(UsageError):
        deliver.delivery_of("half")


def test_several_results_are_numbered(tmp_path: Path) -> None:
    assert deliver.numbered("a/out.mov", 1) == ["a/out.mov"] and deliver.numbered("frames/", 1) == ["frames/"]
    assert deliver.numbered("a/out.mov", 2) == ["a/out-1.mov", "a/out-2.mov"]
    assert deliver.numbered("a/v1.2/", 2) == ["a/v1.2-1/", "a/v1.2-2/"] and deliver.numbered("frames", 2)[1] == "frames-2"
