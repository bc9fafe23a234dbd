"""What a person chose for this machine, and the dialog for it: the image editor, where things are kept, how they are counted."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from keyfollow.paths import paths
from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from .parts import label

KNOWN_EDITORS = {
    "Krita": "krita",
    "GIMP": "gimp",
    "Photoshop": "photoshop",
    "Affinity Photo": "affinity-photo",
    "Pinta": "pinta",
    "MyPaint": "mypaint",
}
RECENT = 8


class Preferences:
    """Kept in ``desktop.ini`` beside the job store."""

    def __init__(self) -> None:
        self._settings = QSettings(str(paths().data / "desktop.ini"), QSettings.Format.IniFormat)

    @property
    def editor(self) -> str:
        """The image editor's command line, "" until one is chosen."""
        return str(self._settings.value("editor", "") or "")

    @editor.setter
    def editor(self, command: str) -> None:
        self._settings.setValue("editor", command)

    @property
    def draft_on_save(self) -> bool:
        """Whether each saved keyframe starts a draft."""
        return bool(self._settings.value("draft_on_save", False, type=bool))

    @draft_on_save.setter
    def draft_on_save(self, on: bool) -> None:
        self._settings.setValue("draft_on_save", on)

    @property
    def recent(self) -> list[Path]:
        """Projects opened last that are still there, the newest first."""
        kept = self._settings.value("recent", []) or []
        names = [kept] if isinstance(kept, str) else list(kept)  # type: ignore[call-overload]
        return [Path(n) for n in names if Path(n).is_dir()]

    def opened(self, folder: Path) -> None:
        names = [str(folder), *(str(f) for f in self.recent if f != folder)]
        self._settings.setValue("recent", names[:RECENT])

    def layout(self, name: str) -> QByteArray:
        """A window's geometry or a splitter's sizes as they were; empty the first time."""
        kept = self._settings.value(f"layout/{name}")
        return kept if isinstance(kept, QByteArray) else QByteArray()

    def keep_layout(self, name: str, state: QByteArray) -> None:
        self._settings.setValue(f"layout/{name}", state)

    def flush(self) -> None:
        self._settings.sync()


def editor_line(command: str, picture: Path) -> list[str]:
    """Program and arguments that open `picture`; ``{file}`` in the command stands for it, else it comes last."""
    words = shlex.split(command)
    if any("{file}" in w for w in words):
        return [w.replace("{file}", str(picture)) for w in words]
    return [*words, str(picture)]


def installed_editors() -> dict[str, str]:
    """The image editors of this machine's PATH: command by name."""
    return {name: command for name, command in KNOWN_EDITORS.items() if shutil.which(command)}


class PreferencesDialog(QDialog):
    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Preferences"))
        self._preferences = preferences
        self.setMinimumWidth(560)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(14)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(10)
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
        form.addRow(self.tr("Image editor"), row)
        note = label(
            self.tr(
                "The program that E opens a frame with. Write {file} where the picture's name belongs, or nothing: it comes last."
            ),
            "dim",
            wrap=True,
        )
        form.addRow("", note)
        where = QLineEdit(str(paths().storage))
        where.setReadOnly(True)
        where.setAccessibleName(self.tr("Storage folder"))
        form.addRow(self.tr("Storage"), where)
        hint = label(
            self.tr("Takes, inversions and models. Set KEYFOLLOW_STORAGE before starting to keep them elsewhere."),
            "dim",
            wrap=True,
        )
        form.addRow("", hint)
        column.addLayout(form)
        column.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _on_known(self, row: int) -> None:
        if self.known.itemData(row):
            self.editor.setText(self.known.itemData(row))

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Choose an image editor"))
        if path:
            self.editor.setText(shlex.quote(path))

    def accept(self) -> None:
        self._preferences.editor = self.editor.text().strip()
        self._preferences.flush()
        super().accept()
