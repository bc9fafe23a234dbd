"""Previews: small, seldom, and never more than may be sent."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from keyfollow.engine_info import PREVIEW_BYTES, PREVIEW_SIDE
from keyfollow_daemon.jobs.preview import Previews, encoded


def shown(data: bytes | None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """RGB."""
    assert data is not None
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return np.asarray(found[..., ::-1], np.uint8)


def test_colours_and_a_small_pictures_size_are_kept() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, :30] = (230, 20, 40)
    found = shown(encoded(picture))
    assert found.shape == picture.shape and np.abs(found[20, 10].astype(int) - (230, 20, 40)).max() < 12


@pytest.mark.parametrize("size", [(2160, 3840), (4000, 3), (256, 256)])
def test_whatever_is_shown_is_bounded(size: tuple[int, int]) -> None:
    """Noise, which compresses worst."""
    data = encoded(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8))
    assert data is not None and len(data) <= PREVIEW_BYTES and max(shown(data).shape) <= PREVIEW_SIDE


def test_one_a_second_and_less_often_where_they_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now, made = [100.0], [0]
    monkeypatch.setattr("keyfollow_daemon.jobs.preview.time.monotonic", lambda: now[0])
    found = Previews()

    def make(takes: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        made[0] += 1
        now[0] += takes
        return np.zeros((8, 8, 3), np.uint8)

    for _ in range(100):
        found.offer(lambda: make(0.0))
        now[0] += 0.1
    assert 9 <= made[0] <= 11
    made[0], began = 0, now[0]
    while now[0] < began + 1000:
        found.offer(lambda: make(0.5))
        now[0] += 0.1
    assert 0.5 * made[0] < 0.021 * 1000 and made[0] > 30
    assert found.latest is not None
    found.forget()
    assert found.latest is None
