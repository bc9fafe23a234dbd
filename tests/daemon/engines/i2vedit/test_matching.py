"""Thresholds and stages: when an edit follows its source."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.i2vedit.layers import Layer
from keyfollow_daemon.engines.i2vedit.matching import Matching

FINE, COARSE = Layer("temporal", "down", 0, 1, False), Layer("temporal", "up", 1, 4, False)
THIRD = Layer("temporal", "up", 2, 4, True)


def test_the_threshold_rises_by_frame_and_is_never_quite_reached() -> None:
    assert Matching((0.2, 0.6)).thresholds(4).tolist() == torch.tensor([0.2, 0.3, 0.4, 0.5]).tolist()


def test_from_the_threshold_on_a_query_is_the_edits_own() -> None:
    share = Matching((0.35, 0.35)).own_share(FINE, 0, torch.tensor([[0.0, 0.2, 0.35, 0.9]]))
    assert share.tolist() == torch.tensor([[0.0, 0.2, 1.0, 1.0]]).tolist()


def test_three_stages_with_steps_rounded_down() -> None:
    how = Matching(stages=(0.5, 0.8))
    assert [how.follows(FINE, k, 25) for k in (0, 11, 12, 24)] == [True, True, False, False]
    assert [how.follows(COARSE, k, 25) for k in (11, 12, 19, 20)] == [True, True, True, False]


def test_the_published_code_leaves_one_coarse_layer_out() -> None:
    assert Matching().follows(THIRD, 15, 25) and not Matching(published_layers=True).follows(THIRD, 15, 25)
