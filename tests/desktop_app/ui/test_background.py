from __future__ import annotations

import threading
from collections.abc import Callable

from keyfollow.errors import KeyfollowError, UsageError
from keyfollow_desktop.ui.background import Background
from pytestqt.qtbot import QtBot


def test_answers_come_back_on_the_thread_that_asked(qtbot: QtBot, wait: Callable[..., None]) -> None:
    background = Background()
    here = threading.get_ident()
    heard: list[tuple[object, bool]] = []
    errors: list[KeyfollowError] = []

    def nothing(answer: object) -> None:
        raise AssertionError(answer)

    def refuse() -> object:
        raise UsageError("no", "No.", "Yes.")

    def missing() -> object:
        raise FileNotFoundError(2, "gone", "a.mp4")

    background.run(
        threading.get_ident, lambda there: heard.append((there != here, threading.get_ident() == here)), errors.append
    )
    background.run(refuse, nothing, errors.append)
    background.run(missing, nothing, errors.append)
    wait(lambda: len(errors) == 2)
    assert heard == [(True, True)] and [e.code for e in errors] == ["no", "cannot_read"]
    background.close()
