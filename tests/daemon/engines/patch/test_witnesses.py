from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.proposal import Proposal
from keyfollow_daemon.engines.patch.witnesses import likely, telling

SHAPE = (60, 90)
RED, BLUE, GREEN = (200, 60, 50), (50, 60, 200), (40, 160, 60)
NOWHERE = np.zeros(SHAPE, np.bool_)


def proposal(**planes: Any) -> Proposal:
    zero = np.zeros(SHAPE, np.float32)
    three = np.zeros((*SHAPE, 3), np.float32)
    given: dict[str, Any] = {
        "edit": three,
        "reach": zero,
        "confidence": zero,
        "misfit": zero,
        "by_colour": three,
        "belief": zero,
    }
    return Proposal(**{**given, "allowed": zero + 1, "strange": zero, **planes})


@pytest.fixture
def scene() -> tuple[Any, Any, Any]:
    """A red thing on blue, both tracked but for a strip in the middle; the thing is edited."""
    rgb = np.full((*SHAPE, 3), BLUE, np.uint8)
    rgb[:, :45] = RED
    reach = (rgb[..., 0] == RED[0]).astype(np.float32)
    trust = np.ones(SHAPE, np.float32)
    trust[:, 40:50] = 0
    return rgb, reach, trust


def test_the_untracked_side_with_those_of_their_colour(scene: tuple[Any, Any, Any]) -> None:
    rgb, reach, trust = scene
    found = likely(proposal(reach=reach), rgb, trust, trust < 1, NOWHERE)
    assert found[30, 40:45].min() == 1 and found[30, 45:50].max() == 0
    assert (found[trust == 1] == 1).all()


def test_only_whoever_is_near_has_a_say(scene: tuple[Any, Any, Any]) -> None:
    rgb, reach, trust = scene
    rgb[:, 80:] = RED
    assert likely(proposal(reach=reach), rgb, trust, trust < 1, NOWHERE)[30, 40:45].min() == 1


def test_nobody_knows_a_colour_that_nobody_has(scene: tuple[Any, Any, Any]) -> None:
    rgb, reach, trust = scene
    rgb[:, 42:48] = GREEN
    found = likely(proposal(reach=reach), rgb, trust, trust < 1, NOWHERE)
    assert 0 < found[30, 44] < 1


def test_what_enters_far_from_the_edit_shows_that_its_colour_is_nobodys(scene: tuple[Any, Any, Any]) -> None:
    """A pillar that no keyframe shows: untracked, partly near the edit."""
    rgb, reach, trust = scene
    rgb[:, 42:48] = GREEN
    close = np.zeros(SHAPE, np.bool_)
    close[40:] = trust[40:] < 1
    found = likely(proposal(reach=reach), rgb, trust, close, NOWHERE)
    assert found[41, 44] == 0


def test_a_colour_that_the_keyframe_knows_as_edited_speaks_for_the_edit(scene: tuple[Any, Any, Any]) -> None:
    rgb, reach, trust = scene
    rgb[:, 42:48] = GREEN
    told = np.zeros(SHAPE, np.bool_)
    told[:, 42:48] = True
    found = likely(proposal(reach=reach, belief=told.astype(np.float32)), rgb, trust, trust < 1, told)
    assert found[30, 44] == 1


def test_a_keyframe_s_colours_tell_an_edit_that_has_its_own(scene: tuple[Any, Any, Any]) -> None:
    rgb, reach, _ = scene
    assert telling(rgb, reach > 0, reach > 0).min() == 1


def test_a_keyframe_s_colours_do_not_tell_a_thin_stroke_over_a_surface_like_it(scene: tuple[Any, Any, Any]) -> None:
    rgb, _, _ = scene
    stroke = np.zeros(SHAPE, np.bool_)
    stroke[:, 20:23] = True
    found = telling(rgb, stroke, stroke)
    assert found[stroke].max() < 0.1 and (found[~stroke] == 1).all()
