from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from keyfollow.errors import KeyfollowError, UsageError
from keyfollow_desktop.model import recovery, timeline_edits
from keyfollow_desktop.model.project_file import load
from keyfollow_desktop.model.selection import Place
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui import document as module
from keyfollow_desktop.ui.document import Document, recoverable

from ..conftest import placed


def test_every_change_is_announced_and_can_be_undone(one_clip: Document) -> None:
    seen: list[object] = []
    one_clip.changed.connect(seen.append)
    before = one_clip.project
    assert one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 5))
    assert len(one_clip.project.timeline.tracks[0].clips) == 2 and one_clip.undo_label == "Split clip"
    one_clip.undo()
    assert one_clip.project is before and one_clip.redo_label == "Split clip"
    one_clip.redo()
    assert len(seen) == 3


def test_what_is_not_possible_changes_nothing_and_is_said(one_clip: Document) -> None:
    errors: list[KeyfollowError] = []
    one_clip.failed.connect(errors.append)
    before = one_clip.project
    assert not one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 0))
    assert one_clip.project is before and [e.code for e in errors] == ["nothing_to_split"]


def test_the_playhead_stays_on_the_timeline_and_the_selection_on_clips_that_are_there(one_clip: Document) -> None:
    one_clip.go(500)
    assert one_clip.place.playhead == 11
    one_clip.go(-3)
    assert one_clip.place.playhead == 0
    clip = one_clip.project.timeline.tracks[0].clips[0].id
    one_clip.select(frozenset({clip}))
    one_clip.edit("Remove clip", lambda p: timeline_edits.remove(p, [clip]))
    assert one_clip.place == Place(0, frozenset())


def test_saving_under_a_name_takes_the_pictures_along_and_leaves_no_untitled_folder(
    one_clip: Document, tmp_path: Path, wait: Callable[..., None]
) -> None:
    untitled = one_clip.folder
    (untitled / "keyframes").mkdir()
    (untitled / "keyframes/a.png").write_bytes(b"picture")
    done: list[int] = []
    one_clip.save_as(tmp_path / "Film.kfproj", lambda: done.append(1))
    wait(lambda: done)
    assert (tmp_path / "Film.kfproj/keyframes/a.png").read_bytes() == b"picture" and not untitled.exists()
    assert one_clip.project.name == "Film" and not one_clip.dirty and not one_clip.untitled


def test_what_is_changed_while_a_copy_is_made_is_not_lost(one_clip: Document, tmp_path: Path) -> None:
    one_clip.save_as(tmp_path / "Film.kfproj")
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 5))
    one_clip.settle()
    assert one_clip.folder == tmp_path / "Film.kfproj" and one_clip.dirty
    assert len(one_clip.project.timeline.tracks[0].clips) == 2


def test_save_writes_in_the_background(one_clip: Document, tmp_path: Path, wait: Callable[..., None]) -> None:
    one_clip.save_as(tmp_path / "Film.kfproj")
    one_clip.settle()
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 5))
    assert one_clip.dirty
    one_clip.save()
    wait(lambda: not one_clip.dirty)
    assert load(tmp_path / "Film.kfproj").project == one_clip.project


def test_work_that_was_not_saved_is_kept_and_can_be_recovered(
    one_clip: Document, tmp_path: Path, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_clip._autosave, "interval", lambda: 1, raising=False)
    one_clip._autosave.setInterval(1)
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 5))
    wait(lambda: recovery.offered(one_clip.folder) is not None)
    assert recoverable() == [one_clip.folder]
    project, folder = one_clip.project, one_clip.folder
    other = Document()
    other.open(folder, recover=True)
    assert other.project == project and other.dirty and other.undo_label
    other.shut_down()


def test_a_project_of_a_newer_version_is_not_changed(one_clip: Document) -> None:
    errors: list[UsageError] = []
    one_clip.failed.connect(errors.append)
    one_clip.read_only = "Newer."
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 5))
    assert [e.code for e in errors] == ["read_only"] and len(one_clip.project.timeline.tracks[0].clips) == 1


def test_an_untitled_project_leaves_nothing(own_home: Path, described: Media) -> None:
    made = Document()
    made.new()
    made.do("Import", placed(made.project, described))
    made.shut_down()
    assert list(module.untitled_folder().iterdir()) == []
