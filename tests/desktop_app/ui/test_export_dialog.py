from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keyfollow.media.probe import probe
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.export_dialog import ExportDialog
from pytestqt.qtbot import QtBot


def test_the_dialog_says_what_comes_out_and_writes_it(
    one_clip: Document, qtbot: QtBot, tmp_path: Path, wait: Callable[..., None]
) -> None:
    clip = one_clip.project.timeline.tracks[0].clips[0].id
    dialog = ExportDialog(one_clip.project, clip, lambda take: "", tmp_path)
    qtbot.addWidget(dialog)
    assert [dialog.what.itemText(n) for n in range(2)] == ["Selected clip", "Whole timeline"]
    assert "With the source's sound" in dialog.note.text()
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
