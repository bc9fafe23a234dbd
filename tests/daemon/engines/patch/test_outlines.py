from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.outlines import Outlines, Part, Place

SIZE = (20, 30)
"""Rows and columns of the small picture; the whole is twice as large."""


def shifted(px: float) -> Any:
    offset = np.zeros((*SIZE, 2), np.float32)
    offset[..., 0] = px  # of a picture half as large
    return offset


def outlines(*cores: Any, value: float = 80.0) -> Outlines:
    made = Outlines()
    for key, core in enumerate(cores):
        edit = np.where(core[..., None], np.float32(value), np.zeros(3, np.float32))
        made.add(key, edit, core, (slice(0, 40), slice(0, 60)), (30, 20))
    return made


def part(edit: Any, *, filled: Any = None, shown: Any = None) -> Part:
    nothing = np.zeros(SIZE, np.bool_)
    shown = np.ones_like(nothing) if shown is None else shown
    return Part(
        (slice(0, 20), slice(0, 30)), SIZE, edit, nothing if filled is None else filled, shown, np.zeros(SIZE, np.float32)
    )


def enlarged(made: Outlines, small: Part, *places: Place) -> tuple[Any, Any]:
    """(edit, inside) of the whole picture."""
    window, edit, inside = made.enlarged(small, places, 40, 60)
    whole, within = np.zeros((40, 60, 3), np.float32), np.zeros((40, 60), np.float32)
    whole[window], within[window] = edit, inside
    return whole, within


def test_an_outline_is_as_sharp_as_it_was_and_goes_along() -> None:
    outline = np.zeros((40, 60), np.bool_)
    outline[11:20, 13:30] = True
    made = outlines(outline)
    shown = np.zeros(SIZE, np.bool_)
    shown[5:11, 9:19] = True
    small = part(np.zeros((*SIZE, 3), np.float32), shown=shown)
    assert (enlarged(made, small, Place(0, 1.0, shifted(-3.0)))[1] == np.roll(outline, 6, axis=1)).all()
    between = enlarged(made, small, Place(0, 1.0, shifted(-3.25)))[1]
    assert (between[15, 18:21] == [0.0, 0.5, 1.0]).all()
    small = part(np.zeros((*SIZE, 3), np.float32), shown=shown & False)
    assert not enlarged(made, small, Place(0, 1.0, shifted(-3.0)))[1].any()


def test_of_two_objects_a_pixel_lies_on_one() -> None:
    made = outlines(np.arange(60) < np.full((40, 1), 10))
    offset = shifted(0.0)
    offset[:, 20:, 0] = -18.0
    inside = enlarged(made, part(np.zeros((*SIZE, 3), np.float32)), Place(0, 1.0, offset))[1]
    assert (np.flatnonzero(inside[20]) == [*range(10), *range(40, 46)]).all()


def test_one_keyframe_s_outline_is_enough_and_others_are_forgotten() -> None:
    made = outlines(*(np.full((40, 60), key == 1) for key in (0, 1)))
    made.keep([0, 1, 12])
    small = part(np.zeros((*SIZE, 3), np.float32))
    first, second = Place(0, 0.5, shifted(0.0)), Place(1, 0.5, shifted(0.0))
    assert enlarged(made, small, first, second)[1].all()
    assert not enlarged(made, small, first)[1].any()
    made.keep([0])
    with pytest.raises(KeyError):
        made[1]


@pytest.mark.parametrize("light", [1.0, 0.5])
def test_an_enlarged_edit_is_as_sharp_as_the_keyframe_s_and_as_bright_as_the_small_one(light: float) -> None:
    core = np.zeros((40, 60), np.bool_)
    core[:, 21:] = True
    small = np.zeros((*SIZE, 3), np.float32)
    small[:, 10], small[:, 11:] = 40.0 * light, 80.0 * light
    edit, _ = enlarged(outlines(core), part(small), Place(0, 1.0, shifted(0.0)))
    assert not edit[:, :21].any()
    assert np.abs(edit[:, 21:] - 80.0 * light).max() < 0.2 * 80.0 * light, "a bilinear copy lacks three eighths there"
    assert np.abs(edit[:, 24:] - 80.0 * light).max() < 0.01 * 80.0


def test_two_keyframes_that_show_the_same_count_once() -> None:
    core = np.zeros((40, 60), np.bool_)
    core[:, 20:] = True
    small = np.zeros((*SIZE, 3), np.float32)
    small[:, 10:] = 80.0
    edit, _ = enlarged(outlines(core, core), part(small), Place(0, 0.3, shifted(0.0)), Place(1, 0.7, shifted(0.0)))
    assert np.abs(edit[:, 21:] - 80.0).max() < 0.5 and np.abs(edit[:, 20] - 80.0).max() < 0.15 * 80.0


def test_what_was_filled_in_stays() -> None:
    filled = np.zeros(SIZE, np.bool_)
    filled[:, 15:] = True
    small = part(np.full((*SIZE, 3), 7.0, np.float32), filled=filled)
    edit, _ = enlarged(outlines(np.zeros((40, 60), np.bool_)), small, Place(0, 1.0, shifted(0.0)))
    assert not edit[:, :29].any() and (edit[:, 31:] == 7.0).all()


def test_a_part_that_holds_nothing_stays_empty() -> None:
    nothing = np.zeros((0, 0), np.bool_)
    window = (slice(0, 0), slice(0, 0))
    small = Part(window, SIZE, np.zeros((0, 0, 3), np.float32), nothing, nothing, np.zeros((0, 0), np.float32))
    found, edit, inside = outlines(np.ones((40, 60), np.bool_)).enlarged(small, [], 40, 60)
    assert found == window and not edit.size and not inside.size


def test_a_part_s_pixels_are_found_under_those_of_the_whole() -> None:
    nothing = np.zeros((4, 4), np.bool_)
    small = Part(
        (slice(5, 9), slice(10, 14)), SIZE, np.zeros((4, 4, 3), np.float32), nothing, nothing, np.zeros((4, 4), np.float32)
    )
    down, across = small.under((slice(9, 19), slice(20, 28)), 40, 60)
    assert down.tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 3] and across.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
