from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.area import EditedArea, carried
from keyfollow_daemon.engines.patch.changes import gaps, inner
from keyfollow_daemon.engines.patch.correspondence import Correspondence, start
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.pixels import evened
from keyfollow_daemon.engines.patch.regain import continued, regain

CHANGED = (slice(40, 100), slice(60, 130))


def area_of(picture: Any, place: tuple[slice, slice] = CHANGED) -> EditedArea:
    changed = np.zeros(picture.shape[:2], np.bool_)
    changed[place] = True
    return EditedArea(KeyView(picture), np.zeros_like(changed), changed, gaps(inner(changed)))


def healed(state: Correspondence, picture: Any, area: EditedArea) -> Correspondence:
    still = np.zeros_like(state.offset)
    nothing = np.zeros(picture.shape[:2], np.bool_)
    return regain(state, nothing, picture, evened(picture), still, ~nothing, area, 0)


def test_an_edited_place_taken_for_another_is_found_again(picture: Any) -> None:
    area = area_of(picture)
    state = area.start()
    state.offset[60:80, 85:105] = (17.0, -9.0)
    left = np.abs(healed(state, picture, area).offset[62:78, 87:103])
    assert np.median(left) < 0.1 and left.mean() < 1.0


def test_a_lost_spot_of_a_flat_place_goes_on_with_what_is_around_it(picture: Any) -> None:
    flat = picture.copy()
    flat[40:100, 60:130] = (60, 90, 140)
    area = area_of(flat, (slice(35, 105), slice(55, 135)))
    state = area.start()
    state.tracked[65:73, 90:98] = 0.0
    assert healed(state, flat, area).tracked[65:73, 90:98].min() == 1.0
    other = flat.copy()
    other[65:73, 90:98] = (200, 40, 40)
    assert healed(state, other, area).tracked[65:73, 90:98].mean() < 0.5


def test_what_was_found_is_carried_on_until_the_source_alone_tracks_it(picture: Any) -> None:
    area = area_of(picture)
    source = start(*picture.shape[:2])
    source.tracked[:, 60:95] = 0.0
    source.offset[:, 60:95] = (40.0, 0.0)
    flow, visible = np.zeros_like(source.offset), np.ones(picture.shape[:2], np.bool_)
    state, own = continued(area.start(), source, flow, visible)
    state = carried(state, picture, evened(picture), area)
    assert own[70, 80] and not own[70, 120]
    assert not state.offset[70, 80].any() and state.tracked[70, 80] == 1.0
    again, own = continued(replace(state, tracked=source.tracked), source, flow, visible)
    assert not own.any() and again.tracked[70, 80] == 0.0


def test_touched_is_looked_up_in_the_keyframe(picture: Any) -> None:
    area = area_of(picture)
    offset = start(*picture.shape[:2]).offset
    assert area.touched(offset)[70, 90] and not area.touched(offset)[70, 40]
    assert area.touched(offset + np.float32(30.0))[30, 40]
    near = area.touched_nearby(offset, np.ones(picture.shape[:2], np.bool_))
    assert near[70, 46] and not near[70, 40]


def test_what_lies_far_from_the_edit_is_left_alone_and_makes_no_difference(picture: Any) -> None:
    area = area_of(picture, (slice(60, 90), slice(80, 120)))
    state = area.start()
    state.offset[70:82, 90:104] = (17.0, -9.0)
    alone = healed(state, picture, area)
    assert not np.array_equal(alone.offset, state.offset)
    state.offset[5:15, 5:20], state.tracked[5:15, 5:20] = (9.0, 9.0), 0.0
    other = picture.copy()
    other[:20, :40] = 255 - other[:20, :40]
    again = healed(state, other, area)
    assert np.array_equal(again.offset[30:, 40:], alone.offset[30:, 40:]) and np.array_equal(
        again.offset[:20], state.offset[:20]
    )
    assert np.array_equal(again.tracked[30:, 40:], alone.tracked[30:, 40:])


def test_a_smear_at_the_rim_of_what_passed_is_put_where_the_surface_has_it(picture: Any) -> None:
    area = area_of(picture)
    state = area.start()
    # flow smears twelve columns of the surface over what a post has uncovered
    state.offset[40:100, 90:102, 0] = np.linspace(2.0, 14.0, 12, dtype=np.float32)
    away = np.linalg.norm(healed(state, picture, area).offset[45:95, 90:102], axis=2)
    assert (away < 1.0).mean() > 0.8
