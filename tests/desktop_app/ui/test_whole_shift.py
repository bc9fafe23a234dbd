from __future__ import annotations

import cv2
import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.ui.whole_shift import whole_shift, without_shift


def source() -> np.ndarray:
    noise = np.random.default_rng(3).random((160, 240, 3)).astype(np.float32)
    return np.asarray(40 + 170 * cv2.GaussianBlur(noise, (0, 0), 4) * [1, 0.8, 0.6] + 20 * noise, np.float32).clip(0, 255)


def gamma(pixels: np.ndarray) -> np.ndarray:
    """What a wrongly assumed transfer curve does."""
    return np.asarray(255 * (pixels / 255) ** 1.05)


@pytest.mark.parametrize("shift", [lambda p: p + 2, gamma, lambda p: p * [1.02, 1.0, 0.98] + 1])
def test_a_slight_shift_of_everything_is_found_and_taken_back_around_what_was_painted(shift: object) -> None:
    base = FrameBuffer(np.rint(source()).astype(np.uint8))
    assert callable(shift)
    moved = np.clip(np.rint(shift(base.pixels.astype(float))), 0, 255)
    moved[30:70, 50:120] = (200, 30, 40)
    edited = FrameBuffer(moved.astype(np.uint8))
    found = whole_shift(edited, base)
    assert found is not None
    made = without_shift(edited, base, found).pixels
    outside = np.ones(made.shape[:2], bool)
    outside[30:70, 50:120] = False
    assert (made[outside] == base.pixels[outside]).mean() > 0.999
    assert np.abs(made[40:60, 60:110].astype(int) - (200, 30, 40)).max() < 14


def test_paint_grades_and_nothing_are_no_shift() -> None:
    base = FrameBuffer(np.rint(source()).astype(np.uint8))
    assert whole_shift(base, base) is None
    painted = base.pixels.copy()
    painted[:100] = 255 - painted[:100]
    assert whole_shift(FrameBuffer(painted), base) is None
    graded = np.clip(base.pixels.astype(int) + 60, 0, 255).astype(np.uint8)
    assert whole_shift(FrameBuffer(graded), base) is None
    noisy = np.clip(base.pixels + np.random.default_rng(1).normal(0, 12, base.pixels.shape), 0, 255).astype(np.uint8)
    assert whole_shift(FrameBuffer(noisy), base) is None
