from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.appearance import Appearance, agreement
from keyfollow_daemon.engines.patch.pixels import cv, evened

SHAPE = (160, 200)


def ball(x: float, y: float, roll: float = 0.0, post: int | None = None) -> Any:
    """A picture of a spotted disk on a brick-like wall; its spots lie `roll` px further; a `post` of its colour may stand before it."""
    rows, columns = np.indices(SHAPE, np.float32)
    wall = 70 + 25 * ((np.floor(rows / 9) + np.floor(columns / 14)) % 2)
    out = np.repeat(wall[..., None], 3, axis=2)
    spots = np.sin((columns - x - roll) / 2.7) * np.cos((rows - y) / 3.1) > 0.3
    inside = np.hypot(columns - x, rows - y) < 26
    out[inside] = np.where(spots[..., None], (235, 200, 150), (150, 90, 50))[inside]
    if post is not None:
        out[:, post : post + 9] = (150, 90, 50)
    return out.astype(np.uint8)


def area(x: float, y: float) -> Any:
    rows, columns = np.indices(SHAPE, np.float32)
    return (np.hypot(columns - x, rows - y) < 26).astype(np.uint8)


def shown() -> Appearance:
    picture = ball(50, 80)
    return Appearance(picture, evened(picture), area(50, 80))


def place(pose: Any) -> Any:
    return (np.linalg.inv(pose) @ (50, 80, 1))[:2]


def test_an_object_is_found_to_a_pixel_behind_what_stands_before_it() -> None:
    found = shown().located(np.eye(3), ball(91, 84, post=88), 60.0)
    assert found is not None and found.sure
    assert np.abs(place(found.pose) - (91, 84)).max() <= 1.5


def test_what_is_nowhere_around_is_not_found() -> None:
    wall = ball(500, 500)
    assert shown().located(np.eye(3), wall, 60.0) is None
    assert shown().located(np.eye(3), ball(150, 80), 30.0) is None


def test_of_two_alike_neither_is_sure() -> None:
    both = ball(29, 80)
    both[:, 57:] = ball(86, 80)[:, 57:]
    found = shown().located(np.eye(3), both, 60.0)
    assert found is not None and not found.sure


def test_what_rolled_behind_its_outline_is_found_by_its_details() -> None:
    rolled = evened(ball(50, 80, roll=7))
    pose = shown().textured(np.eye(3), rolled)
    assert np.abs(place(pose) - (57, 80)).max() <= 1.5
    still = shown().textured(np.eye(3), evened(ball(50, 80)))
    assert np.array_equal(still, np.eye(3))


def test_nothing_is_looked_for_of_an_empty_area() -> None:
    nothing = Appearance(ball(50, 80), evened(ball(50, 80)), np.zeros(SHAPE, np.uint8))
    assert nothing.located(np.eye(3), ball(50, 80), 20.0) is None


def test_agreement_does_not_depend_on_the_number_of_threads() -> None:
    template, picture = shown().fine, ball(60, 82)
    threads = cv.getNumThreads()
    out = []
    for count in (1, 2):
        cv.setNumThreads(count)
        out.append(agreement(picture, template.colours, np.rint(template.places).astype(np.intp), 40))
    cv.setNumThreads(threads)
    assert np.array_equal(out[0], out[1])
    row, column = divmod(int(np.argmax(out[0])), out[0].shape[1])
    assert (column - 40, row - 40) == (10, 2)
