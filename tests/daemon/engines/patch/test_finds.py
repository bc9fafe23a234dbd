from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.correspondence import Correspondence, start
from keyfollow_daemon.engines.patch.finds import Finds
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.engines.patch.objects import Motion
from keyfollow_daemon.engines.patch.seen import Seen

TRAIL, AHEAD = "ab" * 32, "cd" * 32


@pytest.fixture
def flows(stage: Any) -> Flows:
    inversion = stage.invert()
    return Flows(stage.frames, inversion.spec, stage.ctx, inversion)


@pytest.fixture
def shape() -> Any:
    out = np.zeros((24, 32), np.bool_)
    out[8:16, 8:20] = True
    return out


def found_in(chained: Correspondence) -> Correspondence:
    offset, tracked = chained.offset.copy(), chained.tracked.copy()
    offset[3, 4], tracked[5, 6] = (0.1, -7.3), 0.25
    motion = Motion(np.array([[1.0, 0.1, 3], [0, 1, 2], [0, 0, 1]]), np.eye(3) / 3)
    return Correspondence(offset, tracked, (motion,))


def test_what_was_found_comes_back_to_the_bit(flows: Flows, shape: Any) -> None:
    chained = start(24, 32)
    found = found_in(chained)
    Finds(flows, shape).keep_state(TRAIL, chained, found)
    again = Finds(flows, shape).state(TRAIL, chained)
    assert again is not None
    assert np.array_equal(again.offset, found.offset) and np.array_equal(again.tracked, found.tracked)
    assert all(
        np.array_equal(a.pose, b.pose) and np.array_equal(a.step, b.step)
        for a, b in zip(again.motions, found.motions, strict=True)
    )
    assert not chained.offset.any() and chained.tracked.all()


def test_another_shape_or_another_track_finds_nothing_there(flows: Flows, shape: Any) -> None:
    chained = start(24, 32)
    Finds(flows, shape).keep_state(TRAIL, chained, found_in(chained))
    other = shape.copy()
    other[0, 0] = True
    assert Finds(flows, other).state(TRAIL, chained) is None
    assert Finds(flows, shape).state(AHEAD, chained) is None


def test_what_was_placed_comes_back_too(flows: Flows, shape: Any) -> None:
    height, width = shape.shape
    plane, nothing = np.ones((height, width), np.float32), np.zeros((height, width, 2), np.float32)
    seen = Seen(nothing, plane, plane, plane, nothing, plane > 0, plane < 0)
    offset = nothing.copy()
    offset[shape] = (3.5, 0.125)
    Finds(flows, shape).keep_placed(TRAIL, AHEAD, replace(seen, offset=offset, placed=shape))
    again = Finds(flows, shape).placed(TRAIL, AHEAD, seen)
    assert again is not None
    assert np.array_equal(again.offset, offset) and np.array_equal(again.placed, shape)
    assert Finds(flows, shape).placed(TRAIL, "", seen) is None


def test_a_damaged_entry_is_none(flows: Flows, shape: Any, stage: Any) -> None:
    chained = start(24, 32)
    before = set(stage.ctx.cache.entries)
    Finds(flows, shape).keep_state(TRAIL, chained, found_in(chained))
    (entry,) = set(stage.ctx.cache.entries) - before
    sound = stage.ctx.cache.entries[entry]
    damages: list[dict[str, Any]] = [
        {"places": np.array([24 * 32], np.int32), "offset": np.zeros((1, 2), np.float32), "plane": np.zeros(1, np.float32)},
        {"places": sound["places"][:1]},
        {"plane": sound["plane"].astype(np.float64)},
        {"motions": np.zeros((1, 3, 3))},
    ]
    for damage in damages:
        stage.ctx.cache.entries[entry] = {**sound, **damage}
        assert Finds(flows, shape).state(TRAIL, chained) is None
