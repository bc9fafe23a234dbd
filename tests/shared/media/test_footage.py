from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from keyfollow.errors import MediaError
from keyfollow.media.footage import Footage

MakeClip = Callable[..., Path]


def footage(path: Path) -> Footage:
    return Footage(os.open(path, os.O_RDONLY), lambda: None)


def shown(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [f.pts or 0 for f in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("a.mp4", {"options": {"bf": "3"}}),
        ("a.mp4", {"options": {"bf": "2", "g": "6", "flags": "-cgop"}}),
        ("a.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le"}),
        ("a.mkv", {"options": {"bf": "3"}}),
        ("a.mkv", {"codec": "libvpx", "options": {"auto-alt-ref": "1", "lag-in-frames": "10"}}),
        ("a.ts", {}),
        ("a.avi", {"codec": "mpeg4", "pts": tuple(range(0, 24_000, 1000))}),
        ("a.mp4", {"options": {"bf": "0"}, "sound": "aac"}),
    ],
)
def test_the_index_is_what_decoding_gives(make_clip: MakeClip, name: str, fields: dict[str, Any]) -> None:
    path = make_clip(name, **fields)
    clip = footage(path)
    assert clip.index.pts.tolist() == shown(path)
    assert [clip.frame(n).pts for n in (20, 3, 4, 23, 0)] == [shown(path)[n] for n in (20, 3, 4, 23, 0)]


def test_a_raw_stream_without_time_stamps_is_numbered_by_count(make_clip: MakeClip) -> None:
    path = make_clip("a.h264")
    clip = footage(path)
    assert len(clip.index.pts) == 24
    info, _ = clip.probe()
    assert info["frames"] == 24


def test_leading_frames_hidden_by_an_edit_list_are_not_counted(make_clip: MakeClip, tmp_path: Path) -> None:
    # a stream copy that starts between keyframes: the muxer keeps the whole GOP and hides its beginning
    source, cut = make_clip("a.mp4", options={"bf": "0", "g": "12"}), tmp_path / "cut.mp4"
    with av.open(str(source)) as a, av.open(str(cut), "w") as b:
        out = b.add_stream_from_template(a.streams.video[0])
        for packet in a.demux(video=0):
            if packet.dts is not None:
                packet.pts, packet.dts = (packet.pts or 0) - 5120, packet.dts - 5120
                packet.stream = out
                b.mux(packet)
    assert footage(cut).index.pts.tolist() == shown(cut)


def test_a_damaged_frame_in_a_file_counted_by_decoding_is_an_error(make_clip: MakeClip) -> None:
    path = make_clip("a.avi", codec="png", pixel_format="rgb24")
    data = bytearray(path.read_bytes())
    frames = [i for i in range(len(data) - 4) if data[i : i + 4] == b"\x89PNG"]
    data[frames[9] : frames[9] + 40] = bytes(40)
    path.write_bytes(data)
    with pytest.raises(MediaError) as error:
        _ = footage(path).index
    assert error.value.code == "media_truncated"
    assert "range" not in error.value.remedy, "not even the frames before it can be read"


def test_a_damaged_frame_in_a_file_counted_from_packets_leaves_the_others(make_clip: MakeClip) -> None:
    path = make_clip("a.mov", codec="png", pixel_format="rgb24")
    data = bytearray(path.read_bytes())
    frames = [i for i in range(len(data) - 4) if data[i : i + 4] == b"\x89PNG"]
    data[frames[9] : frames[9] + 40] = bytes(40)
    path.write_bytes(data)
    clip = footage(path)
    with pytest.raises(MediaError, match="frame 9 of 24") as error:
        clip.frame(9)
    assert error.value.code == "media_truncated" and "a range without the damage" in error.value.remedy
    assert [clip.frame(n).pts for n in (8, 10)] == [clip.index.pts[n] for n in (8, 10)]


def test_a_cut_off_mp4_says_so(make_clip: MakeClip, tmp_path: Path) -> None:
    path = make_clip("a.mp4", muxer_options={"movflags": "faststart"}, codec="mpeg4", options={"b:v": "2M"})
    data = path.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(MediaError) as error:
        _ = footage(tmp_path / "cut.mp4").index
    assert error.value.code == "media_truncated" and "range" not in error.value.remedy


def test_an_avi_that_is_cut_anywhere_is_said_to_be_cut(make_clip: MakeClip) -> None:
    path = make_clip("a.avi", codec="mpeg4")
    data = path.read_bytes()
    assert len(footage(path).index.pts) == 24
    for keep in (len(data) - 1, len(data) * 9 // 10, len(data) // 2):
        path.write_bytes(data[:keep])
        with pytest.raises(MediaError) as error:
            _ = footage(path).index
        assert error.value.code == "media_truncated"


@pytest.mark.parametrize("promised", [0, 0xFFFFFFFF])
def test_an_avi_whose_writer_never_said_how_long_it_is_is_read(make_clip: MakeClip, promised: int) -> None:
    path = make_clip("a.avi", codec="mpeg4")
    data = bytearray(path.read_bytes())
    data[4:8] = promised.to_bytes(4, "little")
    path.write_bytes(data)
    assert len(footage(path).index.pts) == 24
