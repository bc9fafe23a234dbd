from __future__ import annotations

import numpy as np
import pytest
from keyfollow.errors import MediaError
from keyfollow.media.encode_image import encode_image
from keyfollow.media.stills import codec_of, decode


def test_the_content_decides_never_a_name() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    for suffix, codec in ((".png", "png"), (".tif", "tiff"), (".jpg", "mjpeg"), (".exr", "exr")):
        found, frame = decode(encode_image(suffix, pixels))
        assert (found, frame.width, frame.height) == (codec, 3, 2)


@pytest.mark.parametrize("data", [b"#EXTM3U\nfile:///etc/passwd", b"<svg/>", b"\x00\x00\x00\x20ftypisom", b"x"])
def test_what_is_no_image_is_unreadable(data: bytes) -> None:
    with pytest.raises(MediaError) as error:
        codec_of(data)
    assert error.value.code == "media_unreadable"


def test_a_cut_png_is_an_error_not_half_a_picture() -> None:
    data = encode_image(".png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    with pytest.raises(MediaError) as error:
        decode(data[: len(data) // 2])
    assert error.value.code in ("media_unreadable", "media_truncated")
