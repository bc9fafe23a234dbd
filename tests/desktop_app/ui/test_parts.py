from __future__ import annotations

from keyfollow_desktop.ui.parts import hold_lines, label, on_ground, panel, picture_icon, primary, tool
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QVBoxLayout
from pytestqt.qtbot import QtBot


def test_parts_carry_their_role_and_their_name(qtbot: QtBot) -> None:
    made = label("<b>a</b>", "dim", wrap=True)
    assert made.objectName() == "dim" and made.textFormat() == Qt.TextFormat.PlainText and made.wordWrap()
    assert primary("Go").objectName() == "primary" and panel().objectName() == "panel"
    assert tool("✕", "Dismiss").accessibleName() == "Dismiss" and tool("Wipe", checkable=True).accessibleName() == "Wipe"


def test_wrapped_lines_have_room(qtbot: QtBot) -> None:
    made = panel()
    qtbot.addWidget(made)
    column = QVBoxLayout(made)
    long = label("word " * 60, wrap=True)
    column.addWidget(long)
    column.addWidget(primary("Go"))
    hold_lines(made, 200)
    made.resize(200, 10)
    made.show()
    assert long.height() >= long.heightForWidth(long.width()) > 3 * long.fontMetrics().height()


def test_a_thumbnail_stands_in_the_middle_of_its_ground(qtbot: QtBot) -> None:
    tall = QImage(10, 40, QImage.Format.Format_RGB32)
    tall.fill(Qt.GlobalColor.white)
    made = on_ground(tall, QSize(72, 40), 2.0).toImage()
    assert (made.width(), made.height()) == (144, 80)
    assert made.pixelColor(72, 40).lightness() == 255 and made.pixelColor(40, 40).lightness() < 80
    chosen = picture_icon(QPixmap.fromImage(tall)).pixmap(QSize(10, 40), QIcon.Mode.Selected).toImage()
    assert chosen.pixelColor(5, 20) == Qt.GlobalColor.white
    assert on_ground(None, QSize(72, 40), 1.0).size() == QSize(72, 40)
