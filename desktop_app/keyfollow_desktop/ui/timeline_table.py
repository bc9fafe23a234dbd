"""The timeline as a table: one row a clip, bound to the same project; for keyboard and screen reader, and for exact numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from ..model import timeline_edits
from ..model.state import Clip, Project, Track
from ..model.timecode import timecode
from .document import Document
from .timeline_paint import take_name

Index = QModelIndex | QPersistentModelIndex
TRACK, NAME, START, END, LENGTH, SOURCE, TAKE, KEYS = range(8)
EDITABLE = (START, END, LENGTH)
WALKING = (
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End),
    *(Qt.Key.Key_Return, Qt.Key.Key_Enter),
)


class ClipModel(QAbstractTableModel):
    """Clips in the order in which they begin. Start, end and length are edited in record frames: a move and two trims."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.rows: list[tuple[Track, Clip]] = []
        self._timeline: object = None
        self.refresh()

    def refresh(self) -> None:
        project = self._document.project
        if (project.timeline, project.work) != self._timeline:
            self.beginResetModel()
            self._timeline = (project.timeline, project.work)
            self.rows = sorted(
                ((t, c) for t in project.timeline.tracks for c in t.clips), key=lambda row: (row[1].start, row[0].name)
            )
            self.endResetModel()

    def row_of(self, clip: str) -> int | None:
        return next((n for n, (_, c) in enumerate(self.rows) if c.id == clip), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else KEYS + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1)
        return (
            self.tr("Track"),
            self.tr("Clip"),
            self.tr("Start"),
            self.tr("End"),
            self.tr("Frames"),
            self.tr("Source from"),
            self.tr("Take"),
            self.tr("Edit keyframes"),
        )[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        track, clip = self.rows[index.row()]
        project = self._document.project
        if role == Qt.ItemDataRole.EditRole:
            return {START: clip.start, END: clip.stop, LENGTH: clip.length}.get(index.column())
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        media, fps = project.media.get(clip.media), project.timeline.fps
        take = next((t for t in project.work_of(clip.media).takes if t.id == clip.take), None)
        match index.column():
            case 0:
                return track.name
            case 1:
                return clip.name or (media.name if media else self.tr("Missing"))
            case 2:
                return timecode(clip.start, fps)
            case 3:
                return timecode(clip.stop, fps)
            case 4:
                return str(clip.length)
            case 5:
                return timecode(int(clip.source_start), media.fps) if media else ""
            case 6:
                return take_name(take) if take else self.tr("Source")
        return str(len(project.work_of(clip.media).keyframes))

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        editable = index.isValid() and index.column() in EDITABLE and not self.rows[index.row()][0].locked
        return flags | Qt.ItemFlag.ItemIsEditable if editable else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        clip = self.rows[index.row()][1]
        number = int(value)

        def change(project: Project) -> Project:
            match index.column():
                case 2:
                    return timeline_edits.move(project, [clip.id], number - clip.start)
                case 3:
                    return timeline_edits.trim(project, clip.id, stop=number)
            return timeline_edits.trim(project, clip.id, stop=clip.start + number)

        label = self.tr("Move clip") if index.column() == START else self.tr("Trim clip")
        return self._document.edit(label, change)


class TimelineTable(QTableView):
    """Its selection is the document's; going to a row goes to the clip."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._following = False
        self.clips = ClipModel(document)
        self.setModel(self.clips)
        self.setAccessibleName(self.tr("Timeline as a table"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(False)
        self.verticalHeader().setDefaultSectionSize(26)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for section in range(self.clips.columnCount()):
            self.setColumnWidth(section, 150 if section == KEYS else 120)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().selectionChanged.connect(self._on_selected)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        document.changed.connect(self._refresh)
        document.place_changed.connect(self._follow)

    def event(self, event: QEvent) -> bool:
        """In a table these keys go from cell to cell, whatever they do elsewhere in the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in WALKING:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # a field that is being filled in takes it first, and passes it on
            if self.state() != QAbstractItemView.State.EditingState and self.currentIndex().isValid():
                self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._refresh()

    def _refresh(self) -> None:
        """Thousands of rows cost nothing while nobody looks at them."""
        if self.isVisible():
            self.clips.refresh()
            self._follow()

    def _follow(self) -> None:
        """Show the document's selection."""
        if not self.isVisible():
            return
        selection = QItemSelection()
        last = self.clips.columnCount() - 1
        rows = [row for c in self._document.place.clips if (row := self.clips.row_of(c)) is not None]
        for row in rows:
            selection.select(self.clips.index(row, 0), self.clips.index(row, last))
        self._following = True
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows and self.currentIndex().row() not in rows:
            self.setCurrentIndex(self.clips.index(rows[0], NAME))
        self._following = False

    def _on_selected(self) -> None:
        if not self._following:
            rows = {i.row() for i in self.selectionModel().selectedRows()}
            self._document.select(frozenset(self.clips.rows[r][1].id for r in rows))

    def _on_current(self, index: QModelIndex) -> None:
        if not self._following and index.isValid():
            self._document.go(self.clips.rows[index.row()][1].start)
