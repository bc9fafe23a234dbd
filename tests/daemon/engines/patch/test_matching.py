from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.matching import KeyView, alike, detail_apart, detail_error, light, match_error
from keyfollow_daemon.engines.patch.pixels import evened


def constant(picture: Any, dx: float) -> Any:
    flow = np.zeros((*picture.shape[:2], 2), np.float32)
    flow[..., 0] = dx
    return flow


def test_the_match_error_forgives_a_change_of_light_but_not_of_place(picture: Any) -> None:
    key = KeyView(picture)
    here = constant(picture, 0.0)
    darker = np.rint(picture * 0.7).astype(np.uint8)
    assert match_error(darker, key, here).mean() < 2.0
    assert match_error(darker, key, constant(picture, 9.0)).mean() > 100.0


def test_the_match_error_forgives_a_highlight_where_it_may(picture: Any) -> None:
    key = KeyView(picture)
    here = constant(picture, 0.0)
    lit = np.minimum(picture * 0.6 + 60, 255).astype(np.uint8)
    plain = match_error(lit, key, here, highlights=False).mean()
    assert match_error(lit, key, here).mean() < 0.5 * plain


def test_the_detail_error_tells_half_a_pixel_whatever_the_light(picture: Any) -> None:
    key = KeyView(picture)
    lit = np.clip(picture * 0.6 + np.linspace(0, 80, picture.shape[1])[None, :, None], 0, 255).astype(np.uint8)
    here, beside = constant(picture, 0.0), constant(picture, 0.5)
    assert detail_error(evened(lit), key, here).mean() < 0.5 * detail_error(evened(lit), key, beside).mean()


def test_texture_is_tolerated_and_the_tolerance_moves_with_it(picture: Any) -> None:
    half = picture.copy()
    half[:, :96] = 128
    key = KeyView(half)
    assert np.allclose(key.tolerance_at(constant(picture, 0.0))[20:-20, 20:80], 30.0)
    assert key.tolerance_at(constant(picture, 96.0))[20:-20, 20:80].mean() > 60.0


def test_a_part_of_a_frame_matches_as_it_does_in_the_whole(picture: Any) -> None:
    key, offset = KeyView(picture), constant(picture, 3.0)
    frame = np.ascontiguousarray(np.roll(picture, -3, axis=1))
    window = (slice(30, 90), slice(40, 120))
    there = offset[window] + np.array((40.0, 30.0), np.float32)
    inner = np.s_[4:-4, 4:-4]
    assert np.array_equal(match_error(frame[window], key, there)[inner], match_error(frame, key, offset)[window][inner])
    detail = evened(frame)
    assert np.array_equal(detail_error(detail[window], key, there)[inner], detail_error(detail, key, offset)[window][inner])


def test_what_is_alike_looks_the_same_in_few_pixels(picture: Any) -> None:
    key = KeyView(picture)
    frame = picture.copy()
    frame[:, 96:] = (250, 20, 20)
    everywhere = np.ones(picture.shape[:2], np.bool_)
    same = alike(frame, key, constant(picture, 0.0), everywhere)
    assert same[:, :95].all() and same[:, 97:].mean() < 0.1
    assert alike(picture, key, constant(picture, 20.0), everywhere).mean() < 0.5
    some = np.zeros_like(everywhere)
    some[40:60, 80:110] = True
    assert np.array_equal(alike(frame, key, constant(picture, 0.0), some), same & some)
    assert not alike(frame, key, constant(picture, 0.0), ~everywhere).any()


def test_of_pixels_that_lie_elsewhere_it_is_not_asked_whether_they_are_alike(picture: Any) -> None:
    key, offset = KeyView(picture), constant(picture, 0.0)
    offset[:, 96:] = 30.0
    among = np.ones(picture.shape[:2], np.bool_)
    among[:, 96:] = False
    beside = np.s_[:, 95]
    assert not alike(picture, key, offset, among)[beside].all()
    assert np.array_equal(alike(picture, key, offset, among, among), among)


def test_detail_apart_tells_half_a_pixel_from_none_under_other_light_and_only_where_asked(picture: Any) -> None:
    where = np.zeros(picture.shape[:2], np.bool_)
    where[10:-10, 10:-10] = True
    lit = np.clip(picture.astype(np.float32) + 30, 0, 255).astype(np.uint8)
    here, beside = (detail_apart(lit, picture, constant(picture, dx), where) for dx in (0.0, 0.5))
    assert here[where].mean() < 0.5 * beside[where].mean()
    nothing = np.zeros_like(where)
    assert not detail_apart(lit, picture, constant(picture, 0.5), nothing).any()


def test_what_is_alike_in_the_light_of_its_surroundings(picture: Any) -> None:
    key, here = KeyView(picture), constant(picture, 0.0)
    darker = np.rint(picture * 0.7).astype(np.uint8)
    darker[50:63, 90:110] = (20, 60, 30)
    known = np.ones(picture.shape[:2], np.bool_)
    known[40:64, 80:120] = False
    lit = light(darker, key, here, known)
    assert np.abs(lit[40:64, 85:115] - 0.7).max() < 0.03
    assert np.allclose(light(darker, key, here, np.zeros_like(known)), 1.0)
    asked = ~known
    assert alike(darker, key, here, asked)[asked].mean() < 0.3
    found = alike(darker, key, here, asked, lit=lit)
    assert found[42:48, 82:118].mean() > 0.95 and not found[52:62, 92:108].any()
