"""Keyframes and masks in the source's own form."""

from __future__ import annotations

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow.media.fit import fit_keyframe, mask_weight


def ramp(dtype: str, white: float) -> np.ndarray:
    values = np.linspace(0, white, 1024)
    return np.repeat(values.astype(dtype)[None, :, None], 3, axis=2)


def test_same_form_passes_through() -> None:
    source = FrameBuffer(np.zeros((4, 5, 3), np.uint8))
    key = FrameBuffer(np.full((4, 5, 3), 9, np.uint8))
    assert (fit_keyframe(key, source).pixels == key.pixels).all()


def test_an_8_bit_picture_of_a_deeper_source_counts_as_unchanged_where_only_precision_was_lost() -> None:
    source = FrameBuffer(ramp("uint16", 65535), depth=10)
    exported = np.rint(source.pixels / 257).astype(np.uint8)
    exported[0, 500:520] = (255, 0, 0)
    fitted = fit_keyframe(FrameBuffer(exported), source)
    changed = (fitted.pixels != source.pixels).any(axis=2)[0]
    assert fitted.pixels.dtype == np.uint16 and fitted.depth == 10
    assert changed[500:520].all() and not changed[:500].any() and not changed[520:].any()
    assert (fitted.pixels[0, 510] == (65535, 0, 0)).all()


def test_16_bit_on_8_bit_rounds() -> None:
    source = FrameBuffer(np.zeros((1, 2, 3), np.uint8))
    key = FrameBuffer(np.array([[[65535, 257 * 3, 128], [129, 0, 0]]], np.uint16), depth=16)
    assert fit_keyframe(key, source).pixels.tolist() == [[[255, 3, 0], [1, 0, 0]]]


def test_half_float_keeps_what_is_above_white() -> None:
    source = FrameBuffer(np.full((2, 2, 3), 4.5, np.float16), depth=16)
    key = FrameBuffer(np.full((2, 2, 3), -0.25, np.float16), depth=16)
    assert (fit_keyframe(key, source).pixels == np.float16(-0.25)).all()


def test_transparent_pixels_leave_the_source() -> None:
    source = FrameBuffer(np.full((1, 3, 3), 100, np.uint8))
    key = FrameBuffer(np.array([[[200, 0, 0, 0], [200, 0, 0, 255], [200, 0, 0, 128]]], np.uint8))
    fitted = fit_keyframe(key, source).pixels
    assert fitted[0, 0].tolist() == [100, 100, 100] and fitted[0, 1].tolist() == [200, 0, 0]
    assert fitted[0, 2].tolist() == [150, 50, 50]


def test_alpha_of_the_source_is_kept_when_the_picture_has_none() -> None:
    source = FrameBuffer(np.full((2, 2, 4), 77, np.uint8))
    assert (fit_keyframe(FrameBuffer(np.zeros((2, 2, 3), np.uint8)), source).pixels[..., 3] == 77).all()


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float16", 1.0)])
def test_white_is_one_and_black_is_zero_exactly(dtype: str, white: float) -> None:
    picture = np.zeros((2, 2, 3), dtype)
    picture[0] = white
    weight = mask_weight(FrameBuffer(picture))
    assert weight.dtype == np.float32 and weight.tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_a_mask_with_transparency_is_its_alpha() -> None:
    picture = np.full((1, 2, 4), 255, np.uint8)
    picture[0, 1, 3] = 0
    assert mask_weight(FrameBuffer(picture)).tolist() == [[1.0, 0.0]]
    picture[..., 3] = 255
    picture[0, 0, :3] = 0
    assert mask_weight(FrameBuffer(picture)).tolist() == [[0.0, 1.0]], "an opaque picture is its luma"
