"""The cost of the next run is asked by itself, when the panel shows a strip and again when something changed."""

from __future__ import annotations

from typing import Any

from keyfollow_testkit.stage import by_name, module, propagate, pump, use_slow_engine


def test_it_is_asked_and_asked_again(clip: Any) -> None:
    estimate = module("estimate")
    uid = by_name("rgb").keyfollow.uid
    cost, refused = pump(lambda: estimate.of(uid)[0] and estimate.of(uid))
    assert cost.frames == 24 and cost.seconds > 0 and refused is None
    by_name("rgb").keyfollow.range = "TYPED"
    by_name("rgb").keyfollow.start, by_name("rgb").keyfollow.stop = 12, 18
    pump(lambda: estimate.of(uid)[0].frames == 6)
    use_slow_engine(by_name("rgb"), 0.0)
    propagate(by_name("rgb"))
    pump(lambda: estimate.of(uid)[0].frames_prepared == 6)
    by_name("rgb").keyfollow.keyframes[0].frame = 999
    refusal = pump(lambda: estimate.of(uid)[1])
    assert refusal.code == "frame_out_of_range"
