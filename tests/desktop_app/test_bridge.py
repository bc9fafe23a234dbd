from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from keyfollow import client, session
from keyfollow.engine_info import Job
from keyfollow.errors import DaemonError, KeyfollowError
from keyfollow_desktop.bridge import CONNECTED, FAILED, LOST, Bridge, active
from pytestqt.qtbot import QtBot


def job(name: str, state: Any = "running", position: float = 0.0) -> Job:
    return Job(name, state, "patch", "/a.mp4", "draft", None, 0.0, position)


def test_no_daemon_is_said_with_the_reason_and_can_be_tried_again(
    qtbot: QtBot, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(**options: Any) -> None:
        raise DaemonError("daemon_failed", "It ended with exit code 1.", "See the log.")

    monkeypatch.setattr(client, "connect", connect)
    bridge = Bridge()
    states: list[tuple[str, object]] = []
    bridge.state_changed.connect(lambda *what: states.append(what))
    bridge.start()
    wait(lambda: bridge.state == FAILED)
    assert isinstance(states[-1][1], DaemonError)
    errors: list[KeyfollowError] = []
    bridge.call(lambda client: None, lambda _: None, errors.append)
    wait(lambda: errors)
    assert errors[0].code == "not_connected"
    bridge.close()


def test_events_of_the_client_s_thread_arrive_on_this_one(qtbot: QtBot, wait: Callable[..., None]) -> None:
    bridge = Bridge()
    heard: list[int] = []
    bridge.jobs_changed.connect(lambda: heard.append(threading.get_ident()))
    states: list[str] = []
    bridge.state_changed.connect(lambda state, error: states.append(state))

    def other_thread() -> None:
        for event in (
            session.JobEvent("a", job("a", position=2)),
            session.JobEvent("b", job("b", "queued", 1)),
            session.JobEvent("c", job("c", "done")),
            session.Lost(),
        ):
            bridge._event.emit(event)

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()
    wait(lambda: states == [LOST])
    assert set(heard) == {threading.get_ident()} and [j.id for j in active(bridge.jobs)] == ["b", "a"]
    bridge._on_event(session.JobEvent("a", None))
    assert set(bridge.jobs) == {"b", "c"}
    bridge._opened({}, [job("d")])
    assert bridge.state == CONNECTED and set(bridge.jobs) == {"d"}
    bridge.close()
