"""The bin: sources with a thumbnail, their size and rate. Missing ones say so and can be relinked; drag one to the timeline."""

from __future__ import annotations

from keyfollow.errors import KeyfollowError
from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QDrag, QImage
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QMenu, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from ..model.relink import missing
from ..model.state import Media, Project
from ..model.timecode import timecode
from . import theme
from .document import Document
from .parts import label, on_ground, picture_icon
from .pictures import Pictures, Want, want_of

MIME = "application/x-keyfollow-media"
THUMB = QSize(72, 42)
ID = Qt.ItemDataRole.UserRole


class _List(QListWidget):
    def startDrag(self, actions: Qt.DropAction) -> None:
        item = self.currentItem()
        if item is None:
            return
        data = QMimeData()
        data.setData(MIME, str(item.data(ID)).encode())
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.setPixmap(item.icon().pixmap(THUMB))
        drag.exec(Qt.DropAction.CopyAction)


class Bin(QWidget):
    """Signals: `import_asked`; `append_asked`, `relink_asked`, `reel_asked` and `remove_asked` with a media id."""

    import_asked = Signal()
    append_asked = Signal(str)
    relink_asked = Signal(str)
    reel_asked = Signal(str)
    remove_asked = Signal(str)

    def __init__(self, document: Document, thumbnails: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._thumbnails = document, thumbnails
        self._shown: dict[str, Media] = {}
        self._wants: dict[Want, str] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        stack = QWidget()
        self._stack = QStackedLayout(stack)
        self.list = _List()
        self.list.setIconSize(THUMB)
        self.list.setDragEnabled(True)
        self.list.setAccessibleName(self.tr("Clips in the bin"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.itemActivated.connect(lambda item: self.append_asked.emit(item.data(ID)))
        empty = label(self.tr("No clips yet.\nDrop files here, or import them."), "dim")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.list)
        add = QPushButton(self.tr("Import…"))
        add.clicked.connect(self.import_asked)
        column.addWidget(stack, 1)
        column.addWidget(add)
        document.changed.connect(self.refresh)
        thumbnails.ready.connect(self._on_ready)
        thumbnails.failed.connect(self._on_failed)

    def refresh(self, project: Project) -> None:
        if project.media == self._shown:
            return
        self._shown = project.media
        gone = {m.id for m in missing(project)}
        self.list.clear()
        self._wants.clear()
        for media in project.media.values():
            item = QListWidgetItem(self._text(media, media.id in gone), self.list)
            item.setData(ID, media.id)
            item.setToolTip(media.path)
            self._icon(item, None)
            if media.id in gone:
                item.setForeground(theme.in_panel(theme.AMBER))
                continue
            ratio = self.devicePixelRatioF()
            want = want_of(media, media.frames // 3, size=(round(THUMB.width() * ratio), round(THUMB.height() * ratio)))
            self._wants[want] = media.id
            if (image := self._thumbnails.get(want)) is not None:
                self._icon(item, image)
        self._thumbnails.ask(list(self._wants))
        self._stack.setCurrentIndex(1 if project.media else 0)

    def _text(self, media: Media, gone: bool) -> str:
        if gone:
            return media.name + "\n" + self.tr("Missing: right-click to relink")
        rate = f"{float(media.fps):.3f}".rstrip("0").rstrip(".")
        return f"{media.name}\n{media.width}×{media.height}, {rate} fps\n{timecode(media.frames, media.fps)}"

    def _icon(self, item: QListWidgetItem, image: QImage | None) -> None:
        item.setIcon(picture_icon(on_ground(image, THUMB, self.devicePixelRatioF())))

    def _item(self, media: str) -> QListWidgetItem | None:
        for row in range(self.list.count()):
            if self.list.item(row).data(ID) == media:
                return self.list.item(row)
        return None

    def _on_ready(self, want: Want, image: QImage | None) -> None:
        item = self._item(self._wants.get(want, ""))
        if item is not None and image is not None:
            self._icon(item, image)

    def _on_failed(self, want: Want, error: KeyfollowError) -> None:
        item = self._item(self._wants.get(want, ""))
        if item is not None:
            item.setForeground(theme.in_panel(theme.AMBER))
            item.setToolTip(str(error))

    def _menu(self, at: QPoint) -> None:
        # the keyboard's menu key names no item
        item = self.list.itemAt(at) or self.list.currentItem()
        if item is None:
            return
        menu = QMenu(self)
        for text, signal in (
            (self.tr("Add to timeline"), self.append_asked),
            (self.tr("Relink…"), self.relink_asked),
            (self.tr("Reel name…"), self.reel_asked),
            (self.tr("Remove from project"), self.remove_asked),
        ):
            action = QAction(text, menu)
            action.triggered.connect(lambda _=False, s=signal: s.emit(item.data(ID)))
            menu.addAction(action)
        menu.exec(self.list.viewport().mapToGlobal(at))
