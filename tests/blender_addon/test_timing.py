"""The arithmetic of which frame is shown; that Blender does the same is shown in test_clips.py, by rendering."""

from __future__ import annotations

import pytest
from keyfollow_blender.timing import Timing, begun, is_plain, playback_rate


def frames(timing: Timing, start: int, stop: int) -> list[int]:
    found = timing.frames_at(start, stop)
    assert found == [timing.frame_at(t) for t in range(start, stop)]
    return found


def test_one_to_one_and_clamped_at_both_ends() -> None:
    assert frames(Timing(10, 4, 4), 8, 16) == [0, 0, 0, 1, 2, 3, 3, 3]


def test_backward() -> None:
    assert frames(Timing(10, 4, 4, reverse=True), 10, 14) == [3, 2, 1, 0]


def test_faster_and_slower_media() -> None:
    assert frames(Timing(0, 48, 50, rate=25 / 24), 10, 14) == [10, 11, 13, 14]
    assert frames(Timing(0, 60, 50, rate=25 / 30), 0, 6) == [0, 1, 2, 3, 3, 4]


def test_a_slowed_picture_stays_until_the_next_whole_number() -> None:
    assert frames(Timing(0, 60, 50, rate=25 / 30, sticky=True), 0, 8) == [0, 0, 2, 3, 3, 4, 5, 5]
    assert frames(Timing(0, 60, 50, rate=25 / 30, sticky=True, left=1), 1, 3) == [1, 2]


def test_retimed_evenly() -> None:
    assert frames(Timing(0, 25, 50, retimed=(0, 25)), 11, 15) == [22, 24, 25, 27]
    assert frames(Timing(0, 25, 50, retimed=(0, 25), reaches_end=True), 11, 15) == [22, 24, 26, 28]


def test_strobe_and_cut_off_frames() -> None:
    assert frames(Timing(0, 9, 9, skipped=5, strobe=3), 0, 7) == [5, 5, 5, 8, 8, 8, 11]


def test_images_are_never_shown_early() -> None:
    assert frames(Timing(0, 60, 50, rate=25 / 30, movie=False), 0, 5) == [0, 0, 1, 2, 3]


@pytest.mark.parametrize(("length", "rate"), [(50, 1.0), (48, 25 / 24)])
def test_the_length_tells_whether_the_speed_was_adapted(length: int, rate: float) -> None:
    assert playback_rate(50, length, 25.0, 24.0) == pytest.approx(rate)


def test_a_varying_rate_shows_the_last_frame_begun() -> None:
    pts = (0, 40, 140, 180)
    assert begun(pts, (1, 1000), 25.0, list(range(7))) == [0, 1, 1, 1, 2, 3, 3]


def test_plain_means_each_frame_once() -> None:
    assert is_plain([4, 5, 6]) and is_plain([7]) and not is_plain([1, 1, 2]) and not is_plain([3, 2])
