"""The takes of the clip under the playhead: which is shown, starred, pinned, out of date; named, noted, compared and removed here.

Below the list stands how the take that is shown was made, and what its run measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from keyfollow.engine_info import EngineInfo
from keyfollow.errors import UsageError
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFont, QImage
from PySide6.QtWidgets import QInputDialog, QListWidget, QListWidgetItem, QMenu, QStackedLayout, QVBoxLayout, QWidget

from ..model import timeline_edits, work_edits
from ..model.state import Media, TakeRef
from . import theme
from .document import Document
from .parts import label, on_ground, picture_icon
from .pictures import Pictures, Want, want_of
from .runs import PREVIEW
from .take_details import details, request_of
from .take_store import TakeStore
from .timeline_paint import take_name

ID = Qt.ItemDataRole.UserRole
THUMB = QSize(72, 42)


class TakesPanel(QWidget):
    """A list with the source first; activating an entry shows it on the clip. `compare_asked` with a take to see beside the one shown."""

    compare_asked = Signal(str)

    def __init__(
        self,
        document: Document,
        takes: TakeStore,
        thumbnails: Pictures,
        engines: Callable[[], dict[str, EngineInfo]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._takes, self._thumbnails, self._engines = document, takes, thumbnails, engines
        self._shown: object = None
        self._wants: dict[str, Want] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        place = QWidget()
        self._stack = QStackedLayout(place)
        empty = label(self.tr("No takes yet.\nEach draft or final becomes one."), "dim")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.list = QListWidget()
        self.list.setIconSize(THUMB)
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Takes of this clip"))
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.itemActivated.connect(lambda item: self.show_take(item.data(ID)))
        self.list.itemClicked.connect(lambda item: self.show_take(item.data(ID)))
        self._stack.addWidget(empty)
        self._stack.addWidget(self.list)
        column.addWidget(place, 1)
        self.details = label("", "dim", wrap=True)
        self.details.setAccessibleName(self.tr("How this take was made"))
        column.addWidget(self.details)
        document.changed.connect(self.refresh)
        document.place_changed.connect(self.refresh)
        takes.changed.connect(self._on_take)
        thumbnails.ready.connect(self._on_thumbnail)

    def refresh(self) -> None:
        project = self._document.project
        seen = self._document.seen()
        work = project.work_of(seen.clip.media) if seen else None
        now = (seen.clip.id, seen.clip.take, work) if seen and work else None
        if now == self._shown:
            return
        self._shown = now
        self.list.clear()
        self._wants.clear()
        self._stack.setCurrentIndex(1 if work and work.takes else 0)
        self._tell(seen.clip.take if seen else "")
        if seen is None or work is None:
            return
        media = project.source(seen.clip.media)
        self._add("", self.tr("Source"), not seen.clip.take)
        self._picture("", media, self._frame(media, 0, media.frames))
        for take in reversed(work.takes):
            self._add(take.id, self._text(seen.clip.media, take), take.id == seen.clip.take)
            self._picture(take.id, media, self._frame(media, take.start, take.stop))

    def _frame(self, media: Media, start: int, stop: int) -> int:
        """The frame that tells takes apart: the first that a person edited, else the middle one."""
        edited = (k.frame for k in self._document.project.work_of(media.id).keyframes)
        return next((n for n in edited if start <= n < stop), (start + stop) // 2)

    def _picture(self, take: str, media: Media, frame: int) -> None:
        folder = self._takes.folder(take)
        ratio = self.devicePixelRatioF()
        size = (round(THUMB.width() * ratio), round(THUMB.height() * ratio))
        # of a take without that frame yet, the source stands there
        made = folder and frame in self._takes.get(take).done
        want = want_of(media, frame, folder if made else "", size)
        self._wants[take] = want
        self._on_thumbnail(want, self._thumbnails.get(want))
        self._thumbnails.ask([want])

    def _on_thumbnail(self, want: Want, image: QImage | None) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            if self._wants.get(item.data(ID)) == want:
                item.setIcon(picture_icon(on_ground(image, THUMB, self.devicePixelRatioF())))

    def _tell(self, take: str) -> None:
        text = details(self._takes.get(take), self._engines()) if take else ""
        self.details.setText(text)
        self.details.setVisible(bool(text))

    def _add(self, take: str, text: str, active: bool) -> None:
        item = QListWidgetItem(text, self.list)
        item.setData(ID, take)
        if active:
            font = QFont(self.list.font())
            font.setBold(True)
            item.setFont(font)
            self.list.setCurrentItem(item)
        if self.tr("Out of date") in text:
            item.setForeground(theme.in_panel(theme.AMBER))

    def _text(self, media: str, take: TakeRef) -> str:
        made = time.strftime("%H:%M", time.localtime(take.created))
        known = self._takes.get(take.id)
        info = self._engines().get(take.engine)
        chosen = self._document.project.work_of(media).settings.engine
        # the panel is narrow: what a person must not miss has a line of its own
        lines = [f"{info.name if info else take.engine}  ·  {made}"]
        if take.quality == "draft" and take.engine == PREVIEW != chosen:
            lines[0] = self.tr("Patch preview") + f"  ·  {made}"
        count = take.stop - take.start
        if len(known.done) < count:
            lines.append(self.tr("{0} of {1} frames").format(len(known.done), count))
        if work_edits.out_of_date(self._document.project, media, take):
            lines.append(self.tr("Out of date"))
        marks = ("★ " if take.star else "") + ("◆ " if take.pin else "")
        note = f"\n“{take.note}”" if take.note else ""
        return marks + take_name(take) + "\n" + "\n".join(lines) + note

    def _on_take(self, take: str) -> None:
        """Only the line of that take: it may be a hundred times a second."""
        seen = self._document.seen()
        if seen is None:
            return
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(ID) == take:
                ref = next((t for t in self._document.project.work_of(seen.clip.media).takes if t.id == take), None)
                if ref is not None:
                    item.setText(self._text(seen.clip.media, ref))
                    media = self._document.project.source(seen.clip.media)
                    frame = self._frame(media, ref.start, ref.stop)
                    if not self._wants[take].take and frame in self._takes.get(take).done:
                        self._picture(take, media, frame)
        if take == seen.clip.take and self._takes.get(take).report is not None:
            self._tell(take)

    # --- what is done ------------------------------------------------------------------------------------------------------

    def show_take(self, take: str) -> None:
        """Let the clip under the playhead show a take, or the source for ""."""
        seen = self._document.seen()
        if seen is not None and seen.clip.take != take:
            self._document.edit(self.tr("Switch take"), lambda p: timeline_edits.show_take(p, [seen.clip.id], take))

    def star(self, take: str) -> None:
        seen = self._document.seen()
        if seen is not None:
            starred = work_edits.find_take(self._document.project.work_of(seen.clip.media), take).star
            label = self.tr("Remove star") if starred else self.tr("Star take")
            self._document.edit(label, lambda p: work_edits.set_take(p, seen.clip.media, take, star=not starred))

    def rename(self, take: str, name: str) -> None:
        seen = self._document.seen()
        if seen is not None:
            self._document.edit(self.tr("Rename take"), lambda p: work_edits.set_take(p, seen.clip.media, take, name=name))

    def pin(self, take: str) -> None:
        """Pinned drafts are not pushed out by newer ones."""
        seen = self._document.seen()
        if seen is not None:
            pinned = work_edits.find_take(self._document.project.work_of(seen.clip.media), take).pin
            label = self.tr("Unpin take") if pinned else self.tr("Pin take")
            self._document.edit(label, lambda p: work_edits.set_take(p, seen.clip.media, take, pin=not pinned))

    def note(self, take: str, text: str) -> None:
        seen = self._document.seen()
        if seen is not None:
            self._document.edit(self.tr("Note on take"), lambda p: work_edits.set_take(p, seen.clip.media, take, note=text))

    def use_settings(self, take: str) -> None:
        """Engine, settings, prompts, model and seed as the take was made with; with the same keyframes a run makes the same again."""
        seen, folder = self._document.seen(), self._takes.folder(take)
        if seen is None:
            return
        media = seen.clip.media
        try:
            asked = request_of(folder)
            fields = {name: asked[name] for name in ("engine", "prompt", "source_prompt", "model", "seed")}
            old = self._document.project.work_of(media).settings
            settings = replace(old, **fields, values=dict(asked["settings"]))
        except (OSError, ValueError, KeyError, TypeError):
            error = UsageError(
                "no_recipe", "How this take was made is not known any more.", "Choose the settings in the inspector."
            )
            self._document.failed.emit(error)
            return
        self._document.edit(self.tr("Use the take's settings"), lambda p: work_edits.set_settings(p, media, settings))

    def remove(self, take: str) -> None:
        """Off the project; its frames stay on the disk, so that undo brings it back."""
        seen = self._document.seen()
        if seen is not None:
            self._document.edit(self.tr("Delete take"), lambda p: work_edits.remove_take(p, seen.clip.media, take))

    def _menu(self, at: QPoint) -> None:
        # the keyboard's menu key names no item
        item = self.list.itemAt(at) or self.list.currentItem()
        if item is None or not item.data(ID):
            return
        take = item.data(ID)
        menu = QMenu(self)
        for text, slot in (
            (self.tr("Show on this clip"), self.show_take),
            (self.tr("Star or unstar"), self.star),
            (self.tr("Pin or unpin"), self.pin),
            (self.tr("Rename…"), self._ask_name),
            (self.tr("Note…"), self._ask_note),
            (self.tr("Compare with the take shown"), self.compare_asked.emit),
            (self.tr("Use its settings again"), self.use_settings),
            (self.tr("Delete"), self.remove),
        ):
            action = QAction(text, menu)
            action.triggered.connect(lambda _=False, s=slot: s(take))
            menu.addAction(action)
        menu.exec(self.list.viewport().mapToGlobal(at))

    def _ask_note(self, take: str) -> None:
        seen = self._document.seen()
        if seen is None:
            return
        old = work_edits.find_take(self._document.project.work_of(seen.clip.media), take).note
        text, good = QInputDialog.getMultiLineText(self, self.tr("Note on take"), self.tr("Note"), old)
        if good:
            self.note(take, text.strip())

    def _ask_name(self, take: str) -> None:
        seen = self._document.seen()
        if seen is None:
            return
        old = take_name(work_edits.find_take(self._document.project.work_of(seen.clip.media), take))
        name, good = QInputDialog.getText(self, self.tr("Rename take"), self.tr("Name"), text=old)
        if good:
            self.rename(take, name.strip())
