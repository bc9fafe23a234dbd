from __future__ import annotations

import numpy as np
import pytest
from keyfollow_desktop.ui.painter.brush import SPACING, Path, Point


def laid(diameter: float, hardness: float, *points: Point) -> np.ndarray:
    """A stroke on 100 x 100 pixels."""
    cover = np.zeros((100, 100), np.float32)
    path = Path(diameter, hardness)
    for dab in [d for p in points for d in path.to(p)] + path.finish():
        height, width = dab.cover.shape
        part = cover[dab.top : dab.top + height, dab.left : dab.left + width]
        np.maximum(part, dab.cover, out=part)
    return cover


@pytest.mark.parametrize("diameter", [1.0, 3.0, 20.0, 60.0])
def test_a_touch_is_a_disc_of_the_brush_s_size(diameter: float) -> None:
    cover = laid(diameter, 1.0, Point(50, 50))
    assert cover.sum() == pytest.approx(np.pi * diameter**2 / 4, rel=0.5 if diameter < 5 else 0.06)
    assert np.abs(cover - cover[::-1, ::-1]).max() < 1e-6


def test_a_soft_brush_fades_and_a_hard_one_does_not() -> None:
    hard, soft = laid(40, 1.0, Point(50, 50)), laid(40, 0.0, Point(50, 50))
    assert ((hard > 0.01) & (hard < 0.99)).mean() < 0.03
    row = soft[50, 50:72]
    assert (np.diff(row) <= 0).all() and 0.3 < row[10] < 0.7


def test_points_far_apart_make_an_even_line_without_gaps() -> None:
    cover = laid(10, 1.0, Point(10, 50), Point(90, 50))
    assert (cover[50, 10:90] == 1).all() and cover[57:].max() == 0


def test_a_corner_of_reported_points_becomes_a_curve() -> None:
    cover = laid(4, 1.0, Point(10, 10), Point(10, 80), Point(80, 80))
    assert cover[79, 11] == 0 and cover[65:75, 12:25].max() == 1


def test_pressure_makes_it_wider_and_dabs_follow_size() -> None:
    light, full = laid(30, 1.0, Point(50, 50, 0.0)), laid(30, 1.0, Point(50, 50, 1.0))
    assert light.sum() < 0.05 * full.sum()
    path = Path(50, 1.0)
    path.to(Point(0, 0))
    path.to(Point(200, 0))
    assert 195 / (50 * SPACING) < len(path.to(Point(400, 0))) + 25 < 420 / (50 * SPACING)
