from __future__ import annotations

from typing import Any

from keyfollow.frames import FrameRange
from keyfollow_daemon.engines.base import InversionSpec
from keyfollow_daemon.engines.patch.inversion import Flows, pair_key


def test_overlapping_spans_share_their_entries(stage: Any) -> None:
    first, second = stage.invert(FrameRange(0, 5)), stage.invert(FrameRange(3, 8))
    assert first.keys[3:] == second.keys[:1]
    assert stage.ctx.cache.saved == 7


def test_one_frame_needs_no_flow(stage: Any) -> None:
    assert stage.invert(FrameRange(4, 5)).keys == ()


def test_the_key_holds_what_flow_depends_on(stage: Any) -> None:
    spec = InversionSpec("patch", "1")
    keys = {
        pair_key(stage.frames, spec, 0),
        pair_key(stage.frames, spec, 1),
        pair_key(stage.frames, InversionSpec("patch", "2"), 0),
        pair_key(stage.frames, InversionSpec("patch", "1", draft=True), 0),
        pair_key(stage.frames, InversionSpec("patch", "1", prompt="a swan"), 0),
    }
    assert len(keys) == 4


def test_flows_come_from_the_cache_and_outside_the_span_too(stage: Any) -> None:
    inversion = stage.invert(FrameRange(2, 5))
    flows = Flows(stage.frames, inversion.spec, stage.ctx, inversion)
    assert [first in flows for first in (1, 2, 3, 4)] == [False, True, True, False]
    assert flows.pair(2).forth.shape == (144, 192, 2)
    assert stage.ctx.cache.saved == 2
    flows.pair(7)
    assert stage.ctx.cache.saved == 3
