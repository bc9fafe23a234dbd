from __future__ import annotations

from typing import Any

import numpy as np
from keyfollow_daemon.engines.patch.colour_table import ColourTable


def test_an_edit_by_colour_is_predicted_and_believed(picture: Any) -> None:
    source = picture.astype(np.float32)
    edit = (source[..., ::-1] - source) * np.float32(0.4)
    predicted, belief = ColourTable(source, edit)(source)
    assert np.abs(predicted - edit).mean() < 1.5
    assert belief.mean() > 0.9


def test_a_colour_that_was_edited_here_but_not_there_is_not_believed() -> None:
    source = np.full((60, 60, 3), 120.0, np.float32)
    edit = np.zeros_like(source)
    edit[:30] = 100.0
    _, belief = ColourTable(source, edit)(source)
    assert belief.max() < 0.2


def test_unseen_colours_take_after_their_neighbours_without_belief() -> None:
    source = np.full((30, 30, 3), 60.0, np.float32)
    table = ColourTable(source, np.full_like(source, 25.0))
    predicted, belief = table(np.full((2, 2, 3), 200.0, np.float32))
    assert np.allclose(predicted, 25.0, atol=0.5)
    assert belief.max() < 0.05


def test_alpha_is_a_channel_of_the_edit_and_hdr_values_are_clamped() -> None:
    source = np.full((10, 10, 4), 255.0, np.float32)
    edit = np.zeros_like(source)
    edit[..., 3] = -100
    predicted, _ = ColourTable(source, edit)(source * 40)
    assert predicted.shape == (10, 10, 4)
    assert np.allclose(predicted[..., 3], -100, atol=0.5)
