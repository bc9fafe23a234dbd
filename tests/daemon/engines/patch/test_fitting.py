from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.fitting import fit

TURN = np.array([[0.95, 0.08, -30.0], [-0.07, 0.97, 12.0], [0.0, 0.0, 1.0]])


def asked(pose: Any, left_behind: float = 0.0) -> Any:
    """``(5, n)``, a grid of places and where `pose` has them in the keyframe; a share of the rim has not moved."""
    y, x = (side.ravel().astype(np.float64) for side in np.mgrid[60:120:2, 100:180:2])
    u, v = (pose @ np.stack([x, y, np.ones_like(x)]))[:2]
    out = np.stack([x, y, u, v, np.ones_like(x)])
    count = int(left_behind * len(x))
    # where the keyframe had the object's edge, far from where that is now, something else is taken for it
    out[:4, :count] = np.linspace((10, 20, 10, 20), (16, 80, 16, 80), count, axis=1)
    return out


def off(pose: Any, true: Any) -> float:
    corners = np.array([[100, 60, 1], [180, 60, 1], [100, 120, 1], [180, 120, 1]], np.float64).T
    return float(np.linalg.norm(((pose - true) @ corners)[:2], axis=0).max())


def test_a_pose_is_the_one_that_the_pixels_tell() -> None:
    assert off(fit(np.eye(3), asked(TURN), 1200.0, 1200, 12.0), TURN) < 2.5


def test_what_an_outline_left_standing_does_not_draw_it() -> None:
    predicted = TURN.copy()
    predicted[:2, 2] += 2.0
    found = fit(predicted, asked(TURN, 0.12), 1200.0, 1200, 12.0)
    assert off(found, TURN) < 0.5


def test_a_wrong_prediction_does_not_hold_it_back() -> None:
    predicted = TURN.copy()
    predicted[:2, 2] += 40.0
    found = fit(predicted, asked(TURN), 1200.0, 1200, 12.0)
    assert off(found, TURN) < off(predicted, TURN) / 10


def test_without_pixels_it_is_the_one_predicted() -> None:
    assert fit(TURN, np.zeros((5, 0)), 1.0, 100, 12.0) is TURN
