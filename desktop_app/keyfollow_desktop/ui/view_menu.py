"""The button that says how the source under the playhead is shown, and its menu: as it is, a camera's curve, a .cube."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from ..model import work_edits
from ..model.state import Media
from .document import Document

NAMES = {
    "slog3": "S-Log3",
    "logc3": "LogC3",
    "logc4": "LogC4",
    "vlog": "V-Log",
    "clog": "C-Log",
    "pq": "PQ (HDR)",
    "hlg": "HLG (HDR)",
}
"""As makers call them; the same in every language. `view_transform.CURVES` has the rest, and imports what the window's start should not."""


class ViewMenu(QToolButton):
    """Hidden where nothing is under the playhead."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.setObjectName("menu")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAccessibleName(self.tr("How the source is shown"))
        self.setToolTip(self.tr("How log or HDR footage is shown here. Runs and exports take it as it is."))
        self.setMenu(QMenu(self))
        self.menu().aboutToShow.connect(self.fill)
        document.changed.connect(self.refresh)
        document.place_changed.connect(self.refresh)
        self.refresh()

    @property
    def _media(self) -> Media | None:
        seen = self._document.seen()
        return None if seen is None else self._document.project.media.get(seen.clip.media)

    def refresh(self) -> None:
        media = self._media
        self.setVisible(media is not None)
        view = media.view if media else ""
        self.setText(NAMES.get(view) or Path(view).name or "Rec. 709")

    def fill(self) -> None:
        """Make the menu anew."""
        menu, media = self.menu(), self._media
        menu.clear()
        if media is None:
            return
        for view, name in {"": self.tr("Rec. 709 (as it is)"), **NAMES}.items():
            self._entry(menu, name, view, media.view == view)
        menu.addSeparator()
        if media.view and media.view not in NAMES:
            self._entry(menu, Path(media.view).name, media.view, True)
        other = QAction(self.tr("Look-up table (.cube)…"), menu)
        other.triggered.connect(lambda _=False: self._ask())
        menu.addAction(other)

    def _entry(self, menu: QMenu, name: str, view: str, chosen: bool) -> None:
        action = QAction(name, menu, checkable=True, checked=chosen)
        action.triggered.connect(partial(self._choose, view))
        menu.addAction(action)

    def _choose(self, view: str, _: bool = False) -> None:
        if (media := self._media) is not None:
            self._document.edit(self.tr("Show source as"), lambda p: work_edits.set_view(p, media.id, view))

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a look-up table"), str(Path.home()), "*.cube")
        if path:
            self._choose(path)
