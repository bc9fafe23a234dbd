"""Which frames come first, and what has a say in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import Edit, EditKeyframe, EditMask
from keyfollow_daemon.jobs.parts import parts, whole

PICTURE = FrameBuffer(np.zeros((4, 4, 3), np.uint8))


def edit(keys: list[int], stop: int = 100, **more: Any) -> Edit:
    wanted = more.pop("wanted", list(range(stop)))
    return Edit(FrameRange(0, stop), wanted, [EditKeyframe(k, PICTURE) for k in keys], **more)


def test_frames_come_in_rings_around_the_one_that_is_looked_at() -> None:
    made = list(parts(edit([50]), 50))
    assert [p.edit.wanted[0] for p in made] == [48, 42, 18, 0]
    assert [(p.span.start, p.span.stop) for p in made] == [(48, 53), (42, 59), (18, 83), (0, 100)]
    assert [p.left for p in made] == [95, 83, 35, 0]
    assert sorted(n for p in made for n in p.edit.wanted) == list(range(100))


@pytest.mark.parametrize(
    ("keys", "near", "driving"),
    [
        ([10, 50, 90], 50, [10, 50, 90]),  # 48 lies between 10 and 50, 52 between 50 and 90
        ([10, 50, 90], 60, [10, 50, 90]),  # should a shot end at 70, 10 helps where 50 is the last one in it
        ([0, 10, 50, 90, 99], 60, [10, 50, 90, 99]),
        ([10], 90, [10]),
        ([90], 10, [90]),
        ([5, 10, 20], 90, [10, 20]),  # beyond the last keyframe the one before it helps
        ([80, 90, 95], 10, [80, 90]),
        ([300], 50, [300]),
    ],
)
def test_the_keyframes_on_both_sides_drive_a_part_and_one_more_helps(keys: list[int], near: int, driving: list[int]) -> None:
    first = next(parts(edit(keys), near))
    found = [k.frame for k in first.edit.keyframes]
    assert found == driving
    assert all(n in first.span for n in [*first.edit.wanted, *found])


def test_there_is_one_part_where_nobody_looks_where_a_mask_has_a_say_and_where_little_is_left() -> None:
    mask = EditMask("edit", 3, np.ones((4, 4), np.float32))
    for one, near in (
        (edit([50]), None),
        (edit([50], masks=[mask]), 50),
        (edit([50], wanted=[49, 51]), 50),
        (edit([50], 3), 1),
    ):
        (part,) = parts(one, near)
        assert part.edit.wanted == one.wanted and part.left is None and part.span == whole(one)


def test_a_run_that_goes_on_makes_what_is_left_and_a_place_outside_does_no_harm() -> None:
    made = list(parts(edit([50], wanted=[0, 1, 47, 49, 80]), 50))
    assert [p.edit.wanted for p in made] == [[49], [47], [80], [0, 1]]
    assert sorted(n for p in parts(edit([50]), -4000) for n in p.edit.wanted) == list(range(100))
