from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np
from keyfollow_daemon.engines.patch.correspondence import start
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.objects import LONG, REST, Motion, Objects
from keyfollow_daemon.engines.patch.pixels import evened, grid
from keyfollow_daemon.engines.patch.recognition import Recognition

HEIGHT, WIDTH, SIDE = 180, 280, 100
LOST = replace(REST, lost=3, seen=0.0)
NOWHERE = np.ones((HEIGHT, WIDTH), np.bool_)
TURN = np.array([[0.92, -0.28, 130.0], [0.28, 0.92, 10.0], [0.0, 0.0, 1.0]])
"""From the keyframe to the frame."""


def wall(seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    grey = cv2.resize(rng.integers(70, 150, (60, 94, 1), dtype=np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.repeat(grey[..., None], 3, axis=2)


def card(seed: int = 2) -> Any:
    """Orange with spots; another seed has others, and the same bar."""
    rng = np.random.default_rng(seed)
    out = cv2.resize(rng.integers(0, 80, (12, 12, 3), dtype=np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    out += np.array([160, 60, 10], np.uint8)
    for _ in range(40):
        x, y = (int(n) for n in rng.integers(6, SIDE - 6, 2))
        cv2.circle(out, (x, y), int(rng.integers(2, 7)), [int(n) for n in rng.integers((150, 40, 0), (240, 130, 90))], -1)
    cv2.rectangle(out, (20, 44), (80, 54), (230, 190, 90), -1)
    return out


def picture(there: Any = None, seed: int = 2) -> Any:
    """The wall with a card on it, at its keyframe place (20, 40) moved by the map `there`."""
    sheet, mask = wall(), np.zeros((HEIGHT, WIDTH), np.uint8)
    sheet[40 : 40 + SIDE, 20 : 20 + SIDE], mask[40 : 40 + SIDE, 20 : 20 + SIDE] = card(seed), 255
    if there is None:
        return sheet
    moved, cover = (cv2.warpAffine(each, there[:2], (WIDTH, HEIGHT)) for each in (sheet, mask))
    return np.where(cover[..., None] > 127, moved, wall())


@cache
def known() -> Recognition:
    area, drawn = np.zeros((2, HEIGHT, WIDTH), np.bool_)
    area[40 : 40 + SIDE, 20 : 20 + SIDE] = True
    drawn[80:110, 60:90] = True
    return Recognition(Objects(drawn, area, np.zeros((HEIGHT, WIDTH), np.float32)), KeyView(picture()))


def found(frame: Any, motions: tuple[Motion, ...] = (LOST, LOST), free: Any = NOWHERE) -> tuple[Motion, ...]:
    return known().found(motions, frame, evened(frame), free, 2)


def off(motion: Motion) -> float:
    corners = np.array([[20, 40, 1], [120, 40, 1], [20, 140, 1], [120, 140, 1]], np.float64).T
    return float(np.linalg.norm(((np.linalg.inv(motion.pose) - TURN) @ corners)[:2], axis=0).max())


def test_a_card_that_comes_back_turned_is_recognised_with_what_is_drawn_on_it() -> None:
    decal, area = found(picture(TURN))
    assert max(off(decal), off(area)) < 1.5 and decal.lost == area.lost == 0


def test_it_is_recognised_where_half_of_it_is_in_the_picture() -> None:
    beyond = TURN.copy()
    beyond[0, 2] += 85.0
    _, area = found(picture(beyond))
    assert area.lost == 0 and np.abs(np.linalg.inv(area.pose) - beyond)[:2, 2].max() < 3.0


def test_another_card_of_its_colours_is_not_it() -> None:
    assert all(motion.lost for motion in found(picture(TURN, seed=9)))


def test_where_its_colours_are_nowhere_it_is_hidden_and_in_time_gone() -> None:
    motions = found(wall())
    assert [motion.hidden for motion in motions] == [2, 2] and not motions[1].gone
    gone = replace(LOST, hidden=LONG + 1)
    assert gone.gone and all(motion.gone for motion in found(picture(TURN, seed=9), (gone, gone)))
    assert not any(motion.gone for motion in found(picture(TURN), (gone, gone)))


def test_what_is_known_to_show_something_else_is_not_looked_at() -> None:
    assert all(motion.lost for motion in found(picture(TURN), free=~NOWHERE))


def test_only_what_may_be_lost_is_looked_for() -> None:
    assert known().marked(0) and known().marked(1)
    assert known().sought((REST, LOST)) == [1] and known().sought((LOST, REST)) == []


def test_it_is_the_same_on_any_number_of_threads() -> None:
    before = cv2.getNumThreads()
    poses = []
    for count in (1, 4):
        cv2.setNumThreads(count)
        poses.append(found(picture(TURN))[1].pose)
    cv2.setNumThreads(before)
    assert np.array_equal(poses[0], poses[1])


def test_what_is_back_is_followed_from_where_it_looks_as_in_the_keyframe() -> None:
    frame = picture(TURN)
    frame[60:90] = (40 + 150 * (np.arange(WIDTH) // 4 % 2))[None, :, None]
    nothing = replace(start(HEIGHT, WIDTH), tracked=np.zeros((HEIGHT, WIDTH), np.float32))
    _, area = found(picture(TURN))
    taken = known().taken_up([None, area], nothing, frame)
    on = cv2.warpAffine(np.pad(np.ones((SIDE, SIDE), np.uint8), ((40, 40), (20, 160))), TURN[:2], (WIDTH, HEIGHT)) > 0
    tracked = taken.tracked > 0.5
    near = cv2.dilate(on.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert tracked[on].mean() > 0.5 and not tracked[~near].any()
    assert tracked[65:85].sum() < 0.02 * on[65:85].sum(), "something passes in front there"
    there = grid(HEIGHT, WIDTH)[tracked] + taken.offset[tracked]
    back = there @ TURN[:2, :2].T + TURN[:2, 2]
    assert np.abs(back - grid(HEIGHT, WIDTH)[tracked]).max() < 2.0


def test_what_is_not_back_or_not_in_the_picture_is_not_followed() -> None:
    nothing = replace(start(HEIGHT, WIDTH), tracked=np.zeros((HEIGHT, WIDTH), np.float32))
    away = Motion(np.array([[1.0, 0.0, 5000.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), np.eye(3))
    assert not known().taken_up([None, away], nothing, picture(TURN)).tracked.any()
