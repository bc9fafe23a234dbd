from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.alignment import Aligned
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.pixels import cv, evened, grid

HEIGHT, WIDTH = 64, 80
OFF = (0.4, -0.3)


@pytest.fixture
def texture() -> Any:
    noise = np.random.default_rng(1).standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    smooth = cv.GaussianBlur(noise, (0, 0), 2.0)
    return np.repeat(np.clip(128 + 300 * smooth, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def moved(picture: Any) -> Any:
    """A frame whose pixels were `OFF` px further right and down in the keyframe."""
    return cv.remap(
        picture, grid(HEIGHT, WIDTH) + np.array(OFF, np.float32), None, cv.INTER_CUBIC, borderMode=cv.BORDER_REPLICATE
    )


def test_a_fraction_of_a_pixel_is_found(texture: Any) -> None:
    offset, tracked = np.zeros((HEIGHT, WIDTH, 2), np.float32), np.ones((HEIGHT, WIDTH), np.float32)
    where = np.zeros((HEIGHT, WIDTH), np.bool_)
    where[20:44, 20:60] = True
    found = Aligned(KeyView(texture))(offset, tracked, evened(moved(texture)), where)
    assert not offset.any(), "what it was given stays as it was"
    away = np.abs(found[24:40, 24:56] - np.array(OFF, np.float32))
    assert np.median(away) < 0.12
    assert not found[:10].any(), "nothing is moved elsewhere"


def test_what_is_lost_or_flat_stays(texture: Any) -> None:
    offset, lost = np.zeros((HEIGHT, WIDTH, 2), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    everywhere = lost == 0
    assert not Aligned(KeyView(texture))(offset, lost, evened(moved(texture)), everywhere).any()
    flat = np.full_like(texture, 90)
    assert np.abs(Aligned(KeyView(flat))(offset, lost + 1, evened(flat), everywhere)).max() < 0.01
