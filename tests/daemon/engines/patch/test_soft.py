from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow_daemon.engines.patch import carrying
from keyfollow_daemon.engines.patch.soft import UNKNOWN, Where, misleading, soften, told_small

from .conftest import Stage, texture

HEIGHT, WIDTH = 96, 128
EDIT = np.array([-90, 40, 60], np.float32)


@dataclass(frozen=True)
class Picture:
    """A reddish side and a greenish one, `share` of the former ``(h, w)``, and where they lie in the keyframe: both move apart."""

    source: np.ndarray
    share: np.ndarray
    where: Where

    @property
    def true(self) -> np.ndarray:
        out: np.ndarray = self.share[..., None] * EDIT
        return out

    @property
    def hard(self) -> np.ndarray:
        """The edit with an outline as sharp as pixels are."""
        return np.where(self.share[..., None] >= 0.5, EDIT, np.float32(0))


@pytest.fixture(scope="module")
def picture() -> Picture:
    rng = np.random.default_rng(0)
    share = np.clip((WIDTH / 2 + 1.5 - np.arange(WIDTH, dtype=np.float32)) / 3, 0, 1) * np.ones((HEIGHT, 1), np.float32)
    noise = rng.normal(0, 4, (2, HEIGHT, WIDTH, 3)).astype(np.float32)
    red, green = np.array([190, 60, 50], np.float32) + noise[0], np.array([70, 120, 60], np.float32) + noise[1]
    source = share[..., None] * red + (1 - share[..., None]) * green
    offset = np.where(share[..., None] > 0.5, np.float32(0), np.float32(5)) * np.ones(2, np.float32)
    known = np.full((HEIGHT, WIDTH), UNKNOWN, np.float32)
    return Picture(source, share, Where(offset, offset, np.ones((HEIGHT, WIDTH), np.float32), known))


def softened(picture: Picture, edit: np.ndarray) -> np.ndarray:
    out = np.array(edit, np.float32)
    soften(out, picture.source, picture.where)
    return out


def test_a_pixel_between_two_sides_is_edited_in_part(picture: Picture) -> None:
    between = (picture.share > 0) & (picture.share < 1)
    before, after = (np.abs(edit - picture.true)[between].mean() for edit in (picture.hard, softened(picture, picture.hard)))
    assert after < 0.3 * before


def test_what_lies_off_the_outline_stays_bit_for_bit(picture: Picture) -> None:
    off = np.abs(np.arange(WIDTH) + 0.5 - WIDTH / 2) > 4
    assert (softened(picture, picture.hard)[:, off] == picture.hard[:, off]).all()
    nothing = np.zeros_like(picture.hard)
    assert not softened(picture, nothing).any()


def test_a_tracked_outline_whose_sides_move_alike_stays_as_it_was_painted(picture: Picture) -> None:
    alike = picture.where._replace(offset=np.zeros_like(picture.where.offset))
    assert (softened(replace(picture, where=alike), picture.hard) == picture.hard).all()
    # where one side comes into sight, or nothing is tracked, motion now or colours have the say
    beside = np.where(picture.share > 0.5, np.float32(1), np.float32(0))
    assert (softened(replace(picture, where=alike._replace(confidence=beside)), picture.hard) != picture.hard).any()
    unsure = alike._replace(motion=alike.offset, confidence=np.zeros_like(picture.share))
    assert (softened(replace(picture, where=unsure), picture.hard) != picture.hard).any()


def test_an_edit_that_follows_no_outline_of_the_keyframe_is_left_alone(picture: Picture) -> None:
    assert (misleading(picture.true, picture.source) < 0.01).all()
    drawn = np.roll(picture.hard, 3, axis=1)
    off = misleading(drawn, picture.source)
    assert off.max() > 0.1
    assert off[0, 0] == np.float32(UNKNOWN)
    apart = np.where(drawn[..., :1] != 0, np.float32(0), np.array([5, 5], np.float32))
    assert (softened(replace(picture, where=picture.where._replace(offset=apart)), drawn) != drawn).any()
    known = replace(picture, where=picture.where._replace(misleading=off, offset=apart))
    assert (softened(known, drawn) == drawn).all()


def test_a_pixel_between_two_edited_sides_takes_part_of_both(picture: Picture) -> None:
    blue, other = np.array([60, 70, 200], np.float32), np.array([50, 50, -60], np.float32)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    spot = np.clip((14 - np.hypot(x - 38, y - 48)) / 2 + 0.5, 0, 1)[..., None]
    source = (spot * blue + (1 - spot) * picture.source).astype(np.float32)
    true = spot * other + (1 - spot) * picture.true
    halo = ((spot > 0) & (spot < 1))[..., 0]
    before = np.where(halo[..., None], 0, np.where(spot > 0.5, other, picture.hard))
    where = picture.where._replace(confidence=np.logical_not(halo).astype(np.float32))
    after = softened(replace(picture, source=source, where=where), before)
    assert np.abs(after - true)[halo].mean() < 0.35 * np.abs(before - true)[halo].mean()


def test_edits_that_no_colours_tell_apart_stay(picture: Picture) -> None:
    two = picture.hard * np.where(np.arange(HEIGHT) // 4 % 2, np.float32(1), np.float32(-0.5))[:, None, None]
    assert (softened(picture, two) == two).all()


def test_another_colour_at_the_outline_is_not_edited(picture: Picture) -> None:
    source = picture.source.copy()
    source[40:44, WIDTH // 2 + 1 : WIDTH // 2 + 3] = (40, 60, 230)
    after = softened(replace(picture, source=source), picture.hard)
    assert (after[40:44, WIDTH // 2 + 1 : WIDTH // 2 + 3] == 0).all()


def test_the_alpha_of_an_edit_is_softened_alike(picture: Picture) -> None:
    source = np.dstack([picture.source, np.full((HEIGHT, WIDTH), 255, np.float32)])
    edit = np.dstack([picture.hard, np.where(picture.share >= 0.5, np.float32(-50), np.float32(0))])
    after = softened(replace(picture, source=source), edit)
    between = (picture.share > 0) & (picture.share < 1)
    assert np.abs(after[..., 3] / -50 - after[..., 0] / EDIT[0])[between].max() < 0.02
    assert (after[..., 3] != edit[..., 3])[between].mean() > 0.5


def test_an_edit_that_is_drawn_small_is_softened_at_the_size_of_the_picture(picture: Picture) -> None:
    few = np.s_[::2, ::2]
    where = Where(
        picture.where.offset[few], picture.where.motion[few], picture.where.confidence[few], picture.where.misleading[few]
    )
    small = told_small(np.ascontiguousarray(picture.hard[few]), np.ascontiguousarray(picture.source[few]), where)
    made = picture.hard.copy()
    small.soften(made, picture.source, (np.arange(HEIGHT) // 2, np.arange(WIDTH) // 2))
    between = (picture.share > 0) & (picture.share < 1)
    before, after = (np.abs(edit - picture.true)[between].mean() for edit in (picture.hard, made))
    assert after < 0.4 * before
    off = np.abs(np.arange(WIDTH) + 0.5 - WIDTH / 2) > 8
    assert (made[:, off] == picture.hard[:, off]).all()


def disc(t: float) -> np.ndarray:
    """How much of each pixel a disc with a rim of 4 px covers, that moves 4 px per frame."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    share: np.ndarray = np.clip((26 - np.hypot(x - 40 - 4 * t, y - 46)) / 4 + 0.5, 0, 1).astype(np.float32)
    return share


def test_a_blurred_rim_that_moves_over_another_ground(
    stage_of: Callable[[Any], Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    ground = texture(7, HEIGHT, WIDTH) * 0.5 + np.array([0, 60, 20], np.float32)
    skin = np.asarray(texture(8, HEIGHT, WIDTH + 40) * 0.5 + np.array([120, 20, 10]), np.float32)
    shares, sources, truths = [], [], []
    for t in range(6):
        share = np.mean([disc(t + step / 16) for step in range(8)], axis=0)[..., None]  # half of the time it is exposed
        along = np.array([[1, 0, 4 * t], [0, 1, 0]], np.float32)
        moved = cv2.warpAffine(skin, along, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        source = share * moved + (1 - share) * ground
        shares.append(share[..., 0])
        sources.append(np.rint(source).astype(np.uint8))
        truths.append(np.clip(np.rint(source + share * EDIT), 0, 255).astype(np.uint8))

    def error() -> float:
        made = stage_of(sources).run({0: truths[0]}, wanted=(4, 5))
        rims = [(f, (shares[f] > 0.02) & (shares[f] < 0.98)) for f in (4, 5)]
        return float(np.mean([np.square(made[f].image.pixels.astype(np.float32) - truths[f])[rim].mean() for f, rim in rims]))

    soft = error()
    monkeypatch.setattr(carrying, "soften", lambda *_: None)
    assert soft < 0.65 * error()
