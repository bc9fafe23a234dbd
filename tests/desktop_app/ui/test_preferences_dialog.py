from __future__ import annotations

from pathlib import Path

from keyfollow_desktop.ui import theme
from keyfollow_desktop.ui.preferences import Preferences
from keyfollow_desktop.ui.preferences_dialog import PreferencesDialog
from keyfollow_desktop.ui.window import Window
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot


def test_choices_are_kept(own_home: Path, qtbot: QtBot) -> None:
    dialog = PreferencesDialog(Preferences())
    qtbot.addWidget(dialog)
    dialog.editor.setText(" gimp ")
    dialog.theme.setCurrentIndex(dialog.theme.findData("light"))
    dialog.language.setCurrentIndex(dialog.language.findData("de"))
    dialog.keys.list.setCurrentItem(dialog.keys._items["marker"])
    QTest.keyClick(dialog.keys.field, Qt.Key.Key_Y)
    dialog.keys.set.click()
    heard: list[int] = []
    dialog.changed.connect(lambda: heard.append(1))
    dialog.accept()
    again = Preferences()
    assert (again.editor, again.theme, again.language) == ("gimp", "light", "de") and heard
    assert again.shortcuts == ("Keyfollow", {"marker": ("Y",)})


def test_a_new_key_and_a_new_theme_count_at_once(window: Window, qapp: QApplication) -> None:
    window.preferences.keep_shortcuts("DaVinci Resolve", {"marker": ("Y",), "hold_source": ("Q",)})
    window.preferences.theme = "light"
    try:
        window.commands._preferred()
        assert window.actions_by_name["marker"].shortcuts() == [QKeySequence("Y")]
        assert window.actions_by_name["split"].shortcut() == QKeySequence("Ctrl+B")
        window.activateWindow()
        window.timeline.setFocus()
        QTest.keyPress(window.timeline, Qt.Key.Key_Q)
        held = window.viewer._held
        QTest.keyRelease(window.timeline, Qt.Key.Key_Q)
        assert held and not window.viewer._held
        assert qapp.palette().window().color().lightness() > 200
    finally:
        theme.apply(qapp)
        qapp.setStyleSheet("")
