from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keyfollow.media.probe import probe
from keyfollow_desktop.model import timeline_edits, work_edits
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.export_dialog import ExportDialog
from keyfollow_desktop.ui.importing import describe
from keyfollow_testkit.clips import moving_patch, write_clip
from pytestqt.qtbot import QtBot


def test_the_dialog_says_what_comes_out_and_writes_it(
    one_clip: Document, qtbot: QtBot, tmp_path: Path, wait: Callable[..., None]
) -> None:
    clip = one_clip.project.timeline.tracks[0].clips[0].id
    dialog = ExportDialog(one_clip.project, clip, lambda take: "", tmp_path, tmp_path)
    qtbot.addWidget(dialog)
    assert [dialog.what.itemText(n) for n in range(2)] == ["Selected clip", "Whole timeline"]
    assert "With the source's sound" in dialog.note.text()
    assert dialog.out.text() == str(tmp_path / "clip.mp4") and dialog._form.isRowVisible(dialog.handles)
    dialog.delivery.setCurrentIndex(1)
    assert not dialog.go.isEnabled() and "transparency" in dialog.note.text()
    dialog.format.setCurrentIndex(3)
    assert dialog.go.isEnabled() and dialog.out.text().endswith(".mkv") and "Without sound" in dialog.note.text()
    dialog.delivery.setCurrentIndex(0)
    dialog.format.setCurrentIndex(0)
    written: list[Path] = []
    dialog.written.connect(written.append)
    dialog.start()
    wait(lambda: written)
    assert probe(written[0]).frames == 12 and written[0].suffix == ".mp4"
    dialog.out.setText(str(tmp_path / "no such folder" / "a.mp4"))
    dialog.start()
    wait(lambda: dialog.go.text() == "Try again")
    assert dialog.state.text()


def test_the_timeline_can_be_had_in_part_and_at_another_size(
    one_clip: Document, qtbot: QtBot, tmp_path: Path, wait: Callable[..., None]
) -> None:
    one_clip.edit("Set in", lambda p: timeline_edits.mark(p, 4, 10))
    small = describe(str(write_clip(tmp_path / "small.mp4", moving_patch(4, 48, 32))))
    one_clip.edit("Import", lambda p: work_edits.add_media(p, small))
    one_clip.edit("Add clip", lambda p: timeline_edits.place(p, p.timeline.tracks[0].id, small.id, 12))
    dialog = ExportDialog(one_clip.project, None, lambda take: "", tmp_path, tmp_path)
    qtbot.addWidget(dialog)
    assert "sound of all clips" in dialog.note.text() and not dialog._form.isRowVisible(dialog.handles)
    assert [dialog.picture_size.itemText(n) for n in range(2)] == ["96 × 64", "48 × 32"]
    dialog.what.setCurrentIndex(dialog.what.findText("In to out"))
    dialog.picture_size.setCurrentIndex(1)
    dialog.format.setCurrentIndex(3)
    written: list[Path] = []
    dialog.written.connect(written.append)
    dialog.start()
    wait(lambda: written)
    info = probe(written[0])
    assert (info.width, info.height, info.frames) == (48, 32, 6) and written[0].name == "Untitled.mkv"
