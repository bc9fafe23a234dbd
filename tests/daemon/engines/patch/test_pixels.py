from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.patch.pixels import (
    add_edit,
    around,
    box,
    enlarged,
    evened,
    grid,
    guide,
    largest,
    opened,
    sample,
    shrunk,
    values,
    work_size,
)


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float16", 1.0)])
def test_white_is_255_and_a_zero_edit_keeps_every_bit(dtype: str, white: float) -> None:
    rng = np.random.default_rng(0)
    pixels = (rng.random((20, 30, 4)) * white).astype(dtype)
    pixels[0, 0] = np.array(white, dtype)
    frame = FrameBuffer(pixels, depth=10)
    assert values(frame)[0, 0, 0] == pytest.approx(255.0)
    same = add_edit(frame, np.zeros((20, 30, 4), np.float32))
    assert same.pixels.tobytes() == pixels.tobytes() and same.depth == 10


def test_edits_saturate_instead_of_wrapping() -> None:
    frame = FrameBuffer(np.full((4, 4, 3), 250, np.uint8))
    assert add_edit(frame, np.full((4, 4, 3), 20, np.float32)).pixels.max() == 255
    assert add_edit(frame, np.full((4, 4, 3), -400, np.float32)).pixels.min() == 0


def test_half_floats_keep_values_beyond_white_and_odd_ones_do_no_harm() -> None:
    pixels = np.array([[[4.0, -0.5, np.nan], [np.inf, 0.5, 0.25]]], np.float16)
    frame = FrameBuffer(pixels)
    assert np.isfinite(values(frame)).all() and values(frame)[0, 0, 0] == pytest.approx(1020)
    assert guide(frame).dtype == np.uint8 and guide(frame)[0, 0].tolist() == [255, 0, 0]
    edit = np.zeros((1, 2, 3), np.float32)
    edit[0, 0, 0] = 255
    made = add_edit(frame, edit).pixels
    assert made[0, 0, 0] == 5.0 and made[0, 0, 1] == np.float16(-0.5) and np.isnan(made[0, 0, 2])


def test_the_guide_is_eight_bit_and_scaled(picture: Any) -> None:
    deep = FrameBuffer(picture.astype(np.uint16) * 257)
    assert np.array_equal(guide(deep), picture)
    assert guide(deep, 0.5).shape == (72, 96, 3)
    assert work_size(20, 10, 0.25) == (16, 16)


def test_sampling_is_bilinear_at_pixel_coordinates() -> None:
    ramp = np.tile(np.arange(10, dtype=np.float32), (5, 1))
    assert np.allclose(sample(ramp, grid(5, 10) + np.float32(0.25))[2, 2:8], np.arange(2, 8) + 0.25)


def test_box_keeps_a_mean() -> None:
    assert np.allclose(box(np.full((9, 9), 3.0, np.float32), 3), 3.0)
    with pytest.raises(ValueError, match="read-only"):
        grid(9, 9)[0, 0] = 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16"])
def test_shrinking_keeps_depth_and_enlarging_keeps_zeros(dtype: str) -> None:
    pixels = np.full((40, 60, 4), 100 if dtype != "float16" else 0.5, dtype)
    small = shrunk(FrameBuffer(pixels), (30, 20))
    assert small.pixels.dtype == dtype and small.pixels.shape == (20, 30, 4) and (small.pixels == pixels[0, 0, 0]).all()
    assert shrunk(small, (30, 20)) is small
    plane = np.zeros((20, 30), np.float32)
    plane[5:10, 5:10] = 3
    large = enlarged(plane, 60, 40)
    assert large.shape == (40, 60) and large[12:18, 12:18].min() == 3
    assert not large[:8].any() and not large[24:].any()


def test_evened_detail_does_not_depend_on_the_light(picture: Any) -> None:
    shade = np.linspace(0.4, 1.0, picture.shape[1])[None, :, None]
    plain, shaded = evened(picture).astype(int), evened((picture * shade).astype(np.uint8)).astype(int)
    assert np.abs(plain - shaded).mean() < 0.4 * np.abs(plain - 128).mean()
    assert (evened(np.full((20, 30, 3), 77, np.uint8)) == 128).all()


def test_the_largest_change_of_any_channel() -> None:
    edit = np.zeros((4, 5, 4), np.float32)
    edit[1, 2] = (3, -7, 2, 5)
    assert largest(edit)[1, 2] == 7 and largest(edit).sum() == 7


def test_a_rectangle_around_an_area_stays_in_the_picture() -> None:
    area = np.zeros((20, 30), np.bool_)
    assert not area[around(area, 3)].size
    area[2, 10], area[6, 28] = True, True
    assert around(area, 3) == (slice(0, 10), slice(7, 32)) and area[around(area, 3)].shape == (10, 23)


def test_what_is_narrower_is_opened_away() -> None:
    area = np.zeros((20, 30), np.bool_)
    area[5:15, 5:15] = area[5:15, 20:22] = True
    left = opened(area, 3)
    assert left[5:15, 5:15].all() and left.sum() == 100
