"""Faint changes far from the edit are dropped; how an edit fades out stays."""

from __future__ import annotations

import numpy as np
import pytest
from keyfollow_daemon.engines.patch.faint import Fading, fading, faint

HEIGHT, WIDTH = 80, 160


def strong() -> tuple[np.ndarray, np.ndarray]:
    """(edit of a square by 100, where)."""
    area = np.zeros((HEIGHT, WIDTH), np.bool_)
    area[20:60, 20:60] = True
    return area[..., None] * np.array([100.0, 0.0, -20.0], np.float32), area


def ends(edit: np.ndarray, core: np.ndarray, labels: np.ndarray | None = None) -> Fading:
    return fading(edit, np.zeros(core.shape, np.uint8) if labels is None else labels, core)


def test_faint_changes_that_nothing_clear_is_near_are_none_of_the_edit() -> None:
    edit, core = strong()
    later = edit.copy()
    later[30:50, 100:140] = 8.0
    stray = faint(later, [ends(edit, core)])
    assert stray[30:50, 100:140].all() and stray.sum() == 800


def test_so_are_they_where_they_touch_the_edit_but_for_its_rim() -> None:
    edit, core = strong()
    later = edit.copy()
    later[30:50, 60:100] = 8.0
    stray = faint(later, [ends(edit, core)])
    assert not stray[:, :63].any() and stray[30:50, 66:100].all()


def test_a_clear_change_stays_wherever_it_is() -> None:
    edit, core = strong()
    later = edit.copy()
    later[30:50, 100:140] = 60.0
    assert not faint(later, [ends(edit, core)]).any()


def test_an_edit_that_fades_out_slowly_may_fade_as_far_in_every_frame() -> None:
    edit, core = strong()
    tail = np.linspace(100.0, 1.0, 80, dtype=np.float32)
    edit[20:60, 60:140, 0] = tail
    core[20:60, 60:140] = True
    assert not faint(edit, [ends(edit, core)]).any()


def test_a_weak_edit_beside_a_strong_one_is_believed() -> None:
    edit, core = strong()
    labels = np.zeros(core.shape, np.uint8)
    weak = np.s_[30:50, 100:140]
    edit[weak], core[weak], labels[weak] = 4.0, True, 1
    assert not faint(edit, [ends(edit, core, labels)]).any()
    assert not faint(edit, [ends(*strong()), ends(edit, core, labels)]).any(), "of several keyframes the weaker edit tells"


@pytest.mark.parametrize("edited", [False, True])
def test_no_edit_at_all_is_no_error(edited: bool) -> None:
    edit, core = strong() if edited else (np.zeros((HEIGHT, WIDTH, 3), np.float32), np.zeros((HEIGHT, WIDTH), np.bool_))
    nothing = np.zeros_like(edit)
    assert not faint(nothing, [ends(edit, core)]).any()
    assert not faint(nothing, [ends(nothing, core)]).any()
