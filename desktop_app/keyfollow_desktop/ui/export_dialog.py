"""The export dialog: what, as what, where; then a bar that fills."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keyfollow.errors import Cancelled, KeyfollowError
from keyfollow.media.prepare import Delivery
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..model.state import Project
from .error_words import said
from .exporting import FORMATS, Export, suggested_name, video_clips, with_sound, write
from .parts import label, primary
from .worker import Worker

DELIVERIES: tuple[Delivery, ...] = ("full", "edit", "matte")


class ExportDialog(QDialog):
    """Writes in the background; closing it while it writes cancels. `written` with the path."""

    written = Signal(object)

    def __init__(
        self,
        project: Project,
        clip: str | None,
        folder: Callable[[str], str],
        pictures: Path,
        where: Path,
        parent: QWidget | None = None,
    ) -> None:
        """Args:
        clip: the selected clip's id, offered beside the whole timeline.
        folder: of a take, by id.
        pictures: the project's folder, which holds the retouches.
        where: the folder that is suggested.
        """
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export"))
        self.setMinimumWidth(560)
        self._project, self._folder = project, folder
        self._pictures = pictures
        self._where, self._in_to_out = where, -1
        self.worker = Worker(self)
        self.worker.progress.connect(self._on_progress)
        self.worker.ended.connect(self._on_ended)
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
        if project.timeline.marked is not None:
            self.what.addItem(self.tr("In to out"), None)
            self._in_to_out = self.what.count() - 1
        self.delivery = QComboBox()
        self.delivery.addItems([self.tr("Full picture"), self.tr("Edit only (with transparency)"), self.tr("Matte")])
        self.format = QComboBox()
        self.format.addItems([f.name for f in FORMATS])
        self.handles = QSpinBox(maximum=1000)
        self.handles.setSuffix(" " + self.tr("frames on either side"))
        self.picture_size = QComboBox()
        for width, height in _sizes(project):
            self.picture_size.addItem(f"{width} × {height}", (width, height))
        self.out = QLineEdit()
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
            (self.tr("Handles"), self.handles),
            (self.tr("Size"), self.picture_size),
        ):
            field.setAccessibleName(name)
            form.addRow(name, field)
        self._form = form
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
        self.what.currentIndexChanged.connect(self._suggest)
        self.out.textEdited.connect(lambda _: setattr(self, "_named", True))
        for choice in (self.delivery, self.format):
            choice.currentIndexChanged.connect(self._explain)
        self._named = False
        self._suggest()

    def _suggest(self) -> None:
        """The name that says what it is, until a person gives another."""
        if not self._named:
            self.out.setText(str(self._where / suggested_name(self._project, self.what.currentData())))
        self._explain()

    def _explain(self) -> None:
        form = FORMATS[self.format.currentIndex()]
        path = Path(self.out.text())
        # only an ending of ours is one: names may hold dots
        stem = path.with_suffix("") if path.suffix in {f.suffix for f in FORMATS} else path
        self.out.setText(f"{stem}{form.suffix}")
        clip = self.what.currentData()
        self._form.setRowVisible(self.handles, clip is not None)
        self._form.setRowVisible(self.picture_size, clip is None)
        delivery = DELIVERIES[self.delivery.currentIndex()]
        sound = bool(form.suffix) and with_sound(self._project, clip, delivery)
        with_it = self.tr("With the source's sound, copied.") if clip else self.tr("With the sound of all clips.")
        words = [with_it if sound else self.tr("Without sound.")]
        if delivery == "edit" and not form.alpha:
            words.append(self.tr("This format holds no transparency: choose ProRes, FFV1 or images."))
        self.note.setText(" ".join(words))
        self.go.setEnabled(delivery != "edit" or form.alpha)

    def _browse(self) -> None:
        form = FORMATS[self.format.currentIndex()]
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export as"), self.out.text(), f"*{form.suffix or ''}")
        if path:
            self._named = True
            self.out.setText(path)

    def _fields(self) -> tuple[QWidget, ...]:
        return (self.what, self.delivery, self.format, self.handles, self.picture_size, self.out, self.go)

    def start(self) -> None:
        """Begin to write."""
        clip = self.what.currentData()
        takes = {t.id: self._folder(t.id) for w in self._project.work.values() for t in w.takes}
        export = Export(
            self._project,
            Path(self.out.text()).absolute(),
            FORMATS[self.format.currentIndex()],
            DELIVERIES[self.delivery.currentIndex()],
            clip,
            takes,
            self.handles.value() if clip else 0,
            self._project.timeline.marked if self.what.currentIndex() == self._in_to_out else None,
            self.picture_size.currentData() if self.picture_size.currentIndex() else None,
            self._pictures,
        )
        for field in self._fields():
            field.setEnabled(False)
        self.bar.show()
        self.state.setText(self.tr("Writing…"))
        self.worker.start(lambda progress, cancelled: write(export, progress, cancelled))

    def _on_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.state.setText(self.tr("Frame {0} of {1}").format(done, total))

    def _on_ended(self, _: object, error: KeyfollowError | None) -> None:
        self.bar.hide()
        for field in self._fields():
            field.setEnabled(True)
        if error is None:
            self.written.emit(Path(self.out.text()))
            self.accept()
        elif isinstance(error, Cancelled):
            super().reject()
        else:
            self.state.setText(said(error))
            self.go.setText(self.tr("Try again"))

    def reject(self) -> None:
        if self.worker.running:
            self.state.setText(self.tr("Cancelling…"))
            self.worker.stop()
        else:
            super().reject()


def _sizes(project: Project) -> list[tuple[int, int]]:
    """The first clip's size, then those of the others, the largest first."""
    clips = sorted(video_clips(project), key=lambda c: c.start)
    found = [(m.width, m.height) for m in (project.source(c.media) for c in clips)]
    return list(dict.fromkeys([*found[:1], *sorted(set(found), key=lambda s: -s[0] * s[1])]))
