from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow_daemon.engines.patch import area as module
from keyfollow_daemon.engines.patch.area import EditedArea, carried, given_up
from keyfollow_daemon.engines.patch.correspondence import Correspondence
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.objects import LONG
from keyfollow_daemon.engines.patch.pixels import evened

HEIGHT, WIDTH = 160, 220


def door(shift: int) -> Any:
    """A plain door with a handle and seams, `shift` px further to the right; its window is textured."""
    out = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    window = cv2.GaussianBlur(np.random.default_rng(5).integers(0, 255, (30, 110, 3)).astype(np.uint8), (0, 0), 1.5)
    out[14:44, 40 + shift : 150 + shift] = window
    cv2.rectangle(out, (28 + shift, 8), (166 + shift, 146), (80, 84, 90), 2)
    cv2.line(out, (28 + shift, 112), (166 + shift, 104), (100, 104, 108), 2)
    cv2.rectangle(out, (140 + shift, 56), (158 + shift, 64), (50, 50, 50), -1)
    return cv2.GaussianBlur(out, (0, 0), 0.7)


def area() -> tuple[EditedArea, Any]:
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(drawn, (95, 78), 14, 1, -1)
    return EditedArea(KeyView(door(0)), drawn > 0, drawn > 0, np.zeros_like(drawn) > 0), drawn > 0


def test_what_the_edit_touched_is_known_by_where_pixels_were_in_the_keyframe() -> None:
    edited, drawn = area()
    offset = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    assert (edited.touched(offset) == drawn).all() and not (edited.touched(offset) & edited.beside(offset)).any()
    offset[..., 0] = -20.0
    assert (edited.touched(offset)[:, 20:] == drawn[:, :-20]).all()


def test_a_decal_on_a_door_goes_where_the_door_goes_though_tracks_tear_it() -> None:
    edited, _ = area()
    offset = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    offset[..., 0] = -9.0
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    plain = (rows > 50) & (rows < 100) & (columns > 40) & (columns < 140)
    # a reflection stays where it is, and smears what is around it
    offset[plain, 0] = np.where((columns[plain] // 4) % 2 == 0, 2.0, -14.0)
    state = Correspondence(offset, np.ones((HEIGHT, WIDTH), np.float32), edited.start().motions)
    out = carried(state, door(9), evened(door(9)), edited)
    assert out.motions[0].plain
    where = np.linalg.inv(out.motions[0].pose) @ (95.0, 78.0, 1.0)
    assert abs(where[0] - 104.0) < 0.5 and abs(where[1] - 78.0) < 0.5


def test_what_tracks_hold_together_is_not_laid_anew() -> None:
    edited, _ = area()
    offset = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    offset[..., 0] = -9.0
    state = Correspondence(offset, np.ones((HEIGHT, WIDTH), np.float32), edited.start().motions)
    assert not carried(state, door(9), evened(door(9)), edited).motions[0].plain


def test_a_decal_on_a_globe_is_not_laid_as_if_that_were_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a map of the globe's middle explains."""
    monkeypatch.setattr(module, "laid", lambda surface, evened, pose, known: (pose, 0.9))
    noise = np.random.default_rng(7).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    ball: Any = cv2.GaussianBlur(noise, (0, 0), 1.5)
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(drawn, (95, 78), 14, 1, -1)
    edited = EditedArea(KeyView(ball), drawn > 0, drawn > 0, np.zeros_like(drawn) > 0)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    offset = np.stack([0.004 * (columns - 95) ** 2 - 9, 0 * rows], axis=2)
    frame = cv2.remap(ball, columns + offset[..., 0], rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lost = np.hypot(columns - 104, rows - 78) < 16
    offset[lost, 0] += np.where((columns[lost] // 4) % 2 == 0, 7.0, 1.0)
    state = Correspondence(offset.astype(np.float32), np.ones((HEIGHT, WIDTH), np.float32), edited.start().motions)
    assert not carried(state, frame, evened(frame), edited).motions[0].plain


def test_what_is_gone_is_not_carried_on_elsewhere_but_what_the_source_tells_stands() -> None:
    edited, drawn = area()
    state = edited.start()
    gone = tuple(
        replace(motion, pose=np.array([[1.0, 0, 50], [0, 1, 0], [0, 0, 1]]), hidden=LONG + 1) for motion in state.motions
    )
    lost = replace(state, motions=gone)
    unknown = Correspondence(state.offset, np.zeros_like(state.tracked))
    left = given_up(lost, unknown, edited)
    assert not left.tracked[drawn].any() and left.tracked[~edited.objects.masks[0].astype(bool)].all()
    assert given_up(lost, state, edited).tracked.all() and given_up(state, unknown, edited).tracked.all()


def test_a_decal_that_is_frayed_is_looked_at_as_a_piece_of_cloth() -> None:
    edited, _ = area()
    offset = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    offset[..., 0] = -3.0
    tracked = np.ones((HEIGHT, WIDTH), np.float32)
    state = Correspondence(offset, tracked, edited.start().motions)
    assert not carried(state, door(3), evened(door(3)), edited).motions[0].draped
    tracked[66:72] = 0.0
    out = carried(state, door(3), evened(door(3)), edited).motions[0]
    assert out.draped and not out.unseen
    where = np.linalg.inv(out.pose) @ (95.0, 78.0, 1.0)
    assert abs(where[0] - 98.0) < 0.5 and abs(where[1] - 78.0) < 0.5
