from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.flow import consistent, pair_flow, unpack
from keyfollow_daemon.engines.patch.pixels import evened


@pytest.fixture
def detail(picture: Any) -> Any:
    return evened(picture)


@pytest.mark.parametrize(("finest", "shape"), [(0, (144, 192, 2)), (1, (72, 96, 2))])
def test_a_shift_is_found_both_ways_and_survives_storage(detail: Any, finest: int, shape: tuple[int, ...]) -> None:
    second = np.ascontiguousarray(np.roll(detail, 3, axis=1))
    stored = pair_flow(detail, second, finest)
    assert all(t.dtype == np.float16 and t.shape == shape for t in stored.values())
    flow = unpack(stored, 192, 144, finest)
    assert flow is not None
    inside = (slice(16, -16), slice(16, -16))
    assert np.abs(flow.forth[inside] - (3, 0)).mean() < 0.1
    assert np.abs(flow.back[inside] - (-3, 0)).mean() < 0.1
    assert flow.toward_key(True) is flow.back and flow.toward_key(False) is flow.forth
    assert flow.visible(False)[inside].mean() > 0.98 and flow.visible(True)[inside].mean() > 0.98


def test_odd_sizes_fit(detail: Any) -> None:
    odd = np.ascontiguousarray(detail[:131, :177])
    flow = unpack(pair_flow(odd, odd, 1), 177, 131, 1)
    assert flow is not None and flow.forth.shape == (131, 177, 2)


def test_an_entry_of_another_size_is_refused(detail: Any) -> None:
    stored = pair_flow(detail, detail, 1)
    assert unpack(stored, 96, 72, 1) is None and unpack(stored, 192, 144, 0) is None
    assert unpack({"forth": stored["forth"]}, 192, 144, 1) is None
    assert unpack({"forth": stored["forth"], "back": stored["back"].astype(np.float32)}, 192, 144, 1) is None


def test_what_is_in_sight_is_told_from_an_entry_as_from_its_flows(detail: Any) -> None:
    stored = pair_flow(detail[:131, :177].copy(), np.roll(detail, 9, axis=1)[:131, :177].copy(), 0)
    made = unpack(stored, 177, 131, 0)
    assert made is not None
    kept = unpack({**stored, "seen": made.seen}, 177, 131, 0)
    assert kept is not None and 0.5 < made.visible(True).mean() < 1.0
    for forward in (True, False):
        assert np.array_equal(kept.visible(forward), made.visible(forward))
    assert np.array_equal(kept.seen, made.seen)
    assert unpack({**stored, "seen": made.seen[:, 1:]}, 177, 131, 0) is None
    assert unpack({**stored, "seen": made.seen.astype(np.uint16)}, 177, 131, 0) is None


def test_leaving_the_frame_is_inconsistent() -> None:
    flow = np.zeros((20, 30, 2), np.float32)
    flow[..., 0] = 5
    ok = consistent(flow, -flow)
    assert ok[:, :25].all() and not ok[:, 25:].any()
