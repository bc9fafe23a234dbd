from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from keyfollow.frames import Colour, FrameBuffer
from keyfollow.media.encode_image import encode_image
from keyfollow_desktop.ui.colour_profile import in_source_colours, profile_for, profile_of, with_profile
from PySide6.QtGui import QColorSpace

P3 = bytes(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3).iccProfile().data())


def test_a_profile_goes_into_a_png_and_is_found_there() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (9, 7, 3), dtype=np.uint8)
    png = encode_image(".png", pixels)
    tagged = with_profile(png, P3)
    assert profile_of(tagged) == P3 and profile_of(png) == b""
    decoded = cv2.imdecode(np.frombuffer(tagged, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and (decoded[..., ::-1] == pixels).all()


def test_a_profile_of_a_jpeg_is_put_together_from_its_parts() -> None:
    jpeg = encode_image(".jpg", np.zeros((8, 8, 3), np.uint8))
    half = len(P3) // 2

    def segment(n: int, part: bytes) -> bytes:
        body = b"ICC_PROFILE\0" + bytes([n, 2]) + part
        return b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body

    tagged = jpeg[:2] + segment(2, P3[half:]) + segment(1, P3[:half]) + jpeg[2:]
    assert profile_of(tagged) == P3
    for broken in (
        tagged[:30],
        b"",
        b"\x89PNG\r\n\x1a\n",
        with_profile(encode_image(".png", np.zeros((1, 1, 3), np.uint8)), P3)[:80],
    ):
        grey = FrameBuffer(np.zeros((2, 2, 3), np.uint8))
        assert in_source_colours(grey, profile_of(broken), Colour()) is grey


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_profile_inside_a_tiff_is_found(order: str) -> None:
    """As editors write it: one directory, the profile's bytes after it."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    entries = [(256, 3, 1, 8), (34675, 7, len(P3), 8 + 2 + 24 + 4)]
    directory = struct.pack(order + "H", 2) + b"".join(struct.pack(order + "HHII", *e) for e in entries) + bytes(4)
    tiff = magic + struct.pack(order + "I", 8) + directory + P3
    assert (
        profile_of(tiff) == P3
        and profile_of(tiff[:30]) == b""
        and profile_of(encode_image(".tif", np.zeros((2, 2, 3), np.uint8))) == b""
    )


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_what_comes_back_in_another_profile_is_converted(dtype: str) -> None:
    white = np.iinfo(dtype).max
    picture = FrameBuffer(np.full((4, 4, 3), (white // 2, white // 4, white // 8), dtype), 8 if dtype == "uint8" else 16)
    assert in_source_colours(picture, profile_for(Colour()), Colour()) is picture
    assert in_source_colours(picture, b"", Colour()) is picture and in_source_colours(picture, b"nonsense", Colour()) is picture
    made = in_source_colours(picture, P3, Colour()).pixels[0, 0].astype(float) / white
    # Display P3 is wider: the same numbers are a stronger colour in sRGB
    assert made[0] > 0.5 and made[2] < 0.125 and made.max() < 0.6
    grey = FrameBuffer(np.full((4, 4, 3), white // 2, dtype), picture.depth)
    kept = in_source_colours(grey, P3, Colour()).pixels.astype(float) / white
    assert np.abs(kept - 0.5).max() < 0.005
