from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.poisson import screened


def energy(y: Any, detail: Any, colours: Any, weight: float) -> float:
    gradients = sum(np.square(np.diff(y - detail, axis=axis)).sum() for axis in (0, 1))
    return float(gradients + weight * np.square(y - colours).sum())


@pytest.mark.parametrize("shape", [(40, 60, 3), (33, 47, 4)])
def test_no_other_picture_is_better(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(3)
    detail, colours = (rng.random(shape).astype(np.float32) * 100 for _ in range(2))
    found = screened(detail, colours, 0.3)
    least = energy(found, detail, colours, 0.3)
    for _ in range(5):
        other = found + rng.normal(0, 1, shape)
        # odd sizes are solved on a slightly larger picture
        assert energy(other, detail, colours, 0.3) > least * (1 if shape[0] % 2 == 0 else 0.99)


def test_it_takes_detail_from_one_and_colour_from_the_other() -> None:
    x = np.arange(96, dtype=np.float32)
    stripes = np.broadcast_to((20 * (x // 2 % 2))[None, :, None], (96, 96, 3)).astype(np.float32)
    ramp = np.broadcast_to(x[:, None, None] * 2, (96, 96, 3)).astype(np.float32)
    made = screened(stripes, ramp, 0.05)
    inner = made[20:-20, 20:-20]
    assert np.abs(inner.mean(axis=1) - ramp[20:-20, 20:-20].mean(axis=1)).max() < 3
    assert np.abs(np.diff(inner, axis=1)).max() > 17


def test_a_strong_weight_leaves_only_colours_and_equal_pictures_stay() -> None:
    rng = np.random.default_rng(3)
    detail, colours = (rng.random((30, 30, 3)).astype(np.float32) for _ in range(2))
    assert np.abs(screened(detail, colours, 1e5) - colours).max() < 1e-3
    assert np.abs(screened(detail, detail, 0.1) - detail).max() < 1e-5
