from __future__ import annotations

import numpy as np
from keyfollow_daemon.engines.patch.flow import dense_flow
from keyfollow_daemon.engines.patch.pixels import Bytes, cv, evened
from keyfollow_daemon.engines.patch.seeded import seeded

SHAPE = (128, 192)
STEP = np.array([[1.0, 0.0, -40.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]])


def frame(left: int, top: int) -> Bytes:
    rng = np.random.default_rng(3)
    wall = cv.resize(rng.integers(0, 256, (43, 64, 3), dtype=np.uint8), SHAPE[::-1], interpolation=cv.INTER_CUBIC)
    thing = cv.resize(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8), (36, 36), interpolation=cv.INTER_CUBIC)
    wall[top : top + 36, left : left + 36] = thing
    out: Bytes = evened(wall)
    return out


def test_an_object_that_is_too_fast_for_flow_is_followed_from_where_it_went() -> None:
    now, before = frame(100, 40), frame(60, 42)
    area = np.zeros(SHAPE, np.bool_)
    area[40:76, 100:136] = True
    flow, unseen = dense_flow(now, before, 0), np.zeros(SHAPE, np.bool_)
    inner = np.s_[46:70, 106:130]
    assert np.abs(flow[inner] - (-40, 2)).max(axis=2).mean() > 5
    out, visible = seeded(flow, unseen, now, before, [(STEP, area)], 0)
    assert np.abs(out[inner] - (-40, 2)).max() < 1.0 and visible[inner].all()
    assert np.array_equal(out[:20], flow[:20]) and not visible[:20].any()


def test_a_place_where_nothing_looks_alike_changes_nothing() -> None:
    now, before = frame(100, 40), frame(60, 42)
    area = np.zeros(SHAPE, np.bool_)
    area[80:116, 20:56] = True
    flow, seen = dense_flow(now, before, 0), np.ones(SHAPE, np.bool_)
    out, _ = seeded(flow, seen, now, before, [(STEP, area)], 0)
    assert np.array_equal(out, flow)
    out, _ = seeded(flow, seen, now, before, [(STEP, np.zeros(SHAPE, np.bool_))], 0)
    assert out is flow
