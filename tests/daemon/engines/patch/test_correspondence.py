from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.correspondence import Correspondence, chain, pack, pull, start, unpack, within
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.pixels import evened


def constant(picture: Any, dx: float) -> Any:
    flow = np.zeros((*picture.shape[:2], 2), np.float32)
    flow[..., 0] = dx
    return flow


def beginning(picture: Any) -> Correspondence:
    return start(*picture.shape[:2])


def everything(picture: Any) -> Any:
    return np.ones(picture.shape[:2], np.bool_)


def kept(state: Correspondence, index: int = 0) -> Correspondence:
    found = unpack(pack(state, index), *state.tracked.shape[::-1])
    assert found is not None
    return found


def test_sub_pixel_motion_adds_up_along_the_chain(picture: Any) -> None:
    state = beginning(picture)
    for _ in range(40):
        state = chain(state, constant(picture, 0.01), everything(picture))
    assert state.offset[50, 60, 0] == pytest.approx(0.4, abs=1e-3)
    assert state.tracked[50, 60] == 1.0


def test_motion_slower_than_what_is_kept_adds_up_all_the_same(picture: Any) -> None:
    state = beginning(picture)
    for index in range(60):
        state = kept(chain(state, constant(picture, 0.01), everything(picture)), index)
    assert state.offset[20:-20, 20:-20, 0].mean() == pytest.approx(0.6, abs=0.05)


def test_what_was_out_of_sight_breaks_the_chain(picture: Any) -> None:
    assert chain(beginning(picture), constant(picture, 3.0), ~everything(picture)).tracked.max() == 0


def test_offsets_are_not_mixed_across_a_tear(picture: Any) -> None:
    state = beginning(picture)
    state.offset[:, 80:, 0] = 20.0
    after = chain(state, constant(picture, 0.5), everything(picture))
    assert set(np.unique(np.round(after.offset[70, :, 0], 3))) == {0.5, 20.5}


@pytest.mark.parametrize("finest", [0, 1])
def test_pulling_undoes_drift(picture: Any, finest: int) -> None:
    frame = np.ascontiguousarray(np.roll(picture, 4, axis=1))
    state = beginning(picture)
    state.offset[..., 0] = -2.5
    better = pull(state, evened(frame), KeyView(picture), finest)
    inside = better.offset[20:-20, 30:-30, 0]
    assert np.abs(np.median(inside) + 4.0) < 0.15


def test_a_place_that_shows_what_is_seen_better_elsewhere_is_given_up(picture: Any) -> None:
    frame = picture.copy()
    noise = np.random.default_rng(0).normal(0, 6, (20, 20, 3))
    frame[60:80, 20:40] = np.clip(picture[60:80, 120:140] + noise, 0, 255).astype(np.uint8)
    state = beginning(picture)
    state.offset[60:80, 20:40] = (100.0, 0.0)
    kept = pull(state, evened(frame), KeyView(picture), 0).tracked
    assert kept[64:76, 24:36].mean() < 0.2
    assert kept[64:76, 124:136].min() == 1.0 and kept[20:50].mean() > 0.99


def test_what_is_kept_is_close_and_keeping_it_again_changes_nothing(picture: Any) -> None:
    rng = np.random.default_rng(0)
    shape = picture.shape[:2]
    state = Correspondence(rng.normal(0, 90, (*shape, 2)).astype(np.float32), rng.random(shape).astype(np.float32))
    once = kept(state)
    assert np.abs(once.offset - state.offset).max() <= 1 / 32 and np.abs(once.tracked - state.tracked).max() < 1 / 255
    twice = kept(once)
    assert np.array_equal(once.offset, twice.offset) and np.array_equal(once.tracked, twice.tracked)


def test_an_entry_of_another_size_or_kind_is_refused(picture: Any) -> None:
    tensors = pack(beginning(picture), 0)
    assert unpack(tensors, 96, 72) is None
    assert unpack({"offset": tensors["offset"]}, 192, 144) is None
    assert unpack({**tensors, "tracked": tensors["tracked"].astype(np.int16)}, 192, 144) is None


def test_within_measures_lengths() -> None:
    assert within(np.array([[[3.0, 4.0], [-1.0, 0.0]]]), 4.9).tolist() == [[False, True]]
