"""The export dialog: what, as what, where; then a bar that fills."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from keyfollow.errors import Cancelled, KeyfollowError
from keyfollow.media.prepare import Delivery
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..model.state import Project
from .exporting import FORMATS, Export, with_sound, write
from .parts import label, primary

DELIVERIES: tuple[Delivery, ...] = ("full", "edit", "matte")


class ExportDialog(QDialog):
    """Writes in the background; closing it while it writes cancels. `written` with the path."""

    written = Signal(object)
    _progress = Signal(int, int)
    _ended = Signal(object)

    def __init__(
        self, project: Project, clip: str | None, folder: Callable[[str], str], where: Path, parent: QWidget | None = None
    ) -> None:
        """Args:
        clip: the selected clip's id, offered beside the whole timeline.
        folder: of a take, by id.
        where: the folder that is suggested.
        """
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export"))
        self.setMinimumWidth(560)
        self._project, self._folder = project, folder
        self.pictures = Path()
        """The project's folder, which holds the retouches."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.what = QComboBox()
        if clip is not None:
            self.what.addItem(self.tr("Selected clip"), clip)
        self.what.addItem(self.tr("Whole timeline"), None)
        self.delivery = QComboBox()
        self.delivery.addItems([self.tr("Full picture"), self.tr("Edit only (with transparency)"), self.tr("Matte")])
        self.format = QComboBox()
        self.format.addItems([f.name for f in FORMATS])
        self.out = QLineEdit(str(where / f"{project.name or 'Untitled'}.mp4"))
        browse = QPushButton(self.tr("Browse…"))
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.out, 1)
        row.addWidget(browse)
        for name, field in (
            (self.tr("What"), self.what),
            (self.tr("Deliver"), self.delivery),
            (self.tr("Format"), self.format),
        ):
            field.setAccessibleName(name)
            form.addRow(name, field)
        self.out.setAccessibleName(self.tr("File"))
        form.addRow(self.tr("File"), row)
        self.note = label("", "dim", wrap=True)
        form.addRow("", self.note)
        column.addLayout(form)
        self.bar = QProgressBar(textVisible=False)
        self.bar.hide()
        self.state = label("", wrap=True)
        column.addWidget(self.bar)
        column.addWidget(self.state)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.cancel = QPushButton(self.tr("Cancel"))
        self.go = primary(self.tr("Export"))
        self.cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self.start)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        column.addLayout(buttons)
        for field in (self.what, self.delivery, self.format):
            field.currentIndexChanged.connect(self._explain)
        self._progress.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)
        self._explain()

    def _explain(self) -> None:
        form = FORMATS[self.format.currentIndex()]
        path = Path(self.out.text())
        self.out.setText(str(path.with_suffix(form.suffix)))
        delivery = DELIVERIES[self.delivery.currentIndex()]
        sound = bool(form.suffix) and with_sound(self._project, self.what.currentData(), delivery)
        words = [self.tr("With the source's sound, copied.") if sound else self.tr("Without sound.")]
        if delivery == "edit" and not form.alpha:
            words.append(self.tr("This format holds no transparency: choose ProRes, FFV1 or images."))
        self.note.setText(" ".join(words))
        self.go.setEnabled(delivery != "edit" or form.alpha)

    def _browse(self) -> None:
        form = FORMATS[self.format.currentIndex()]
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export as"), self.out.text(), f"*{form.suffix or ''}")
        if path:
            self.out.setText(path)

    def start(self) -> None:
        """Begin to write."""
        form = FORMATS[self.format.currentIndex()]
        takes = {t.id: self._folder(t.id) for w in self._project.work.values() for t in w.takes}
        export = Export(
            self._project,
            Path(self.out.text()).absolute(),
            form,
            DELIVERIES[self.delivery.currentIndex()],
            self.what.currentData(),
            takes,
            folder=self.pictures,
        )
        for field in (self.what, self.delivery, self.format, self.out, self.go):
            field.setEnabled(False)
        self.bar.show()
        self.state.setText(self.tr("Writing…"))

        def work() -> None:
            error: KeyfollowError | None = None
            try:
                write(export, self._progress.emit, self._stop.is_set)
            except KeyfollowError as e:
                error = e
            self._ended.emit(error)

        self._stop.clear()
        self._thread = threading.Thread(target=work, name="keyfollow-export", daemon=True)
        self._thread.start()

    def _on_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.state.setText(self.tr("Frame {0} of {1}").format(done, total))

    def _on_ended(self, error: KeyfollowError | None) -> None:
        self._thread = None
        self.bar.hide()
        for field in (self.what, self.delivery, self.format, self.out, self.go):
            field.setEnabled(True)
        if error is None:
            self.written.emit(Path(self.out.text()))
            self.accept()
        elif isinstance(error, Cancelled):
            super().reject()
        else:
            self.state.setText(str(error))
            self.go.setText(self.tr("Try again"))

    def reject(self) -> None:
        if self._thread is not None:
            self.state.setText(self.tr("Cancelling…"))
            self._stop.set()
        else:
            super().reject()
