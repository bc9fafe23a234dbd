from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import Array, EditMask, Engine
from keyfollow_daemon.engines.patch.engine import PatchEngine


def psnr(a: Array, b: Array, area: Array) -> float:
    error = np.square(a[area].astype(np.float64) - b[area].astype(np.float64)).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def test_it_is_an_engine() -> None:
    engine: Engine = PatchEngine()
    assert engine is not None


def test_the_edit_follows_the_square_and_the_rest_stays(square: Any, stage: Any) -> None:
    made = stage.run({0: square.painted(0)})
    assert sorted(made) == list(range(10))
    for t in (3, 9):
        inner = square.inner(t)
        far = square.far(t)
        assert psnr(made[t].image.pixels, square.painted(t), inner) > 30
        assert psnr(square.pictures[t], square.painted(t), inner) < 22
        assert (made[t].image.pixels[far] == square.pictures[t][far]).mean() > 0.995


def test_a_keyframe_is_returned_as_given_from_any_position(square: Any, stage: Any) -> None:
    made = stage.run({5: square.painted(5)})
    assert np.array_equal(made[5].image.pixels, square.painted(5))
    assert made[5].confidence == 1.0
    inner = square.inner(0)
    assert psnr(made[0].image.pixels, square.painted(0), inner) > 30


def test_frames_come_nearest_keyframe_outward_and_only_those_wanted(square: Any, stage: Any) -> None:
    keys = {2: square.painted(2), 7: square.painted(7)}
    assert list(stage.run(keys, wanted=[0, 1, 2, 3, 4, 6, 9])) == [2, 3, 4, 6, 1, 0, 9]


def test_two_keyframes_are_not_worse_than_one(square: Any, stage: Any) -> None:
    one = stage.run({0: square.painted(0)}, wanted=[5])
    two = stage.run({0: square.painted(0), 9: square.painted(9)}, wanted=[5])
    area = square.areas[5]
    assert psnr(two[5].image.pixels, square.painted(5), area) > psnr(one[5].image.pixels, square.painted(5), area) - 0.3


def test_resuming_gives_the_same_bytes(square: Any, stage: Any) -> None:
    keys = {0: square.painted(0), 9: square.painted(9)}
    whole, rest = stage.run(keys), stage.run(keys, wanted=[4, 7])
    for t in (4, 7):
        assert np.array_equal(whole[t].image.pixels, rest[t].image.pixels)


def test_threads_do_not_change_the_result(square: Any, stage: Any) -> None:
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = stage.run({0: square.painted(0)}, wanted=[4])
        stage.ctx.cache.entries.clear()
        cv2.setNumThreads(3)
        three = stage.run({0: square.painted(0)}, wanted=[4])
    finally:
        cv2.setNumThreads(threads)
    assert np.array_equal(one[4].image.pixels, three[4].image.pixels)


def test_another_keyframe_on_the_same_clip_computes_no_flow(square: Any, stage: Any) -> None:
    stage.run({0: square.painted(0)}, wanted=[1])
    assert stage.ctx.cache.saved == 9 + 1 + 1
    stage.run({6: square.painted(6)}, wanted=[5, 7])
    # a track's step for each frame, and what is seen of the edit there
    assert stage.ctx.cache.saved == 9 + 1 + 1 + 2 + 2


def test_another_edit_of_the_same_frame_tracks_nothing_that_the_source_tells(square: Any, stage: Any) -> None:
    stage.run({0: square.painted(0)}, wanted=[6])
    saved = stage.ctx.cache.saved
    other = square.pictures[0].copy()
    other[100:130, 20:60] //= 2
    again = stage.run({0: other}, wanted=[6])
    assert stage.ctx.cache.saved == saved + 1
    stage.ctx.cache.entries.clear()
    assert np.array_equal(again[6].image.pixels, stage.run({0: other}, wanted=[6])[6].image.pixels)


def test_other_settings_and_another_keyframe_beside_it_follow_nothing_anew(square: Any, stage: Any) -> None:
    first = {0: square.painted(0)}
    stage.run(first, wanted=[2, 4])
    checks, saved = stage.ctx.checks, stage.ctx.cache.saved
    stage.run(first, wanted=[2, 4], strength=0.5)
    assert stage.ctx.cache.saved == saved
    weak = stage.ctx.checks - checks
    stage.ctx.cache.entries.clear()
    checks = stage.ctx.checks
    stage.run(first, wanted=[2, 4], strength=0.5)
    assert weak < stage.ctx.checks - checks
    saved = stage.ctx.cache.saved
    both = stage.run({**first, 8: square.painted(8)}, wanted=[2, 4])
    # of the new keyframe: four steps and two more, and what is seen of it in two frames
    assert stage.ctx.cache.saved == saved + 6 + 2
    stage.ctx.cache.entries.clear()
    anew = stage.run({**first, 8: square.painted(8)}, wanted=[2, 4])
    assert all(np.array_equal(both[n].image.pixels, anew[n].image.pixels) for n in (2, 4))


def test_a_damaged_entry_is_made_again(square: Any, stage: Any) -> None:
    first = stage.run({0: square.painted(0)}, wanted=[3])
    inversion = stage.invert()
    del stage.ctx.cache.entries[inversion.keys[1]]
    stage.ctx.cache.entries[inversion.keys[2]] = {"forth": np.zeros((3, 3, 2), np.float16)}
    again = stage.run({0: square.painted(0)}, wanted=[3])
    assert np.array_equal(first[3].image.pixels, again[3].image.pixels)
    assert stage.ctx.cache.saved == 9 + 3 + 1 + 2


def test_a_draft_has_full_size_and_its_own_entries(square: Any, stage: Any) -> None:
    stage.run({0: square.painted(0)}, wanted=[1])
    made = stage.run({0: square.painted(0)}, wanted=[4], draft=True)
    # of a draft's tracks every fourth is kept, and nothing of what is seen
    assert stage.ctx.cache.saved == (9 + 1 + 1) + (9 + 1)
    assert made[4].image.pixels.shape == square.pictures[4].shape
    inner = square.inner(4)
    assert psnr(made[4].image.pixels, square.painted(4), inner) > 25


def test_outside_a_persons_mask_every_bit_stays(square: Any, stage: Any) -> None:
    weight = np.zeros((144, 192), np.float32)
    weight[20:92, 24:60] = 1.0
    made = stage.run({0: square.painted(0)}, masks=[EditMask("edit", 0, weight)], feather=3.0)
    for t, edited in made.items():
        assert edited.traced is None and edited.mask is not None
        assert np.array_equal(edited.image.pixels[edited.mask == 0], square.pictures[t][edited.mask == 0])
        assert (edited.image.pixels != square.pictures[t]).any()
    assert made[0].mask is not None and (made[0].mask == 1).any()
    full = made[0].mask == 1
    assert np.array_equal(made[0].image.pixels[full], square.painted(0)[full])


def test_a_protected_area_stays_as_it_moves(square: Any, stage: Any) -> None:
    weight = square.areas[0].astype(np.float32)
    made = stage.run({0: square.painted(0)}, masks=[EditMask("protect", 0, weight)], feather=0.0, wanted=[6])
    inner = square.inner(6)
    assert np.array_equal(made[6].image.pixels[inner], square.pictures[6][inner])


def test_strength_scales_the_edit_everywhere(square: Any, stage: Any) -> None:
    assert all(
        np.array_equal(e.image.pixels, square.pictures[t]) for t, e in stage.run({0: square.painted(0)}, strength=0.0).items()
    )
    half = stage.run({0: square.painted(0)}, strength=0.5, wanted=[0])[0].image.pixels.astype(int)
    middle = (square.pictures[0].astype(int) + square.painted(0).astype(int)) / 2
    assert np.abs(half - middle).max() <= 1


def test_an_unedited_keyframe_changes_nothing(square: Any, stage: Any) -> None:
    for t, edited in stage.run({4: square.pictures[4]}).items():
        assert np.array_equal(edited.image.pixels, square.pictures[t])


def test_a_keyframe_saved_as_jpeg_does_not_spread_its_noise(square: Any, stage: Any) -> None:
    _, data = cv2.imencode(".jpg", square.painted(0)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    key = np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])
    made = stage.run({0: key}, wanted=[4])[4].image.pixels
    far = square.far(4)
    assert (made[far] == square.pictures[4][far]).mean() > 0.95
    inner = square.inner(4)
    assert psnr(made, square.painted(4), inner) > 28


@pytest.mark.parametrize("dtype", ["uint16", "float16"])
def test_it_works_at_the_sources_depth_with_alpha(square: Any, stage_of: Any, dtype: str) -> None:
    def deep(picture: Array) -> Array:
        rgba = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]).astype(np.float32)
        rgba[..., :3] += 0.3
        return (rgba * 257).astype(np.uint16) if dtype == "uint16" else (rgba / 255).astype(np.float16)

    sources = [deep(p) for p in square.pictures[:5]]
    key = sources[0].copy()
    key[square.areas[0]] = deep(square.painted(0))[square.areas[0]]
    key[square.areas[0], 3] = key[square.areas[0], 3] // 2 if dtype == "uint16" else 0.5
    made = stage_of(sources).run({0: key}, wanted=[0, 4])
    assert np.array_equal(made[0].image.pixels, key)
    picture = made[4].image.pixels
    assert picture.dtype == dtype and picture.shape == (144, 192, 4)
    inner = square.inner(4)
    white = 65535 if dtype == "uint16" else 1.0
    assert np.abs(picture[inner, 3].astype(float) / white - 0.5).max() < 0.02
    assert (picture[square.far(4)] == sources[4][square.far(4)]).all(axis=1).mean() > 0.99


def test_it_reports_progress_and_looks_for_cancellation(square: Any, stage: Any) -> None:
    stage.run({0: square.painted(0)})
    assert stage.ctx.told[0] == ("Preparing", 0, 9) and ("Preparing", 9, 9) in stage.ctx.told
    assert stage.ctx.told[-1] == ("Propagating", 10, 10)
    assert stage.ctx.checks >= 19


def test_frames_that_an_earlier_attempt_made_count_as_done(square: Any, stage: Any) -> None:
    stage.run({0: square.painted(0)}, wanted=[7, 8, 9])
    assert [told[1:] for told in stage.ctx.told if told[0] == "Propagating"] == [(7, 10), (8, 10), (9, 10), (10, 10)]


def test_a_keyframe_outside_the_inverted_span_still_drives(square: Any, stage: Any) -> None:
    inversion = stage.invert(FrameRange(4, 8))
    assert len(inversion.keys) == 3
    assert len(stage.run({0: square.painted(0)}, wanted=[5, 6])) == 2


def test_what_comes_back_from_behind_something_is_edited_again(square: Any, stage_of: Any) -> None:
    pictures = [square.pictures[0].copy() for _ in range(30)]
    for t, picture in enumerate(pictures):
        left = -30 + 8 * t
        picture[:, max(0, left) : max(0, left + 24)] = (30 + 10 * (np.arange(144) // 6 % 2))[:, None, None]
    edited = square.painted(0)
    made = stage_of(pictures).run({0: edited}, wanted=[29])[29]
    assert psnr(made.image.pixels, edited, square.inner(0)) > 26


def test_a_keyframe_before_which_something_passes_forgets_nothing_that_another_one_saw(square: Any, stage_of: Any) -> None:
    pictures = [square.pictures[0].copy() for _ in range(12)]
    post = (30 + 10 * (np.arange(144) // 6 % 2))[:, None, None]
    for picture in pictures[3:8]:
        picture[:, 50:90] = post
    edited = square.painted(0)
    second = edited.copy()
    second[:, 50:90] = post
    hidden = square.inner(0)
    hidden[:, :54] = hidden[:, 86:] = False
    stage = stage_of(pictures)
    for draft, least in ((False, 26), (True, 22)):
        made = stage.run({0: edited, 6: second}, wanted=[11], draft=draft)[11]
        assert psnr(made.image.pixels, edited, hidden) > least
        # the same bytes, whether what is followed from the first one was on its way or not
        assert np.array_equal(stage.run({0: edited, 6: second}, draft=draft)[11].image.pixels, made.image.pixels)
    # and before the first one
    made = stage_of(pictures[::-1]).run({5: second, 11: edited}, wanted=[0])[0]
    assert psnr(made.image.pixels, edited, hidden) > 26


def test_whoever_paints_otherwise_later_on_is_heard_from_there_on(square: Any, stage: Any) -> None:
    first, second = square.painted(0), square.painted(4)
    other = square.pictures[0].copy()
    other[square.areas[0]] = 255 - first[square.areas[0]]
    for key in (first, other):
        made = stage.run({0: key, 4: second}, wanted=[8])[8]
        assert psnr(made.image.pixels, square.painted(8), square.inner(8)) > 27
    alone = stage.run({4: second}, wanted=[8])[8]
    assert np.array_equal(made.image.pixels, alone.image.pixels)


def test_a_keyframe_that_lost_the_object_takes_no_confidence_from_one_that_sees_it(square: Any, stage_of: Any) -> None:
    pictures = [square.pictures[0].copy() for _ in range(6)]
    for picture in pictures[2:]:
        picture[:, 30:80] = (30 + 10 * (np.arange(144) // 6 % 2))[:, None, None]
    stage, edited = stage_of(pictures), [square.painted(0), pictures[5].copy()]
    edited[1][:, 30:80, 0] += 100
    alone = stage.run({0: edited[0]}, wanted=[1])[1].confidence
    assert stage.run({0: edited[0], 5: edited[1]}, wanted=[1])[1].confidence > 0.9 * alone


def test_frame_buffers_keep_their_tags(square: Any, stage: Any) -> None:
    made = stage.run({0: square.painted(0)}, wanted=[2])[2].image
    assert isinstance(made, FrameBuffer) and made.depth == 8


def posterised(picture: Array) -> Array:
    return np.asarray(picture // 64 * 64 + 32, np.uint8)


def test_a_redrawn_keyframe_is_repainted_and_a_recoloured_one_is_not(square: Any, stage: Any) -> None:
    key = posterised(square.pictures[0])
    made = {preset: stage.run({0: key}, wanted=[4], preset=preset)[4] for preset in ("auto", "style", "local change")}
    assert np.array_equal(made["auto"].image.pixels, made["style"].image.pixels)

    def off_the_levels(preset: str) -> float:
        return float(np.abs(made[preset].image.pixels.astype(float) % 64 - 32).mean())

    assert off_the_levels("style") < 0.8 * off_the_levels("local change")
    local = {preset: stage.run({0: square.painted(0)}, wanted=[4], preset=preset)[4] for preset in ("auto", "local change")}
    assert np.array_equal(local["auto"].image.pixels, local["local change"].image.pixels)


def test_repaint_mixes_the_two_ways(square: Any, stage: Any) -> None:
    key = posterised(square.pictures[0])
    full, half, none = (stage.run({0: key}, wanted=[3], repaint=r)[3].image.pixels.astype(int) for r in (1.0, 0.5, 0.0))
    assert (full != none).any()
    # where neither runs into black or white
    inside = (np.minimum(full, none) > 0) & (np.maximum(full, none) < 255)
    assert np.abs(half - (full + none) / 2)[inside].max() <= 1


def test_a_local_edit_drawn_in_style_stays_local(square: Any, stage: Any) -> None:
    key = square.pictures[0].copy()
    key[square.areas[0]] = posterised(key)[square.areas[0]]
    made = stage.run({0: key}, wanted=[4], preset="style")[4]
    far = square.far(4)
    assert (made.image.pixels[far] == square.pictures[4][far]).mean() > 0.995
    assert made.traced is not None and not made.traced[far].all()


def test_a_repaint_is_the_same_however_it_is_run(square: Any, stage: Any) -> None:
    keys = {0: posterised(square.pictures[0]), 9: posterised(square.pictures[9])}
    whole, rest = stage.run(keys), stage.run(keys, wanted=[3, 7])
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(3)
        three = stage.run(keys, wanted=[3, 7])
    finally:
        cv2.setNumThreads(threads)
    for t in (3, 7):
        assert np.array_equal(whole[t].image.pixels, rest[t].image.pixels)
        assert np.array_equal(whole[t].image.pixels, three[t].image.pixels)


def two_shots(square: Any) -> list[Array]:
    """Five frames of the square, then five of it upside down and in other colours."""
    return [*square.pictures[:5], *(np.ascontiguousarray(p[::-1, ::-1, ::-1]) for p in square.pictures[5:])]


def test_nothing_is_carried_across_a_cut(square: Any, stage_of: Any) -> None:
    pictures = two_shots(square)
    made = stage_of(pictures).run({1: square.painted(1)})
    assert sorted(made) == list(range(10))
    assert psnr(made[4].image.pixels, square.painted(4), square.inner(4)) > 30
    for t in range(10):
        assert made[t].reached == (t < 5)
        if t >= 5:
            assert made[t].confidence == 0.0 and np.array_equal(made[t].image.pixels, pictures[t])
            assert made[t].traced is not None and not made[t].traced.any()


def test_each_shots_keyframe_serves_that_shot(square: Any, stage_of: Any) -> None:
    pictures = two_shots(square)
    other = np.ascontiguousarray(square.painted(8)[::-1, ::-1, ::-1])
    both = stage_of(pictures).run({1: square.painted(1), 8: other})
    first = stage_of(pictures).run({1: square.painted(1)}, wanted=[4])
    assert all(e.reached for e in both.values())
    assert np.array_equal(both[4].image.pixels, first[4].image.pixels)
    truth = np.ascontiguousarray(square.painted(5)[::-1, ::-1, ::-1])
    assert psnr(both[5].image.pixels, truth, square.inner(5)[::-1, ::-1]) > 30


def test_a_mask_holds_in_its_own_shot(square: Any, stage_of: Any) -> None:
    pictures = two_shots(square)
    masks = [EditMask("edit", 0, np.zeros((144, 192), np.float32))]
    other = np.ascontiguousarray(square.painted(8)[::-1, ::-1, ::-1])
    made = stage_of(pictures).run({1: square.painted(1), 8: other}, masks=masks, wanted=[3, 6])
    assert np.array_equal(made[3].image.pixels, pictures[3])
    assert (made[6].image.pixels != pictures[6]).any() and made[6].mask is None


def changed(edited: Any, source: Array) -> Array:
    return np.asarray((edited.image.pixels != source).any(axis=2))


def test_a_draft_changes_what_the_final_changes(square: Any, stage: Any) -> None:
    draft, final = (stage.run({0: square.painted(0)}, wanted=[6], draft=d)[6] for d in (True, False))
    both = changed(draft, square.pictures[6]), changed(final, square.pictures[6])
    # on so small a picture; on the benchmark's scenes it is 0.77 to 0.99
    assert (both[0] & both[1]).sum() / (both[0] | both[1]).sum() > 0.75
    assert (draft.image.pixels[square.far(6)] == square.pictures[6][square.far(6)]).mean() > 0.995


def test_a_draft_of_a_jpeg_keyframe_does_not_spread_its_noise(square: Any, stage: Any) -> None:
    _, data = cv2.imencode(".jpg", square.painted(0)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    key = np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])
    made = stage.run({0: key}, wanted=[4], draft=True)[4]
    assert changed(made, square.pictures[4])[square.far(4)].mean() < 0.01


def test_certainty_is_told_by_place(square: Any, stage: Any) -> None:
    stage.frames.pictures[3] = square.pictures[3].copy()
    stage.frames.pictures[3][30:60, 40:70] = np.random.default_rng(0).integers(0, 255, (30, 30, 3), np.uint8)
    made = stage.run({2: square.painted(2)}, wanted=[2, 3])
    assert made[2].certainty is not None and made[2].certainty.min() == 255
    where = made[3].certainty
    assert where is not None and where.dtype == np.uint8 and max(where.shape) <= 128
    rows, columns = where.shape
    hidden = where[35 * rows // 144 : 55 * rows // 144, 45 * columns // 192 : 65 * columns // 192]
    assert hidden.mean() < 80 < 160 < where[rows // 2 :, columns // 2 :].mean()


@pytest.mark.parametrize("dtype", ["uint16", "float16"])
def test_logarithmic_and_linear_light_keep_grain_alpha_and_their_range(square: Any, stage_of: Any, dtype: str) -> None:
    """10-bit log in 16-bit words, and linear light with highlights above 1 and noise below 0: what the edit leaves keeps every bit."""
    rng = np.random.default_rng(4)

    def deep(picture: Array, grain: Array) -> Array:
        rgba = np.dstack(
            [picture.astype(np.float32) / 255, np.linspace(0.2, 1.0, 192, dtype=np.float32) * np.ones((144, 1), np.float32)]
        )
        if dtype == "uint16":
            rgba[..., :3] = np.log2(1 + 60 * rgba[..., :3]) / np.log2(61) * 0.6 + 0.1 + grain
            return np.asarray(np.rint(rgba * 1023) * 64, np.uint16)
        rgba[..., :3] = rgba[..., :3] ** 2.2 * 3 - 0.01 + grain
        return np.asarray(rgba, np.float16)

    grain = [rng.normal(0, 0.02, (144, 192, 1)).astype(np.float32) for _ in range(4)]
    sources = [deep(p, g) for p, g in zip(square.pictures[:4], grain, strict=True)]
    key = sources[0].copy()
    key[square.areas[0], 0] = key[square.areas[0], 0] // 2 if dtype == "uint16" else key[square.areas[0], 0] * np.float16(0.5)
    made = stage_of(sources).run({0: key}, wanted=[3])[3].image.pixels
    far, inner = square.far(3), square.inner(3)
    assert made.dtype == dtype
    assert (made.view(np.uint16)[far] == sources[3].view(np.uint16)[far]).all(axis=1).mean() > 0.99
    assert np.array_equal(made[..., 3], sources[3][..., 3])
    red, before = (picture[inner, 0].astype(np.float64) for picture in (made, sources[3]))
    assert np.abs(red.mean() / before.mean() - 0.5) < 0.05
    # detail and grain are the frame's own

    def fine(picture: Array) -> Array:
        plane = picture[..., 0].astype(np.float32)
        return np.asarray((plane - cv2.GaussianBlur(plane, (0, 0), 2.0))[inner])

    assert np.corrcoef(fine(made), fine(sources[3]))[0, 1] > 0.95


def test_a_draft_of_a_keyframe_without_an_edit_is_the_source(square: Any, stage: Any) -> None:
    made = stage.run({0: square.pictures[0]}, wanted=[4], draft=True)[4]
    assert (made.image.pixels == square.pictures[4]).all()


def test_drafts_of_two_keyframes_are_as_sharp_as_of_one(square: Any, stage: Any) -> None:
    one, two = (stage.run({k: square.painted(k) for k in keys}, wanted=[4], draft=True)[4] for keys in ((0,), (0, 8)))
    true, rim = square.painted(4).astype(np.float32), square.areas[4]
    errors = [np.abs(made.image.pixels - true)[rim].mean() for made in (one, two)]
    assert errors[1] < 1.1 * errors[0]


def test_a_card_that_left_the_picture_has_its_drawing_when_it_is_back(stage_of: Any) -> None:
    rng = np.random.default_rng(8)
    wall: Any = np.repeat(rng.integers(80, 140, (30, 40, 1), dtype=np.uint8), 3, axis=2)
    wall = cv2.resize(wall, (200, 150), interpolation=cv2.INTER_CUBIC)
    card = np.full((84, 84, 3), (200, 90, 40), np.uint8)
    for _ in range(60):
        x, y = (int(n) for n in rng.integers(4, 80, 2))
        cv2.circle(card, (x, y), int(rng.integers(2, 6)), [int(n) for n in rng.integers((140, 30, 0), (255, 160, 90))], -1)
    painted = card.copy()
    cv2.circle(painted, (44, 40), 16, (30, 220, 240), -1)

    def frame(t: int, sheet: Any) -> Any:
        """It leaves at the left, and comes back at the right, turned."""
        there = cv2.getRotationMatrix2D((42, 42), 0 if t < 11 else 40, 1)
        there[:, 2] += (20 - 12 * t if t < 11 else 230 - 8 * (t - 14), 34)
        cover = cv2.warpAffine(np.full((84, 84, 1), 255, np.uint8), there, (200, 150))
        return np.where(cover[..., None] > 127, cv2.warpAffine(sheet, there, (200, 150)), wall)

    made = stage_of([frame(t, card) for t in range(30)]).run({0: frame(0, painted)}, wanted=[29])
    truth = frame(29, painted)
    drawn = (truth != frame(29, card)).any(axis=2)
    assert np.abs(made[29].image.pixels.astype(np.float32) - truth)[drawn].mean() < 20
