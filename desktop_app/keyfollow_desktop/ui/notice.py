"""A bar above the viewer that says what went wrong, in a sentence, beside the button that helps."""

from __future__ import annotations

from collections.abc import Callable

from keyfollow.errors import KeyfollowError
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from .error_words import said
from .parts import label, tool


class NoticeBar(QFrame):
    """Shows one notice at a time, the latest; hidden without one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setAccessibleName(self.tr("Notice"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        self._text = label("", wrap=True)
        self.button = QPushButton()
        self.other = QPushButton()
        self._close = tool("✕", self.tr("Dismiss"))
        row.addWidget(self._text, 1)
        row.addWidget(self.button)
        row.addWidget(self.other)
        row.addWidget(self._close)
        self._close.clicked.connect(self.hide)
        self.other.clicked.connect(self.hide)
        self.button.clicked.connect(self._act)
        self._action: Callable[[], object] | None = None
        self.code = ""
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def show_notice(
        self, text: str, button: str = "", action: Callable[[], object] | None = None, code: str = "", other: str = ""
    ) -> None:
        """`action` runs when the button is pressed; the notice is gone then. `other` names a button that leaves things as they are."""
        self._text.setText(text)
        self._text.setToolTip("")
        self.setAccessibleDescription(text)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.other.setText(other)
        self.other.setVisible(bool(other))
        self._action, self.code = action, code
        self.show()

    def show_error(self, error: KeyfollowError, button: str = "", action: Callable[[], object] | None = None) -> None:
        self.show_notice(said(error), button, action, error.code)
        # in another language the values are in the original words alone
        self._text.setToolTip("" if said(error) == str(error) else str(error))

    def _act(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()
