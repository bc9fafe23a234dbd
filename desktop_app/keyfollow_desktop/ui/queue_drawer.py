"""The queue: jobs of every client with phase, progress and time left; pause, resume, cancel, retry, earlier, later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyfollow.engine_info import ENDED, Job
from keyfollow.errors import KeyfollowError
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..bridge import Bridge
from ..model.timecode import duration
from .error_words import said
from .parts import label, tool

if TYPE_CHECKING:
    from keyfollow.client import Client

HIGHEST = 176
"""Pixels of the drawer; more jobs are scrolled."""
ENDED_SHOWN = 20
PREVIEW_HEIGHT = 56
SMOOTH = Qt.TransformationMode.SmoothTransformation


class JobRow(QFrame):
    """One job. `asked` with what to do (``pause``, ``resume``, ``cancel``, ``retry``, ``remove``, ``earlier``, ``later``)."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 6, 12, 6)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        self.name, self.state = label(), label("", "dim")
        self.bar = QProgressBar(textVisible=False)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        self.buttons: dict[str, QPushButton] = {}
        self.movers: dict[str, QToolButton] = {}
        for what, text in (
            ("pause", self.tr("Pause")),
            ("resume", self.tr("Resume")),
            ("retry", self.tr("Try again")),
            ("cancel", self.tr("Cancel")),
            ("remove", self.tr("Remove")),
        ):
            button = QPushButton(text)
            button.clicked.connect(lambda _=False, w=what: self.asked.emit(w))
            buttons.addWidget(button)
            self.buttons[what] = button
        for what, text, name in (("earlier", "▲", self.tr("Earlier")), ("later", "▼", self.tr("Later"))):
            mover = tool(text, name)
            mover.clicked.connect(lambda _=False, w=what: self.asked.emit(w))
            buttons.insertWidget(len(self.movers), mover)
            self.movers[what] = mover
        self.preview = label(tip=self.tr("Result"))
        self.preview.setAccessibleName(self.preview.toolTip())
        self._previewed: bytes | None = None
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.state, 1, 0)
        grid.addWidget(self.bar, 2, 0)
        grid.addWidget(self.preview, 0, 1, 3, 1)
        grid.addLayout(buttons, 0, 2, 3, 1)

    def show_job(self, job: Job, can_move: tuple[bool, bool] = (False, False)) -> None:
        """Show a job as it is now; `can_move` tells whether it can go before, or after, another one that waits."""
        for mover, possible in zip(self.movers.values(), can_move, strict=True):
            mover.setVisible(any(can_move))
            mover.setEnabled(possible)
        self.name.setText(job.label or f"{Path(job.source).name} ({job.quality})")
        words = {
            "queued": self.tr("Waiting"),
            "running": self.tr("Running"),
            "paused": self.tr("Paused"),
            "done": self.tr("Done"),
            "failed": self.tr("Failed"),
            "cancelled": self.tr("Cancelled"),
        }
        text = words[job.state]
        progress = job.progress
        if job.state == "running" and progress is not None:
            text = progress.phase.capitalize() + f"  {progress.done}/{progress.total}"
            if progress.eta_s is not None:
                text += "  ·  " + self.tr("{0} left").format(duration(progress.eta_s))
        if job.failure is not None:
            text += ": " + said(job.failure)
        self.state.setText(text)
        self.state.setToolTip(text)
        self.bar.setVisible(job.state not in ENDED)
        self.bar.setRange(0, max(1, progress.total if progress else 1))
        self.bar.setValue(progress.done if progress else 0)
        self.setAccessibleName(f"{self.name.text()}: {text}")
        self._show_preview(progress.preview if progress else None)
        can = {
            "queued": ("pause", "cancel"),
            "running": ("pause", "cancel"),
            "paused": ("resume", "cancel"),
            "done": ("remove",),
            "failed": ("retry", "remove"),
            "cancelled": ("retry", "remove"),
        }[job.state]
        for what, button in self.buttons.items():
            button.setVisible(what in can)

    def _show_preview(self, picture: bytes | None) -> None:
        if picture != self._previewed:
            self._previewed, pixels = picture, QPixmap()
            pixels.loadFromData(picture or b"")
            self.preview.setPixmap(pixels if pixels.isNull() else pixels.scaledToHeight(PREVIEW_HEIGHT, SMOOTH))
        self.preview.setVisible(picture is not None)


class QueueDrawer(QFrame):
    """Every job of the daemon. `failed` with the error of an action."""

    failed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Queue"))
        self._bridge = bridge
        self.rows: dict[str, JobRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._empty = label(self.tr("Nothing is waiting or running."), "dim")
        self._empty.setMargin(12)
        column.addWidget(self._empty)
        self._scroll = scroll = QScrollArea(widgetResizable=True)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self._column.addStretch(1)
        scroll.setWidget(inside)
        column.addWidget(scroll, 1)
        bridge.jobs_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the jobs as they are: first what runs and waits, then what ended last."""
        jobs = self._bridge.jobs.values()
        waiting = sorted((j for j in jobs if j.state not in ENDED), key=lambda j: j.position)
        ended = sorted((j for j in jobs if j.state in ENDED), key=lambda j: -j.created)[:ENDED_SHOWN]
        shown = [*waiting, *ended]
        lined = self._in_line()
        for gone in set(self.rows) - {j.id for j in shown}:
            self.rows.pop(gone).deleteLater()
        for place, job in enumerate(shown):
            row = self.rows.get(job.id)
            if row is None:
                row = self.rows[job.id] = JobRow()
                row.asked.connect(lambda what, id=job.id: self.act(id, what))
            at = lined.index(job.id) if job.id in lined else -1
            row.show_job(job, (at > 0, 0 <= at < len(lined) - 1))
            if self._column.indexOf(row) != place:
                self._column.removeWidget(row)
                self._column.insertWidget(place, row)
        self._empty.setVisible(not shown)
        self._scroll.setVisible(bool(shown))
        # as high as what it lists, up to a few jobs
        listed = sum(row.sizeHint().height() + self._column.spacing() for row in self.rows.values())
        self.setFixedHeight(min(HIGHEST, listed if shown else self._empty.sizeHint().height()))

    def _in_line(self) -> list[str]:
        """The jobs that wait, in their order: what runs keeps its place."""
        waiting = (j for j in self._bridge.jobs.values() if j.state in ("queued", "paused"))
        return [j.id for j in sorted(waiting, key=lambda j: j.position)]

    def act(self, job: str, what: str) -> None:
        """Ask the daemon to do something with a job."""
        lined = self._in_line()

        def work(client: Client) -> None:
            if what in ("earlier", "later"):
                at = lined.index(job)
                follows = [*lined[:at], *lined[at + 1 :], None]
                client.jobs.move(job, before=follows[at - 1 if what == "earlier" else at + 1])
            else:
                getattr(client.jobs, what)(job)

        def failed(error: KeyfollowError) -> None:
            self.failed.emit(error)

        self._bridge.call(work, lambda _: self._bridge.refresh_jobs(), failed)
