from __future__ import annotations

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.certainty import SURE, UNSURE, certainty


def test_what_the_edit_changes_counts() -> None:
    sure = np.zeros((200, 400), np.float32)
    sure[:, 200:] = 1
    amount = np.zeros_like(sure)
    assert certainty(sure, amount).confidence == 0.5
    amount[:, 300:] = 7
    assert certainty(sure, amount).confidence == 1.0
    amount[:, 100:200] = 7
    assert certainty(sure, amount).confidence == 0.5


def test_it_is_hardly_surer_than_the_part_that_was_followed() -> None:
    sure = np.full((20, 20), 0.8, np.float32)
    assert certainty(sure, sure, 0.9).confidence == pytest.approx(0.8, abs=1e-5)
    assert 0.3 < certainty(sure, sure, 0.3).confidence < 0.4
    assert certainty(sure, sure, 0.0).confidence == 0.0


def test_places_are_kept_in_few_cells() -> None:
    sure = np.zeros((200, 400), np.float32)
    sure[:100, 200:] = 1
    made = certainty(sure, sure).by_place
    assert made.shape == (64, 128) and made.dtype == np.uint8
    assert (made[:32, 64:] == 255).all() and made[:32, :63].max() == 0 and made[33:].max() == 0
    assert certainty(np.full((9, 5), 2.0, np.float32), sure[:9, :5]).by_place.tolist() == [[255] * 5] * 9


def test_the_ends_of_the_scale() -> None:
    assert (SURE.confidence, int(SURE.by_place[0, 0])) == (1.0, 255)
    assert (UNSURE.confidence, int(UNSURE.by_place[0, 0])) == (0.0, 0)
