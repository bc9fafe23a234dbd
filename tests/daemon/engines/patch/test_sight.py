from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.engines.patch.sight import Sight
from keyfollow_daemon.engines.patch.track import Tracks

KEY = 2


@pytest.fixture
def tracks(stage: Any) -> Callable[..., Tracks]:
    """Makes tracks that know, unless told otherwise, of an edited area."""
    inversions = {draft: stage.invert(draft=draft) for draft in (False, True)}

    def made(*, draft: bool = False, edited: bool = True) -> Tracks:
        inversion = inversions[draft]
        out = Tracks(Flows(stage.frames, inversion.spec, stage.ctx, inversion), stage.ctx.check, draft)
        if edited:
            area = np.zeros(stage.frames[0].pixels.shape[:2], np.bool_)
            area[30:90, 40:100] = True
            out.look_at(KEY, np.zeros_like(area), area, np.zeros_like(area))
        return out

    return made


def same(one: Any, other: Any) -> bool:
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))


@pytest.mark.parametrize("draft", [False, True])
def test_it_is_told_late_and_on_another_thread_to_the_same_bits(tracks: Any, draft: bool) -> None:
    at_once = tracks(draft=draft)
    first = {frame: at_once.sight(KEY, frame).told() for frame in (3, 4, 5, 6)}
    later = tracks(draft=draft)
    sights = {frame: later.sight(KEY, frame) for frame in first}
    later.close()
    with ThreadPoolExecutor(2) as pool:
        told = dict(zip(sights, pool.map(Sight.told, sights.values()), strict=True))
    assert all(same(told[frame].seen, first[frame].seen) for frame in first)


def test_what_was_kept_is_not_followed_again(tracks: Any, stage: Any) -> None:
    first = tracks()
    told = first.sight(KEY, 5).told()
    first.keep(KEY, 5, told.entry)
    sight = tracks().sight(KEY, 5)
    assert sight.state is None and told.entry
    assert same(sight.told().seen, told.seen) and not sight.told().entry


def test_a_damaged_entry_is_told_anew(tracks: Any, stage: Any) -> None:
    first = tracks()
    before = set(stage.ctx.cache.entries)
    told = first.sight(KEY, 5).told()
    first.keep(KEY, 5, told.entry)
    (entry,) = (key for key in set(stage.ctx.cache.entries) - before if "levels" in stage.ctx.cache.entries[key])
    stage.ctx.cache.entries[entry] = {**told.entry, "levels": told.entry["levels"][:, :-1]}
    again = tracks().sight(KEY, 5).told()
    assert again.entry and same(again.seen, told.seen)


@pytest.mark.parametrize("how", [{"draft": True}, {"edited": False}])
def test_of_drafts_and_of_edits_of_the_whole_picture_nothing_is_kept(tracks: Any, how: Any) -> None:
    assert not tracks(**how).sight(KEY, 5).told().entry


def test_an_edit_of_the_whole_picture_reaches_all_of_it(tracks: Any) -> None:
    nothing = np.zeros((25**3, 4), np.float32)
    telling = np.zeros((24, 24, 24), np.bool_)
    everywhere, somewhere = tracks(edited=False).sight(KEY, 5), tracks().sight(KEY, 5)
    assert everywhere.reached(everywhere.told().seen, nothing, 4.0, telling).all()
    assert 0 < somewhere.reached(somewhere.told().seen, nothing, 4.0, telling).mean() < 0.6
