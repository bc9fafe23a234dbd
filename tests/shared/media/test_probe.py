from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import MediaError, UsageError
from keyfollow.frames import FrameBuffer
from keyfollow.media.encode_image import write_image
from keyfollow.media.info import AudioInfo
from keyfollow.media.probe import probe

MakeClip = Callable[..., Path]


def test_everything_about_a_constant_rate_clip(make_clip: MakeClip) -> None:
    info = probe(make_clip("a.mp4", muxer_options={"video_track_timescale": "24000"}, sound="aac", tags=(1, 1, 1, 1)))
    assert (info.kind, info.width, info.height, info.frames) == ("video", 64, 48, 24)
    assert (info.rate, info.time_base, info.pts) == ((24, 1), (1, 24_000), tuple(range(0, 24_000, 1000)))
    assert (info.codec, info.pixel_format, info.dtype, info.channels, info.depth) == ("h264", "yuv420p", "uint8", 3, 8)
    assert (info.colour.matrix, info.colour.range, info.colour.primaries, info.colour.transfer) == (
        "bt709",
        "tv",
        "bt709",
        "bt709",
    )
    assert info.audio == (AudioInfo("aac", 48_000, "stereo"),)
    assert info.last_duration == 1000


def test_variable_rate_time_stamps_are_exact(make_clip: MakeClip) -> None:
    pts = (0, 1000, 2500, 3000, 5000, 12_345, 13_000)
    info = probe(make_clip("a.mp4", pts=pts, muxer_options={"video_track_timescale": "24000"}))
    assert [info.seconds(n) for n in range(7)] == [Fraction(p, 24_000) for p in pts]


def test_ntsc_rates_are_exact_fractions(make_clip: MakeClip) -> None:
    info = probe(make_clip("a.mp4", pts=tuple(range(0, 24_024, 1001)), muxer_options={"video_track_timescale": "24000"}))
    assert info.rate == (24_000, 1001)


@pytest.mark.parametrize(("rotation", "expected"), [(90, 270), (-90, 90), (180, 180)])
def test_rotation_is_applied_to_the_size(make_clip: MakeClip, rotation: int, expected: int) -> None:
    info = probe(make_clip("a.mp4", rotation=rotation))
    assert info.rotation == expected
    assert (info.width, info.height) == ((64, 48) if expected == 180 else (48, 64))


def test_the_start_timecode_is_found(make_clip: MakeClip) -> None:
    assert (
        probe(make_clip("a.mov", codec="prores_ks", pixel_format="yuv422p10le", timecode="01:02:03:04")).timecode
        == "01:02:03:04"
    )


def test_a_folder_of_images_at_24_or_a_given_rate(tmp_path: Path) -> None:
    for n in (1001, 1002, 1003):
        write_image(tmp_path / f"s_{n}.png", FrameBuffer(np.zeros((4, 6, 3), np.uint16)))
    info = probe(tmp_path)
    assert (info.kind, info.frames, info.rate, info.time_base, info.first_number) == ("images", 3, (24, 1), (1, 24), 1001)
    assert (info.width, info.height, info.dtype, info.channels, info.depth) == (6, 4, "uint16", 3, 16)
    assert probe(tmp_path / "s_%04d.png", rate=(60_000, 2002)).rate == (30_000, 1001)
    assert probe(tmp_path / "s_1002.png").frames == 1
    with pytest.raises(UsageError) as error:
        probe(tmp_path, rate=(0, 1))
    assert error.value.code == "bad_rate"


def test_a_video_takes_no_rate(make_clip: MakeClip) -> None:
    with pytest.raises(UsageError) as error:
        probe(make_clip(), rate=(25, 1))
    assert error.value.code == "rate_not_wanted"


def test_sound_alone_is_no_clip(make_clip: MakeClip, tmp_path: Path) -> None:
    import wave

    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(8000))
    with pytest.raises(MediaError) as error:
        probe(tmp_path / "a.wav")
    assert error.value.code == "media_no_video"
