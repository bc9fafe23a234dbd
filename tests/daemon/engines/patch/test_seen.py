from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.correspondence import Correspondence, pull, start
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.pixels import evened
from keyfollow_daemon.engines.patch.seen import Seen, assess, enlarge


def seen(state: Correspondence, frame: Any, key: KeyView) -> Seen:
    still = np.zeros_like(state.offset)
    return assess(state, frame, evened(frame), key, still, np.ones(frame.shape[:2], np.bool_))


def beginning(picture: Any) -> Correspondence:
    return start(*picture.shape[:2])


def test_a_highlight_over_texture_costs_no_confidence(picture: Any) -> None:
    key = KeyView(picture)
    lit = np.minimum(picture * 0.45 + 120, 255).astype(np.uint8)
    state = pull(beginning(picture), evened(lit), key, 0)
    assert seen(state, lit, key).confidence[20:-20, 20:-20].mean() > 0.8


def test_confidence_is_high_on_a_match_low_elsewhere_and_low_where_untracked(picture: Any) -> None:
    key = KeyView(picture)
    frame = np.ascontiguousarray(np.roll(picture, 5, axis=1))
    state = beginning(picture)
    state.offset[..., 0] = -5.0
    state.tracked[:60] = 0.0
    sure = seen(state, frame, key).confidence
    assert sure[80:120, 20:-20].mean() > 0.95
    assert sure[20:50, 20:-20].max() <= 0.21
    state.offset[..., 0] = 12.0
    assert seen(state, frame, key).confidence[80:120, 20:-20].mean() < 0.5


def test_enlarging_scales_what_is_measured_in_pixels(picture: Any) -> None:
    state = beginning(picture)
    state.offset[:] = (3.0, -1.0)
    small = seen(state, picture, KeyView(picture))
    twice = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)
    large = enlarge(small, twice, twice)
    assert large.offset.shape == (288, 384, 2) and large.visible.all()
    assert np.allclose(large.offset, (6.0, -2.0), atol=1e-4)
    assert enlarge(small, picture, picture) is small


@pytest.mark.parametrize("times", [1, 2])
def test_of_a_part_offsets_count_from_its_corner(picture: Any, times: int) -> None:
    state = beginning(picture)
    state.offset[:] = (3.0, -1.0)
    small = seen(state, picture, KeyView(picture))
    whole = np.repeat(np.repeat(picture, times, axis=0), times, axis=1)
    for rows, columns in ((slice(8, 40), slice(0, whole.shape[1])), (slice(16, 64), slice(24, 80))):
        part = enlarge(small, np.ascontiguousarray(whole[rows, columns]), whole, (rows.start, columns.start))
        entire = enlarge(small, whole, whole)
        assert np.allclose(part.offset - (columns.start, rows.start), entire.offset[rows, columns], atol=1e-3)
        assert np.array_equal(part.confidence, entire.confidence[rows, columns])
    assert (state.offset == (3.0, -1.0)).all(), "what is tracked on from stays as it was"


def test_between_two_objects_a_pixel_goes_with_the_one_whose_colour_it_has() -> None:
    large = np.full((80, 80, 3), 40, np.uint8)
    large[:, 41:] = (200, 60, 60)
    small = np.ascontiguousarray(large[::2, ::2])
    key = np.full_like(large, 40)
    key[:, 61:] = (200, 60, 60)
    state = start(40, 40)
    state.offset[:, 20:, 0] = 10.0
    state.offset[:, 21:, 0] = 10.0
    made = enlarge(seen(state, small, KeyView(np.ascontiguousarray(key[::2, ::2]))), large, key)
    assert (made.offset[10:70, 41:45, 0] > 19).all()
    assert (made.offset[10:70, 36:40, 0] < 1).all()
