from __future__ import annotations

from keyfollow_desktop.ui.shortcuts_page import ShortcutsPage
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot


def test_a_key_is_pressed_set_and_taken_from_where_it_was(qtbot: QtBot) -> None:
    page = ShortcutsPage("Keyfollow", {})
    qtbot.addWidget(page)
    page.show()
    page.list.setCurrentItem(page._items["split"])
    QTest.keyClick(page.field, Qt.Key.Key_E)
    page.set.click()
    assert page.chosen == {"split": ("E",), "edit_keyframe": ()}
    assert page._items["split"].text(1) == "E" and page._items["edit_keyframe"].text(1) == ""
    assert "Edit this frame" in page.note.text()
    page.own.click()
    assert page.chosen == {"edit_keyframe": ()}


def test_a_preset_starts_afresh(qtbot: QtBot) -> None:
    page = ShortcutsPage("Keyfollow", {"split": ("X",)})
    qtbot.addWidget(page)
    assert page._items["split"].text(1) == "X"
    page.presets.setCurrentText("DaVinci Resolve")
    page.presets.activated.emit(page.presets.currentIndex())
    assert page.chosen == {} and page.preset == "DaVinci Resolve" and "Ctrl+B" in page._items["split"].text(1)
