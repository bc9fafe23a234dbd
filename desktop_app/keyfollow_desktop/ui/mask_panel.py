"""The masks of the clip under the playhead: painted or from a file, what each is for, and how it is shaped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from keyfollow.edits import MaskRole
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..model import assets, work_edits
from ..model.state import Mask, Media, new_id
from .background import Background
from .document import Document
from .masks import new_file_mask
from .overlays import MASK_VIEWS, Overlays
from .parts import label, tool

ROLE = Qt.ItemDataRole.UserRole
ROLES: tuple[MaskRole, ...] = ("edit", "protect", "front")


class MaskPanel(QWidget):
    """`paint_asked` with a Mask to be painted on the frame under the playhead; `failed` with the error of a file."""

    paint_asked = Signal(object)
    failed = Signal(object)

    def __init__(self, document: Document, background: Background, overlays: Overlays, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._background, self._overlays = document, background, overlays
        self._shown: tuple[Mask, ...] | None = None
        self._names = {"edit": self.tr("Edit here"), "protect": self.tr("Protect"), "front": self.tr("In front")}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(self.tr("Masks"), "heading"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Masks of this clip"))
        self.list.currentRowChanged.connect(lambda _: self._show_chosen())
        column.addWidget(self.list)
        row = QHBoxLayout()
        self.paint = QPushButton(self.tr("Paint"))
        self.paint.setToolTip(self.tr("Paint a mask on this frame"))
        self.paint.setMenu(self._menu(self._paint_new))
        self.file = QPushButton(self.tr("From file"))
        self.file.setToolTip(self.tr("A picture, a video, or a folder of numbered images"))
        menu = self._menu(self._choose_file)
        menu.addSeparator()
        for role in ROLES:
            text = self.tr("{0}, a folder of images").format(self._names[role])
            menu.addAction(text).triggered.connect(lambda _=False, r=role: self._choose_folder(r))
        self.file.setMenu(menu)
        self.remove = tool("✕", self.tr("Remove this mask"))
        self.remove.clicked.connect(self._remove)
        row.addWidget(self.paint, 1)
        row.addWidget(self.file, 1)
        row.addWidget(self.remove)
        column.addLayout(row)
        self._details = QWidget()
        form = QFormLayout(self._details)
        form.setContentsMargins(0, 0, 0, 0)
        self.role = QComboBox()
        for role in ROLES:
            self.role.addItem(self._names[role], role)
        self.role.activated.connect(lambda row: self._set(role=ROLES[row]))
        form.addRow(self.tr("Means"), self.role)
        self.grow = self._number(-200, 200, self.tr(" px"), lambda v: self._set(grow=v))
        self.grow.setToolTip(self.tr("Above 0 it becomes larger, below 0 smaller"))
        form.addRow(self.tr("Grow"), self.grow)
        self.feather = self._number(0, 200, self.tr(" px"), lambda v: self._set(feather=v))
        form.addRow(self.tr("Feather"), self.feather)
        self.opacity = self._number(0, 100, " %", lambda v: self._set(opacity=v / 100))
        form.addRow(self.tr("Opacity"), self.opacity)
        self.invert = QCheckBox(self.tr("Invert"))
        self.invert.toggled.connect(lambda on: self._set(invert=on))
        self.correct = QPushButton(self.tr("Paint on this frame"))
        self.correct.clicked.connect(self._correct)
        both = QHBoxLayout()
        both.addWidget(self.invert)
        both.addStretch(1)
        both.addWidget(self.correct)
        form.addRow(both)
        column.addWidget(self._details)
        self.view = QComboBox()
        self.view.setAccessibleName(self.tr("How masks are shown"))
        names = (self.tr("Not shown"), self.tr("Overlay"), self.tr("Matte"), self.tr("Cut-out"))
        for view, name in zip(MASK_VIEWS, names, strict=True):
            self.view.addItem(name, view)
        self.view.activated.connect(lambda row: overlays.set(mask=MASK_VIEWS[row]))
        overlays.changed.connect(lambda: self.view.setCurrentIndex(MASK_VIEWS.index(overlays.shown.mask)))
        self._view_row = QWidget()
        line = QHBoxLayout(self._view_row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(label(self.tr("In the viewer")))
        line.addWidget(self.view, 1)
        column.addWidget(self._view_row)
        document.changed.connect(lambda _: self.refresh())
        document.place_changed.connect(lambda _: self.refresh())
        self.refresh()

    def _menu(self, slot: Callable[[MaskRole], object]) -> QMenu:
        menu = QMenu(self)
        for role in ROLES:
            menu.addAction(self._names[role]).triggered.connect(lambda _=False, r=role: slot(r))
        return menu

    def _number(self, least: float, most: float, suffix: str, slot: Callable[[float], object]) -> QDoubleSpinBox:
        made = QDoubleSpinBox(minimum=least, maximum=most, decimals=0, suffix=suffix)
        made.setKeyboardTracking(False)
        made.valueChanged.connect(slot)
        return made

    # --- what is shown -----------------------------------------------------------------------------------------------------

    @property
    def _media(self) -> Media | None:
        seen = self._document.seen()
        return None if seen is None else self._document.project.media.get(seen.clip.media)

    @property
    def chosen(self) -> Mask | None:
        """The mask that is selected."""
        item = self.list.currentItem()
        return next((m for m in self._shown or () if item is not None and m.id == item.data(ROLE)), None)

    def refresh(self) -> None:
        """Show the clip under the playhead; cheap when nothing of it changed."""
        media = self._media
        masks = self._document.project.work_of(media.id).masks if media is not None else ()
        for button in (self.paint, self.file):
            button.setEnabled(media is not None)
        if masks == self._shown:
            return
        before = self.chosen
        grown = len(masks) > len(self._shown or ())
        self._shown = masks
        with QSignalBlocker(self.list):
            self.list.clear()
            for mask in masks:
                where = self.tr("frame {0}").format(mask.frame) if mask.image else Path(mask.video).name
                item = QListWidgetItem(f"{self._names[mask.role]}  ·  {where}", self.list)
                item.setData(ROLE, mask.id)
                item.setToolTip(mask.video)
            row = next((n for n, m in enumerate(masks) if before is not None and m.id == before.id), 0)
            self.list.setCurrentRow(len(masks) - 1 if grown else row)
        self.list.setVisible(bool(masks))
        self.list.setFixedHeight(min(4, max(1, len(masks))) * 28 + 4)
        self._show_chosen()

    def _show_chosen(self) -> None:
        mask = self.chosen
        self._details.setVisible(mask is not None)
        self._view_row.setVisible(mask is not None)
        self.remove.setEnabled(mask is not None)
        if mask is None:
            return
        fields = (self.role, self.grow, self.feather, self.opacity, self.invert)
        blockers = [QSignalBlocker(f) for f in fields]
        self.role.setCurrentIndex(ROLES.index(mask.role))
        self.grow.setValue(mask.grow)
        self.feather.setValue(mask.feather)
        self.opacity.setValue(round(100 * mask.opacity))
        self.invert.setChecked(mask.invert)
        del blockers
        self.view.setCurrentIndex(MASK_VIEWS.index(self._overlays.shown.mask))

    # --- what is done ------------------------------------------------------------------------------------------------------

    def _set(self, **fields: object) -> None:
        media, mask = self._media, self.chosen
        if media is not None and mask is not None:
            new = replace(mask, **fields)  # type: ignore[arg-type]
            gesture = f"mask {mask.id} {'/'.join(fields)}"
            self._document.edit(self.tr("Change mask"), lambda p: work_edits.set_mask(p, media.id, new), gesture)

    def _remove(self) -> None:
        media, mask = self._media, self.chosen
        if media is not None and mask is not None:
            self._document.edit(self.tr("Remove mask"), lambda p: work_edits.remove_mask(p, media.id, mask.id))

    def _paint_new(self, role: MaskRole) -> None:
        seen = self._document.seen()
        if seen is not None:
            self.paint_asked.emit(Mask(new_id(), role, seen.frame))

    def _correct(self) -> None:
        """Paint the chosen mask where this is its frame; else a mask of the same meaning for this frame."""
        seen, mask = self._document.seen(), self.chosen
        if seen is None or mask is None:
            return
        same = [m for m in self._shown or () if m.role == mask.role and m.image and m.frame == seen.frame]
        here = mask if mask in same else (same[0] if same else None)
        self.paint_asked.emit(here or replace(mask, id=new_id(), frame=seen.frame, image="", video=""))

    def _choose_file(self, role: MaskRole) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("A mask: a picture of this frame, or a video"), str(Path.home()))
        if path:
            self.take_file(role, path)

    def _choose_folder(self, role: MaskRole) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("A folder with one mask for every frame"), str(Path.home()))
        if path:
            self.take_file(role, path)

    def take_file(self, role: MaskRole, path: str) -> None:
        """Make a mask of a file: a picture for this frame, a video, or a folder of numbered images."""
        seen, media, folder = self._document.seen(), self._media, self._document.folder
        if seen is None or media is None:
            return
        empty = Mask(new_id(), role, seen.frame)

        def work() -> Mask:
            return new_file_mask(empty, path, media, lambda picture: assets.adopt(folder, "masks", picture))

        def done(mask: Mask) -> None:
            if self._document.folder == folder and media.id in self._document.project.media:
                self._document.edit(self.tr("Add mask"), lambda p: work_edits.set_mask(p, media.id, mask))

        self._background.run(work, done, self.failed.emit)
