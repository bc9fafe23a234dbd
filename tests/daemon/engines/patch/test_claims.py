from __future__ import annotations

import numpy as np
from keyfollow_daemon.engines.patch.claims import impostors

SHAPE = (40, 60)


def test_of_two_claims_to_a_point_the_worse_match_is_the_impostor() -> None:
    offset = np.zeros((*SHAPE, 2), np.float32)
    offset[10:20, 40:50, 0] = -30.0
    error = np.full(SHAPE, 50.0, np.float32)
    error[10:20, 40:50] = 400.0
    found = impostors(offset, np.ones(SHAPE, np.float32), error, SHAPE)
    assert found[11:19, 41:49].all()
    found[10:20, 40:50] = False
    assert not found.any()


def test_without_a_clear_difference_nobody_is() -> None:
    offset = np.zeros((*SHAPE, 2), np.float32)
    offset[10:20, 40:50, 0] = -30.0
    assert not impostors(offset, np.ones(SHAPE, np.float32), np.full(SHAPE, 50.0, np.float32), SHAPE).any()


def test_what_is_seen_larger_is_no_impostor() -> None:
    offset = np.zeros((*SHAPE, 2), np.float32)
    offset[..., 0] = -0.5 * np.arange(SHAPE[1])
    error = np.random.default_rng(1).uniform(10, 500, SHAPE).astype(np.float32)
    assert not impostors(offset, np.ones(SHAPE, np.float32), error, SHAPE).any()


def test_the_untracked_claim_nothing() -> None:
    offset = np.zeros((*SHAPE, 2), np.float32)
    offset[10:20, 40:50, 0] = -30.0
    error = np.full(SHAPE, 400.0, np.float32)
    error[10:20, 40:50] = 50.0
    tracked = np.ones(SHAPE, np.float32)
    tracked[10:20, 40:50] = 0.0
    assert not impostors(offset, tracked, error, SHAPE).any()
