from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.islands import astray, islands, parts

SHAPE = (120, 200)
EDITED = np.s_[10:110, 20:120]
"""Of the keyframe."""
SPOT = np.s_[80:86, 170:176]
"""Of a frame, far from everything else that is seen of the edit."""


def edit(where: Any = EDITED) -> tuple[Any, Any]:
    changed = np.zeros(SHAPE, np.bool_)
    changed[where] = True
    return parts(changed)


def seen(*places: Any) -> tuple[Any, Any]:
    """(offset, tracked) of a frame that shows the edit in `places` alone."""
    offset, tracked = np.full((*SHAPE, 2), 1e4, np.float32), np.zeros(SHAPE, np.float32)
    for place in places:
        rows, columns = np.mgrid[place]
        offset[place] = np.stack([60.0 - columns, 60.0 - rows], axis=2)
        tracked[place] = 1.0
    return offset, tracked


def everything() -> Any:
    return np.ones(SHAPE, np.bool_)


def test_a_few_pixels_of_a_large_edit_where_nothing_else_of_it_is_are_found_by_chance() -> None:
    offset, tracked = seen(SPOT)
    out = islands(*edit(), offset, tracked, everything(), everything())
    assert out[SPOT].all() and out.sum() == 36


def test_as_many_of_a_small_edit_are_not() -> None:
    offset, tracked = seen(SPOT)
    assert not islands(*edit(np.s_[40:80, 40:80]), offset, tracked, everything(), everything()).any()


def test_nor_a_piece_that_is_large_enough() -> None:
    offset, tracked = seen(np.s_[70:90, 160:180])
    assert not islands(*edit(), offset, tracked, everything(), everything()).any()


def test_nor_what_is_near_other_pieces_of_it() -> None:
    offset, tracked = seen(SPOT, np.s_[60:100, 100:155])
    assert not islands(*edit(), offset, tracked, everything(), everything()).any()


def test_what_the_sources_own_track_holds_vouches_for_the_piece() -> None:
    offset, tracked = seen(SPOT)
    found = everything()
    found[82, 172] = False
    assert not islands(*edit(), offset, tracked, found, found).any()


def test_a_piece_that_was_there_before_may_leave_sight_bit_by_bit() -> None:
    offset, tracked = seen(SPOT)
    new = everything()
    new[82, 172] = False
    assert not islands(*edit(), offset, tracked, everything(), new).any()
    offset, tracked = seen(np.s_[82:84, 170:174])
    assert islands(*edit(), offset, tracked, everything(), new).sum() == 8, "until next to nothing of it is left"


def test_a_strip_that_moves_otherwise_and_comes_from_elsewhere_is_astray() -> None:
    offset, motion = np.zeros((*SHAPE, 2), np.float32), np.zeros((*SHAPE, 2), np.float32)
    motion[..., 0] = 2.0
    strip = np.s_[20:100, 60:66]
    motion[strip] = 5.0
    sure = np.ones(SHAPE, np.float32)
    labels, _ = edit()
    # a flow that is wrong for a moment in a plain place is no other thing
    assert not astray(labels, offset, sure, motion, everything()).any()
    offset[strip] = 8.0
    out = astray(labels, offset, sure, motion, everything())
    assert out[strip].all() and out.sum() == out[strip].size
    assert not astray(labels, offset, sure, motion, ~everything()).any()
    assert not astray(labels, offset, np.zeros(SHAPE, np.float32), motion, everything()).any()


def test_where_next_to_nothing_is_known_nobody_is() -> None:
    offset, motion = np.zeros((*SHAPE, 2), np.float32), np.zeros((*SHAPE, 2), np.float32)
    sure = np.zeros(SHAPE, np.float32)
    sure[30:34, 60:66] = sure[60:64, 60:66] = 1.0
    motion[30:34, 60:66] = offset[30:34, 60:66] = 9.0
    assert not astray(edit()[0], offset, sure, motion, everything()).any()


def test_what_turns_or_grows_moves_as_a_whole() -> None:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    motion = np.stack([0.03 * (columns - 70) - 0.02 * rows, 0.02 * columns + 0.03 * (rows - 60)], axis=2)
    assert not astray(edit()[0], 10 * motion, np.ones(SHAPE, np.float32), motion, everything())[EDITED].any()


def test_edited_areas_are_told_apart_with_their_sizes() -> None:
    changed = np.zeros(SHAPE, np.bool_)
    changed[10:20, 10:20] = changed[50:60, 50:70] = True
    labels, areas = parts(changed)
    one, other = labels[15, 15], labels[55, 60]
    assert one != other and areas[one] == 100 and areas[other] == 200 and not labels[~changed].any()


def test_of_very_many_areas_the_small_ones_share_a_label() -> None:
    changed = np.zeros(SHAPE, np.bool_)
    changed[4:116:8, 4:196:8] = True
    changed[40:60, 40:60] = True
    labels, areas = parts(changed)
    assert labels.max() < 16 and len(areas) <= 16 and labels[50, 50] == 1 and (labels[changed] > 0).all()
