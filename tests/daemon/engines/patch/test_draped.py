from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from keyfollow_daemon.engines.patch.draped import COASTS, Told, hung, looks_right, piece
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.objects import REST, Decal, Motion
from keyfollow_daemon.engines.patch.pixels import evened, grid

HEIGHT, WIDTH = 160, 200
FOLDED = np.array([[1.03, 0.04, 5.0], [-0.02, 0.92, 6.0], [0.0, 0.0, 1.0]])
"""From keyframe to frame coordinates."""
NEAR = replace(REST, pose=np.array([[1.0, 0.0, -9.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]))
"""How the cloth lay a frame ago."""


def shirt(there: Any = None, arm: bool = False) -> Any:
    """A smooth shirt with a printed motif above where the decal comes, some faint text beneath, and, before it, an arm."""
    out: Any = np.full((HEIGHT, WIDTH, 3), 215, np.uint8)
    blots = cv2.GaussianBlur(np.random.default_rng(4).integers(0, 255, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 2.0)
    motif = np.zeros((HEIGHT, WIDTH), bool)
    motif[56:76, 72:120] = True
    out[motif & (blots > 127)] = (150, 40, 60)
    faint = np.zeros_like(motif)
    faint[80:98, 78:114] = True
    out[faint & (blots > 129)] = 180
    if there is not None:
        out = cv2.warpAffine(out, there[:2], (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out = cv2.GaussianBlur(out, (0, 0), 0.8)
    if arm:
        out[40:120, 60:150] = (120, 90, 70)
    return out


def decal() -> Decal:
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(drawn, (96, 84), 10, 1, -1)
    return Decal(drawn, drawn, np.ones_like(drawn))


def seen(frame: Any, before: Motion, now: Motion | None = None, offset: Any = None, lost: bool = True) -> Motion:
    """How the decal moves in a `frame`, of which tracks tell `now` and an `offset`, if they are not lost."""
    key, on = KeyView(shirt()), decal()
    cloth = piece(key.evened, key.contrast, on.drawn, on.wide)
    assert cloth is not None
    offset = np.zeros((HEIGHT, WIDTH, 2), np.float32) if offset is None else offset
    told = Told(frame, evened(frame), offset, np.full((HEIGHT, WIDTH), lost))
    return hung(cloth, key.evened, on, told, before, now or before)


def off(motion: Motion, there: Any) -> float:
    """By how much the decal's rim would be off, px of the frame."""
    rim = np.array([[86, 84, 1], [106, 84, 1], [96, 74, 1], [96, 94, 1]], np.float64).T
    return float(np.linalg.norm(((np.linalg.inv(motion.pose) - there) @ rim)[:2], axis=0).max())


def test_cloth_is_laid_where_it_folds_though_tracks_are_torn() -> None:
    smeared = replace(REST, pose=np.array([[1.0, 0.0, -6.0], [0.0, 2.0, -90.0], [0.0, 0.0, 1.0]]))
    out = seen(shirt(FOLDED), NEAR, smeared)
    assert out.draped and out.whole and not out.unseen
    assert off(out, FOLDED) < 1.0 < 2.0 < off(NEAR, FOLDED) < off(smeared, FOLDED)


def test_tracks_that_tell_as_much_are_believed_rather_than_it() -> None:
    pose = np.linalg.inv(FOLDED)
    offset = (grid(HEIGHT, WIDTH) @ pose[:2, :2].T + pose[:2, 2] - grid(HEIGHT, WIDTH)).astype(np.float32)
    out = seen(shirt(FOLDED), NEAR, replace(REST, pose=pose), offset, lost=False)
    assert out.draped and not out.whole


def test_what_passes_in_front_does_not_take_it_along_and_it_is_found_again() -> None:
    known = replace(seen(shirt(FOLDED), NEAR), step=np.eye(3))
    hidden = known
    for n in range(1, COASTS + 3):
        hidden = seen(shirt(FOLDED, arm=True), hidden, replace(REST, pose=np.diag([1.0, 3.0, 1.0])))
        assert hidden.unseen == n and hidden.whole == (n <= COASTS)
    assert off(hidden, FOLDED) < 2.0
    back = np.array([[1.0, 0.0, 12.0], [0.0, 1.0, -8.0], [0.0, 0.0, 1.0]])
    out = seen(shirt(back), hidden)
    assert out.whole and not out.unseen and off(out, back) < 1.0


def test_what_looks_like_nothing_else_around_is_asked_for() -> None:
    noise = np.random.default_rng(9).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    now = replace(REST, pose=FOLDED)
    assert seen(cv2.GaussianBlur(noise, (0, 0), 2.0), REST, now) is now


def test_cloth_without_marks_is_no_piece() -> None:
    key, on = KeyView(np.full((HEIGHT, WIDTH, 3), 200, np.uint8)), decal()
    assert piece(key.evened, key.contrast, on.drawn, on.wide) is None


def test_tracks_look_right_where_they_lead_to_what_is_seen() -> None:
    key, there = KeyView(shirt()), np.array([[1.0, 0.0, 6.0], [0.0, 1.0, 4.0], [0.0, 0.0, 1.0]])
    frame, nothing = shirt(there), np.zeros((HEIGHT, WIDTH), bool)
    offset = np.tile(np.array([-6.0, -4.0], np.float32), (HEIGHT, WIDTH, 1))
    pose = np.linalg.inv(there)
    assert looks_right(key.evened, decal(), Told(frame, evened(frame), offset, ~nothing), pose)
    assert not looks_right(key.evened, decal(), Told(frame, evened(frame), 0 * offset, nothing), pose)
