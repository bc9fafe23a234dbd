from __future__ import annotations

import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.ui.look import copied_look


def grade(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(pixels * [1.1, 1.0, 0.7] + [10, 0, 20], 0, 255).astype(np.uint8))


def test_a_grade_is_carried_to_another_picture_and_no_edit_changes_nothing() -> None:
    noise = np.random.default_rng(2)
    source = FrameBuffer(noise.integers(20, 200, (80, 120, 3), dtype=np.uint8))
    other = FrameBuffer(noise.integers(20, 200, (60, 50, 3), dtype=np.uint8))
    made = copied_look(source, FrameBuffer(grade(source.pixels)), other).pixels
    assert np.abs(made.astype(int) - grade(other.pixels).astype(int)).mean() < 2
    assert (copied_look(source, source, other).pixels == other.pixels).all()
    grey = FrameBuffer(np.full((8, 8, 3), 100, np.uint8))
    lit = FrameBuffer(np.full((8, 8, 3), 120, np.uint8))
    assert np.abs(copied_look(grey, lit, grey).pixels.astype(int) - 120).max() <= 2
