"""The row under the viewer: timecode and source frame, the transport's buttons, how source and take are compared."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLayout, QMenu, QToolButton, QWidget

from ..model.timecode import timecode
from .document import Document
from .icons import Name, icon
from .parts import label, tool
from .transport import Transport
from .view_menu import ViewMenu
from .viewer import MODES, Mode, Viewer

NARROWEST = 600


class TransportBar(QFrame):
    """Follows the document, the transport and the viewer; its buttons speak to them."""

    def __init__(self, document: Document, transport: Transport, viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._transport, self._viewer = document, transport, viewer
        self.setObjectName("panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(4)
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.timecode = label("00:00:00:00", "timecode")
        self.timecode.setAccessibleName(self.tr("Timecode"))
        self.frame = label("", "dim")
        self.frame.setToolTip(self.tr("Frame of the source"))
        left, right = QHBoxLayout(), QHBoxLayout()
        left.addWidget(self.timecode)
        left.addSpacing(8)
        left.addWidget(self.frame)
        left.addStretch(1)
        row.addLayout(left, 1)
        self.play = self._button("play", self.tr("Play or pause (Space)"), transport.toggle)
        for button in (
            self._button("start", self.tr("Start (Home)"), lambda: document.go(0)),
            self._button("previous", self.tr("Previous frame (←)"), lambda: transport.step(-1)),
            self.play,
            self._button("next", self.tr("Next frame (→)"), lambda: transport.step(1)),
            self._button("end", self.tr("End"), lambda: document.go(document.project.timeline.length)),
        ):
            row.addWidget(button)
        self.loop = self._button("loop", self.tr("Loop in to out"), self._set_loop)
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
        self._choices: dict[Mode, QAction] = {}
        self.wide, self.narrow = QWidget(), tool("", self.tr("How source and take are compared"))
        self.narrow.setObjectName("menu")
        self.narrow.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.narrow.setMenu(QMenu(self.narrow))
        self.narrow.hide()
        beside = QHBoxLayout(self.wide)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(4)
        for mode, name in zip(MODES, names, strict=True):
            button = tool(name, checkable=True)
            button.clicked.connect(lambda _=False, m=mode: viewer.set_mode(m))
            self._group.addButton(button)
            self.modes[mode] = button
            beside.addWidget(button)
            choice = self._choices[mode] = QAction(name, self.narrow)
            choice.triggered.connect(lambda _=False, m=mode: viewer.set_mode(m))
            self.narrow.menu().addAction(choice)
        right.addWidget(self.wide)
        right.addWidget(self.narrow)
        right.addSpacing(4)
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

    def _button(self, picture: Name, name: str, slot: Callable[[], object]) -> QToolButton:
        button = tool("", name)
        button.setIcon(icon(picture))
        button.setIconSize(QSize(16, 16))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _=False: slot())
        return button

    def minimumSizeHint(self) -> QSize:
        """What it needs with the ways to compare in a menu: a small window is not made wider by this bar."""
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        """Let the ways to compare stand beside one another where there is room for them."""
        taken = (
            super().minimumSizeHint().width() - (self.wide if self.wide.isVisibleTo(self) else self.narrow).sizeHint().width()
        )
        roomy = self.width() >= taken + self.wide.sizeHint().width()
        self.wide.setVisible(roomy)
        self.narrow.setVisible(not roomy)

    def refresh(self) -> None:
        project = self._document.project
        self._show_dropped()
        self.timecode.setText(timecode(self._document.place.playhead, project.timeline.fps))
        seen = self._document.seen()
        text = "" if seen is None else self.tr("Frame {0} of {1}").format(seen.frame, project.source(seen.clip.media).frames)
        longer = len(text) != len(self.frame.text())
        self.frame.setText(text)
        if longer:  # while playing this is asked for every frame
            self._fit()
        has_take = seen is not None and (
            bool(seen.clip.take)
            or any(k.frame == seen.frame for k in project.work_of(seen.clip.media).keyframes)
            or any(r.frame == seen.frame for r in project.work_of(seen.clip.media).retouches)
        )
        for mode, button in self.modes.items():
            button.setEnabled(mode == "source" or has_take)
            self._choices[mode].setEnabled(button.isEnabled())
            button.setToolTip("" if button.isEnabled() else self.tr("There is no take here yet: press Enter for a draft"))

    def _set_loop(self) -> None:
        self._transport.loop = self.loop.isChecked()

    def _on_mode(self, mode: str) -> None:
        self.modes[mode].setChecked(True)  # type: ignore[index]
        self.narrow.setText(self.modes[mode].text())  # type: ignore[index]

    def _on_transport(self) -> None:
        self.play.setIcon(icon("pause" if self._transport.playing else "play"))
        self._viewer.set_playing(self._transport.speed)

    def _on_dropped(self, count: int) -> None:
        self._count = count
        self._show_dropped()

    def _show_dropped(self) -> None:
        dropped = self.tr("{0} frames dropped").format(self._count) if self._count else ""
        self.dropped.setText("  ·  ".join(filter(None, (self.tr("Proxy") if self._viewer.proxied else "", dropped))))
