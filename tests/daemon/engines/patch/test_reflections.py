from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.objects import REST, Decal, Motion
from keyfollow_daemon.engines.patch.reflections import lies, lying
from keyfollow_daemon.engines.patch.seen import Seen

SHIFT = 9.0


def plainly(key: Any, guide: Any, confidence: Any, offset: float = 0.0, motion: Motion | None = None) -> Any:
    """What `lying` makes of a frame in which all tracks lead `offset` px to the left, with that confidence; of a plain surface, unless told."""
    height, width = guide.shape[:2]
    drawn = np.zeros((height, width), np.uint8)
    drawn[58:72, 82:98] = 1
    nothing, still = np.zeros((height, width), np.float32), np.zeros((height, width, 2), np.float32)
    seen = Seen(
        still - np.array([offset, 0.0], np.float32), nothing, nothing + confidence, nothing, still, nothing == 0, nothing > 0
    )
    pose = np.eye(3)
    pose[0, 2] = -SHIFT
    decal = Decal(drawn, drawn, np.ones_like(drawn))
    motion = Motion(pose, np.eye(3), plain=True) if motion is None else replace(motion, pose=pose)
    return lying(seen, guide, KeyView(key), [decal], [motion])


def test_what_reflections_hide_of_a_decal_lies_where_its_surface_has_it() -> None:
    key = np.full((120, 160, 3), 140, np.uint8)
    frame = key.copy()
    frame[60:66, 95:100] = 160  # a highlight that has glided there
    frame[68:, 100:] = (30, 90, 40)  # and something green in front
    seen = plainly(key, frame, 0.1)
    assert (seen.confidence[59:64, 92:106] > 0.5).all() and np.abs(seen.offset[59:64, 92:106, 0] + SHIFT).max() < 1e-5
    assert (seen.confidence[69:72, 101:106] < 0.5).all() and (seen.confidence[:56] < 0.5).all()


def test_what_the_keyframe_shows_beside_the_surface_is_none_of_the_decal() -> None:
    key = np.full((120, 160, 3), 140, np.uint8)
    seen = plainly(key, key, 0.9, offset=40.0)
    assert (seen.confidence[:, :120] == np.float32(0.9)).all() and (seen.offset[:, :120, 0] == -40.0).all()


def test_a_surface_is_itself_in_any_light_but_not_in_another_colour() -> None:
    key = np.full((120, 160, 3), 140, np.uint8)
    drawn = np.zeros((120, 160), np.uint8)
    drawn[58:72, 82:98] = 1
    decal = Decal(drawn, drawn, drawn)
    assert lies(np.full_like(key, 190), KeyView(key), decal, np.eye(3))
    assert not lies(np.full_like(key, (190, 120, 60)), KeyView(key), decal, np.eye(3))


def test_what_tracks_take_for_a_part_of_the_decal_beside_it_is_none() -> None:
    key = np.full((120, 160, 3), 140, np.uint8)
    seen = plainly(key, key, 0.7, offset=3.0)
    assert np.abs(seen.offset[58:72, 85:107, 0] + SHIFT).max() < 1e-5
    assert (seen.offset[:, :80, 0] == -3.0).all() and (seen.confidence[:, :80] == np.float32(0.7)).all()


def test_cloth_is_believed_where_tracks_are_not_or_as_a_whole() -> None:
    key = np.full((120, 160, 3), 140, np.uint8)
    cloth = replace(REST, draped=True)
    assert (plainly(key, key, 0.9, 8.0, cloth).offset[..., 0] == -8.0).all()
    assert np.abs(plainly(key, key, 0.2, 8.0, cloth).offset[60:70, 93:105, 0] + SHIFT).max() < 1e-5
    assert np.abs(plainly(key, key, 0.8, 8.0, replace(cloth, whole=True)).offset[60:70, 93:105, 0] + SHIFT).max() < 1e-5
    assert (plainly(key, key, 0.2, 8.0, replace(cloth, unseen=1)).offset[..., 0] == -8.0).all()


def test_cloth_gives_way_as_tracks_around_tell() -> None:
    key = np.full((120, 160, 3), 140, np.uint8)
    confidence = np.full(key.shape[:2], 0.9, np.float32)
    confidence[62:68, 97:101] = 0.2
    cloth = replace(REST, draped=True, whole=True)
    seen = plainly(key, key, confidence, SHIFT - 1.0, cloth)
    assert (seen.offset[58:61, 93:105, 0] == 1.0 - SHIFT).all(), "what lies a little off the pose and is known stays"
    assert np.abs(seen.offset[62:68, 97:101, 0] - (1.0 - SHIFT)).max() < 0.2, "what is lost amid it goes with it"
    assert np.abs(plainly(key, key, confidence, SHIFT - 3.0, cloth).offset[62:68, 97:101, 0] + SHIFT).max() < 1e-5
