from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.engines.patch.trails import Trails


@pytest.fixture
def trails(stage: Any) -> Any:
    inversion = stage.invert()
    return lambda draft=False: Trails(Flows(stage.frames, inversion.spec, stage.ctx, inversion), draft)


def test_they_follow_the_picture_both_ways(trails: Any) -> None:
    track = trails()
    assert np.allclose(track.at(4, 7).offset[64, 68], (-6, -3), atol=0.3)
    assert np.allclose(track.at(4, 1).offset[64, 68], (6, 3), atol=0.3)
    assert not track.at(4, 4).offset.any()


def test_what_is_in_the_cache_is_not_made_again(trails: Any, stage: Any) -> None:
    first = trails().at(2, 7)
    saved = stage.ctx.cache.saved
    again = trails()
    assert np.array_equal(again.at(2, 7).offset, first.offset) and np.array_equal(again.at(2, 7).tracked, first.tracked)
    again.at(2, 5)
    assert stage.ctx.cache.saved == saved


def test_it_goes_on_from_the_last_sound_entry_to_the_same_bits(trails: Any, stage: Any) -> None:
    before = set(stage.ctx.cache.entries)
    first = trails().at(0, 8)
    made = [key for key in stage.ctx.cache.entries if key not in before]
    for key in made[5:]:
        stage.ctx.cache.entries[key] = {"offset": np.zeros((3, 3, 2), np.int16)}
    saved = stage.ctx.cache.saved
    again = trails().at(0, 8)
    assert np.array_equal(first.offset, again.offset) and np.array_equal(first.tracked, again.tracked)
    assert stage.ctx.cache.saved == saved + 3


def test_the_inversion_names_what_was_used(stage: Any) -> None:
    inversion = stage.invert()
    track = Trails(Flows(stage.frames, inversion.spec, stage.ctx, inversion), draft=False)
    track.at(4, 6)
    track.at(4, 3)
    assert len(inversion.keys) == 9 + 3
    assert set(inversion.keys) == set(stage.ctx.cache.entries)


def test_the_next_one_is_begun_ahead_to_the_same_bits(trails: Any, stage: Any) -> None:
    inversion, begun = stage.invert(), []

    def begin(step: Any) -> Any:
        made = step()
        begun.append(made)
        return lambda: made

    plain = trails()
    for key in [*stage.ctx.cache.entries]:
        if key not in inversion.pairs:
            del stage.ctx.cache.entries[key]
    wanted = [plain.at(6, n) for n in (7, 8, 9, 5, 4)]
    for key in [*stage.ctx.cache.entries]:
        if key not in inversion.pairs:
            del stage.ctx.cache.entries[key]
    ahead = Trails(Flows(stage.frames, inversion.spec, stage.ctx, inversion), False, begin)
    for n, was in zip((7, 8, 9, 5, 4), wanted, strict=True):
        state = ahead.at(6, n)
        assert np.array_equal(state.offset, was.offset) and np.array_equal(state.tracked, was.tracked)
    assert len(begun) == 4, "8 and 9 after 7 and 8, none beyond the clip's end; 4 and 3 after 5 and 4"
