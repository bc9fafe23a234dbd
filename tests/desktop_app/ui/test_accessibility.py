"""Everything can be reached by the keyboard alone, shows that it has the focus, and has a name for those who hear the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui import theme
from keyfollow_desktop.ui.export_dialog import ExportDialog
from keyfollow_desktop.ui.first_run import FirstRun
from keyfollow_desktop.ui.model_store import ModelStore
from keyfollow_desktop.ui.models_dialog import ModelsDialog
from keyfollow_desktop.ui.preferences_dialog import PreferencesDialog
from keyfollow_desktop.ui.window import Window
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from ..conftest import placed, with_take


@pytest.fixture
def styled(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp)
    yield
    qapp.setStyleSheet("")


@pytest.fixture
def full(window: Window, described: Media, frames: list[FrameBuffer], styled: None) -> Window:
    """A window in which everything has something to show."""
    window.document.do("Import", placed(window.document.project, described))
    with_take(window.document, frames)
    window.show_queue(True)
    return window


def stops(top: QWidget) -> list[QWidget]:
    """What Tab should reach: enabled, seen, and meant for it."""
    return [
        w
        for w in top.findChildren(QWidget)
        if w.window() is top
        and w.isEnabled()
        and w.isVisible()
        and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(w, (QLabel, QScrollArea))
        and w.focusProxy() is None
    ]


def name(widget: QWidget) -> str:
    """What a screen reader is told."""
    told = QAccessible.queryAccessibleInterface(widget)
    return told.text(QAccessible.Text.Name) if told is not None else ""


def dialogs(window: Window) -> list[QWidget]:
    clip = window.document.project.timeline.tracks[0].clips[0].id
    document = window.document
    return [
        FirstRun(window.preferences, window.bridge, window),
        PreferencesDialog(window.preferences, window),
        ExportDialog(document.project, clip, window.takes.folder, document.folder, document.folder, window),
        ModelsDialog(ModelStore(window), lambda: None, window),
    ]


def reached(top: QWidget) -> list[QWidget]:
    """Where Tab goes, from wherever the focus is until it comes round."""
    found: list[QWidget] = []
    for _ in range(200):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in found:
            return found
        found.append(focus)
        # text fields of several lines take Ctrl+Tab where they take Tab
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    raise AssertionError("the focus does not come round")


def test_tab_goes_everywhere_in_the_window(full: Window) -> None:
    full.activateWindow()
    full.timeline.setFocus()
    found = reached(full)
    # of buttons of which one is chosen, the arrows go on from that one
    groups = {b.group() for b in found if isinstance(b, QAbstractButton)} - {None}
    missed = [w for w in stops(full) if w not in found and not (isinstance(w, QAbstractButton) and w.group() in groups)]
    assert not missed, [(type(w).__name__, name(w)) for w in missed]


def test_everything_that_can_have_the_focus_has_a_name(full: Window, qtbot: QtBot) -> None:
    assert not [type(w).__name__ for w in stops(full) if not name(w)]
    for dialog in dialogs(full):
        dialog.show()
        nameless = [(type(w).__name__, w.objectName()) for w in stops(dialog) if not name(w)]
        assert not nameless, (type(dialog).__name__, nameless)
        dialog.close()


def test_the_focus_can_be_seen(full: Window) -> None:
    """Each looks different with the focus than without."""
    tops = [full, *dialogs(full)]
    for top in tops:
        top.show()
        top.activateWindow()
        parts = stops(top)
        for part in parts:
            part.setFocus(Qt.FocusReason.TabFocusReason)
            if not part.hasFocus():
                continue
            seen = part.grab().toImage()
            part.clearFocus()
            assert part.grab().toImage() != seen, (type(top).__name__, type(part).__name__, name(part))
        if top is not full:
            top.close()
