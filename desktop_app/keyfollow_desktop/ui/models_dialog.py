"""The models dialog: what is on this machine, what can be had, how large, under which licence; download, check, move, remove."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keyfollow.errors import KeyfollowError
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..model.timecode import megabytes
from . import theme
from .model_store import Event, Model, ModelStore
from .parts import label, panel, primary

ID = Qt.ItemDataRole.UserRole


class ModelsDialog(QDialog):
    """Closing it stops what is under way; a download goes on from there the next time. `changed` is called when models came or went."""

    def __init__(self, store: ModelStore, changed: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Models"))
        self.resize(860, 560)
        self._store, self._changed = store, changed
        self._models: dict[str, Model] = {}
        self._outcome = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        intro = self.tr(
            "Some engines need a model. Nothing is downloaded unless you ask for it here; the Patch engine needs none."
        )
        column.addWidget(label(intro, "dim", wrap=True))
        self.list = QTreeWidget()
        self.list.setAccessibleName(self.tr("Models"))
        self.list.setHeaderLabels([self.tr("Model"), self.tr("State"), self.tr("Size"), self.tr("For")])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.list.header()
        header.setStretchLastSection(False)
        for section, mode in enumerate(("Stretch", "ResizeToContents", "ResizeToContents", "ResizeToContents")):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode[mode])
        self.list.currentItemChanged.connect(lambda *_: self._explain())
        column.addWidget(self.list, 1)
        column.addWidget(self._make_details())
        self.state = label("", wrap=True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(self.tr("Progress"))
        column.addWidget(self.state)
        column.addWidget(self.bar)
        column.addLayout(self._make_buttons())
        store.listed.connect(self._on_listed)
        store.progress.connect(self._on_progress)
        store.said.connect(self._on_said)
        store.ended.connect(self._on_ended)
        self._explain()
        self._show_busy()
        self._run(self.tr("Looking at what is here…"), "list")

    def _make_details(self) -> QWidget:
        """What is said of the chosen model: its use and its licence, which must be accepted before a download."""
        made = panel("raised")
        column = QVBoxLayout(made)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(6)
        self.good_for = label("", wrap=True)
        self.licence = label("", "dim", wrap=True)
        self.read = QPushButton(self.tr("Read the licence"))
        self.read.clicked.connect(self._read_licence)
        self.accept_box = QCheckBox(self.tr("I have read the licence and accept it"))
        self.accept_box.toggled.connect(lambda _: self._show_busy())
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.read)
        row.addWidget(self.accept_box)
        row.addStretch(1)
        for part in (self.good_for, self.licence):
            column.addWidget(part)
        column.addLayout(row)
        made.setMinimumHeight(118)
        return made

    def _make_buttons(self) -> QVBoxLayout:
        both = QVBoxLayout()
        both.setSpacing(8)
        rows = QHBoxLayout(), QHBoxLayout()
        self.download = primary(self.tr("Download"))
        self.check = QPushButton(self.tr("Check files"))
        self.export = QPushButton(self.tr("Export archive…"))
        self.remove = QPushButton(self.tr("Remove…"))
        self.add = QPushButton(self.tr("Add a folder…"))
        self.import_ = QPushButton(self.tr("Import archive…"))
        self.cancel = QPushButton(self.tr("Stop"))
        close = QPushButton(self.tr("Close"))
        for button, slot in (
            (self.download, self.do_download),
            (self.check, lambda: self._run(self.tr("Checking every byte…"), "verify", self._current().id)),
            (self.export, self._ask_export),
            (self.remove, self._ask_remove),
            (self.add, self._ask_folder),
            (self.import_, self._ask_archive),
            (self.cancel, self._store.stop),
            (close, self.reject),
        ):
            button.clicked.connect(lambda _=False, s=slot: s())
            button.setAutoDefault(False)
        for row, left, right in (
            (rows[0], (self.download, self.check, self.export, self.remove), (self.cancel,)),
            (rows[1], (self.add, self.import_), (close,)),
        ):
            row.setSpacing(8)
            for button in left:
                row.addWidget(button)
            row.addStretch(1)
            for button in right:
                row.addWidget(button)
            both.addLayout(row)
        return both

    # --- what is shown -----------------------------------------------------------------------------------------------------

    def _current(self) -> Model:
        chosen = self._chosen()
        assert chosen is not None, "the buttons that ask for it are off"
        return chosen

    def _chosen(self) -> Model | None:
        item = self.list.currentItem()
        return self._models.get(item.data(0, ID)) if item is not None else None

    def _on_listed(self, models: list[Model]) -> None:
        before = self._chosen()
        self._models = {m.id: m for m in models}
        self.list.clear()
        words = {
            "installed": self.tr("Installed"),
            "damaged": self.tr("Damaged"),
            "partial": self.tr("Download begun"),
            "available": self.tr("Not here"),
        }
        for model in models:
            size = ("" if model.here else "≈ ") + megabytes(model.size_bytes)
            item = QTreeWidgetItem(self.list, [model.title, words[model.state], size, ", ".join(model.engines)])
            item.setData(0, ID, model.id)
            item.setToolTip(0, model.id)
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if model.state in ("damaged", "partial"):
                item.setForeground(1, theme.in_panel(theme.AMBER))
            if before is None or model.id == before.id:
                self.list.setCurrentItem(item)
                before = model
        self._explain()

    def _explain(self) -> None:
        model = self._chosen()
        self.accept_box.setChecked(False)
        here = model is not None and model.state == "installed"
        self.good_for.setText((model.good_for or model.title) if model else "")
        licence = (model.licence or self.tr("see its page")) if model else ""
        text = self.tr("Licence: {0}").format(licence) if model else ""
        if model is not None and model.gated and not here:
            text += "\n" + self.tr("Its makers ask who downloads it: an account there, and its token in HF_TOKEN, are needed.")
        self.licence.setText(text)
        self.read.setVisible(bool(model and model.licence_url))
        self.accept_box.setVisible(model is not None and not here)
        partial = model is not None and model.state == "partial"
        self.download.setText(self.tr("Go on downloading") if partial else self.tr("Download"))
        self._show_busy()

    def _show_busy(self) -> None:
        model, busy = self._chosen(), self._store.busy
        self.download.setEnabled(bool(model) and not busy and model.state != "installed" and self.accept_box.isChecked())  # type: ignore[union-attr]
        self.download.setToolTip("" if self.accept_box.isChecked() else self.tr("Accept the licence first"))
        self.check.setEnabled(bool(model and model.here) and not busy)
        self.export.setEnabled(bool(model and model.state == "installed") and not busy)
        self.remove.setEnabled(bool(model and model.state != "available") and not busy)
        self.add.setEnabled(not busy)
        self.import_.setEnabled(not busy)
        self.cancel.setVisible(busy)
        self.bar.setVisible(busy)

    def _read_licence(self) -> None:
        QDesktopServices.openUrl(QUrl(self._current().licence_url))

    # --- what is done ------------------------------------------------------------------------------------------------------

    def _run(self, saying: str, *words: str) -> None:
        self._outcome = ""
        self.state.setText(saying)
        self.bar.setRange(0, 0)
        self._store.run(*words)
        self._show_busy()

    def do_download(self) -> None:
        self._run(self.tr("Connecting…"), "pull", self._current().id, "--accept-licence")

    def _ask_export(self) -> None:
        suggested = str(Path.home() / f"{self._current().id}.zip")
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export the model as"), suggested, "*.zip")
        if path:
            self._run(self.tr("Exporting…"), "export", self._current().id, path)

    def _ask_remove(self) -> None:
        model = self._current()
        asked = QMessageBox.question(
            self,
            self.tr("Remove model"),
            self.tr("Remove {0} from this machine? {1} become free.").format(model.title, megabytes(model.size_bytes)),
        )
        if asked == QMessageBox.StandardButton.Yes:
            self._run(self.tr("Removing…"), "remove", model.id)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("A model's folder, as diffusers saves it"), str(Path.home()))
        if folder:
            self.add_folder(Path(folder))

    def add_folder(self, folder: Path) -> None:
        self._run(self.tr("Adding…"), "add", str(folder))

    def _ask_archive(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("A model's archive"), str(Path.home()), "*.zip")
        if path:
            self._run(self.tr("Importing…"), "import", path)

    def _on_progress(self, phase: str, done: int, total: int) -> None:
        # Qt's bar counts in 32 bits
        self.bar.setRange(0, 1000)
        self.bar.setValue(done * 1000 // max(1, total))
        self.state.setText(self.tr("{0}: {1} of {2}").format(phase, megabytes(done), megabytes(total)))

    def _on_said(self, event: Event) -> None:
        match event["event"]:
            case "retry":
                self.state.setText(self.tr("The connection broke; trying again…"))
            case "verified":
                self._outcome = " ".join(event["problems"]) or self.tr("{0} is sound.").format(event["model"])
            case "exported":
                self._outcome = self.tr("Written to {0}.").format(event["output"])
            case "removed":
                self._outcome = self.tr("{0} freed.").format(megabytes(event["freed_bytes"]))
            case "installed":
                self._outcome = self.tr("{0} is installed.").format(event["model"])

    def _on_ended(self, words: tuple[str, ...], error: KeyfollowError | None) -> None:
        if error is not None:
            self._outcome = str(error)
        elif self._store.stopped:
            self._outcome = self.tr("Stopped. A download goes on from here the next time.")
        self.state.setText(self._outcome)
        if words[0] != "list":
            self._store.run("list")
            self._changed()
        self._show_busy()

    def reject(self) -> None:
        self._store.close()
        super().reject()
