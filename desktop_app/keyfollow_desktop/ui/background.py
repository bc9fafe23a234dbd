"""Work that takes longer than a frame of the screen: on another thread, its result back on this one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

from keyfollow.errors import KeyfollowError, MediaError
from PySide6.QtCore import QObject, Qt, Signal

T = TypeVar("T")


class Background(QObject):
    """Work on one other thread, its result back on this one. `close` forgets what has not begun."""

    _done = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, "keyfollow-work")
        self._done.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    def run(self, work: Callable[[], T], done: Callable[[T], object], failed: Callable[[KeyfollowError], object]) -> None:
        """`done` with what `work` returns, or `failed` with why it could not."""

        def call() -> None:
            try:
                result = work()
            except KeyfollowError as e:
                answer: Callable[[], object] = partial(failed, e)
            except OSError as e:
                error = MediaError("cannot_read", f"{e.filename or 'A file'}: {e.strerror or e}.", "Check it, then try again.")
                answer = partial(failed, error)
            else:
                answer = partial(done, result)
            with suppress(RuntimeError):  # the window is gone meanwhile
                self._done.emit(answer)

        self._pool.submit(call)

    def _answer(self, answer: Callable[[], object]) -> None:
        answer()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
