from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import MediaError, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media import reader as reader_module
from keyfollow.media.encode_image import write_image
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader

MakeClip = Callable[..., Path]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("a.mp4", {"options": {"g": "8", "bf": "3"}}),
        ("a.mkv", {"codec": "ffv1", "pixel_format": "bgr0"}),
        ("a.avi", {"codec": "mpeg4", "pts": tuple(range(0, 24_000, 1000))}),
        ("a.h264", {}),
    ],
)
def test_any_order_gives_the_same_frames(
    make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch, name: str, fields: dict[str, object]
) -> None:
    monkeypatch.setattr(reader_module, "REVERSE_BYTES", 5 * 64 * 48 * 3)
    with MediaReader(make_clip(name, **fields)) as reader:
        every = FrameRange(0, reader.info.frames)
        forward = [f.digest() for f in reader.frames(every)]
        assert len(set(forward)) == 24
        assert [f.digest() for f in reader.frames(every, reverse=True)] == forward[::-1]
        assert [reader.read(n).digest() for n in (23, 0, 7, 8, 6, 15)] == [forward[n] for n in (23, 0, 7, 8, 6, 15)]
        assert [f.digest() for f in reader.frames(FrameRange(9, 12))] == forward[9:12]


def test_an_abandoned_stream_disturbs_nothing(make_clip: MakeClip) -> None:
    with MediaReader(make_clip()) as reader:
        forward = [f.digest() for f in reader.frames(FrameRange(0, 24))]
        stream = reader.frames(FrameRange(0, 24))
        next(stream), next(stream)
        assert reader.read(17).digest() == forward[17]
        assert reader.read(2).digest() == forward[2]


def test_two_streams_of_one_reader_do_not_mix(make_clip: MakeClip) -> None:
    with MediaReader(make_clip()) as reader:
        forward = [f.digest() for f in reader.frames(FrameRange(0, 24))]
        up, down = reader.frames(FrameRange(0, 24)), reader.frames(FrameRange(0, 24), reverse=True)
        for n in range(3):
            assert next(up).digest() == forward[n]
            assert next(down).digest() == forward[23 - n]


def test_the_rotation_flag_is_applied_to_pixels(make_clip: MakeClip) -> None:
    with MediaReader(make_clip("a.mp4")) as plain, MediaReader(make_clip("b.mp4", rotation=90)) as turned:
        assert np.array_equal(turned.read(3).pixels, np.rot90(plain.read(3).pixels))
    with MediaReader(make_clip("a.mp4")) as plain, MediaReader(make_clip("b.mp4", flip=True)) as mirrored:
        assert np.array_equal(mirrored.read(3).pixels, plain.read(3).pixels[:, ::-1])


def test_frames_beyond_the_clip_are_refused(make_clip: MakeClip) -> None:
    with MediaReader(make_clip()) as reader:
        with pytest.raises(UsageError) as error:
            reader.read(24)
        assert error.value.code == "frame_out_of_range"
        with pytest.raises(UsageError):
            reader.frames(FrameRange(20, 25))


def test_a_short_read_is_an_error_never_fewer_frames(make_clip: MakeClip, tmp_path: Path) -> None:
    path = make_clip("a.mkv", codec="ffv1", pixel_format="bgr0", options={"slicecrc": "1", "level": "3"})
    info = probe(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with MediaReader(path, info=info) as reader:
        with pytest.raises(MediaError) as error:
            list(reader.frames(FrameRange(0, 24)))
        assert error.value.code in ("media_truncated", "media_reader_died")


def test_the_file_is_opened_once(make_clip: MakeClip) -> None:
    path = make_clip()
    with MediaReader(path) as reader:
        path.unlink()
        assert reader.read(20).height == 48


def images(folder: Path, *pictures: np.ndarray) -> Path:
    for n, pixels in enumerate(pictures):
        write_image(folder / f"s_{n:03d}.png", FrameBuffer(pixels))
    return folder


def test_image_sequences_are_bit_equal_and_read_backward(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 65536, (11, 17, 4), np.uint16) for _ in range(4)]
    with MediaReader(images(tmp_path, *pictures)) as reader:
        got = list(reader.frames(FrameRange(0, 4), reverse=True))[::-1]
        assert all(np.array_equal(a.pixels, b) for a, b in zip(got, pictures, strict=True))


def test_an_image_unlike_the_first_is_named(tmp_path: Path) -> None:
    flat = np.zeros((4, 6, 3), np.uint8)
    with MediaReader(images(tmp_path, flat, flat[:3], flat.astype(np.uint16))) as reader:
        for n in (1, 2):
            with pytest.raises(MediaError, match=f"s_00{n}.png") as error:
                reader.read(n)
            assert error.value.code == "media_size_changes"
        assert reader.read(0).height == 4


def test_an_opaque_image_among_transparent_ones_becomes_opaque_rgba(tmp_path: Path) -> None:
    with MediaReader(images(tmp_path, np.zeros((4, 6, 4), np.uint8), np.ones((4, 6, 3), np.uint8))) as reader:
        second = reader.read(1).pixels
    assert (second[..., 3] == 255).all() and (second[..., :3] == 1).all()
