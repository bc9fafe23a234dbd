"""The dialog of the preferences: the image editor, where things are kept, how it looks, the keys."""

from __future__ import annotations

import os
import shlex

from keyfollow.errors import KeyfollowError
from keyfollow.paths import CACHE_BYTES, choices, paths
from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from .language import LANGUAGES
from .parts import hold_lines, label
from .preferences import Preferences, installed_editors
from .shortcuts_page import ShortcutsPage
from .storage_field import StorageField


class PreferencesDialog(QDialog):
    """`changed` when it was left with OK: what was chosen is kept by then. `moved` when the daemon has to start anew for it; `failed` with
    the error when it could not be kept."""

    changed = Signal()
    moved = Signal()
    failed = Signal(object)

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Preferences"))
        self._preferences = preferences
        self.setMinimumWidth(620)
        column = self._whole = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(14)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(14)
        form.setHorizontalSpacing(16)
        found = installed_editors()
        self.known = QComboBox()
        self.known.setAccessibleName(self.tr("Installed image editors"))
        self.known.addItem(self.tr("Choose…") if found else self.tr("None found on this machine"), "")
        for name, command in found.items():
            self.known.addItem(name, command)
        self.known.activated.connect(self._on_known)
        self.editor = QLineEdit(preferences.editor)
        self.editor.setAccessibleName(self.tr("Command of the image editor"))
        self.editor.setPlaceholderText(self.tr("for example: krita"))
        browse = QPushButton(self.tr("Browse…"))
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.editor, 1)
        row.addWidget(browse)
        form.addRow(self.tr("Installed editors"), self.known)
        text = self.tr(
            "The program that E opens a frame with. Write {file} where the picture's name belongs, or nothing: it comes last."
        )
        form.addRow(self.tr("Image editor"), _noted(row, text))
        self.storage = StorageField()
        form.addRow(self.tr("Storage"), self.storage)
        self.cache = QSpinBox(minimum=1, maximum=100_000)
        self.cache.setAccessibleName(self.tr("Largest size of the inversion cache"))
        self.cache.setSuffix(" GB")
        kept = choices(paths().data).cache_bytes
        self.cache.setValue(round((CACHE_BYTES if kept is None else kept) / 1e9))
        self._cache = self.cache.value()
        self.cache.setEnabled("KEYFOLLOW_CACHE_BYTES" not in os.environ)
        text = self.tr("What is prepared of a source so that the next run begins sooner; the oldest goes first.")
        form.addRow(self.tr("Inversion cache"), _noted(self.cache, text))
        self.proxies = QCheckBox(self.tr("Make light copies of footage above 1080p, for playing"))
        self.proxies.setChecked(preferences.proxies)
        form.addRow("", self.proxies)
        self.theme = self._choice(
            self.tr("Theme"), {"dark": self.tr("Dark"), "light": self.tr("Light")}, preferences.theme, form
        )
        names = {**LANGUAGES, "": self.tr("As the system")}
        self.language = self._choice(
            self.tr("Language"), names, preferences.language, form, self.tr("A change of language shows at the next start.")
        )
        general = self._general = QWidget()
        general.setLayout(form)
        form.setContentsMargins(0, 12, 0, 0)
        self.keys = ShortcutsPage(*preferences.shortcuts)
        tabs = QTabWidget(documentMode=True)
        tabs.tabBar().setDrawBase(False)
        tabs.addTab(general, self.tr("General"))
        tabs.addTab(self.keys, self.tr("Keyboard"))
        column.addWidget(tabs, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def showEvent(self, event: QShowEvent) -> None:
        margins = self._whole.contentsMargins()
        hold_lines(self._general, self.minimumWidth() - margins.left() - margins.right())
        super().showEvent(event)

    def _choice(self, name: str, choices: dict[str, str], now: str, form: QFormLayout, note: str = "") -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(name)
        for code, text in choices.items():
            made.addItem(text, code)
        made.setCurrentIndex(max(0, made.findData(now)))
        form.addRow(name, _noted(made, note) if note else made)
        return made

    def _on_known(self, row: int) -> None:
        if self.known.itemData(row):
            self.editor.setText(self.known.itemData(row))

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Choose an image editor"))
        if path:
            self.editor.setText(shlex.quote(path))

    def accept(self) -> None:
        kept = self._preferences
        kept.editor = self.editor.text().strip()
        kept.proxies = self.proxies.isChecked()
        kept.theme = self.theme.currentData()
        kept.language = self.language.currentData()
        kept.keep_shortcuts(self.keys.preset, self.keys.chosen)
        kept.flush()
        super().accept()
        self.changed.emit()
        try:
            if self.storage.keep(self.cache.value() * 10**9 if self.cache.value() != self._cache else None):
                self.moved.emit()
        except KeyfollowError as e:
            self.failed.emit(e)


def _noted(field: QWidget | QHBoxLayout, text: str) -> QWidget:
    """A field with a note close below it."""
    both = QWidget()
    column = QVBoxLayout(both)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    if isinstance(field, QWidget):
        column.addWidget(field)
    else:
        column.addLayout(field)
    column.addWidget(label(text, "dim", wrap=True))
    return both
