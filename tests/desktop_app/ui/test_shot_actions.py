from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import work_edits
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.window import Window

from ..conftest import placed, with_keyframe, with_take


@pytest.fixture
def loaded(window: Window, described: Media) -> Window:
    window.document.do("Import", placed(window.document.project, described))
    return window


def test_found_shots_are_offered_and_split_in_one_step(loaded: Window, described: Media) -> None:
    document, notice = loaded.document, loaded.notice
    loaded.shot_actions.shots.found.emit(described.id, (4, 9))
    assert "3 shots" in notice.text and notice.other.text() == "Keep whole"
    notice.other.click()
    assert notice.isHidden() and len(document.project.timeline.tracks[0].clips) == 1
    loaded.shot_actions.shots.found.emit(described.id, (4, 9))
    notice.button.click()
    assert [(c.start, c.length) for c in document.project.timeline.tracks[0].clips] == [(0, 4), (4, 5), (9, 3)]
    assert document.project.work_of(described.id).cuts == (4, 9)
    document.undo()
    assert len(document.project.timeline.tracks[0].clips) == 1 and not document.project.work_of(described.id).cuts


def test_a_shot_is_marked_by_hand_and_unmarked(loaded: Window, described: Media) -> None:
    document = loaded.document
    loaded.commands.do_shot()
    assert not document.project.work_of(described.id).cuts
    document.go(5)
    loaded.commands.do_shot()
    assert document.project.work_of(described.id).cuts == (5,)
    loaded.commands.do_shot()
    assert not document.project.work_of(described.id).cuts


def test_a_look_is_copied_into_a_shot_that_has_no_keyframe(
    loaded: Window, described: Media, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None]
) -> None:
    document = loaded.document
    with_keyframe(document, frames, tmp_path, 2)
    document.do("Shots", work_edits.set_cuts(document.project, described.id, [6]))
    loaded.commands.do_copy_look()
    document.go(8)
    loaded.commands.do_copy_look()
    wait(lambda: len(document.project.work_of(described.id).keyframes) == 2)
    assert [k.frame for k in document.project.work_of(described.id).keyframes] == [2, 8]
    loaded.commands.do_copy_look()
    loaded.background.close()
    assert len(document.project.work_of(described.id).keyframes) == 2


def test_a_take_is_extended_where_its_clip_shows_more(
    loaded: Window, described: Media, frames: list[FrameBuffer], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = loaded.document
    started: list[str] = []
    monkeypatch.setattr(type(loaded.runs), "start", lambda self, quality, **_: started.append(quality))
    loaded.commands.do_extend_take()
    assert loaded.notice.code == "no_take_here"
    with_take(document, frames)
    loaded.commands.do_extend_take()
    assert not started
    work = document.project.work_of(described.id)
    short = replace(work, takes=tuple(replace(t, stop=6) for t in work.takes))
    document.do("Shorter", replace(document.project, work={described.id: short}))
    loaded.commands.do_extend_take()
    assert started == ["draft"]
