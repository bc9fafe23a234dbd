from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.matching import KeyView
from keyfollow_daemon.engines.patch.objects import Decal, Motion
from keyfollow_daemon.engines.patch.reflections import lies, lying
from keyfollow_daemon.engines.patch.seen import Seen

SHIFT = 9.0


def plainly(key: Any, guide: Any, confidence: float, offset: float = 0.0) -> Any:
    """What `lying` makes of a frame in which all tracks lead `offset` px to the left, with that confidence."""
    height, width = guide.shape[:2]
    drawn = np.zeros((height, width), np.uint8)
    drawn[58:72, 82:98] = 1
    nothing, motion = np.zeros((height, width), np.float32), np.zeros((height, width, 2), np.float32)
    seen = Seen(
        motion - np.array([offset, 0.0], np.float32), nothing, nothing + confidence, nothing, motion, nothing == 0, nothing > 0
    )
    pose = np.eye(3)
    pose[0, 2] = -SHIFT
    decal = Decal(drawn, drawn, drawn)
    return lying(seen, guide, KeyView(key), [decal], [Motion(pose, np.eye(3), plain=True)])


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
    assert (seen.confidence == np.float32(0.9)).all() and (seen.offset[..., 0] == -40.0).all()


def test_a_surface_is_itself_in_any_light_but_not_in_another_colour() -> None:
    key = np.full((120, 160, 3), 140, np.uint8)
    drawn = np.zeros((120, 160), np.uint8)
    drawn[58:72, 82:98] = 1
    decal = Decal(drawn, drawn, drawn)
    assert lies(np.full_like(key, 190), KeyView(key), decal, np.eye(3))
    assert not lies(np.full_like(key, (190, 120, 60)), KeyView(key), decal, np.eye(3))
