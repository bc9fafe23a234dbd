"""*Pause while I edit*: jobs let go of the machine while a frame is painted or open in an image editor, and go on after that."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from keyfollow.errors import KeyfollowError
from PySide6.QtCore import QObject

from ..bridge import Bridge, active

if TYPE_CHECKING:
    from keyfollow.client import Client

PATIENCE_S = 3.0


class Pausing(QObject):
    """`look` compares what is with what was; the jobs that are paused here, and no others, are resumed."""

    def __init__(
        self, bridge: Bridge, wanted: Callable[[], bool], editing: Callable[[], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge, self._wanted, self._editing = bridge, wanted, editing
        self._before = False
        self.paused: list[str] = []

    def look(self) -> None:
        """Jobs that are begun while a frame is edited run: whoever asks for a draft waits for it."""
        now = self._editing()
        if now and not self._before and self._wanted():
            self.paused = [j.id for j in active(self._bridge.jobs) if j.state in ("running", "queued")]
            self._tell("pause", self.paused)
        elif not now and self._before:
            self._tell("resume", self.paused)
            self.paused = []
        self._before = now

    def end(self) -> None:
        """The window closes: what was paused goes on without it."""
        if self.paused:
            told = threading.Event()
            self._tell("resume", self.paused, told.set)
            told.wait(PATIENCE_S)
            self.paused = []

    def _tell(self, what: str, jobs: list[str], told: Callable[[], object] = lambda: None) -> None:
        if not jobs:
            return

        def work(client: Client) -> None:
            for job in jobs:
                try:
                    getattr(client.jobs, what)(job)
                except KeyfollowError:
                    continue  # it has ended meanwhile, or somebody else has paused it
            told()

        self._bridge.call(work, lambda _: self._bridge.refresh_jobs(), lambda _: None)
