from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.objects import LONG, MAX_OBJECTS, REST, Objects

SHAPE = (120, 160)
TEXTURED = np.zeros(SHAPE, np.float32)


def area() -> Any:
    changed = np.zeros(SHAPE, np.bool_)
    changed[40:80, 40:90] = True
    return changed


def shifted(dx: float) -> Any:
    offset = np.zeros((*SHAPE, 2), np.float32)
    offset[..., 0] = -dx
    return offset


def translation(dx: float) -> Any:
    return np.array([[1.0, 0.0, dx], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def test_the_pose_follows_what_is_tracked_and_goes_on_when_hidden() -> None:
    objects = Objects(area(), area(), TEXTURED)
    motions = objects.start()
    sure = np.ones(SHAPE, np.float32)
    for t in range(1, 11):
        motions = objects.follow(motions, shifted(2 * t), sure)
    assert np.allclose(motions[0].pose @ (70, 60, 1), (50, 60, 1), atol=0.7)
    for _ in range(5):
        motions = objects.follow(motions, shifted(0), np.zeros(SHAPE, np.float32))
    assert np.allclose(motions[0].pose @ (80, 60, 1), (50, 60, 1), atol=2.0)


def test_lost_pixels_are_expected_where_the_pose_says() -> None:
    objects = Objects(area(), area(), TEXTURED)
    tracked = np.ones(SHAPE, np.float32)
    motions = objects.start()
    for t in range(1, 11):
        motions = objects.follow(motions, shifted(t), tracked)
    tracked[:, 60:] = 0
    offset, lost = objects.expected(motions, shifted(10) * 0, tracked)
    assert lost[60, 70] and not lost[60, 55] and not lost[10, 70]
    assert abs(offset[60, 70, 0] + 10) < 0.7 and offset[60, 55, 0] == 0


def test_only_the_largest_areas_count_and_crumbs_do_not() -> None:
    assert Objects(np.zeros(SHAPE, np.bool_), np.zeros(SHAPE, np.bool_), TEXTURED).start() == ()
    many = np.zeros(SHAPE, np.bool_)
    for i in range(5):
        for j in range(4):
            many[5 + 22 * i : 13 + 22 * i, 5 + 40 * j : 13 + 40 * j] = True
    assert len(Objects(np.zeros(SHAPE, np.bool_), many, TEXTURED).start()) == MAX_OBJECTS


def test_an_object_that_never_comes_back_keeps_a_pose_that_means_something() -> None:
    objects = Objects(area(), area(), TEXTURED)
    motions = objects.start()
    rows, columns = np.indices(SHAPE, np.float32)
    growing = np.dstack([0.1 * (60 - columns), 0.1 * (60 - rows)]).astype(np.float32)
    motions = objects.follow(motions, growing, np.ones(SHAPE, np.float32))
    for _ in range(3000):
        motions = objects.follow(motions, growing, np.zeros(SHAPE, np.float32))
    scales = np.linalg.svd(motions[0].pose[:2, :2], compute_uv=False)
    assert scales[0] < 20 and scales[1] > 0.05


def test_what_shows_an_object_but_does_not_move_with_it_strays() -> None:
    objects = Objects(np.zeros(SHAPE, np.bool_), area(), TEXTURED)
    motions, sure = objects.start(), np.ones(SHAPE, np.float32)
    for t in range(1, 21):
        motions = objects.follow(motions, shifted(5 * t), sure)
    motion = np.zeros((*SHAPE, 2), np.float32)
    motion[:60, :, 0] = -5.0
    seen, everywhere = sure > 0, sure > 0
    strays = objects.strays(motions, shifted(100), motion, seen, everywhere)
    assert not strays[45:58, 142:155].any() and strays[62:78, 142:155].all()
    assert not strays[:, :120].any()
    assert not objects.strays(motions, shifted(100), motion, ~seen, everywhere).any()
    assert objects.strays(motions, shifted(60), motion, ~seen, everywhere)[45:78, 105:145].all()


def test_what_is_found_while_its_colours_are_nowhere_does_not_move_an_object() -> None:
    objects = Objects(area(), area(), TEXTURED)
    moving = replace(REST, step=np.linalg.inv(translation(3.0)), lost=2, hidden=4)
    few = np.zeros(SHAPE, np.float32)
    few[90:110, 130:150] = 1.0
    # a bit of what is elsewhere is taken for a part of it
    bits = np.zeros((*SHAPE, 2), np.float32) - (70.0, 40.0)
    (hidden, *_) = objects.follow([moving] * 2, bits.astype(np.float32), few)
    assert hidden.lost == 3 and np.allclose(np.linalg.inv(hidden.pose)[:2, 2], (3.0, 0.0))
    gone = replace(moving, hidden=LONG + 1)
    (still, *_) = objects.follow([gone] * 2, bits.astype(np.float32), few)
    assert gone.gone and still.gone and np.array_equal(still.pose, np.eye(3))


def test_what_would_be_recognised_does_not_grow_at_once() -> None:
    objects = Objects(area(), area(), TEXTURED)
    rows, columns = np.indices(SHAPE, np.float32)
    grown = np.dstack([-columns / 2, -rows / 2]).astype(np.float32)
    sure = np.ones(SHAPE, np.float32)
    (known, _) = objects.follow(objects.start(), grown, sure, lambda n: True)
    (unknown, _) = objects.follow(objects.start(), grown, sure)
    assert np.array_equal(known.pose, np.eye(3)) and known.lost == 1
    assert np.linalg.det(unknown.pose) < 0.6


def test_pixels_that_show_an_object_far_from_its_pose_are_elsewhere() -> None:
    objects = Objects(np.zeros(SHAPE, np.bool_), area(), TEXTURED)
    away = objects.elsewhere([replace(REST, pose=np.linalg.inv(translation(30.0)))], shifted(0))
    assert away[60, 60] and not away[10, 10] and not objects.elsewhere([None], shifted(0)).any()
    assert not objects.elsewhere([replace(REST, pose=np.linalg.inv(translation(30.0)))], shifted(30)).any()
