from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.area import EditedArea
from keyfollow_daemon.engines.patch.changes import gaps, inner
from keyfollow_daemon.engines.patch.correspondence import start
from keyfollow_daemon.engines.patch.hidden import told_by_pose, told_by_surface
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.objects import Motion
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


def test_what_is_smeared_from_the_edit_over_what_lies_beside_it_is_found_to_lie_there_or_not_believed(
    large_picture: Any,
) -> None:
    area, key = scene(large_picture)
    state = start(*key.shape[:2])
    smear = np.s_[50:90, 140:150]
    state.offset[smear][..., 0] = 138 - np.arange(140, 150)
    still, visible = np.zeros_like(state.offset), np.ones(key.shape[:2], np.bool_)
    seen = replace(assess(state, key, evened(key), area.key, still, visible), confidence=np.ones(key.shape[:2], np.float32))
    told = told_by_surface(seen, key, evened(key), area)
    beside = np.s_[52:88, 143:149]
    found = np.abs(told.offset[beside]).max(axis=2) < 0.5
    assert found.mean() > 0.8 and told.confidence[beside][found].min() > 0.5
    assert told.confidence[beside][~found].max(initial=0) == 0
    assert told.confidence[:, :136].min() == 1 and told.confidence[:, 154:].min() == 1


def drawn_on(picture: Any) -> tuple[EditedArea, Any, Any]:
    """(area with a drawing on it, frame 6 px on in a dimmer light with a post before half of the drawing, how the drawing moves)."""
    changed, decal = np.zeros((2, *picture.shape[:2]), np.bool_)
    changed[40:100, 50:140] = True
    decal[60:80, 84:110] = True
    area = EditedArea(KeyView(picture), decal, changed, np.zeros_like(changed))
    frame = np.rint(0.75 * np.roll(picture, 6, axis=1)).astype(np.uint8)
    frame[:, 103:109] = (20, 70, 20)
    pose = np.eye(3)
    pose[0, 2] = -6.0
    return area, frame, [Motion(pose, np.eye(3)) for _ in area.objects.masks]


def unsure_amid(frame: Any) -> Seen:
    """Tracked but within 6 px of the post, where flow went along with that."""
    state = start(*frame.shape[:2])
    state.offset[..., 0] = -6.0
    state.offset[:, 97:115, 0] = 0.0
    one, flags = np.ones(frame.shape[:2], np.float32), np.ones(frame.shape[:2], np.bool_)
    confidence = one.copy()
    confidence[:, 97:115] = 0.1
    return Seen(state.offset, state.tracked, confidence, one, np.zeros_like(state.offset), flags, ~flags)


def test_what_is_drawn_lies_where_its_pose_has_it_beside_what_passes_before_it(picture: Any) -> None:
    area, frame, motions = drawn_on(picture)
    told = told_by_pose(unsure_amid(frame), frame, area, motions)
    beside = told.placed[62:78, 97:102], told.placed[62:78, 110:114]
    assert all(side.mean() > 0.8 for side in beside)
    assert np.allclose(told.offset[told.placed], (-6.0, 0.0))
    assert not told.placed[:, 104:108].any(), "the post itself"
    assert not told.placed[:56].any() and not told.placed[:, :88].any(), "nothing was drawn there"


def test_nor_where_it_is_lost_or_what_is_there_is_sure(picture: Any) -> None:
    area, frame, motions = drawn_on(picture)
    seen = unsure_amid(frame)
    assert not told_by_pose(seen, frame, area, [replace(motion, lost=3) for motion in motions]).placed.any()
    sure = replace(seen, confidence=np.ones_like(seen.confidence))
    assert not told_by_pose(sure, frame, area, motions).placed.any()
