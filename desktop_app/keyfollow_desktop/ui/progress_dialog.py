"""What the window shows while something long is written: how far it is, and a button that stops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keyfollow.errors import Cancelled, KeyfollowError
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from .parts import label
from .worker import Work, Worker


class ProgressDialog(QDialog):
    """Runs `work` and closes when it ends; `done` with what it returned. What went wrong stays to be read."""

    def __init__(
        self, title: str, saying: str, work: Work, done: Callable[[Any], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(460)
        self._saying, self._finished = saying, done
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        self.state = label(saying, wrap=True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.button = QPushButton(self.tr("Cancel"))
        self.button.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.button)
        column.addWidget(self.state)
        column.addWidget(self.bar)
        column.addLayout(row)
        self.worker = Worker(self)
        self.worker.progress.connect(self._on_progress)
        self.worker.ended.connect(self._on_ended)
        self.worker.start(work)

    def _on_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, 1000)
        self.bar.setValue(done * 1000 // max(1, total))

    def _on_ended(self, result: object, error: KeyfollowError | None) -> None:
        if error is None:
            self.accept()
            self._finished(result)
        elif isinstance(error, Cancelled):
            super().reject()
        else:
            self.bar.hide()
            self.state.setText(str(error))
            self.button.setText(self.tr("Close"))

    def reject(self) -> None:
        if self.worker.running:
            self.state.setText(self.tr("Stopping…"))
            self.worker.stop()
        else:
            super().reject()
