from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.area import EditedArea
from keyfollow_daemon.engines.patch.changes import gaps, inner
from keyfollow_daemon.engines.patch.correspondence import start
from keyfollow_daemon.engines.patch.hidden import told_by_surface
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.pixels import evened
from keyfollow_daemon.engines.patch.seen import Seen, assess

POST = slice(91, 97)
"""Columns that a post hides in the keyframe, in the middle of what was edited."""


def scene(picture: Any) -> tuple[EditedArea, Any]:
    """(edited area, keyframe's source)."""
    key = picture.copy()
    key[:, POST] = (90, 60, 30)
    changed = np.zeros(picture.shape[:2], np.bool_)
    changed[40:100, 50:140] = True
    changed[:, POST] = False
    return EditedArea(KeyView(key), np.zeros_like(changed), changed, gaps(inner(changed))), key


def judged(frame: Any, area: EditedArea) -> Seen:
    state = start(*frame.shape[:2])
    still, visible = np.zeros_like(state.offset), np.ones(frame.shape[:2], np.bool_)
    seen = assess(state, frame, evened(frame), area.key, still, visible)
    return told_by_surface(seen, frame, evened(frame), area)


def test_what_a_post_hid_between_two_edited_sides_takes_part(large_picture: Any) -> None:
    area, _ = scene(large_picture)
    placed = judged(large_picture, area).placed
    assert placed[50:90, 92:96].mean() > 0.6
    assert not placed[:30].any() and not placed[:, :80].any()


def test_the_post_itself_does_not(picture: Any) -> None:
    area, key = scene(picture)
    assert not judged(key, area).placed.any()


def test_what_is_smeared_from_the_edit_over_what_lies_beside_it_is_not_believed(large_picture: Any) -> None:
    area, key = scene(large_picture)
    state = start(*key.shape[:2])
    smear = np.s_[50:90, 140:150]
    state.offset[smear][..., 0] = 138 - np.arange(140, 150)
    still, visible = np.zeros_like(state.offset), np.ones(key.shape[:2], np.bool_)
    seen = replace(assess(state, key, evened(key), area.key, still, visible), confidence=np.ones(key.shape[:2], np.float32))
    told = told_by_surface(seen, key, evened(key), area)
    assert told.confidence[52:88, 143:149].max() == 0
    assert told.confidence[:, :136].min() == 1 and told.confidence[:, 154:].min() == 1
