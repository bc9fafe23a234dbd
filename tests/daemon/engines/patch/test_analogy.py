from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from keyfollow_daemon.engines.base import Array
from keyfollow_daemon.engines.patch.analogy import RADIUS, Field, carried, features, improved, nodes, voted

SHAPE = (96, 128)


@pytest.fixture(scope="module")
def key(request: pytest.FixtureRequest) -> Array:
    coarse = np.random.default_rng(7).random((26, 34, 3)).astype(np.float32)
    big = np.asarray(cv2.resize(coarse, (136, 104), interpolation=cv2.INTER_CUBIC))
    return np.asarray(np.clip(big * 200 + 20, 0, 255), np.uint8)


def cut(picture: Array, top: int, left: int) -> Array:
    return np.ascontiguousarray(picture[top : top + SHAPE[0], left : left + SHAPE[1]])


def looks(picture: Array) -> Any:
    return features(picture, np.zeros(SHAPE, np.float32))


def still() -> Field:
    centres = nodes(*SHAPE)
    return Field(centres, np.zeros(centres.shape[:2], np.int32))


def searched(target: Any, picture: Any, home: Field, rounds: int = 4) -> Field:
    field = home
    for n in range(rounds):
        field = improved(field, home, target, picture, 16, 1, n)
    return field


def test_nodes_keep_a_patch_inside() -> None:
    for height, width in (SHAPE, (17, 21)):
        centres = nodes(height, width)
        assert centres.min() == RADIUS
        assert centres[..., 0].max() <= height - 1 - RADIUS and centres[..., 1].max() <= width - 1 - RADIUS


def test_a_field_moves_with_the_picture() -> None:
    flow = np.full((*SHAPE, 2), (4.0, -2.0), np.float32)  # what is here was 4 px to the right and 2 px above
    moved = carried(still(), flow).match - nodes(*SHAPE)
    assert (moved[10:-10, 10:-10] == (-2, 4)).all()


def test_the_search_finds_what_moved(key: Array) -> None:
    target, source = looks(cut(key, 5, 3)), looks(cut(key, 0, 0))
    found = searched(target, source, still(), 8)
    right = (found.match - nodes(*SHAPE) == (5, 3)).all(axis=2)[4:-8, 4:-8]
    assert right.mean() > 0.9
    assert found.cost[4:-8, 4:-8][right].max() <= searched(target, source, still(), 1).cost.max()


def test_rows_may_be_computed_in_any_number_of_bands(key: Array) -> None:
    target, source = looks(cut(key, 5, 3)), looks(cut(key, 0, 0))
    threads = cv2.getNumThreads()
    fields = []
    try:
        for count in (1, 3):
            cv2.setNumThreads(count)
            fields.append(searched(target, source, still()))
    finally:
        cv2.setNumThreads(threads)
    assert np.array_equal(fields[0].match, fields[1].match) and np.array_equal(fields[0].cost, fields[1].cost)


def test_a_match_stays_where_no_other_is_much_better() -> None:
    rng = np.random.default_rng(1)
    target, source = (looks(np.asarray(100 + rng.normal(0, 3, (*SHAPE, 3)), np.uint8)) for _ in range(2))
    stayed = (searched(target, source, still(), 1).match == nodes(*SHAPE)).all(axis=2)
    assert stayed.mean() > 0.5


def test_crowded_places_are_avoided() -> None:
    flat = looks(np.full((*SHAPE, 3), 90, np.uint8))
    centres = nodes(*SHAPE)
    crowded = Field(np.full_like(centres, 40), np.zeros(centres.shape[:2], np.int32))
    spread = searched(flat, flat, crowded, 6)
    assert len(np.unique(spread.match.reshape(-1, 2), axis=0)) > len(centres.reshape(-1, 2)) / 4


def test_a_vote_of_the_field_itself_is_the_picture(key: Array) -> None:
    picture = cut(key, 0, 0).astype(np.float32)
    made = voted(still(), picture, SHAPE[::-1], SHAPE)
    assert np.abs(made[..., :3] - picture).max() < 0.01
    assert (made[..., 3] == 0).all()


def test_a_vote_may_be_larger_than_the_analysis(key: Array) -> None:
    small = still()
    shifted = Field(np.clip(small.match + np.array([2, 3]), RADIUS, np.array(SHAPE) - 1 - RADIUS), small.cost)
    large = np.asarray(cv2.resize(cut(key, 0, 0), (256, 192)), np.float32)
    made = voted(shifted, large, SHAPE[::-1], (192, 256))[..., :3]
    assert np.abs(made[16:-24, 16:-24] - large[20:-20, 22:-18]).max() < 0.01


def test_better_matches_weigh_more(key: Array) -> None:
    picture = cut(key, 0, 0).astype(np.float32)
    field = still()
    wrong = field.match.copy()
    wrong[::2, :, 0] = RADIUS
    cost = np.zeros_like(field.cost)
    cost[::2] = 1_000_000
    made = voted(Field(wrong, cost), picture, SHAPE[::-1], SHAPE)[..., :3]
    assert np.abs(made[4:-4, 4:-4] - picture[4:-4, 4:-4]).max() < 0.5
