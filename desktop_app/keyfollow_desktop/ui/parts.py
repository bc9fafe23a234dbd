"""The small widgets that every panel is made of, each in the theme's own roles (object names that ``theme.qss`` knows)."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QToolButton

LabelRole = Literal["", "dim", "heading", "hint", "timecode"]


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
