from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow_daemon.engines.patch.changes import change_mask
from keyfollow_daemon.engines.patch.recoding import noise_threshold


@pytest.fixture
def smooth(picture: Any) -> Any:
    return cv2.GaussianBlur(picture, (0, 0), 2).astype(np.float32)


def through_jpeg(picture: Any, quality: int) -> Any:
    halved = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    _, data = cv2.imencode(".jpg", np.rint(picture).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality, *halved])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)).astype(np.float32)


def test_a_file_that_stores_exactly_has_no_threshold(picture: Any) -> None:
    source = picture.astype(np.float32)
    key = source.copy()
    assert noise_threshold(key, source) == 0
    key[50, 60, 1] += 1
    assert noise_threshold(key, source) == 0


@pytest.mark.parametrize("quality", [95, 85, 75])
def test_a_jpeg_has_one_even_of_colours_that_another_program_rounded(smooth: Any, quality: int) -> None:
    assert 0 < noise_threshold(through_jpeg(smooth, quality), smooth) <= 16
    rng = np.random.default_rng(4)
    off = cv2.resize(rng.normal(0, 2, (36, 48, 3)).astype(np.float32), smooth.shape[1::-1])
    key = through_jpeg(np.clip(smooth + off, 0, 255), quality)
    assert 0 < noise_threshold(key, smooth) <= 16
    assert change_mask(key, smooth).mean() < 0.05


def test_a_grade_of_the_whole_picture_is_no_noise(picture: Any) -> None:
    source = picture.astype(np.float32)
    assert noise_threshold(source * np.float32(0.9) + 6, source) == 0
    assert change_mask(source + 8, source).all()


@pytest.mark.parametrize("strength", [0.3, -0.3])
def test_fine_detail_made_stronger_or_weaker_is_an_edit(picture: Any, strength: float) -> None:
    source = picture.astype(np.float32)
    key = np.clip(np.rint(source + strength * (source - cv2.GaussianBlur(source, (0, 0), 2))), 0, 255)
    assert noise_threshold(key, source) == 0 and change_mask(key, source).mean() > 0.9


def test_less_saturation_is_an_edit_even_of_a_picture_with_little(picture: Any) -> None:
    grey = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2).astype(np.float32)
    source = np.rint(grey + 0.15 * (picture - grey))
    key = np.rint(grey + 0.75 * (source - grey))
    assert np.abs(key - source).max() < 10
    assert noise_threshold(key, source) == 0


def test_tiles_are_told_by_what_differs_most_in_them_and_by_their_means(smooth: Any) -> None:
    """The quick way out says the same as the definition."""
    rng = np.random.default_rng(5)
    grain = rng.integers(-3, 4, smooth.shape).astype(np.float32)
    for key in (smooth + grain, smooth + grain + 2, smooth + grain * (rng.random(smooth.shape[:2]) < 0.004)[..., None]):
        difference = (key - smooth)[: smooth.shape[0] // 8 * 8, : smooth.shape[1] // 8 * 8]
        tiles = difference.reshape(difference.shape[0] // 8, 8, -1, 8, 3)
        most, drift = np.abs(tiles).max(axis=(1, 3, 4)), np.abs(tiles.mean(axis=(1, 3))).max(axis=2)
        noisy = (most > 0) & (most < 24) & (drift < np.maximum(1.5, most / 4))
        believed = noisy.mean() >= 1 / 3 and noisy.sum() >= 2 * (most == 0).sum()
        assert noise_threshold(key, smooth) == (min(16.0, np.percentile(most[noisy], 99) + 1.0) if believed else 0.0)
