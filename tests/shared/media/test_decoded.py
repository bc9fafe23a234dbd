from __future__ import annotations

import av
import numpy as np
import pytest
from av.video.format import VideoFormat
from keyfollow.errors import MediaError
from keyfollow.media.decoded import Decoder, form_of, rotation, samples, tags, upright
from keyfollow.media.yuv import Coding, to_rgb


def noise(name: str, width: int, height: int, low: int = 16, high: int = 235) -> av.VideoFrame:
    rng = np.random.default_rng(3)
    frame = av.VideoFrame(width, height, name)
    for plane in frame.planes:
        plane.update(rng.integers(low, high, plane.buffer_size, np.uint8).tobytes())
    frame.colorspace, frame.color_range = 1, 1
    return frame


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("yuv420p", ("uint8", 3, 8)),
        ("yuva444p10le", ("uint16", 4, 10)),
        ("p010le", ("uint16", 3, 10)),
        ("yuv422p12le", ("uint16", 3, 12)),
        ("gray", ("uint8", 3, 8)),
        ("ya16be", ("uint16", 4, 16)),
        ("pal8", ("uint8", 4, 8)),
        ("bgr0", ("uint8", 3, 8)),
        ("rgb48be", ("uint16", 3, 16)),
        ("gbrapf32le", ("float16", 4, 16)),
        ("monow", ("uint8", 3, 8)),
    ],
)
@pytest.mark.parametrize("size", [(64, 48), (71, 41), (1, 1)])
def test_every_format_takes_its_form_at_every_size(name: str, form: tuple[str, int, int], size: tuple[int, int]) -> None:
    frame = noise(name, *size)
    assert form_of(frame.format) == form
    pixels = Decoder()(frame)
    assert (pixels.shape, pixels.dtype.name) == ((size[1], size[0], form[1]), form[0])
    assert pixels.flags.c_contiguous


def test_bayer_is_unsupported() -> None:
    with pytest.raises(MediaError) as error:
        form_of(VideoFormat("bayer_rggb8"))
    assert error.value.code == "media_unsupported"


def test_eight_bit_yuv_is_within_one_code_of_the_formula() -> None:
    frame = noise("yuv444p", 64, 48)
    exact = np.empty((48, 64, 3), np.uint8)
    y, cb, cr = (samples(p, "u1") for p in frame.planes)
    to_rgb(y, cb, cr, Coding(0.2126, 0.0722, 8, False), exact)
    got = Decoder()(frame)
    assert np.abs(got.astype(int) - exact).max() <= 1
    assert (got != exact).mean() < 0.01


def test_rgb_of_any_layout_is_unchanged() -> None:
    rng = np.random.default_rng(5)
    eight, deep = rng.integers(0, 256, (41, 71, 4), np.uint8), rng.integers(0, 65536, (41, 71, 4), np.uint16)
    for layout in ("rgba", "bgra", "gbrap"):
        frame = av.VideoFrame.from_ndarray(eight, format="rgba").reformat(format=layout)
        assert np.array_equal(Decoder()(frame), eight)
    for layout in ("rgba64le", "rgba64be", "gbrap16le", "gbrap16be"):
        frame = av.VideoFrame.from_ndarray(deep, format="rgba64le").reformat(format=layout)
        assert np.array_equal(Decoder()(frame), deep)


def test_alpha_is_kept_and_ten_bit_alpha_reaches_white() -> None:
    frame = noise("yuva444p", 64, 48)
    assert np.array_equal(Decoder()(frame)[..., 3], samples(frame.planes[3], "u1"))
    deep = av.VideoFrame(8, 8, "yuva444p10le")
    for plane in deep.planes:
        samples(plane, "<u2")[...] = 1023
    assert (Decoder()(deep)[..., 3] == 65535).all()


def test_grey_follows_its_range() -> None:
    frame = av.VideoFrame(4, 2, "gray")
    samples(frame.planes[0], "u1")[...] = 235
    assert (Decoder()(frame) == 235).all()
    frame.color_range = 1
    assert (Decoder()(frame) == 255).all()


def test_yuvj_is_full_range() -> None:
    frame = av.VideoFrame(4, 4, "yuvj420p")
    for plane, value in zip(frame.planes, (255, 128, 128), strict=True):
        samples(plane, "u1")[...] = value
    assert tags(frame).range == "pc"
    assert (Decoder()(frame) == 255).all()


def test_it_is_deterministic_over_threads() -> None:
    frame = noise("yuv420p10le", 322, 242, 0, 3)
    assert np.array_equal(Decoder(1)(frame), Decoder(2)(frame))
    frame = noise("yuv420p", 322, 242)
    assert np.array_equal(Decoder(1)(frame), Decoder(2)(frame))


def test_display_matrices_turn_and_mirror() -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    turned = {0: pixels, 90: np.rot90(pixels, -1), 180: np.rot90(pixels, 2), 270: np.rot90(pixels, 1)}
    for matrix in ((1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)):
        assert np.array_equal(upright(pixels, matrix), turned[rotation(matrix)])
    assert np.array_equal(upright(pixels, (-1, 0, 0, 1)), pixels[:, ::-1])
