from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow_daemon.engines.base import Array
from keyfollow_daemon.engines.patch.flow import pair_flow, unpack
from keyfollow_daemon.engines.patch.pixels import evened
from keyfollow_daemon.engines.patch.shots import alikeness, is_cut, shots


def cut(first: Any, second: Any) -> bool:
    flow = unpack(pair_flow(evened(first), evened(second), 1), first.shape[1], first.shape[0], 1)
    assert flow is not None
    return is_cut(first, second, flow)


def brighter(picture: Array, gain: float, shift: float) -> Array:
    return np.asarray(np.clip(picture.astype(np.float32) * gain + shift, 0, 255), np.uint8)


def blurred(picture: Array) -> Array:
    return np.asarray(cv2.blur(picture, (25, 1)))


def test_another_picture_is_a_cut(square: Any, picture: Array) -> None:
    assert cut(square.pictures[0], picture) and cut(picture, square.pictures[0])


@pytest.mark.parametrize("change", [lambda p: brighter(p, 1.8, 30), lambda p: brighter(p, 0.4, 0), blurred])
def test_flashes_dips_and_blur_are_none(square: Any, change: Any) -> None:
    assert not cut(square.pictures[2], change(square.pictures[3]))


def flat(behind: tuple[int, int, int], left: int, colour: tuple[int, int, int] = (220, 60, 50)) -> Array:
    out = np.full((144, 192, 3), behind, np.uint8)
    out[30:60, left : left + 30] = colour
    return out


def test_what_grey_does_not_show_is_looked_for_in_colour() -> None:
    # the first square is just as bright as what is behind it
    first, second = flat((90, 110, 140), 20), flat((96, 116, 146), 26)
    grey = cv2.cvtColor(first, cv2.COLOR_RGB2GRAY)
    assert np.ptp(grey) <= 1
    assert not cut(first, second)
    assert cut(first, flat((30, 160, 60), 110, (200, 200, 20)))


def test_motion_is_none(square: Any) -> None:
    assert not cut(square.pictures[0], square.pictures[1]) and not cut(square.pictures[0], square.pictures[7])


def test_alikeness_forgives_light(picture: Array) -> None:
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)).astype(np.float32)
    assert alikeness(grey, grey * 0.5 + 20) > 0.99
    assert alikeness(grey, grey[::-1].copy()) < 0.5
    assert alikeness(grey, np.zeros_like(grey)) == 0.0


def test_shots_divide_the_frames_between_the_outermost() -> None:
    assert list(shots([4, 9, 20], [2, 4, 9, 15, 21, 30])) == [range(4, 9), range(9, 15), range(15, 21)]
    assert list(shots([7], [])) == [range(7, 8)]
