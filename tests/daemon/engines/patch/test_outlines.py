from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.outlines import FAINT, Outlines


def drawn(*places: tuple[int, int]) -> Any:
    """An edit of 40 x 60 px that is faint at `places` and strong at (30, 50)."""
    edit = np.zeros((40, 60, 3), np.float32)
    for place in places:
        edit[place] = (0.0, -0.5 * FAINT, 0.0)
    edit[30, 50] = 2 * FAINT
    return edit


def test_what_is_faint_stays_within_the_outline_as_it_moved() -> None:
    outline = np.zeros((40, 60), np.bool_)
    outline[10:20, 10:30] = True
    outlines = Outlines()
    outlines.add(0, outline)
    offset = np.zeros((20, 30, 2), np.float32)
    offset[..., 0] = -4.0  # of a picture half as large
    edit = drawn((15, 20), (15, 15), (5, 5))
    outlines.trim(edit, [0], lambda _: offset)
    assert edit[15, 20].any() and not edit[15, 15].any() and not edit[5, 5].any() and edit[30, 50].all()


def test_one_keyframe_s_outline_is_enough_and_others_are_forgotten() -> None:
    outlines = Outlines()
    for key in (0, 9):
        outlines.add(key, np.full((40, 60), key == 9))
    outlines.keep([0, 9, 12])
    edit = drawn((15, 20))
    outlines.trim(edit, [0, 9], lambda _: np.zeros((20, 30, 2), np.float32))
    assert edit[15, 20].any()
    outlines.trim(edit, [0], lambda _: np.zeros((20, 30, 2), np.float32))
    assert not edit[15, 20].any()
