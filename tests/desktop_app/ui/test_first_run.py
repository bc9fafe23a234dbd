from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from keyfollow.cli import hardware
from keyfollow.engine_info import EngineInfo
from keyfollow.paths import paths
from keyfollow_desktop import app
from keyfollow_desktop.bridge import CONNECTED
from keyfollow_desktop.ui.first_run import FirstRun
from keyfollow_desktop.ui.preferences import Preferences
from keyfollow_desktop.ui.window import Window
from keyfollow_testkit.daemons import home
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot


@pytest.fixture
def two_editors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyfollow_desktop.ui.first_run.installed_editors", lambda: {"Krita": "krita", "GIMP": "gimp"})


def asked(window: Window, wait: Callable[..., None]) -> FirstRun:
    window.commands.welcome()
    found = window.findChild(FirstRun)
    assert found is not None
    wait(lambda: "processor core" in found.device.text())
    return found


def test_it_says_what_is_here_and_keeps_what_is_chosen(
    window: Window, two_editors: None, tmp_path: Path, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "gpus", lambda: [hardware.Gpu("cuda", "Some GPU", 8 << 30)])
    dialog = asked(window, wait)
    assert "Some GPU, 8.6 GB" in dialog.device.text() and "free" in dialog.storage.room
    dialog._on_engines(
        {
            "patch": EngineInfo("patch", "Patch", "1", ""),
            "far": EngineInfo("far", "Far", "1", "", needs_weights=True, missing=("Its model is not here.",)),
        }
    )
    assert "Ready now: Patch." in dialog.engines.text() and "Far" in dialog.engines.text().partition("Patch.")[2]
    dialog.storage.choose(tmp_path / "large")
    dialog.editor.setCurrentIndex(dialog.editor.findData("gimp"))
    dialog.empty.click()
    again = Preferences()
    assert again.welcomed and again.editor == "gimp" and paths().storage == tmp_path / "large"
    assert not window.document.project.media


def test_dismissed_it_keeps_nothing_and_comes_no_more(window: Window, two_editors: None, wait: Callable[..., None]) -> None:
    before = paths().storage
    dialog = asked(window, wait)
    assert dialog.editor.currentData() == "krita"
    dialog.storage.choose(Path("/somewhere/else"))
    dialog.reject()
    again = Preferences()
    assert again.welcomed and again.editor == "" and paths().storage == before


def test_a_driver_that_is_missing_is_said(window: Window, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "gpus", lambda: [hardware.Gpu("cuda", "NVIDIA GPU", fault="its driver is not installed")])
    assert "NVIDIA GPU cannot be used yet: its driver is not installed." in asked(window, wait).device.text()


def test_a_fresh_home_is_asked_once_and_the_example_opens_without_a_download(
    tmp_path: Path, qtbot: QtBot, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the program starts it: a real daemon, a home with nothing in it; the folder that was chosen is the daemon's own at once."""
    with home(tmp_path / "home", monkeypatch) as here:
        windows: list[Window] = []
        real = app.open_window

        def opened(paths: list[str], preferences: Preferences) -> Window:
            windows.append(real(paths, preferences))
            return windows[-1]

        monkeypatch.setattr(app, "open_window", opened)
        monkeypatch.setattr(QApplication, "exec", lambda *_: 0)
        assert app.main([]) == 0
        window = windows[0]
        try:
            dialog = window.findChild(FirstRun)
            assert dialog is not None and dialog.isVisible()
            wait(lambda: window.bridge.state == CONNECTED and "Ready now: Patch" in dialog.engines.text())
            first = here.running()
            dialog.storage.choose(tmp_path / "large")
            dialog.example.click()
            wait(lambda: window.document.project.timeline.length == 84)
            wait(lambda: (now := here.running()) is not None and first is not None and now.pid != first.pid)
            wait(lambda: window.bridge.state == CONNECTED)
            told: list[str] = []
            window.bridge.call(lambda client: client.status().storage, told.append, lambda error: told.append(str(error)))
            wait(lambda: told)
            assert told == [str(tmp_path / "large")] and not (tmp_path / "large" / "models").exists()
            assert window.notice.isHidden() and Preferences().welcomed
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            window.shut_down()
            window.hide()
            window.deleteLater()
