from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from keyfollow.engine_info import Job
from keyfollow.errors import UsageError
from keyfollow_desktop.bridge import Bridge
from keyfollow_desktop.ui.pausing import Pausing
from pytestqt.qtbot import QtBot

from .test_queue_drawer import job


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the daemon was asked to do with jobs; it has never heard of job ``gone``."""
    said: list[tuple[str, str]] = []

    def ask(what: str) -> Callable[[str], None]:
        def do(id: str) -> None:
            if id == "gone":
                raise UsageError("unknown_job", "x", "y")
            said.append((what, id))

        return do

    client = SimpleNamespace(jobs=SimpleNamespace(pause=ask("pause"), resume=ask("resume")))

    def call(self: Bridge, work: Callable[[Any], Any], done: Callable[[Any], Any], failed: Callable[[Any], Any]) -> None:
        done(work(client))

    monkeypatch.setattr(Bridge, "call", call)
    monkeypatch.setattr(Bridge, "refresh_jobs", lambda self: None)
    return said


def test_what_runs_and_waits_is_paused_while_a_frame_is_edited_and_goes_on_after(
    told: list[tuple[str, str]], qtbot: QtBot
) -> None:
    bridge = Bridge()
    state = {"editing": False, "wanted": True}
    jobs: list[Job] = [job("gone", "running", 0), job("b", "queued", 1), job("c", "paused", 2), job("d", "done", 3)]
    bridge.jobs = {j.id: j for j in jobs}
    pausing = Pausing(bridge, lambda: state["wanted"], lambda: state["editing"])
    pausing.look()
    assert told == []
    state["editing"] = True
    pausing.look()
    bridge.jobs["later"] = job("later", "running", 4)
    pausing.look()
    assert told == [("pause", "b")]
    state["editing"] = False
    pausing.look()
    pausing.look()
    # what somebody else had paused stays so
    assert told == [("pause", "b"), ("resume", "b")]
    state.update(editing=True, wanted=False)
    pausing.look()
    assert len(told) == 2
    state["editing"] = False
    pausing.look()
    state.update(editing=True, wanted=True)
    pausing.look()
    pausing.end()
    assert told[-1] == ("resume", "later") and not pausing.paused
    bridge.close()
