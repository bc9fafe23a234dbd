from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.correspondence import (
    KeyView,
    assess,
    chain,
    detail_error,
    enlarge,
    looked_ahead,
    match_error,
    refine,
)
from keyfollow_daemon.engines.patch.pixels import evened


def moved(picture: Any, dx: int) -> Any:
    return np.ascontiguousarray(np.roll(picture, dx, axis=1))


def constant(picture: Any, dx: float) -> Any:
    flow = np.zeros((*picture.shape[:2], 2), np.float32)
    flow[..., 0] = dx
    return flow


def test_sub_pixel_motion_adds_up_along_the_chain(picture: Any) -> None:
    key = KeyView(picture)
    state = key.start()
    for _ in range(40):
        state = chain(state, key, constant(picture, 0.01), constant(picture, -0.01))
    assert state.offset[50, 60, 0] == pytest.approx(0.4, abs=1e-3)
    assert state.tracked[50, 60] == 1.0


def test_where_the_flows_disagree_the_chain_is_broken(picture: Any) -> None:
    key = KeyView(picture)
    state = chain(key.start(), key, constant(picture, 3.0), constant(picture, 3.0))
    assert state.tracked.max() == 0


def test_offsets_are_not_mixed_across_a_tear(picture: Any) -> None:
    key = KeyView(picture)
    state = key.start()
    state.offset[:, 80:, 0] = 20.0
    after = chain(state, key, constant(picture, 0.5), constant(picture, -0.5))
    assert set(np.unique(np.round(after.offset[70, :, 0], 3))) == {0.5, 20.5}


def test_the_match_error_forgives_a_change_of_light_but_not_of_place(picture: Any) -> None:
    key = KeyView(picture)
    here = constant(picture, 0.0)
    darker = np.rint(picture * 0.7).astype(np.uint8)
    assert match_error(darker, key, here).mean() < 2.0
    assert match_error(darker, key, constant(picture, 9.0)).mean() > 100.0


def test_the_match_error_forgives_a_highlight_where_it_may(picture: Any) -> None:
    key = KeyView(picture)
    here = constant(picture, 0.0)
    lit = np.minimum(picture * 0.6 + 60, 255).astype(np.uint8)
    plain = match_error(lit, key, here, highlights=False).mean()
    assert match_error(lit, key, here).mean() < 0.5 * plain


def test_the_detail_error_tells_half_a_pixel_whatever_the_light(picture: Any) -> None:
    key = KeyView(picture)
    lit = np.clip(picture * 0.6 + np.linspace(0, 80, picture.shape[1])[None, :, None], 0, 255).astype(np.uint8)
    here, beside = constant(picture, 0.0), constant(picture, 0.5)
    assert detail_error(evened(lit), key, here).mean() < 0.5 * detail_error(evened(lit), key, beside).mean()


def test_an_edited_place_taken_for_another_is_found_again(picture: Any) -> None:
    changed = np.zeros(picture.shape[:2], np.bool_)
    changed[40:100, 60:130] = True
    key = KeyView(picture, np.zeros_like(changed), changed)
    state = key.start()
    state.offset[60:80, 85:105] = (17.0, -9.0)
    healed = refine(state, picture, evened(picture), key)
    assert np.abs(healed.offset[62:78, 87:103]).mean() < 1.0


def test_a_lost_spot_of_a_flat_place_goes_on_with_what_is_around_it(picture: Any) -> None:
    flat = picture.copy()
    flat[40:100, 60:130] = (60, 90, 140)
    changed = np.zeros(picture.shape[:2], np.bool_)
    changed[35:105, 55:135] = True
    key = KeyView(flat, np.zeros_like(changed), changed)
    state = key.start()
    state.tracked[65:73, 90:98] = 0.0
    assert refine(state, flat, evened(flat), key).tracked[65:73, 90:98].min() == 1.0
    other = flat.copy()
    other[65:73, 90:98] = (200, 40, 40)
    assert refine(state, other, evened(other), key).tracked[65:73, 90:98].mean() < 0.5


def test_a_highlight_over_texture_costs_no_confidence(picture: Any) -> None:
    key = KeyView(picture)
    lit = np.minimum(picture * 0.45 + 120, 255).astype(np.uint8)
    state = refine(key.start(), lit, evened(lit), key)
    assert assess(state, lit, evened(lit), key).confidence[20:-20, 20:-20].mean() > 0.8


def test_what_has_just_come_into_sight_moves_as_the_frame_after_shows(picture: Any) -> None:
    state = KeyView(picture).start()
    state.visible[:, :50] = False
    told = looked_ahead(state, constant(picture, 3.0), constant(picture, -3.0))
    assert told.motion[70, 30, 0] == -3.0 and told.visible[70, 30]
    assert told.motion[70, 90, 0] == 0.0


def test_refinement_undoes_drift(picture: Any) -> None:
    key = KeyView(picture)
    frame = moved(picture, 4)
    state = key.start()
    state.offset[..., 0] = -2.5
    better = refine(state, frame, evened(frame), key)
    inside = better.offset[20:-20, 30:-30, 0]
    assert np.abs(np.median(inside) + 4.0) < 0.15


def test_confidence_is_high_on_a_match_low_elsewhere_and_low_where_untracked(picture: Any) -> None:
    key = KeyView(picture)
    frame = moved(picture, 5)
    state = key.start()
    state.offset[..., 0] = -5.0
    state.tracked[:60] = 0.0
    sure = assess(state, frame, evened(frame), key).confidence
    assert sure[80:120, 20:-20].mean() > 0.95
    assert sure[20:50, 20:-20].max() <= 0.21
    state.offset[..., 0] = 12.0
    assert assess(state, frame, evened(frame), key).confidence[80:120, 20:-20].mean() < 0.5


def test_enlarging_scales_the_offsets(picture: Any) -> None:
    state = KeyView(picture).start()
    state.offset[:] = (3.0, -1.0)
    large = enlarge(state, 384, 288)
    assert large.offset.shape == (288, 384, 2)
    assert np.allclose(large.offset, (6.0, -2.0))
    assert enlarge(state, 192, 144) is state
