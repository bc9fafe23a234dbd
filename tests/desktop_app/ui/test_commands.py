from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.window import Window
from PySide6.QtWidgets import QInputDialog

from ..conftest import placed, with_take


def test_the_first_clip_goes_onto_the_timeline_and_the_next_into_the_bin(
    window: Window, clip: Path, tmp_path: Path, wait: Callable[..., None]
) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(clip.read_bytes())
    window.commands.import_files([str(clip), str(other), str(tmp_path / "gone.mp4")])
    wait(lambda: len(window.document.project.media) == 2)
    assert [c.name for t in window.document.project.timeline.tracks for c in t.clips] == ["clip.mp4"]
    window.commands.append(next(m.id for m in window.document.project.media.values() if m.name == "other.mp4"))
    assert window.document.project.timeline.length == 24


def test_range_markers_and_stops(window: Window, described: Media) -> None:
    document, commands = window.document, window.commands
    document.do("Import", placed(document.project, described))
    document.go(3)
    commands.do_in()
    document.go(8)
    commands.do_out()
    commands.do_marker()
    assert document.project.timeline.marked == (3, 9) and [m.frame for m in document.project.timeline.markers] == [8]
    commands.do_previous_stop()
    assert document.place.playhead == 3
    commands.do_next_stop()
    commands.do_marker()
    assert document.place.playhead == 8 and not document.project.timeline.markers
    commands.do_split()
    commands.do_ripple()
    assert document.project.timeline.length == 8


def test_the_picture_is_zoomed_by_keys(window: Window, described: Media) -> None:
    window.document.do("Import", placed(window.document.project, described))
    whole = window.viewer.picture().width()
    for name, wider in (("picture_in", 1.25), ("picture_in", 1.5625), ("picture_out", 1.25), ("picture_fit", 1.0)):
        window.actions_by_name[name].trigger()
        assert window.viewer.picture().width() == pytest.approx(whole * wider, rel=0.01)


def test_next_suggested_keyframe_goes_there(window: Window, described: Media, frames: list[FrameBuffer]) -> None:
    document = window.document
    document.do("Import", placed(document.project, described))
    take = with_take(document, frames)
    window.takes.get(take).suggested = 9
    window.commands.do_suggested()
    assert document.place.playhead == 9


def test_errors_bring_the_button_that_helps(window: Window) -> None:
    window.commands.show_error(UsageError("no_editor", "None.", "Choose one."))
    assert window.notice.button.text() == "Choose editor…"
    window.commands.show_error(UsageError("anything_else", "Wrong.", "Do that."))
    assert window.notice.text == "Wrong. Do that." and window.notice.button.isHidden()


def test_a_saved_frame_starts_a_draft_where_that_is_wanted(
    window: Window, described: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.document.do("Import", placed(window.document.project, described))
    started: list[str] = []
    monkeypatch.setattr(type(window.runs), "start", lambda self, quality, **_: started.append(quality))
    window.commands.keyframe_adopted(described.id, 0)
    assert not started
    window.actions_by_name["auto_draft"].trigger()
    window.commands.keyframe_adopted(described.id, 0)
    assert started == ["draft"] and window.preferences.draft_on_save and window.actions_by_name["auto_draft"].isChecked()


def test_overlays_are_switched_from_the_menu(window: Window) -> None:
    for name in ("onion", "changes", "safe"):
        window.actions_by_name[name].trigger()
        assert getattr(window.overlays.shown, name) and window.actions_by_name[name].isChecked()
        window.actions_by_name[name].trigger()
        assert not getattr(window.overlays.shown, name)


def test_the_clip_under_the_playhead_dissolves_out_of_the_one_before(
    window: Window, described: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = window.document
    document.do("Import", placed(document.project, described))
    asked: list[int] = []

    def get(parent: object, title: str, text: str, value: int, *limits: int) -> tuple[int, bool]:
        asked.append(value)
        return 3, True

    monkeypatch.setattr(QInputDialog, "getInt", get)
    document.go(5)
    window.commands.do_split()
    window.commands.do_dissolve()
    window.commands.do_dissolve()
    assert [c.dissolve for c in document.project.timeline.tracks[0].clips] == [0, 3] and document.undo_label == "Dissolve"
    assert asked == [12, 3]
    document.go(0)
    window.commands.do_dissolve()
    assert window.notice.isVisible() and window.notice.code == "nothing_to_dissolve"
