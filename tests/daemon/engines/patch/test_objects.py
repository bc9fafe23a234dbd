from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.objects import MAX_OBJECTS, Objects

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
