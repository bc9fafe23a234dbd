from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import interchange, project_file, recovery, timeline_edits
from keyfollow_desktop.model.state import Marker, Media, Project
from keyfollow_desktop.ui import document as document_module
from keyfollow_desktop.ui.window import Window
from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from ..conftest import placed, with_keyframe, with_take


def test_the_example_opens_with_its_edited_frame(window: Window, wait: Callable[..., None]) -> None:
    window.commands.do_example()
    wait(lambda: window.document.project.timeline.length)
    work = next(iter(window.document.project.work.values()))
    assert [k.frame for k in work.keyframes] == [36] and window.document.place.playhead == 36


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


def test_unsaved_work_of_a_named_project_is_offered_and_not_overwritten(
    window: Window, described: Media, tmp_path: Path, wait: Callable[..., None]
) -> None:
    document = window.document
    folder = tmp_path / "Film.kfproj"
    project_file.create(folder, Project("Film"))
    recovery.enter(folder)
    recovery.autosave(folder, placed(Project("Film"), described))
    window.commands.open_folder(folder)
    wait(lambda: document.folder == folder)
    assert not document.project.media
    assert window.notice.button.text() == "Recover unsaved work"
    document.do("Add marker", timeline_edits.set_marker(document.project, Marker(0)))
    document._keep()
    document.flush()
    window.notice.button.click()
    assert list(document.project.media) == [described.id] and document.dirty


def test_what_was_left_by_a_crash_is_recovered_at_the_next_start(
    window: Window, described: Media, wait: Callable[..., None]
) -> None:
    left = document_module.untitled_folder() / "Untitled-x.kfproj"
    project_file.create(left, Project("Untitled"))
    recovery.enter(left)
    recovery.autosave(left, placed(Project("Untitled"), described))
    window.commands.start(None)
    window.notice.button.click()
    wait(lambda: window.document.folder == left)
    assert list(window.document.project.media) == [described.id] and window.document.dirty


def test_saving_as_copies_takes_in_the_background(
    window: Window, described: Media, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None]
) -> None:
    document = window.document
    document.do("Import", placed(document.project, described))
    take = with_take(document, frames)
    window.commands.save_as(tmp_path / "Film")
    wait(lambda: not document.untitled)
    assert document.folder == tmp_path / "Film.kfproj" and (document.folder / "takes" / take / "frames").is_dir()
    assert not document.dirty and window.preferences.recent == [document.folder]
    # a place that cannot be written is said, and what is open stays open
    window.commands.save_as(tmp_path / "Film")
    wait(lambda: window.notice.code == "project_there")
    assert document.folder == tmp_path / "Film.kfproj"


def test_closing_with_save_waits_for_the_disk(
    window: Window, described: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.document.do("Import", placed(window.document.project, described))
    monkeypatch.setattr(QMessageBox, "exec", lambda box: 0)
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "Film"), ""))
    assert window.commands.may_close()
    assert project_file.load(tmp_path / "Film.kfproj").project == window.document.project
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    window.document.new()
    window.document.do("Import", placed(window.document.project, described))
    assert not window.commands.may_close()


def test_an_archive_opens_on_another_machine(
    window: Window, clip: Path, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None], described: Media
) -> None:
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(clip.read_bytes())
    document = window.document
    document.do("Import", placed(document.project, replace(described, path=str(footage))))
    with_keyframe(document, frames, tmp_path)
    window.commands.export_archive(tmp_path / "film.zip", footage=True)
    wait(lambda: "Exported" in window.notice.text)
    footage.unlink()
    window.commands.open_archive(tmp_path / "film.zip", tmp_path / "Other.kfproj")
    wait(lambda: document.folder == tmp_path / "Other.kfproj")
    media = next(iter(document.project.media.values()))
    assert Path(media.path).is_file() and media.path.startswith(str(tmp_path / "Other.kfproj"))
    assert window.notice.isHidden() or "Exported" in window.notice.text
    window.commands.open_archive(tmp_path / "film.zip", tmp_path / "Other.kfproj")
    wait(lambda: window.notice.code == "project_there")


def test_a_timeline_of_another_editor_comes_in_by_the_menu(
    window: Window, described: Media, tmp_path: Path, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = timeline_edits.set_marker(placed(Project("Cut"), described), Marker(3))
    clip = project.timeline.tracks[0].clips[0].id
    project = timeline_edits.trim(project, clip, start=2, stop=9)
    interchange.export(project, tmp_path / "cut.otio")
    interchange.export(project, tmp_path / "cut.edl")
    for name in ("cut.otio", "cut.edl"):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, name=name: (str(tmp_path / name), ""))
        monkeypatch.setattr(QInputDialog, "getItem", lambda *_: ("24", True))
        monkeypatch.setattr(window.commands, "may_leave", lambda: True)
        window.document.new()
        window.commands.do_import_timeline()
        wait(lambda: window.document.project.timeline.length)
        made = window.document.project
        # an EDL begins where its first event does
        start = 0 if name.endswith("edl") else 2
        assert [(c.start, c.length, int(c.source_start)) for c in made.timeline.tracks[0].clips] == [(start, 7, 2)]
        assert window.document.undo_label == "Import timeline"
        assert next(iter(made.media.values())).path == described.path
        assert name.endswith("edl") or made.timeline.markers[0].frame == 3
    text = (tmp_path / "cut.otio").read_text().replace("clip.mp4", "gone.mp4")
    (tmp_path / "moved.otio").write_text(text)
    window.commands.import_timeline(tmp_path / "moved.otio")
    wait(lambda: "cannot be found" in window.notice.text)
    assert window.notice.button.text() == "Relink…"


def test_sending_ends_with_what_to_do_there(
    window: Window,
    described: Media,
    frames: list[FrameBuffer],
    tmp_path: Path,
    wait: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    window.commands.do_send_resolve()
    assert window.notice.button.text() == "Import clips…"
    window.document.do("Import", placed(window.document.project, described))
    with_take(window.document, frames)
    window.commands.do_send_resolve()
    wait(lambda: window.notice.code == "sent")
    assert "Untitled.otio in Resolve" in window.notice.text
    started: list[list[str]] = []

    def start(program: str, words: list[str]) -> tuple[bool, int]:
        started.append([program, *words])
        return True, 1

    monkeypatch.setattr(QProcess, "startDetached", start)
    window.commands.do_send_blender()
    wait(lambda: started)
    assert started[0][:2] == ["blender", "--python"] and Path(started[0][2]).is_file()
