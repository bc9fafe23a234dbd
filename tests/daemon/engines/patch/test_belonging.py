from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.belonging import NOTHING, belonging

SHAPE = (80, 120)


def scene() -> tuple[Any, Any, Any]:
    """An edited object on the left moving 6 px right, the rest at rest; the strip between them is untracked."""
    seen = np.full(SHAPE, NOTHING, np.uint8)
    seen[:, :40] = 0
    unedited = np.zeros(SHAPE, np.bool_)
    unedited[:, 80:] = True
    motion = np.zeros((*SHAPE, 2), np.float32)
    motion[:, :40, 0] = 6.0
    return seen, unedited, motion


def test_what_moves_with_the_object_belongs_to_it_and_what_rests_does_not() -> None:
    seen, unedited, motion = scene()
    motion[:40, 40:80, 0] = 6.0
    labels, allowed, _ = belonging(seen, unedited, motion)
    assert allowed[10, 60] > 0.9 and labels[10, 60] == 0
    assert allowed[70, 60] < 0.1


def test_without_relative_motion_nothing_is_ruled_out() -> None:
    seen, unedited, motion = scene()
    _, allowed, alike = belonging(seen, unedited, motion * 0)
    assert allowed.min() == 1.0 and alike.min() == 1.0


def test_of_two_objects_the_one_that_moves_alike_is_chosen() -> None:
    seen, unedited, motion = scene()
    seen[:, 80:] = 1
    motion[:, 70:80, 0] = 6.0
    labels, _, _ = belonging(seen, np.zeros_like(unedited), motion)
    assert labels[40, 74] == 0
    assert labels[40, 100] == 1 and labels[40, 10] == 0


def test_with_nothing_seen_nothing_belongs() -> None:
    seen, unedited, motion = scene()
    labels, allowed, _ = belonging(np.full_like(seen, NOTHING), unedited, motion)
    assert (labels == NOTHING).all() and allowed.max() < 0


def test_what_moves_like_nothing_around_does_not_move_as_the_object_does() -> None:
    """A pole passes in front, faster than either."""
    seen, unedited, motion = scene()
    motion[:, 40:80, 0] = 10.0
    _, allowed, alike = belonging(seen, unedited, motion)
    assert allowed[40, 60] == 1.0 and alike[40, 60] < 0
    assert alike[40, 20] == 1.0


def test_a_stray_track_does_not_tell_how_the_object_moves() -> None:
    seen, unedited, motion = scene()
    seen[40:42, 70:78] = 0
    labels, allowed, alike = belonging(seen, unedited, motion)
    assert labels[41, 60] == 0 and allowed[41, 60] < 0.1 and alike[41, 60] < 0


def test_an_object_of_which_only_specks_are_left_is_told_by_those() -> None:
    seen, unedited, motion = scene()
    seen[:] = NOTHING
    seen[40:42, 20:28] = 0
    _, _, alike = belonging(seen, unedited, motion)
    assert alike[41, 30] == 1.0


def test_what_is_lost_amid_the_object_belongs_to_it_however_it_moves() -> None:
    """A reflection glides over a car's door."""
    seen, unedited, motion = scene()
    seen[30:50, 12:28] = NOTHING
    motion[30:50, 12:28, 0] = -9.0
    unedited[:, 60:] = True
    _, allowed, alike = belonging(seen, unedited, motion)
    assert allowed[40, 20] == 1.0 and alike[40, 20] == 1.0
    unedited[28:52, 14:30] = True  # unless something unedited is tracked there
    _, _, alike = belonging(seen, unedited, motion)
    assert alike[40, 20] < 0.1
