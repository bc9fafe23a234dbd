"""The part of a frame that an edit can reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.colour_table import ColourTables
from keyfollow_daemon.engines.patch.correspondence import start
from keyfollow_daemon.engines.patch.seen import Seen
from keyfollow_daemon.engines.patch.window import CELL_PX, MARGIN_PX, enclosing, reached, telling

HEIGHT, WIDTH = 120, 160
RED, GREY = (200, 40, 40), (90, 90, 90)


def sight(confidence: Any) -> Seen:
    state = start(HEIGHT, WIDTH)
    nowhere = np.zeros((HEIGHT, WIDTH), np.bool_)
    return Seen(state.offset, confidence, confidence, np.zeros_like(confidence), state.offset, ~nowhere, nowhere)


@pytest.fixture
def tables() -> Any:
    """What is red turns blue; grey stays."""
    source = np.zeros((8, 8, 3), np.float32)
    source[:4], source[4:] = RED, GREY
    edit = np.zeros_like(source)
    edit[:4] = (-150, 0, 150)
    return ColourTables(source, edit, [np.ones((8, 8), np.bool_)]).cells


def test_what_is_touched_and_near_is_reached_and_nothing_else(tables: Any) -> None:
    touched = np.zeros((HEIGHT, WIDTH), np.bool_)
    touched[50:60, 70:80] = True
    sure = np.ones((HEIGHT, WIDTH), np.float32)
    found = reached(sight(sure), touched, np.full((HEIGHT, WIDTH, 3), GREY, np.uint8), tables, 6)
    assert found[touched].all() and found[46, 75] and not found[40, 75] and not found[55, 95]
    assert not reached(sight(sure), touched & False, np.full((HEIGHT, WIDTH, 3), GREY, np.uint8), tables, 6).any()


def test_untracked_pixels_of_an_edited_colour_are_reached_if_they_hang_together_with_the_edit(tables: Any) -> None:
    touched = np.zeros((HEIGHT, WIDTH), np.bool_)
    touched[50:60, 20:30] = True
    guide = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    guide[52:58, 36:90] = RED
    guide[52:58, 120:150] = RED
    lost = np.zeros((HEIGHT, WIDTH), np.float32)
    found = reached(sight(lost), touched, guide, tables, 6)
    assert found[55, 85] and not found[55, 130]
    assert not reached(sight(np.ones_like(lost)), touched, guide, tables, 6)[55, 60], (
        "what is tracked is known not to be edited"
    )


def test_colours_between_cells_of_which_one_tells_may_tell(tables: Any) -> None:
    known, scale = telling(tables), 24 / 255
    assert known[tuple(int(value * scale) for value in RED)]
    assert not known[tuple(int(value * scale) for value in GREY)] and not known[24, 24, 24]
    lower = [tuple(int(value * scale) - away for value in RED) for away in (1, 6)]
    assert known[lower[0]] and not known[lower[1]]


def test_a_window_holds_all_parts_and_their_surroundings() -> None:
    part = np.zeros((60, 80), np.bool_)
    assert enclosing([part], 640, 480) == (slice(0, 0), slice(0, 0))
    part[20:22, 30:34] = True
    other = np.zeros((60, 80), np.bool_)
    other[40:41, 32:33] = True
    rows, columns = enclosing([part, other], 640, 480)
    assert rows.start <= 20 * 8 - MARGIN_PX and rows.stop >= 41 * 8 + MARGIN_PX and rows.start % CELL_PX == 0
    assert columns.start <= 30 * 8 - MARGIN_PX and 34 * 8 + MARGIN_PX <= columns.stop < 480
    assert enclosing([np.ones((60, 80), np.bool_)], 640, 480) == (slice(0, 480), slice(0, 640))
