from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from keyfollow.errors import MediaError
from keyfollow.media import images
from keyfollow.media.encode_image import encode_image
from keyfollow.media.images import decode_image, make_ready, read_image, receive_pixels
from keyfollow.media.sandbox import Sandbox

RNG = np.random.default_rng(2)


def test_png_and_tiff_are_bit_equal_at_8_and_16_bit_with_and_without_alpha() -> None:
    with Sandbox() as sandbox:
        for suffix in (".png", ".tif"):
            for dtype, top in ((np.uint8, 256), (np.uint16, 65536)):
                for channels in (3, 4):
                    pixels = RNG.integers(0, top, (41, 71, channels), dtype)
                    frame, _ = decode_image(sandbox, encode_image(suffix, pixels))
                    assert frame.pixels.dtype == dtype
                    assert np.array_equal(frame.pixels, pixels)


def test_half_float_exr_is_bit_equal_above_one_and_below_zero() -> None:
    pixels = (RNG.standard_normal((41, 71, 4)) * 100).astype(np.float16)
    pixels[0, 0] = [65504, -65504, 6e-8, 0]
    assert np.array_equal(read_image(encode_image(".exr", pixels)).pixels, pixels)


def test_grey_and_palette_become_rgb() -> None:
    grey = av.VideoFrame.from_ndarray(RNG.integers(0, 256, (8, 8), np.uint8), format="gray")
    context: Any = av.CodecContext.create("png", "w")
    context.width, context.height, context.pix_fmt, context.time_base = 8, 8, "gray", Fraction(1)
    grey.pts = 0
    data = b"".join(bytes(p) for p in [*context.encode(grey), *context.encode(None)])
    frame = read_image(data)
    assert frame.channels == 3
    assert np.array_equal(frame.pixels[..., 0], grey.to_ndarray()) and np.array_equal(
        frame.pixels[..., 0], frame.pixels[..., 2]
    )


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_exif_orientation_of_a_jpeg_is_applied(orientation: int, turns: int) -> None:
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:16, :24] = 250
    plain = encode_image(".jpg", pixels)
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tiff
    data = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]
    got = read_image(data).pixels
    assert np.array_equal(got, np.rot90(read_image(plain).pixels, turns))


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(50), b"v/1\x01" + bytes(50)])
def test_what_is_no_image_is_an_error_that_names_it(data: bytes) -> None:
    with pytest.raises(MediaError, match=r"edit\.png"):
        read_image(data, name="edit.png")


def test_an_answer_of_absurd_size_takes_no_memory() -> None:
    with Sandbox() as sandbox:
        for head in (
            {"shape": [1 << 20, 1 << 20, 3], "dtype": "uint8", "bytes": 3 << 40},
            {"shape": [1, 1], "dtype": "O", "bytes": 1},
            {"bytes": 0},
        ):
            with pytest.raises(MediaError):
                receive_pixels(sandbox, head)


def test_a_child_that_was_started_ahead_decodes_one_picture_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Sandbox] = []

    class Counted(Sandbox):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            started.append(self)

    monkeypatch.setattr(images, "Sandbox", Counted)
    data = encode_image(".png", RNG.integers(0, 256, (8, 8, 3), np.uint8))
    make_ready()
    make_ready()
    assert len(started) == 1
    read_image(data)
    assert len(started) == 1 and not started[0].alive
    read_image(data)
    make_ready()
    started[2].close()
    with pytest.raises(MediaError, match=r"edit\.png"):
        read_image(b"hello", name="edit.png")
    assert len(started) == 4 and not any(child.alive for child in started)
