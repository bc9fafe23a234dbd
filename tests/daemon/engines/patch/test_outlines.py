from __future__ import annotations

import numpy as np
from keyfollow_daemon.engines.patch.outlines import Outlines, trim


def shifted(px: float) -> np.ndarray:
    offset = np.zeros((20, 30, 2), np.float32)
    offset[..., 0] = px  # of a picture half as large
    return offset


def test_an_outline_is_as_sharp_as_it_was_and_goes_along() -> None:
    outline = np.zeros((40, 60), np.bool_)
    outline[11:20, 13:30] = True
    outlines = Outlines()
    outlines.add(0, outline)
    reach = np.zeros((20, 30), np.float32)
    reach[5:11, 9:19] = 1.0
    inside = outlines.carried([0], lambda _: shifted(-3.0), reach)
    assert (inside == np.roll(outline, 6, axis=1)).all()
    between = outlines.carried([0], lambda _: shifted(-3.25), reach)
    assert (between[15, 18:21] == [0.0, 0.5, 1.0]).all()
    nothing = outlines.carried([0], lambda _: shifted(-3.0), np.zeros_like(reach))
    assert not nothing.any()


def test_of_two_objects_a_pixel_lies_on_one() -> None:
    outlines = Outlines()
    outlines.add(0, np.arange(60) < np.full((40, 1), 10))
    offset = shifted(0.0)
    offset[:, 20:, 0] = -18.0
    inside = outlines.carried([0], lambda _: offset, np.ones((20, 30), np.float32))
    assert (np.flatnonzero(inside[20]) == [*range(10), *range(40, 46)]).all()


def test_one_keyframe_s_outline_is_enough_and_others_are_forgotten() -> None:
    outlines = Outlines()
    for key in (0, 9):
        outlines.add(key, np.full((40, 60), key == 9))
    outlines.keep([0, 9, 12])
    everywhere = np.ones((20, 30), np.float32)
    assert outlines.carried([0, 9], lambda _: shifted(0.0), everywhere).all()
    assert not outlines.carried([0], lambda _: shifted(0.0), everywhere).any()


def test_a_blurred_edit_is_sharp_again_along_the_outline() -> None:
    inside = np.zeros((40, 60), np.float32)
    inside[:, 21:] = 1.0
    small = np.zeros((20, 30), np.float32)
    small[:, 10], small[:, 11:] = 0.5, 1.0
    blurred = np.repeat(np.array([0.0, 0.125, 0.375, 0.625, 0.875, 1.0], np.float32)[None], 40, axis=0)
    edit = np.zeros((40, 60, 3), np.float32)
    edit[:, 18:24] = 80.0 * blurred[..., None]
    edit[:, 24:] = 80.0
    trim(edit, inside, np.zeros((20, 30), np.float32))
    assert not edit[:, :21].any()
    assert np.abs(edit[:, 21:] - 80.0).max() < 1e-3


def test_what_was_filled_in_stays() -> None:
    edit = np.full((40, 60, 3), 7.0, np.float32)
    filled = np.zeros((20, 30), np.float32)
    filled[:, 15:] = 1.0
    trim(edit, np.zeros((40, 60), np.float32), filled)
    assert not edit[:, :29].any() and (edit[:, 31:] == 7.0).all()
