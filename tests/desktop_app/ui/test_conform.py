from __future__ import annotations

import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow.media.info import MediaInfo
from keyfollow_desktop.ui.conform import Form, common_form, conform, dissolved


def info(width: int, height: int, dtype: str = "uint8", channels: int = 3, depth: int = 8) -> MediaInfo:
    return MediaInfo("video", width, height, 1, (24, 1), (1, 24), (0,), dtype, channels, depth)


def test_the_form_is_the_first_one_s_size_at_the_deepest_one_s_depth() -> None:
    found = common_form([info(64, 36), info(32, 32, "uint16", 4, 10)])
    assert found == Form(64, 36, "uint16", 10, 3)
    assert common_form([info(64, 36)], (20, 10)) == Form(20, 10, "uint8", 8, 3)


def test_a_picture_is_fitted_whole_with_black_beside_it() -> None:
    square = FrameBuffer(np.full((8, 8, 3), 200, np.uint8))
    wide = conform(square, Form(32, 16, "uint8", 8, 3)).pixels
    assert wide.shape == (16, 32, 3)
    assert (wide[:, 8:24] == 200).all() and not wide[:, :8].any() and not wide[:, 24:].any()
    small = conform(square, Form(4, 2, "uint8", 8, 3)).pixels
    assert (small[:, 1:3] == 200).all() and not small[:, 0].any()


def test_white_stays_white_at_every_depth_and_what_fits_is_untouched() -> None:
    white = FrameBuffer(np.full((4, 4, 3), 255, np.uint8))
    assert conform(white, Form(4, 4, "uint8", 8, 3)) is white
    assert (conform(white, Form(4, 4, "uint16", 10, 3)).pixels == 65535).all()
    assert (conform(white, Form(4, 4, "float16", 16, 3)).pixels == 1).all()
    bright = FrameBuffer(np.full((4, 4, 3), 2, np.float16))
    assert (conform(bright, Form(8, 8, "float16", 16, 3)).pixels == 2).all()
    assert (conform(bright, Form(4, 4, "uint8", 8, 3)).pixels == 255).all()


def test_alpha_is_laid_on_black_or_made_opaque() -> None:
    half = np.full((2, 2, 4), 200, np.uint8)
    half[..., 3] = 0
    half[0, 0, 3] = 255
    flat = conform(FrameBuffer(half), Form(2, 2, "uint8", 8, 3)).pixels
    assert (flat[0, 0] == 200).all() and not flat[1].any()
    opaque = conform(FrameBuffer(np.full((2, 2, 3), 9, np.uint8)), Form(2, 2, "uint8", 8, 4)).pixels
    assert (opaque[..., 3] == 255).all() and (opaque[..., :3] == 9).all()


def test_a_dissolve_mixes_what_is_stored_at_every_depth() -> None:
    for dtype, black, white, want in (("uint8", 0, 200, 50), ("uint16", 0, 40_000, 10_000), ("float16", 0.0, 2.0, 0.5)):
        under = FrameBuffer(np.full((4, 4, 3), black, dtype), 8 if dtype == "uint8" else 16)
        over = FrameBuffer(np.full((4, 4, 3), white, dtype), under.depth)
        made = dissolved(under, over, 0.25)
        assert made.pixels.dtype == dtype and (made.pixels == want).all()
    small = FrameBuffer(np.full((2, 2, 3), 100, np.uint8))
    assert (dissolved(small, FrameBuffer(np.zeros((8, 8, 3), np.uint8)), 0.5).pixels == 50).all()
