"""Reports are measured: each number is checked against a slow, obvious count."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyfollow.engine_info import Report
from keyfollow.errors import JobError
from keyfollow.frames import FrameBuffer
from keyfollow.plain import from_plain, to_plain
from keyfollow_daemon.takes.report import FrameMeasure, Measure, largest_stray, summarise

SIZE = (40, 60)


def picture(dtype: str = "uint8", channels: int = 3) -> np.ndarray[Any, Any]:
    return (np.random.default_rng(1).random((*SIZE, channels)) * 100).astype(dtype)


def measure(edited: Any, source: Any, confidence: float = 1.0, **maps: Any) -> FrameMeasure:
    return Measure()(5, FrameBuffer(edited), FrameBuffer(source), confidence, **maps)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16"])
def test_a_change_in_any_channel_counts_once(dtype: str, channels: int) -> None:
    source = picture(dtype, channels)
    edited = source.copy()
    for channel in range(channels):
        edited[3, 4 + channel, channel] += 1
    edited[9, 9] += 1
    assert measure(edited, source).changed_share == (channels + 1) / 2400
    assert measure(source.copy(), source).changed_share == 0


def test_half_floats_are_compared_bit_for_bit() -> None:
    source = picture("float16")
    source[0, 0] = np.nan
    source[1, 1] = 0.0
    edited = source.copy()
    assert measure(edited, source).changed_share == 0
    edited[1, 1, 2] = -0.0
    assert measure(edited, source).changed_share == 1 / 2400


def test_pixels_outside_the_mask_are_counted_exactly_where_it_is_zero() -> None:
    source = picture()
    edited = source.copy()
    edited[10:20, 10:20] += 1
    mask = np.zeros(SIZE, np.float32)
    mask[10:20, 10:20] = 1e-6
    assert measure(edited, source, mask=mask).changed_outside_mask == 0
    mask[10, 10:13] = 0
    assert measure(edited, source, mask=mask).changed_outside_mask == 3
    assert measure(edited, source).changed_outside_mask is None


def test_the_largest_area_that_touches_no_traced_pixel_is_stray() -> None:
    source = picture()
    edited = source.copy()
    traced = np.zeros(SIZE, bool)
    edited[2:10, 2:10] += 1  # traced at one corner only
    traced[9, 9] = True
    edited[20:24, 20:24] += 1  # 16 px, stray
    edited[24, 24] += 1  # joined by its corner: 17
    edited[30:33, 50:53] += 1  # 9 px, stray
    edited[35:40, 0:8] += 1  # 40 px, next to a traced pixel
    traced[34, 8] = True
    assert measure(edited, source, traced=traced).stray_pixels == 17
    assert measure(edited, source).stray_pixels == 0
    assert measure(edited, source, traced=np.ones(SIZE, bool)).stray_pixels == 0
    assert measure(edited, source, traced=np.zeros(SIZE, bool)).stray_pixels == 64


def flood(changed: Any, traced: Any) -> int:
    """The definition, pixel by pixel."""
    todo = set(zip(*np.nonzero(changed), strict=True))
    best = 0
    while todo:
        stack = [todo.pop()]
        area, touches = 0, False
        while stack:
            y, x = stack.pop()
            area += 1
            near = [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
            touches = touches or any(0 <= v < traced.shape[0] and 0 <= u < traced.shape[1] and traced[v, u] for v, u in near)
            found = [p for p in near if p in todo]
            todo.difference_update(found)
            stack += found
        best = max(best, 0 if touches else area)
    return best


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.6), st.floats(0, 0.1))
def test_stray_areas_against_the_definition(seed: int, density: float, share: float) -> None:
    chance = np.random.default_rng(seed)
    changed, traced = chance.random((12, 17)) < density, chance.random((12, 17)) < share
    assert largest_stray(changed, traced) == flood(changed, traced)


def test_one_measure_serves_frames_of_several_sizes_and_does_not_mix_them_up() -> None:
    keep = Measure()
    small, large = picture(), np.zeros((64, 64, 4), np.uint16)
    for _ in range(2):
        changed = small.copy()
        changed[0, 0] += 1
        assert keep(0, FrameBuffer(changed), FrameBuffer(small), 1.0).changed_share == 1 / 2400
        assert keep(1, FrameBuffer(small), FrameBuffer(small), 1.0).changed_share == 0
        assert keep(2, FrameBuffer(large + 1), FrameBuffer(large), 1.0).changed_share == 1


@pytest.mark.parametrize(("given", "kept"), [(0.25, 0.25), (2.0, 1.0), (-1.0, 0.0), (float("nan"), 0.0), (float("inf"), 1.0)])
def test_confidence_is_kept_within_bounds(given: float, kept: float) -> None:
    assert measure(picture(), picture(), given).confidence == kept


def test_what_does_not_fit_its_source_is_the_engines_fault() -> None:
    source = picture()
    for edited, maps in (
        (source[:20].copy(), {}),
        (source.astype(np.uint16), {}),
        (picture(channels=4), {}),
        (source, {"mask": np.zeros((3, 3), np.float32)}),
        (source, {"traced": np.zeros((60, 40), bool)}),
    ):
        with pytest.raises(JobError) as caught:
            measure(edited, source, **maps)
        assert caught.value.code == "bad_result"


def test_a_measure_is_plain() -> None:
    for record in (FrameMeasure(0.5, None, 3, 0.25), FrameMeasure(0.0, 7, 0, 1.0)):
        assert from_plain(FrameMeasure, to_plain(record)) == record


def report(records: dict[int, FrameMeasure], has_mask: bool) -> Report:
    return summarise(records, seconds={"Reading": 1.5}, cache_hits=3, cache_misses=1, cache="c", has_mask=has_mask)


def test_with_a_mask_the_sentence_is_the_true_number() -> None:
    assert report({n: FrameMeasure(0.1, 0, 0, 1.0) for n in range(3)}, True).summary == "Protected: 0 px changed."
    assert "the mask lets nothing of the edit through" in report({3: FrameMeasure(0.0, 0, 0, 1.0)}, True).summary
    made = report({4: FrameMeasure(0.1, 2, 0, 1.0), 5: FrameMeasure(0.3, 5, 0, 1.0)}, True)
    assert made.summary == "Protected: 7 px changed."
    assert (made.changed_outside_mask, made.automatic_mask, made.frames) == (7, False, 2)
    assert made.changed_share == pytest.approx(0.2)
    assert (made.cache_hits, made.cache_misses, made.cache, made.seconds) == (3, 1, "c", {"Reading": 1.5})


def test_a_frame_without_its_mask_is_not_called_protected() -> None:
    made = report({4: FrameMeasure(0.1, 0, 0, 1.0), 5: FrameMeasure(0.3, None, 0, 1.0)}, True)
    assert made.changed_outside_mask is None
    assert "1 frames came without" in made.summary


def test_without_a_mask_the_sentence_names_share_and_stray() -> None:
    records = {
        56: FrameMeasure(0.14, None, 12, 1.0),
        57: FrameMeasure(0.10, None, 340, 0.9),
        58: FrameMeasure(0.12, None, 340, 0.8),
    }
    made = report(records, False)
    assert made.summary == "Automatic mask: 12 % of the frame changed; largest stray area in frame 57 (340 px)."
    assert (made.stray_frame, made.stray_pixels, made.automatic_mask, made.changed_outside_mask) == (57, 340, True, None)
    clean = report({1: FrameMeasure(0.015, None, 0, 1.0)}, False)
    assert clean.summary == "Automatic mask: 1.5 % of the frame changed; no stray area."
    assert clean.stray_frame is None


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (1e-6, "less than 0.1 %"), (0.004, "0.4 %"), (0.0996, "10 %"), (0.5, "50 %"), (1, "100 %")]
)
def test_percentages_are_never_rounded_to_nothing(share: float, text: str) -> None:
    assert f": {text} of" in report({1: FrameMeasure(share, None, 0, 1.0)}, False).summary


def test_the_suggestion_and_each_frames_confidence_are_told() -> None:
    records = {n: FrameMeasure(0, None, 0, n / 10) for n in (3, 9)}
    assert report(records, False).suggested_keyframe is None
    made = summarise(records, seconds={}, cache_hits=0, cache_misses=0, cache=None, has_mask=False, suggestion=9)
    assert made.suggested_keyframe == 9 and made.confidence == {"3": 0.3, "9": 0.9}


def test_frames_beyond_a_cut_are_named() -> None:
    records = {n: FrameMeasure(0.0, None, 0, 0.0, reached=n in (4, 5)) for n in (2, 4, 5, 7, 8, 9)}
    assert report(records, False).summary.endswith("Left as they are, since no keyframe lies in their shot: frames 2, 7-9.")


def test_no_frames_is_a_report_too() -> None:
    made = report({}, False)
    assert (made.frames, made.suggested_keyframe, made.changed_share) == (0, None, 0.0)


def test_full_hd_is_measured_faster_than_a_run_would_notice() -> None:
    source = np.zeros((1080, 1920, 3), np.uint8)
    edited = source.copy()
    edited[300:700, 500:1200] += 1
    edited[50:90, 50:90] += 1
    traced = np.zeros((1080, 1920), bool)
    traced[290:710, 490:1210] = True
    keep = Measure()
    times = []
    for n in range(6):
        start = time.perf_counter()
        assert keep(n, FrameBuffer(edited), FrameBuffer(source), 1.0, None, traced).stray_pixels == 1600
        times.append(time.perf_counter() - start)
    assert min(times) < 0.25  # ten times the target of 25 ms
