from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from keyfollow_daemon.engines.patch.pixels import evened
from keyfollow_daemon.engines.patch.planar import Prior, agreed_on, agreement, laid, lay, plane, smoothed

HEIGHT, WIDTH = 160, 200
TURN = np.array([[1.12, 0.04, -14.0], [-0.03, 0.95, 6.0], [0.0, 0.0, 1.0]])
"""From keyframe to frame coordinates."""


def panel() -> Any:
    """A plain door: a handle, a few edges, nothing where the decal comes."""
    out = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    cv2.rectangle(out, (30, 20), (165, 140), (90, 92, 95), 2)
    cv2.line(out, (30, 110), (165, 104), (110, 112, 115), 2)
    cv2.rectangle(out, (140, 60), (156, 68), (60, 60, 60), -1)
    cv2.rectangle(out, (44, 24), (150, 44), (70, 80, 90), -1)
    return cv2.GaussianBlur(out, (0, 0), 0.8)


def areas() -> tuple[Any, Any]:
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(drawn, (95, 78), 15, 1, -1)
    return drawn, np.ones_like(drawn)


def seen(picture: Any, there: Any) -> Any:
    return cv2.warpAffine(picture, there[:2], (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def away(pose: Any, there: Any) -> float:
    """By how much the decal's corners would be off, px of the frame."""
    corners = np.array([[80, 63, 1], [110, 63, 1], [80, 93, 1], [110, 93, 1]], np.float64).T
    return float(np.linalg.norm(((np.linalg.inv(pose) - there) @ corners)[:2], axis=0).max())


def test_a_plain_surface_is_laid_onto_the_frame_by_its_few_lines() -> None:
    surface = plane(evened(panel()), *areas())
    assert surface is not None
    expected = np.linalg.inv(TURN) @ np.array([[0.97, 0.0, 5.0], [0.0, 1.03, -3.0], [0.0, 0.0, 1.0]])
    pose, agreed = laid(surface, evened(seen(panel(), TURN)), expected, known=False)
    assert agreed > 0.7 and away(pose, TURN) < 0.3 < 2.0 < away(expected, TURN)


def test_reflections_and_what_passes_in_front_do_not_hold_it_back() -> None:
    surface = plane(evened(panel()), *areas())
    assert surface is not None
    there = np.array([[1.0, 0.0, 6.0], [0.0, 1.0, -2.0], [0.0, 0.0, 1.0]])
    picture = seen(panel(), there).astype(np.float32)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    picture += 25.0 * np.exp(-((columns - 110.0) ** 2) / 60 - (rows - 80.0) ** 2 / 300)[..., None]
    picture[70:, 40:60] = (40, 120, 60)
    pose, agreed = laid(surface, evened(picture.clip(0, 255).astype(np.uint8)), np.eye(3), known=False)
    assert agreed > 0.7 and away(pose, there) < 0.5


def test_where_something_else_is_seen_the_expected_pose_stays() -> None:
    surface = plane(evened(panel()), *areas())
    assert surface is not None
    other = np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    pose, agreed = laid(surface, evened(seen(cv2.GaussianBlur(other, (0, 0), 2.0), np.eye(3))), TURN, known=False)
    assert agreed == 0 and (pose == TURN).all()


def test_a_surface_without_marks_is_no_plane() -> None:
    assert plane(evened(np.full((HEIGHT, WIDTH, 3), 150, np.uint8)), *areas()) is None


def test_of_a_surface_that_is_half_out_of_the_picture_the_rest_tells() -> None:
    everywhere = np.ones((HEIGHT, WIDTH), np.uint8)
    surface = plane(evened(panel()), everywhere, everywhere, least=100)
    assert surface is not None
    there = np.array([[1.0, 0.0, 90.0], [0.0, 1.0, -3.0], [0.0, 0.0, 1.0]])
    near = np.linalg.inv(there) @ np.array([[1.0, 0.0, 1.5], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    frame = evened(seen(panel(), there))
    pose, agreed = agreed_on(surface, frame, near, 100)
    assert agreed > 0.7 and np.abs(np.linalg.inv(pose) - there)[:2, 2].max() < 0.5
    assert agreed_on(surface, frame, TURN @ [[1, 0, 900], [0, 1, 0], [0, 0, 1]], 100)[1] == 0


def test_what_is_known_before_holds_a_map_back_as_far_as_the_picture_lets_it() -> None:
    surface = plane(evened(panel()), *areas())
    assert surface is not None
    frame, near = smoothed(evened(seen(panel(), TURN)), 0.0), TURN + np.array([[0, 0, 0.7], [0, 0, -0.5], [0, 0, 0]])
    free, _ = lay(surface.levels[-1], frame, near, surface.centre, surface.size)
    held, _ = lay(surface.levels[-1], frame, near, surface.centre, surface.size, Prior(near, 1.0, 1.0, 0.0))
    stiff, _ = lay(surface.levels[-1], frame, near, surface.centre, surface.size, Prior(near, 1e6, 1e6, 0.0))
    assert away(np.linalg.inv(free), TURN) < 0.1 and away(np.linalg.inv(held), TURN) < 0.3
    assert np.abs(stiff - near).max() < 1e-2
    assert agreement(surface, frame, free) > agreement(surface, frame, stiff)
    alike, _ = lay(surface.levels[-1], frame, near, surface.centre, surface.size, Prior(near, 0.0, 0.0, 1e6))
    scales = np.linalg.svd(alike[:2, :2], compute_uv=False)
    assert scales[0] / scales[1] < 1.01 < np.linalg.cond(TURN[:2, :2])
