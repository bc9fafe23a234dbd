from __future__ import annotations

from dataclasses import replace

import numpy as np
from keyfollow_daemon.engines.patch.blur import SHARP, Smears, smeared, smears
from keyfollow_daemon.engines.patch.correspondence import start
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.objects import REST, Objects
from keyfollow_daemon.engines.patch.pixels import Bools, Bytes, cv, evened

SHAPE = (96, 128)


def picture() -> Bytes:
    noise = np.random.default_rng(5).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    out: Bytes = cv.resize(noise, SHAPE[::-1], interpolation=cv.INTER_CUBIC)
    return out


def edited() -> Bools:
    out = np.zeros(SHAPE, np.bool_)
    out[30:66, 40:90] = True
    return out


def objects() -> Objects:
    return Objects(np.zeros(SHAPE, np.bool_), edited(), np.zeros(SHAPE, np.float32))


def test_only_what_moves_fast_is_smeared() -> None:
    assert smears(np.array([3.0, 0.0])) == []
    assert smears(np.array([0.0, -16.0])) == [(0.0, -4.0), (0.0, -8.0)]


def test_an_area_is_smeared_along_its_motion_and_the_rest_stays() -> None:
    area = edited().astype(np.uint8)
    out = smeared(picture(), [area], [(9.0, 0.0)])
    assert np.array_equal(out[:20], picture()[:20]) and np.array_equal(out[:, :25], picture()[:, :25])
    inside = np.s_[32:64, 46:84]
    across, down = (np.abs(np.diff(out[inside].astype(int), axis=axis)).mean() for axis in (1, 0))
    assert across < 0.6 * down


def test_the_blur_that_a_frame_has_is_told() -> None:
    key = KeyView(picture())
    view = Smears(key, objects())
    step = np.array([[1.0, 0.0, -18.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    motion = replace(REST, step=step, sought=True)
    state = replace(start(*SHAPE), motions=(motion,))
    blurred = smeared(picture(), [edited().astype(np.uint8)], [(9.0, 0.0)])
    assert np.allclose(view.told(state, evened(blurred)).motions[0].smear, (9.0, 0.0))
    assert view.told(state, evened(picture())).motions[0].smear == SHARP
    assert view.told(replace(state, motions=(replace(motion, sought=False),)), evened(blurred)).motions[0].smear == SHARP


def test_a_sharp_view_is_the_keyframe_itself() -> None:
    key = KeyView(picture())
    view = Smears(key, objects())
    assert view.view((REST,)) is key
    soft = view.view((replace(REST, smear=(8.0, 0.0)),))
    assert soft is not key and soft is view.view((replace(REST, smear=(8.0, 0.0)),))
