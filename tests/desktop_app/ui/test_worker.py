from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from keyfollow.errors import Cancelled, KeyfollowError, UsageError
from keyfollow_desktop.ui.worker import Progress, Worker, go_on
from pytestqt.qtbot import QtBot


def test_work_tells_its_progress_and_its_end_on_the_window_s_thread(qtbot: QtBot, wait: Callable[..., None]) -> None:
    worker = Worker()
    heard: list[object] = []
    worker.progress.connect(lambda *what: heard.append((what, threading.current_thread() is threading.main_thread())))
    ends: list[tuple[object, KeyfollowError | None]] = []
    worker.ended.connect(lambda *what: ends.append(what))

    def work(progress: Progress, cancelled: Callable[[], bool]) -> str:
        progress(1, 2)
        return "made"

    worker.start(work)
    wait(lambda: ends)
    assert heard == [((1, 2), True)] and ends == [("made", None)] and not worker.running

    def fails(progress: Progress, cancelled: Callable[[], bool]) -> None:
        raise UsageError("wrong", "It is wrong.", "Mend it.")

    worker.start(fails)
    wait(lambda: len(ends) == 2)
    assert isinstance(ends[1][1], UsageError)

    def full(progress: Progress, cancelled: Callable[[], bool]) -> None:
        raise OSError(28, "No space left on device", "/a")

    worker.start(full)
    wait(lambda: len(ends) == 3)
    assert ends[2][1] is not None and "No space left" in str(ends[2][1])


def test_it_stops_when_it_is_told_to(qtbot: QtBot, wait: Callable[..., None]) -> None:
    worker = Worker()
    ends: list[tuple[object, KeyfollowError | None]] = []
    worker.ended.connect(lambda *what: ends.append(what))

    def endless(progress: Progress, cancelled: Callable[[], bool]) -> None:
        while True:
            go_on(cancelled)

    worker.start(endless)
    assert worker.running
    worker.stop()
    wait(lambda: ends)
    assert isinstance(ends[0][1], Cancelled)
    worker.start(endless)
    worker.close()
    assert worker._thread is not None and not worker._thread.is_alive()
    with pytest.raises(Cancelled):
        go_on(lambda: True)
