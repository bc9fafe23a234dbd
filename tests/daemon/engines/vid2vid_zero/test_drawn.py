"""Finished latents outside of memory."""

from __future__ import annotations

import gc

import pytest
import torch
from keyfollow.errors import JobError
from keyfollow_daemon.engines.vid2vid_zero.drawn import Drawn, DrawnFrame
from keyfollow_testkit import diffusion
from keyfollow_testkit.memory import Memory


def frames(*numbers: int) -> dict[int, DrawnFrame]:
    return {n: DrawnFrame(torch.full((2, 4, 8, 8), float(n)), n / 100) for n in numbers}


def test_what_was_put_is_found_again_also_by_a_run_that_goes_on() -> None:
    memory = Memory(diffusion.golden_frames())
    drawn = Drawn(memory)
    drawn.put(3, frames(12, 9))
    drawn.put(4, frames(10))
    later = Drawn(memory)
    assert later.find([3, 4]) == [[12, 9], [10]] and later.find([]) == []
    for found in (drawn, later):
        assert [float(found[n].latents[1, 3, 7, 7]) for n in (9, 10, 12)] == [9, 10, 12] and found[12].confidence == 0.12
    drawn.put(5, {})
    assert later.find([5]) == [[]] and later.find([4, 6]) is None
    del memory.kept["drawn 3"]
    with pytest.raises(JobError, match="frame 12"):
        later[12]


def test_one_window_is_in_memory() -> None:
    def alive() -> int:
        gc.collect()
        return sum(type(t) is torch.Tensor and t.shape == (2, 4, 8, 8) for t in gc.get_objects())

    before = alive()
    drawn = Drawn(Memory(diffusion.golden_frames()))
    for window in range(20):
        drawn.put(window, frames(window))
    assert alive() - before == 1


def test_another_job_takes_all_or_nothing() -> None:
    memory = Memory(diffusion.golden_frames())
    giver, taker = Drawn(memory), Drawn(memory)
    giver.give("a", frames(0, 1))
    assert taker.take({0: "a", 1: "b"}) is None
    giver.give("b", frames(2))
    assert taker.take({0: "a", 1: "b"}) == [[0, 1], [2]]
    memory.entries.clear()
    assert taker[0].confidence == 0 and taker[2].confidence == 0.02
