"""A long clip in windows."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from keyfollow_daemon.engines.vid2vid_zero.windows import fading, order, touching, windows


@pytest.mark.parametrize("count", [1, 7, 8, 9, 13, 14, 15, 100, 1001])
@pytest.mark.parametrize(("size", "overlap"), [(8, 2), (4, 1), (8, 0), (6, 9), (1, 3)])
def test_every_frame_is_in_one_window_or_two(count: int, size: int, overlap: int) -> None:
    found, shared = windows(count, 1, size, overlap), min(overlap, size // 3)
    assert [w.number for w in found] == list(range(len(found)))
    uses = Counter(f for w in found for f in w.frames)
    assert set(uses) == set(range(count)) and max(uses.values()) <= 2
    lengths = [len(w.frames) for w in found]
    assert max(lengths) <= size and max(lengths) - min(lengths) <= 1
    for one, two in pairwise(found):
        assert len(set(one.frames) & set(two.frames)) == shared and one.frames[-1] < two.frames[-1]


def test_a_short_clip_is_one_window_and_strides_are_of_the_clip() -> None:
    assert [w.frames for w in windows(8, 1, 8, 2)] == [tuple(range(8))]
    assert [w.frames for w in windows(10, 3, 8, 2)] == [(0, 3, 6, 9)]


def test_a_range_takes_the_windows_it_touches() -> None:
    found = windows(22, 1, 8, 2)
    assert [w.frames[0] for w in found] == [0, 6, 12] or len(found) == 4
    assert [w.number for w in touching(found, 0, 1)] == [0] and touching(found, 0, 22) == found
    sparse = windows(100, 10, 4, 1)
    assert 20 in touching(sparse, 23, 27)[0].frames


def test_from_the_first_on_or_outward_from_keyframes() -> None:
    found = windows(50, 1, 8, 2)
    assert order(found, []) == found
    middle = order(found, [25])
    assert 25 in middle[0].frames
    for n, window in enumerate(middle[1:], 1):
        assert any(abs(window.number - other.number) == 1 for other in middle[:n]), "each beside one that is done"


def test_what_is_shared_fades() -> None:
    assert fading(2, before=True) == pytest.approx((2 / 3, 1 / 3)) and fading(2, before=False) == pytest.approx((1 / 3, 2 / 3))
    assert fading(0, before=True) == ()
