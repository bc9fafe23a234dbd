from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from keyfollow.errors import UsageError
from keyfollow_desktop.ui.progress_dialog import ProgressDialog
from keyfollow_desktop.ui.worker import Progress, go_on
from pytestqt.qtbot import QtBot


def test_it_shows_how_far_it_is_and_closes_with_the_result(qtbot: QtBot, wait: Callable[..., None]) -> None:
    done: list[Any] = []
    end = threading.Event()

    def work(progress: Progress, cancelled: Callable[[], bool]) -> str:
        progress(1, 4)
        end.wait(30)
        return "made"

    dialog = ProgressDialog("Title", "Writing…", work, done.append)
    qtbot.addWidget(dialog)
    dialog.open()
    wait(lambda: dialog.bar.value() == 250)
    end.set()
    wait(lambda: done == ["made"] and not dialog.isVisible())


def test_cancel_stops_the_work_and_an_error_stays_to_be_read(qtbot: QtBot, wait: Callable[..., None]) -> None:
    done: list[Any] = []

    def endless(progress: Progress, cancelled: Callable[[], bool]) -> None:
        while True:
            go_on(cancelled)

    dialog = ProgressDialog("Title", "Writing…", endless, done.append)
    qtbot.addWidget(dialog)
    dialog.open()
    dialog.button.click()
    wait(lambda: not dialog.isVisible())

    def fails(progress: Progress, cancelled: Callable[[], bool]) -> None:
        raise UsageError("wrong", "It is wrong.", "Mend it.")

    other = ProgressDialog("Title", "Writing…", fails, done.append)
    qtbot.addWidget(other)
    other.open()
    wait(lambda: other.state.text() == "It is wrong. Mend it.")
    other.button.click()
    assert not other.isVisible() and not done
