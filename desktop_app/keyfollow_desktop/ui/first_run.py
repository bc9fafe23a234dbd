"""The first run: what this machine has, where large files go, which image editor, and the example to begin with. Nothing is downloaded."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from keyfollow.engine_info import EngineInfo
from keyfollow.errors import KeyfollowError
from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ..bridge import FAILED, Bridge
from ..model.timecode import megabytes
from .background import Background
from .parts import hold_lines, label, panel, primary
from .preferences import Preferences, installed_editors
from .storage_field import StorageField, restart

OTHER = "other"


class FirstRun(QDialog):
    """Shown once. `example_asked` when the person wants to begin with the example; `failed` when what was chosen could not be kept."""

    example_asked = Signal()
    failed = Signal(object)

    def __init__(self, preferences: Preferences, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences, self._bridge = preferences, bridge
        self.setWindowTitle(self.tr("Welcome"))
        self.setMinimumWidth(620)
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 20)
        column.setSpacing(14)
        column.addWidget(label(self.tr("Welcome to Keyfollow"), "title"))
        column.addWidget(label(self.tr("Edit one frame of a clip; every other frame follows."), "dim"))
        self.device = label(self.tr("Looking at this machine…"), wrap=True)
        self.engines = label("", "dim", wrap=True)
        column.addWidget(self._card(self.tr("This machine"), self.device, self.engines))
        self.storage = StorageField()
        column.addWidget(self._card(self.tr("Large files"), self.storage))
        self.editor = QComboBox()
        self.editor.setAccessibleName(self.tr("Image editor"))
        self.editor.addItem(self.tr("Paint in Keyfollow itself"), "")
        for name, command in installed_editors().items():
            self.editor.addItem(name, command)
        self.editor.addItem(self.tr("Another program…"), OTHER)
        self.editor.setCurrentIndex(1 if self.editor.count() > 2 else 0)
        self.editor.activated.connect(self._on_editor)
        note = label(self.tr("E opens a frame there; when you save, it comes back by itself."), "dim", wrap=True)
        column.addWidget(self._card(self.tr("Image editor"), self.editor, note))
        promise = self.tr(
            "Nothing has been downloaded, and no picture leaves this machine. Models for further engines are fetched only when you ask: "
            "File ▸ Models. All this can be changed in the preferences."
        )
        column.addWidget(label(promise, "dim", wrap=True))
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.empty = QPushButton(self.tr("Start with an empty project"))
        self.example = primary(self.tr("Open the example"))
        self.empty.clicked.connect(self.accept)
        self.example.clicked.connect(self._open_example)
        buttons.addStretch(1)
        buttons.addWidget(self.empty)
        buttons.addWidget(self.example)
        column.addLayout(buttons)
        self.example.setDefault(True)
        self.example.setFocus()
        bridge.engines_changed.connect(self._on_engines)
        bridge.state_changed.connect(self._on_daemon)
        self._on_engines(bridge.engines)
        # not the window's own, where the example would wait behind a driver that does not answer
        self._background = Background(self)
        self._background.run(machine, self._on_machine, lambda error: self.device.setText(str(error)))

    def showEvent(self, event: QShowEvent) -> None:
        hold_lines(self, self.minimumWidth())
        super().showEvent(event)

    def _card(self, heading: str, *parts: QWidget) -> QFrame:
        made = panel("raised")
        column = QVBoxLayout(made)
        column.setContentsMargins(16, 8, 16, 14)
        column.setSpacing(8)
        column.addWidget(label(heading, "heading"))
        for part in parts:
            column.addWidget(part)
            if isinstance(part, QLabel):
                part.setAccessibleName(heading)
        return made

    def _on_machine(self, found: tuple[str, str]) -> None:
        gpu, fault = found
        cores = os.cpu_count() or 1
        if fault:
            text = self.tr("{0} cannot be used yet: {1}. Until then the {2} processor cores do the work.").format(
                gpu, fault, cores
            )
        elif gpu:
            text = self.tr("{0}, and {1} processor cores.").format(gpu, cores)
        else:
            text = self.tr("{0} processor cores, no graphics processor: Patch is made for that.").format(cores)
        self.device.setText(text)

    def _on_engines(self, engines: dict[str, EngineInfo]) -> None:
        ready = sorted(e.name for e in engines.values() if not e.missing and not e.needs_weights)
        later = sorted(e.name for e in engines.values() if e.missing or e.needs_weights)
        text = self.tr("Ready now: {0}.").format(", ".join(ready)) if ready else self.tr("Starting the daemon…")
        if later:
            text += " " + self.tr("When you want them: {0}.").format(", ".join(later))
        self.engines.setText(text)

    def _on_daemon(self, state: str, error: KeyfollowError | None) -> None:
        if state == FAILED and error is not None:
            self.engines.setText(str(error))

    def _on_editor(self, row: int) -> None:
        if self.editor.itemData(row) != OTHER:
            return
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Choose an image editor"))
        if path:
            self.editor.insertItem(row, Path(path).name, shlex.quote(path))
        self.editor.setCurrentIndex(row if path else 0)

    def _open_example(self) -> None:
        self.accept()
        self.example_asked.emit()

    def done(self, result: int) -> None:
        """However it is left, it does not come again; what is chosen is kept unless it was dismissed."""
        self._preferences.welcomed = True
        if result == QDialog.DialogCode.Accepted:
            command = self.editor.currentData()
            self._preferences.editor = "" if command == OTHER else command
            try:
                if self.storage.keep():
                    restart(self._bridge)
            except KeyfollowError as e:
                self.failed.emit(e)
        self._preferences.flush()
        super().done(result)


def machine() -> tuple[str, str]:
    """The accelerator that would be used first and what keeps it from that; both "" without one. For another thread: drivers may be slow."""
    from keyfollow.cli.hardware import gpus  # the command line's libraries, which the window's start must not wait for

    for gpu in gpus():
        return f"{gpu.name}, {megabytes(gpu.memory_bytes)}" if gpu.memory_bytes else gpu.name, gpu.fault
    return "", ""
