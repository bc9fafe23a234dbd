"""One long piece of work on a thread of its own: it tells how far it is, and can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from keyfollow.errors import Cancelled, KeyfollowError, StorageError
from PySide6.QtCore import QObject, Qt, Signal

Progress = Callable[[int, int], object]
Work = Callable[[Progress, Callable[[], bool]], object]


class Worker(QObject):
    """Signals: `progress` with done and total; `ended` with what the work returned and its KeyfollowError, one of them None."""

    progress = Signal(object, object)
    ended = Signal(object, object)
    _told = Signal(object, object)
    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._told.connect(self.progress, Qt.ConnectionType.QueuedConnection)
        self._done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self, work: Work) -> None:
        """Begin. `work` is given a function to tell its progress with, and one that says whether to stop (by raising Cancelled)."""

        def run() -> None:
            result: object = None
            error: KeyfollowError | None = None
            try:
                result = work(self._told.emit, self._stop.is_set)
            except KeyfollowError as e:
                error = e
            except OSError as e:
                error = StorageError("cannot_write", f"{e.filename or 'A file'}: {e.strerror or e}.", "Choose another place.")
            with suppress(RuntimeError):  # the window is gone meanwhile
                self._done.emit(result, error)

        self._stop.clear()
        self._thread = threading.Thread(target=run, name="keyfollow-work", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def close(self) -> None:
        """Stop, and wait until it has."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(30)

    def _on_done(self, result: object, error: KeyfollowError | None) -> None:
        self._thread = None
        self.ended.emit(result, error)


def go_on(cancelled: Callable[[], bool]) -> None:
    """Raises Cancelled when the work is to stop."""
    if cancelled():
        raise Cancelled("stopped", "It was stopped.", "Nothing was written.")
