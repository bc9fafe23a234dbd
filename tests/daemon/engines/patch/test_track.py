from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from keyfollow.frames import FrameRange
from keyfollow_daemon.engines.patch import track as module
from keyfollow_daemon.engines.patch.correspondence import Correspondence
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.engines.patch.track import Track, Tracks


def state(value: float) -> Correspondence:
    return Correspondence(np.full((2, 2, 2), value, np.float32), np.full((2, 2), value, np.float32))


def counted(window: range) -> tuple[Track[Correspondence], Counter[int]]:
    made: Counter[int] = Counter()

    def advance(previous: Correspondence, index: int) -> Correspondence:
        made[index] += 1
        assert previous.tracked[0, 0] == index - 1
        return state(index)

    return Track(state(0), advance, window), made


def test_going_outward_computes_each_state_once() -> None:
    track, made = counted(range(0))
    for i in (1, 2, 2, 5):
        assert track.at(i).tracked[0, 0] == i
    assert made == {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}


def test_going_back_is_free_when_all_fits() -> None:
    track, made = counted(range(1, 20))
    for i in (19, 18, 3, 10):
        assert track.at(i).tracked[0, 0] == i
    assert max(made.values()) == 1


def test_going_back_over_what_does_not_fit_costs_one_more_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEEP_BYTES", 0)
    track, made = counted(range(1, 101))
    for i in range(100, 0, -1):
        assert track.at(i).tracked[0, 0] == i
    assert max(made.values()) <= 2
    assert len(track._checkpoints) + len(track._block) < 30


def test_tracks_follow_the_picture_both_ways(stage: Any) -> None:
    inversion = stage.invert(FrameRange(0, 10))
    tracks = Tracks(Flows(stage.frames, inversion.spec, stage.ctx, inversion), stage.ctx.check, draft=False)
    ahead, behind = tracks.at(4, 7), tracks.at(4, 1)
    middle = (60 + 4, 60 + 8)
    assert np.allclose(ahead.offset[middle], (-6, -3), atol=0.3)
    assert np.allclose(behind.offset[middle], (6, 3), atol=0.3)
    assert tracks.at(4, 4).offset.max() == 0
    checks = stage.ctx.checks
    tracks.close()
    tracks.at(4, 7)
    assert stage.ctx.checks == checks + 3


def test_what_is_seen_of_an_area_is_told_once_and_the_same_bytes_come_back(stage: Any) -> None:
    inversion = stage.invert(FrameRange(0, 10))
    area = np.zeros(stage.frames[0].pixels.shape[:2], np.bool_)
    area[50:80, 60:90] = True
    nothing = np.zeros_like(area)

    def seen(changed: Any) -> list[Any]:
        tracks = Tracks(Flows(stage.frames, inversion.spec, stage.ctx, inversion), stage.ctx.check, draft=False)
        tracks.look_at(2, nothing, changed, nothing)
        told = {frame: tracks.sight(2, frame).told() for frame in (3, 5, 1)}
        for frame, each in told.items():
            tracks.keep(2, frame, each.entry)
        return [each.seen for each in told.values()]

    first, checks, saved = seen(area), stage.ctx.checks, stage.ctx.cache.saved
    again = seen(area)
    assert (stage.ctx.checks, stage.ctx.cache.saved) == (checks, saved)
    for one, other in zip(first, again, strict=True):
        assert all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    area[70, 70] = False
    seen(area)
    assert stage.ctx.checks > checks and stage.ctx.cache.saved == saved + 3
