from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import project_file, recovery, timeline_edits
from keyfollow_desktop.model.state import Marker, Media, Project
from keyfollow_desktop.ui.window import Window

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


def test_the_example_opens_with_its_edited_frame(window: Window, wait: Callable[..., None]) -> None:
    window.commands.do_example()
    wait(lambda: window.document.project.timeline.length)
    work = next(iter(window.document.project.work.values()))
    assert [k.frame for k in work.keyframes] == [36] and window.document.place.playhead == 36


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


def test_next_suggested_keyframe_goes_there(window: Window, described: Media, frames: list[FrameBuffer]) -> None:
    document = window.document
    document.do("Import", placed(document.project, described))
    take = with_take(document, frames)
    window.takes.get(take).suggested = 9
    window.commands.do_suggested()
    assert document.place.playhead == 9


def test_footage_that_moved_is_found_by_content(window: Window, clip: Path, tmp_path: Path, wait: Callable[..., None]) -> None:
    old, new = tmp_path / "old.mp4", tmp_path / "archive" / "renamed.mp4"
    old.write_bytes(clip.read_bytes())
    window.commands.import_files([str(old)])
    wait(lambda: window.document.project.media)
    new.parent.mkdir()
    old.replace(new)
    media = next(iter(window.document.project.media))
    window.commands.relink_in(media, tmp_path)
    wait(lambda: window.document.project.media[media].path == str(new))


def test_errors_bring_the_button_that_helps(window: Window) -> None:
    window.commands.show_error(UsageError("no_editor", "None.", "Choose one."))
    assert window.notice.button.text() == "Choose editor…"
    window.commands.show_error(UsageError("anything_else", "Wrong.", "Do that."))
    assert window.notice.text == "Wrong. Do that." and window.notice.button.isHidden()


def test_unsaved_work_of_a_named_project_is_offered_and_not_overwritten(
    window: Window, described: Media, tmp_path: Path, wait: Callable[..., None]
) -> None:
    document = window.document
    folder = tmp_path / "Film.kfproj"
    project_file.create(folder, Project("Film"))
    recovery.enter(folder)
    recovery.autosave(folder, placed(Project("Film"), described))
    assert window.commands.open_folder(folder) and not document.project.media
    assert window.notice.button.text() == "Recover unsaved work"
    document.do("Add marker", timeline_edits.set_marker(document.project, Marker(0)))
    document._keep()
    document.flush()
    window.notice.button.click()
    assert list(document.project.media) == [described.id] and document.dirty


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
