"""What happens when a process ends by force: the editor, the daemon; and what two programs see of each other's jobs. All real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.bridge import CONNECTED, LOST
from keyfollow_desktop.model import work_edits
from keyfollow_desktop.model.project_file import parse
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.document import recoverable
from keyfollow_desktop.ui.preferences import Preferences
from keyfollow_desktop.ui.window import Window
from keyfollow_testkit.clips import write_png
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.faults import SLOW_ENGINE
from pytestqt.qtbot import QtBot

from .conftest import inverted, placed, with_keyframe

pytestmark = pytest.mark.faults


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home with an engine that takes its time."""
    with home(tmp_path / "home", monkeypatch, **SLOW_ENGINE) as made:
        yield made


@pytest.fixture
def connected(here: Home, qtbot: QtBot, wait: Callable[..., None]) -> Iterator[Window]:
    window = Window(Preferences())
    window.commands.start(None)
    window.show()
    window.bridge.start()
    wait(lambda: window.bridge.state == CONNECTED)
    yield window
    window.shut_down()
    window.hide()
    window.deleteLater()


def test_the_editor_killed_loses_nothing_that_was_kept(
    here: Home, clip: Path, qtbot: QtBot, wait: Callable[..., None], tmp_path: Path
) -> None:
    line = [sys.executable, "-m", "keyfollow_desktop", str(clip)]
    editor = subprocess.Popen(line, env={**here.environment, "QT_QPA_PLATFORM": "offscreen"}, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not (left := recoverable()) or here.running() is None:
            assert editor.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        assert parse(left[0], left[0] / "recovery" / "autosave.otio").timeline.length == 12
    finally:
        editor.kill()
        editor.wait()
    assert here.running() is not None, "the daemon outlives the editor"
    window = Window(Preferences())
    try:
        window.commands.start(None)
        assert "recovered" in window.notice.text
        window.notice.button.click()
        wait(lambda: window.document.project.timeline.length == 12)
        assert window.document.dirty and window.document.folder == left[0]
        # what was recovered once is not offered again
        assert left[0] not in recoverable()
    finally:
        window.shut_down()
        window.deleteLater()


def test_a_job_of_the_command_line_shows_up_and_is_cancelled_here(
    connected: Window, here: Home, clip: Path, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None]
) -> None:
    key = write_png(tmp_path / "key.png", inverted(frames[3]).pixels)
    line = [sys.executable, "-m", "keyfollow.cli", "propagate", str(clip), "-k", f"3={key}", "-o", str(tmp_path / "out.mkv")]
    line += ["--engine", "slow", "--set", "seconds=5"]
    other = subprocess.Popen(line, env=here.environment, stderr=subprocess.PIPE, text=True)
    try:
        wait(lambda: any(r.state.text().startswith("Propagating") for r in connected.queue.rows.values()))
        row = next(iter(connected.queue.rows.values()))
        assert "clip.mp4" in row.name.text() and connected._queue_button.text() == "Queue (1)"
        row.buttons["cancel"].click()
        wait(lambda: row.state.text() == "Cancelled")
        _, said = other.communicate(timeout=60)
        assert other.returncode == 130, said
        assert not (tmp_path / "out.mkv").exists()
    finally:
        if other.poll() is None:
            other.kill()
        other.communicate()


def test_a_daemon_killed_mid_job_is_said_and_started_again_and_the_job_goes_on(
    connected: Window,
    here: Home,
    described: Media,
    frames: list[FrameBuffer],
    tmp_path: Path,
    wait: Callable[..., None],
) -> None:
    document = connected.document
    document.do("Import", placed(document.project, described))
    with_keyframe(document, frames, tmp_path)
    media = next(iter(document.project.media))
    settings = replace(document.project.work_of(media).settings, engine="slow", values={"seconds": 0.5})
    document.do("Change engine", work_edits.set_settings(document.project, media, settings))
    said: list[str] = []
    connected.bridge.state_changed.connect(lambda state, error: said.append(state))
    ended: list[object] = []
    connected.runs.finished.connect(lambda take, report: ended.append(report))
    connected.commands.do_draft()
    wait(lambda: document.project.work_of(media).takes)
    take = document.project.work_of(media).takes[0].id
    wait(lambda: len(connected.takes.get(take).done) >= 2)
    running = here.running()
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    wait(lambda: LOST in said)
    assert "being started again" in connected.notice.text
    wait(lambda: ended)
    assert said[-1] == CONNECTED and connected.notice.isHidden()
    assert connected.takes.get(take).done == set(range(12))
    again = here.running()
    assert again is not None and again.pid != running.pid
