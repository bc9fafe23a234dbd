"""The row under the viewer: timecode and source frame, the transport's buttons, how source and take are compared."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QWidget

from ..model.timecode import timecode
from .document import Document
from .parts import label, tool
from .transport import Transport
from .view_menu import ViewMenu
from .viewer import MODES, Mode, Viewer


class TransportBar(QFrame):
    """Follows the document, the transport and the viewer; its buttons speak to them."""

    def __init__(self, document: Document, transport: Transport, viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._transport, self._viewer = document, transport, viewer
        self.setObjectName("panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(4)
        self.timecode = label("00:00:00:00", "timecode")
        self.timecode.setAccessibleName(self.tr("Timecode"))
        self.frame = label("", "dim")
        self.frame.setMinimumWidth(110)
        left, right = QHBoxLayout(), QHBoxLayout()
        left.addWidget(self.timecode)
        left.addSpacing(8)
        left.addWidget(self.frame)
        left.addStretch(1)
        row.addLayout(left, 1)
        self.play = self._button("▶", self.tr("Play or pause (Space)"), transport.toggle)
        for button in (
            self._button("|◀", self.tr("Start (Home)"), lambda: document.go(0)),
            self._button("◂", self.tr("Previous frame (←)"), lambda: transport.step(-1)),
            self.play,
            self._button("▸", self.tr("Next frame (→)"), lambda: transport.step(1)),
            self._button("▶|", self.tr("End"), lambda: document.go(document.project.timeline.length)),
        ):
            row.addWidget(button)
        self.loop = self._button("⟲", self.tr("Loop in to out"), self._set_loop)
        self.loop.setCheckable(True)
        row.addWidget(self.loop)
        right.addStretch(1)
        self.dropped = label("", "dim")
        self._count = 0
        right.addWidget(self.dropped)
        right.addSpacing(8)
        self._group = QButtonGroup(self)
        names = (self.tr("Source"), self.tr("Take"), self.tr("Wipe"), self.tr("Side by side"), self.tr("Difference"))
        self.modes: dict[Mode, QToolButton] = {}
        for mode, name in zip(MODES, names, strict=True):
            button = tool(name, checkable=True)
            button.clicked.connect(lambda _=False, m=mode: viewer.set_mode(m))
            self._group.addButton(button)
            self.modes[mode] = button
            right.addWidget(button)
        right.addSpacing(8)
        self.view = ViewMenu(document)
        self.view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        right.addWidget(self.view)
        row.addLayout(right, 1)
        self._on_mode(viewer.mode)
        viewer.mode_changed.connect(self._on_mode)
        viewer.dropped_changed.connect(self._on_dropped)
        transport.changed.connect(self._on_transport)
        document.changed.connect(self.refresh)
        document.place_changed.connect(self.refresh)

    def _button(self, text: str, name: str, slot: Callable[[], object]) -> QToolButton:
        button = tool(text, name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _=False: slot())
        return button

    def refresh(self) -> None:
        project = self._document.project
        self._show_dropped()
        self.timecode.setText(timecode(self._document.place.playhead, project.timeline.fps))
        seen = self._document.seen()
        text = (
            ""
            if seen is None
            else self.tr("Source frame {0} of {1}").format(seen.frame, project.source(seen.clip.media).frames)
        )
        self.frame.setText(text)
        has_take = seen is not None and (
            bool(seen.clip.take)
            or any(k.frame == seen.frame for k in project.work_of(seen.clip.media).keyframes)
            or any(r.frame == seen.frame for r in project.work_of(seen.clip.media).retouches)
        )
        for mode, button in self.modes.items():
            button.setEnabled(mode == "source" or has_take)
            button.setToolTip("" if button.isEnabled() else self.tr("There is no take here yet: press Enter for a draft"))

    def _set_loop(self) -> None:
        self._transport.loop = self.loop.isChecked()

    def _on_mode(self, mode: str) -> None:
        self.modes[mode].setChecked(True)  # type: ignore[index]

    def _on_transport(self) -> None:
        self.play.setText("❚❚" if self._transport.playing else "▶")
        self._viewer.set_playing(self._transport.speed)

    def _on_dropped(self, count: int) -> None:
        self._count = count
        self._show_dropped()

    def _show_dropped(self) -> None:
        dropped = self.tr("{0} frames dropped").format(self._count) if self._count else ""
        self.dropped.setText("  ·  ".join(filter(None, (self.tr("Proxy") if self._viewer.proxied else "", dropped))))
