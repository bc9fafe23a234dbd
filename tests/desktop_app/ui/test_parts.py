from __future__ import annotations

from keyfollow_desktop.ui.parts import label, panel, primary, tool
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot


def test_parts_carry_their_role_and_their_name(qtbot: QtBot) -> None:
    made = label("<b>a</b>", "dim", wrap=True)
    assert made.objectName() == "dim" and made.textFormat() == Qt.TextFormat.PlainText and made.wordWrap()
    assert primary("Go").objectName() == "primary" and panel().objectName() == "panel"
    assert tool("✕", "Dismiss").accessibleName() == "Dismiss" and tool("Wipe", checkable=True).accessibleName() == "Wipe"
