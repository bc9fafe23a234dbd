from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.engine_info import EngineInfo
from keyfollow.errors import DaemonError
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.bridge import CONNECTED, FAILED, LOST
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui import language, theme
from keyfollow_desktop.ui.preferences import Preferences
from keyfollow_desktop.ui.window import Window
from PySide6.QtCore import Qt, QTranslator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from ..conftest import placed, with_take


def test_the_parts_stand_where_the_design_says(window: Window) -> None:
    window.resize(1600, 1000)

    def box(part: QWidget) -> tuple[int, int, int, int]:
        corner = part.mapTo(window, part.rect().topLeft())
        return corner.x(), corner.y(), part.width(), part.height()

    left, viewer, right, below = (box(p) for p in (window.bin, window.viewer, window.inspector, window.timeline))
    assert left[0] < viewer[0] < right[0] and below[1] > viewer[1] + viewer[3] - 1
    assert 240 <= left[2] <= 280 and 300 <= right[2] <= 340 and 280 <= below[3] <= 320
    window.resize(1280, 720)
    assert window.width() == 1280 and window.height() == 720


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_small_screen_is_enough(
    own_home: Path, described: Media, frames: list[FrameBuffer], qapp: QApplication, code: str
) -> None:
    """1280 x 720, with a clip and a take, in the longer language too."""
    theme.apply(qapp)
    language.apply(qapp, code)
    made = Window(Preferences())
    try:
        made.commands.start(None)
        made.show()
        made.document.do("Import", placed(made.document.project, described))
        with_take(made.document, frames)
        made.resize(1280, 720)
        least = made.minimumSizeHint()
        assert (least.width(), least.height()) <= (1280, 720) and made.width() == 1280
    finally:
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)
            translator.deleteLater()
        language.apply(qapp, "en")
        qapp.setStyleSheet("")
        made.shut_down()
        made.hide()
        made.deleteLater()


def test_hints_lead_from_the_empty_window_to_the_draft(window: Window, described: Media, frames: list[FrameBuffer]) -> None:
    assert window.hint.isHidden()
    window.document.do("Import", placed(window.document.project, described))
    assert "Press E" in window.hint.text()
    with_take(window.document, frames)
    window._update_hint()
    assert "Press E" in window.hint.text()


def test_keys_work_in_the_window_but_not_while_typing(window: Window, described: Media) -> None:
    window.document.do("Import", placed(window.document.project, described))
    window.activateWindow()
    window.timeline.setFocus()
    QTest.keyClick(window.timeline, Qt.Key.Key_Right)
    QTest.keyClick(window.timeline, Qt.Key.Key_Right)
    QTest.keyClick(window.timeline, Qt.Key.Key_S)
    assert window.document.place.playhead == 2 and len(window.document.project.timeline.tracks[0].clips) == 2
    QTest.keyClick(window.timeline, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(window.document.project.timeline.tracks[0].clips) == 1
    assert window.actions_by_name["redo"].text() == "Redo: Split clip"
    window.inspector.prompt.show()
    window.inspector.prompt.setFocus()
    QTest.keyClicks(window.inspector.prompt, "s, e. ")
    assert window.inspector.prompt.toPlainText() == "s, e. "
    assert len(window.document.project.timeline.tracks[0].clips) == 1 and window.document.place.playhead == 2


def test_the_source_is_shown_while_backslash_is_held(window: Window, described: Media) -> None:
    window.document.do("Import", placed(window.document.project, described))
    window.timeline.setFocus()
    QTest.keyPress(window.timeline, Qt.Key.Key_Backslash)
    held = window.viewer._held
    QTest.keyRelease(window.timeline, Qt.Key.Key_Backslash)
    assert held and not window.viewer._held


def test_the_daemon_s_state_is_said(window: Window) -> None:
    window._on_daemon(LOST, None)
    assert "being started again" in window.notice.text
    window._on_daemon(CONNECTED, None)
    assert window.notice.isHidden()
    window._on_daemon(FAILED, DaemonError("daemon_keeps_dying", "It ended six times.", "See the log."))
    assert window.notice.text == "It ended six times. See the log." and window.notice.button.text() == "Start again"


def test_an_engine_whose_model_may_not_be_here_is_not_called_ready(window: Window) -> None:
    window.bridge.engines = {
        "patch": EngineInfo("patch", "Patch", "1", ""),
        "far": EngineInfo("far", "Far", "1", "", needs_weights=True),
        "gone": EngineInfo("gone", "Gone", "1", "", missing=("It needs torch.",)),
    }
    window._on_daemon(CONNECTED, None)
    assert window._daemon.text() == "Ready: Patch; with a model: Far"
    del window.bridge.engines["far"]
    window._on_daemon(CONNECTED, None)
    assert window._daemon.text() == "Ready: Patch"


def test_everything_that_can_be_pressed_has_a_name(window: Window) -> None:
    own = [b for b in window.findChildren(QAbstractButton) if not b.objectName().startswith("qt_") and b.isVisible()]
    assert own and all(b.text() or b.accessibleName() for b in own)


def test_full_screen_shows_the_picture_alone_and_its_keys_still_work(window: Window, described: Media) -> None:
    window.document.do("Import", placed(window.document.project, described))
    window.commands.do_fullscreen()
    assert window.isFullScreen() and not window.inspector.isVisible() and not window.timeline.isVisible()
    assert window.viewer.isVisible() and window.bar.isVisible()
    window.commands.do_escape()
    assert not window.isFullScreen() and window.inspector.isVisible() and window.menuBar().isVisible()


def test_the_picture_s_clock_is_the_sound_s_at_its_own_speed_alone(
    window: Window, described: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.document.do("Import", placed(window.document.project, described))
    done: list[str] = []
    monkeypatch.setattr(window.sound, "start", lambda project, at: done.append(f"start {at}"))
    monkeypatch.setattr(window.sound, "stop", lambda: done.append("stop"))
    window.document.go(6)
    window.transport.play(1)
    window.transport.play(2)
    window.transport.stop()
    assert done == ["start 1/4", "stop", "stop"]
