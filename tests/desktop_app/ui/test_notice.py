from __future__ import annotations

from keyfollow.errors import UsageError
from keyfollow_desktop.ui.notice import NoticeBar
from pytestqt.qtbot import QtBot


def test_an_error_is_a_sentence_and_a_button_that_helps(qtbot: QtBot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    pressed: list[int] = []
    bar.show_error(
        UsageError("no_editor", "No image editor is chosen yet.", "Choose one."), "Choose…", lambda: pressed.append(1)
    )
    assert bar.text == "No image editor is chosen yet. Choose one." and bar.code == "no_editor" and not bar.isHidden()
    bar.button.click()
    assert pressed == [1] and bar.isHidden()
    bar.show_notice("Exported.")
    assert bar.button.isHidden()
