"""The small widgets that every panel is made of, each in the theme's own roles (object names that ``theme.qss`` knows)."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QToolButton, QWidget

from . import theme

LabelRole = Literal["", "dim", "heading", "hint", "timecode", "title"]


def label(text: str = "", role: LabelRole = "", *, wrap: bool = False, tip: str = "") -> QLabel:
    """Text as it is: nothing in it is read as markup."""
    made = QLabel(text)
    made.setObjectName(role)
    made.setIndent(0)
    made.setWordWrap(wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setToolTip(tip)
    return made


def primary(text: str) -> QPushButton:
    """The one button of a panel that is next."""
    made = QPushButton(text)
    made.setObjectName("primary")
    return made


def tool(text: str, name: str = "", *, checkable: bool = False) -> QToolButton:
    """A button without a frame. `name` is its tooltip and what a screen reader says, where the text alone says too little."""
    made = QToolButton()
    made.setText(text)
    made.setObjectName("flat")
    made.setCheckable(checkable)
    made.setToolTip(name)
    made.setAccessibleName(name or text)
    return made


def panel(name: str = "panel") -> QFrame:
    made = QFrame()
    made.setObjectName(name)
    return made


def hold_lines(widget: QWidget, width: int) -> None:
    """Keep room for every line of a widget's texts at this width: Qt makes dialogs as if no line wrapped, and squeezes what is above."""
    if (layout := widget.layout()) is not None:
        for part in widget.findChildren(QWidget):
            part.ensurePolished()  # a stylesheet's letters are smaller
        layout.invalidate()
        layout.activate()
        widget.setMinimumHeight(layout.heightForWidth(width))


def picture_icon(pixmap: QPixmap) -> QIcon:
    """A picture as an icon that has the same colours where it is selected."""
    made = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        made.addPixmap(pixmap, mode)
    return made


def on_ground(image: QImage | None, size: QSize, ratio: float) -> QPixmap:
    """A thumbnail in the middle of a pixmap of `size`, in points: so that the names beside several line up."""
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(theme.in_panel(theme.RAISED))
    if image is not None:
        painter = QPainter(pixmap)
        inside = image.size().scaled(size, Qt.AspectRatioMode.KeepAspectRatio)
        corner = QPoint((size.width() - inside.width()) // 2, (size.height() - inside.height()) // 2)
        painter.drawImage(QRect(corner, inside), image)
        painter.end()
    return pixmap
