from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.errors import KeyfollowError, StorageError, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.info import MediaInfo
from keyfollow.media.muxing import OutputFile
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader
from keyfollow.media.writer import open_writer

MakeClip = Callable[..., Path]
Sound = Callable[[Path], tuple[npt.NDArray[Any], Fraction]]
TICKS = {"video_track_timescale": "24000"}
UNEVEN = (0, 1000, 2500, 3000, 5000, 6000, 7000, 9500, 10_000, 11_000, 12_345, 13_000, *range(14_000, 24_000, 1000))


def copied(source: Path, out: Path | str, span: FrameRange | None = None, **options: Any) -> MediaInfo:
    """Decode and write again; what was written, probed."""
    with MediaReader(source) as reader:
        info = reader.info
        span = span or FrameRange(0, info.frames)
        with open_writer(out, info, frames=span, audio_from=str(source), **options) as writer:
            for n, frame in zip(span, reader.frames(span), strict=True):
                writer.write(n, frame)
            writer.finish()
    return probe(out)


def times(info: MediaInfo) -> list[Fraction]:
    return [info.seconds(n) for n in range(info.frames)]


@pytest.mark.parametrize("out", ["o.mp4", "o.mov"])
@pytest.mark.parametrize("span", [FrameRange(0, 22), FrameRange(5, 15)])
@pytest.mark.parametrize(("source", "sound"), [("a.mp4", "alac"), ("a.mov", "pcm_s16le")])
def test_time_stamps_and_samples_of_a_variable_rate_clip_are_exact(
    make_clip: MakeClip, decoded_sound: Sound, tmp_path: Path, out: str, span: FrameRange, source: str, sound: str
) -> None:
    path = make_clip(source, pts=UNEVEN, muxer_options=TICKS, sound=sound, sample_format="s16p" if sound == "alac" else None)
    before = probe(path)
    after = copied(path, tmp_path / out, span, codec="h264")
    start = before.seconds(span.start)
    assert times(after) == [t - start for t in times(before)[span.start : span.stop]]
    end = Fraction(before.end(span.stop), 24_000)
    assert after.end(after.frames) * Fraction(*after.time_base) == end - start
    samples, first = decoded_sound(path)
    got, begins = decoded_sound(tmp_path / out)
    stop = len(samples) if len(span) == before.frames else int(end * 48_000)
    assert begins == 0 and first == 0
    assert np.array_equal(got, samples[int(start * 48_000) : stop])


def test_matroska_keeps_milliseconds_and_every_sample(make_clip: MakeClip, decoded_sound: Sound, tmp_path: Path) -> None:
    path = make_clip("a.mp4", pts=UNEVEN, muxer_options=TICKS, sound="aac")
    before, samples = probe(path), decoded_sound(path)[0]
    for span in (FrameRange(0, 22), FrameRange(5, 15)):
        after = copied(path, tmp_path / "o.mkv", span)
        start = before.seconds(span.start)
        assert all(
            abs(a - (b - start)) <= Fraction(1, 2000) for a, b in zip(times(after), times(before)[span.start :], strict=False)
        )
        got = decoded_sound(tmp_path / "o.mkv")[0]
        stop = len(samples) if len(span) == 22 else int(Fraction(before.end(span.stop), 24_000) * 48_000)
        assert np.array_equal(got, samples[int(start * 48_000) : stop])


def test_floating_point_sound_is_exact_in_mov_and_within_24_bits_in_mp4(
    make_clip: MakeClip, decoded_sound: Sound, tmp_path: Path
) -> None:
    path = make_clip("a.mp4", muxer_options=TICKS, sound="aac")
    samples = decoded_sound(path)[0][12_000:24_000]
    copied(path, tmp_path / "o.mov", FrameRange(6, 12))
    assert np.array_equal(decoded_sound(tmp_path / "o.mov")[0], samples)
    copied(path, tmp_path / "o.mp4", FrameRange(6, 12))
    assert np.abs(decoded_sound(tmp_path / "o.mp4")[0] - samples).max() <= 2.0**-23


@pytest.mark.parametrize(("source", "fields", "codec"), [
    ("a.mov", {"codec": "prores_ks", "pixel_format": "yuv444p10le", "options": {"profile": "4444"}}, "prores"),
    ("a.mp4", {"pixel_format": "yuv444p10le", "options": {"qp": "0"}}, "h264"),
    ("a.mp4", {"pixel_format": "yuv420p"}, "h264"),
])  # fmt: skip
@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (9, 1, 9, 18), (9, 1, 9, 16)])
def test_colour_tags_survive(
    make_clip: MakeClip, tmp_path: Path, source: str, fields: dict[str, Any], codec: Any, tags: tuple[int, int, int, int]
) -> None:
    path = make_clip(source, tags=tags, pts=range(0, 3000, 1000), **fields)
    before = probe(path).colour
    assert before.transfer and before.primaries and before.matrix
    assert copied(path, tmp_path / "o.mov", codec=codec).colour == before


def test_ten_bit_survives_a_lossless_round_trip_bit_for_bit(make_clip: MakeClip, tmp_path: Path) -> None:
    path = make_clip("a.mp4", pixel_format="yuv444p10le", options={"qp": "0"}, tags=(9, 1, 9, 18), pts=range(0, 3000, 1000))
    copied(path, tmp_path / "o.mkv")
    with MediaReader(path) as a, MediaReader(tmp_path / "o.mkv") as b:
        assert [f.digest() for f in a.frames(FrameRange(0, 3))] == [f.digest() for f in b.frames(FrameRange(0, 3))]


def frames(count: int, shape: tuple[int, int, int], dtype: str) -> tuple[MediaInfo, list[FrameBuffer]]:
    rng = np.random.default_rng(4)
    top = 1 if dtype == "float16" else np.iinfo(dtype).max
    pictures = [FrameBuffer((rng.random(shape) * top).astype(dtype)) for _ in range(count)]
    info = MediaInfo("uploaded", shape[1], shape[0], count, (24, 1), (1, 24), tuple(range(count)), dtype, shape[2], 8)
    return info, pictures


def write(out: Path | str, info: MediaInfo, pictures: list[FrameBuffer], **options: Any) -> None:
    with open_writer(out, info, frames=FrameRange(0, info.frames), **options) as writer:
        for n, picture in enumerate(pictures):
            writer.write(n, picture)
        writer.finish()


@pytest.mark.parametrize("size", [(41, 71), (1, 1)])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("out", "dtype"), [("o.mkv", "uint8"), ("o.mkv", "uint16"), ("o/", "uint8"), ("o/", "uint16"), ("o/", "float16")]
)
def test_lossless_outputs_are_bit_equal_at_any_size(
    tmp_path: Path, out: str, dtype: str, channels: int, size: tuple[int, int]
) -> None:
    info, pictures = frames(3, (*size, channels), dtype)
    write(f"{tmp_path}/{out}", info, pictures)
    with MediaReader(tmp_path / out) as reader:
        assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(reader.frames(FrameRange(0, 3)), pictures, strict=True))


@pytest.mark.parametrize("size", [(48, 64), (41, 71), (1, 1)])
@pytest.mark.parametrize("out", ["o.mp4", "o.mov"])
def test_lossy_outputs_take_any_size(tmp_path: Path, out: str, size: tuple[int, int]) -> None:
    info, _ = frames(3, (*size, 3), "uint8")
    flat = [FrameBuffer(np.full((*size, 3), 40 * (n + 1), np.uint8)) for n in range(3)]
    write(tmp_path / out, info, flat)
    with MediaReader(tmp_path / out) as reader:
        got = [f.pixels.astype(float).mean() / f.white for f in reader.frames(FrameRange(0, 3))]
        assert (reader.info.height, reader.info.width) == size
    assert np.allclose(got, [40 * (n + 1) / 255 for n in range(3)], atol=0.02)


def test_the_edit_alone_has_alpha_and_images_their_source_numbers(tmp_path: Path) -> None:
    info, _ = frames(3, (8, 8, 3), "uint8")
    with open_writer(f"{tmp_path}/o/", info, frames=FrameRange(1, 3), delivery="edit") as writer:
        for n in (1, 2):
            writer.write(n, FrameBuffer(np.full((8, 8, 4), n, np.uint8)))
        writer.finish()
    assert sorted(p.name for p in (tmp_path / "o").iterdir()) == ["000001.png", "000002.png"]
    with pytest.raises(UsageError) as error:
        open_writer(tmp_path / "o.mp4", info, frames=FrameRange(0, 3), delivery="edit")
    assert error.value.code == "no_alpha_in_format"


def test_the_start_timecode_moves_with_the_range(make_clip: MakeClip, tmp_path: Path) -> None:
    path = make_clip("a.mov", codec="prores_ks", pixel_format="yuv422p10le", timecode="01:00:00:20", sound="pcm_s16le")
    assert copied(path, tmp_path / "o.mov", FrameRange(6, 10)).timecode == "01:00:01:02"


def test_the_reel_s_name_is_carried(make_clip: MakeClip, tmp_path: Path) -> None:
    codec = {"codec": "prores_ks", "pixel_format": "yuv422p10le", "sound": "pcm_s16le"}
    path = make_clip("a.mov", timecode="01:00:00:00", reel="A001C002", **codec)
    assert probe(path).reel == "A001C002"
    assert copied(path, tmp_path / "o.mov", FrameRange(0, 4)).reel == "A001C002"


@pytest.mark.parametrize("out", ["o.mp4", "o.mkv", "o/"])
def test_nothing_appears_unless_finished(tmp_path: Path, out: str) -> None:
    info, pictures = frames(3, (48, 64, 3), "uint8")
    with pytest.raises(RuntimeError), open_writer(f"{tmp_path}/{out}", info, frames=FrameRange(0, 3)) as writer:
        writer.write(0, pictures[0])
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_frames_must_be_complete_in_order_and_of_one_form(tmp_path: Path) -> None:
    info, pictures = frames(3, (48, 64, 3), "uint8")
    with open_writer(tmp_path / "o.mp4", info, frames=FrameRange(0, 3)) as writer:
        with pytest.raises(UsageError, match="due"):
            writer.write(1, pictures[1])
        with pytest.raises(UsageError, match="source's size"):
            writer.write(0, FrameBuffer(np.zeros((48, 64, 4), np.uint8)))
        writer.write(0, pictures[0])
        with pytest.raises(UsageError) as error:
            writer.finish()
        assert error.value.code == "frames_missing"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "code"), [("no/o.mp4", "output_unwritable"), ("o.gif", "unknown_output_format"), ("o", "unknown_output_format")]
)
def test_an_output_that_cannot_be_is_said_at_once(tmp_path: Path, name: str, code: str) -> None:
    info, _ = frames(1, (4, 4, 3), "uint8")
    with pytest.raises(KeyfollowError) as error:
        open_writer(tmp_path / name, info, frames=FrameRange(0, 1))
    assert error.value.code == code


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    info, pictures = frames(3, (48, 64, 3), "uint8")

    def full(self: OutputFile, data: Any, /) -> int:
        self.failure = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise self.failure

    monkeypatch.setattr(OutputFile, "write", full)
    with pytest.raises(StorageError) as error:
        write(tmp_path / "o.mkv", info, pictures)
    assert error.value.code == "disk_full"
    assert not list(tmp_path.iterdir())


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    info, pictures = frames(2, (48, 64, 3), "uint8")
    (tmp_path / "o.mp4").write_text("old")
    with open_writer(tmp_path / "o.mp4", info, frames=FrameRange(0, 2)) as writer:
        for n, picture in enumerate(pictures):
            writer.write(n, picture)
        assert (tmp_path / "o.mp4").read_text() == "old"
        writer.finish()
    with av.open(str(tmp_path / "o.mp4")) as container:
        assert container.streams.video[0].frames == 2
    assert [p.name for p in tmp_path.iterdir()] == ["o.mp4"]
