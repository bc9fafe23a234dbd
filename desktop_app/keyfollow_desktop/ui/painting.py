"""The painter in the window: its bars around the viewer, its keys, what is pasted and dropped, and what undo means while it is open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from keyfollow.frames import FrameBuffer
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QWidget

from .masks import PICTURES
from .painter.bar import PainterBar, PainterStrip
from .painter.session import Session

if TYPE_CHECKING:
    from .window import Window

PICTURE_FILTER = " ".join(f"*{suffix}" for suffix in PICTURES)


class Painting(QObject):
    """Owns the session and its bars; made by the window after its viewer."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._w = window
        self.session = Session(window.document, window.takes, window.background, self)
        self.bar = PainterBar(self.session, self.do_import, self.do_paste)
        self.strip = PainterStrip(self.session)
        self.session.changed.connect(self._on_changed)
        self.session.dirtied.connect(window.viewer.update_picture)

    def around(self, viewer: QWidget) -> QWidget:
        """The viewer with the tools beside it."""
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.strip)
        row.addWidget(viewer, 1)
        return whole

    @property
    def active(self) -> bool:
        return self.session.canvas is not None

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is the painter's, before any menu sees it."""
        return self.active and (event.matches(QKeySequence.StandardKey.Paste) or self.session.wants(event))

    def key(self, event: QKeyEvent) -> None:
        """Do what a key of the painter's means."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.do_paste()
        else:
            self.session.key(event)

    def dropped(self, files: list[str]) -> bool:
        """Take a picture that is dropped while a frame is painted; whether it was one."""
        pictures = [f for f in files if f.lower().endswith(PICTURES)]
        if not self.active or not pictures:
            return False
        self.session.place_file(pictures[0])
        return True

    def do_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._w, self.tr("Lay a picture on the edit layer"), str(Path.home()), f"{self.tr('Pictures')} ({PICTURE_FILTER})"
        )
        if path:
            self.session.place_file(path)

    def do_paste(self) -> None:
        image = QApplication.clipboard().image()
        if image.isNull():
            self._w.statusBar().showMessage(self.tr("There is no picture on the clipboard."), 5000)
        else:
            self.session.place(from_image(image))

    def _on_changed(self) -> None:
        self._w.viewer.set_tool(self.session if self.active else None)
        self._w.viewer.update()


def from_image(image: QImage) -> FrameBuffer:
    """A QImage as 8-bit RGBA."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return FrameBuffer(rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).copy())
