from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.decals import corners, settled, torn
from keyfollow_daemon.engines.patch.objects import Decal, Motion
from keyfollow_daemon.engines.patch.pixels import evened

SHIFT = 9.0
FLAT = (slice(50, 80), slice(70, 110))


def scene(picture: Any) -> tuple[Any, Any, Any, Any]:
    """(offset, tracked, corners, decal with its surface): the picture moved by `SHIFT` px to the right, but in its flat middle, where flow saw nothing."""
    still = picture.copy()
    still[FLAT] = (60, 90, 140)
    height, width = still.shape[:2]
    offset = np.zeros((height, width, 2), np.float32)
    offset[..., 0] = -SHIFT
    offset[50:80, 74:110, 0] = 0.0
    drawn, surface = np.zeros((2, height, width), np.uint8)
    drawn[58:72, 82:98] = 1
    surface[40:90, 60:120] = 1
    return offset, np.ones((height, width), np.float32), corners(evened(still)), Decal(drawn, surface, surface)


def moved(px: float) -> Motion:
    pose = np.eye(3)
    pose[0, 2] = -px
    return Motion(pose, np.eye(3))


def test_a_decal_on_a_flat_place_goes_with_the_texture_around_it(picture: Any) -> None:
    offset, tracked, texture, decal = scene(picture)
    # the pose is a pixel off: texture nearby knows better
    out = settled(offset, tracked, texture, [decal], [moved(SHIFT + 1.0)])
    assert np.abs(out[60:70, 91:105, 0] + SHIFT).max() < 1.0
    assert np.abs(out[60:70, 84:88, 0] + SHIFT).max() < 1.0  # where it would have stayed
    assert (out[:40] == offset[:40]).all() and not offset[60:70, 91:105].any()


def test_a_pose_that_the_texture_does_not_share_is_not_believed(picture: Any) -> None:
    offset, tracked, texture, decal = scene(picture)
    assert (settled(offset, tracked, texture, [decal], [moved(-SHIFT)]) == offset).all()


def test_a_track_that_lies_close_to_where_the_texture_goes_is_left_alone(picture: Any) -> None:
    """Cloth is not affine, and flow follows its folds well."""
    offset, tracked, texture, decal = scene(picture)
    offset[..., 0] = -SHIFT
    offset[60:70, 84:96, 1] = 0.8
    assert (settled(offset, tracked, texture, [decal], [moved(SHIFT)]) == offset).all()


def test_an_edge_holds_no_track() -> None:
    edge = np.zeros((64, 64, 3), np.uint8)
    edge[:, 32:] = 200
    corner = edge.copy()
    corner[:32] = 0
    assert corners(evened(edge))[32, 32] < 0.001 < corners(evened(corner))[32, 32]


def test_a_decal_is_torn_where_much_of_it_is_lost() -> None:
    drawn, lost = np.zeros((120, 160), np.uint8), np.zeros((120, 160), np.bool_)
    drawn[40:60, 40:60] = 1
    decal = Decal(drawn, drawn, drawn)
    lost[40:60, 49:52] = True
    assert not torn(decal, moved(SHIFT), lost)
    lost[40:60, 52:58] = True
    assert torn(decal, moved(SHIFT), lost)
