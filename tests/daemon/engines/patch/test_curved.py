from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.curved import bend
from keyfollow_daemon.engines.patch.objects import Decal
from keyfollow_daemon.engines.patch.pixels import grid

SIDE, RADIUS = 128, 50.0
MIDDLE = (slice(52, 76), slice(52, 76))


def turned(degrees: float) -> tuple[Any, Any]:
    """(offsets of a ball that has turned about its upright axis, where it shows)."""
    place = grid(SIDE, SIDE) - np.float32(SIDE / 2)
    across, down = place[..., 0], place[..., 1]
    ring = np.sqrt(np.maximum(RADIUS**2 - down**2, 1.0))
    ball = np.abs(across) < 0.8 * ring
    then = ring * np.sin(np.arcsin(np.clip(across / ring, -1, 1)) - np.radians(degrees))
    offset = np.zeros((SIDE, SIDE, 2), np.float32)
    offset[..., 0] = np.where(ball, then - across, 0.0)
    return offset, ball


def masks() -> tuple[Any, Any]:
    drawn, wide = np.zeros((2, SIDE, SIDE), np.uint8)
    drawn[MIDDLE], wide[30:98, 30:98] = 1, 1
    return wide, drawn


def asked(offset: Any, ball: Any) -> Any:
    """Everything on the ball but what was drawn, whose surface is flat."""
    weight = np.ones((SIDE, SIDE), np.float32)
    weight[MIDDLE] = 0.0
    wide, drawn = masks()
    pose = np.eye(3)
    pose[0, 2] = float(offset[64, 64, 0])
    return bend(offset, ball.astype(np.float32), weight, Decal(drawn, drawn, wide), pose), pose


def test_it_follows_a_ball_that_turns_where_the_pose_falls_behind() -> None:
    offset, ball = turned(30.0)
    found, pose = asked(offset, ball)
    assert found is not None
    shown = np.round(grid(SIDE, SIDE) + offset).astype(int)
    decal = ball & (masks()[1][shown[..., 1].clip(0, 127), shown[..., 0].clip(0, 127)] > 0)
    true, here = offset[decal], grid(SIDE, SIDE)[decal]
    by_pose = pose[0, 2] - true[..., 0]
    by_curve = by_pose + found.at(here)[..., 0]
    assert np.abs(by_pose).max() > 2.0
    assert np.abs(by_curve).max() < 0.5


def test_something_that_passes_in_front_is_not_asked() -> None:
    offset, ball = turned(20.0)
    clean, _ = asked(offset, ball)
    offset[:, 84:92] = (12.0, 3.0)
    found, _ = asked(offset, ball)
    assert clean is not None and found is not None
    here = grid(SIDE, SIDE)[MIDDLE]
    assert np.abs(found.at(here) - clean.at(here)).max() < 0.5


def test_what_does_not_agree_tells_nothing() -> None:
    offset, ball = turned(20.0)
    offset += np.random.default_rng(3).normal(0.0, 8.0, offset.shape).astype(np.float32)
    assert asked(offset, ball)[0] is None


def test_a_few_places_tell_nothing() -> None:
    offset, ball = turned(20.0)
    ball[:, :104] = False
    assert asked(offset, ball)[0] is None
