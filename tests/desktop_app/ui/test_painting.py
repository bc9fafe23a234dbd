from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.painting import from_image
from keyfollow_desktop.ui.window import Window
from keyfollow_testkit.clips import write_png
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ..conftest import placed


@pytest.fixture
def painting(window: Window, described: Media, wait: Callable[..., None]) -> Iterator[Window]:
    """A window in which E opened the painter: no image editor is chosen."""
    window.document.do("Import", placed(window.document.project, described))
    window.resize(1280, 800)
    press(window, Qt.Key.Key_E)
    wait(lambda: window.painting.active)
    yield window


def press(window: Window, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    window.viewer.setFocus()
    QTest.keyClick(window.viewer, key, modifiers)


def on_screen(window: Window, x: float, y: float) -> QPoint:
    area = window.viewer.picture()
    return QPointF(area.left() + x * area.width() / 96, area.top() + y * area.height() / 64).toPoint()


def test_the_loop_with_mouse_and_keys(painting: Window, wait: Callable[..., None]) -> None:
    session, viewer = painting.painting.session, painting.viewer
    session.set_colour(QColor("#00ff00"))
    viewer.zoom_by(2.0)
    QTest.mousePress(viewer, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, on_screen(painting, 40, 30))
    QTest.mouseMove(viewer, on_screen(painting, 50, 30))
    QTest.mouseRelease(viewer, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, on_screen(painting, 50, 30))
    assert session.canvas is not None and (session.canvas.result().pixels[30, 45] == (0, 255, 0)).all()
    press(painting, Qt.Key.Key_S)
    assert len(painting.document.project.timeline.tracks[0].clips) == 1, "S must not split the clip behind the painter"
    press(painting, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.canvas.can_redo and painting.document.project.media
    press(painting, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    wait(lambda: viewer.grab().toImage().pixelColor(on_screen(painting, 45, 30)) == QColor(0, 255, 0))
    press(painting, Qt.Key.Key_Return)
    wait(lambda: painting.document.project.work)
    assert not painting.painting.active and viewer.tool is None


def test_a_pen_presses(painting: Window) -> None:
    session, viewer = painting.painting.session, painting.viewer
    session.set_brush(size=30.0, hardness=1.0)
    pen = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        1,
    )

    def send(kind: QTabletEvent.Type, x: float, pressure: float) -> None:
        at = QPointF(on_screen(painting, x, 30))
        button = Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        event = QTabletEvent(kind, pen, at, viewer.mapToGlobal(at), pressure, 0, 0, 0, 0, 0, none, button, button)
        QApplication.sendEvent(viewer, event)

    for kind, x, pressure in (
        (QTabletEvent.Type.TabletPress, 20, 0.1),
        (QTabletEvent.Type.TabletRelease, 20, 0.1),
        (QTabletEvent.Type.TabletPress, 70, 1.0),
        (QTabletEvent.Type.TabletRelease, 70, 1.0),
    ):
        send(kind, x, pressure)
    assert session.canvas is not None
    alpha = session.canvas.edit[..., 3] > 0
    assert 0 < alpha[:, :40].sum() < alpha[:, 50:].sum() / 5


def test_pictures_are_pasted_and_dropped_onto_the_edit_layer(
    painting: Window, tmp_path: Path, wait: Callable[..., None]
) -> None:
    session = painting.painting.session
    assert session.canvas is not None
    canvas = session.canvas
    image = QImage(10, 10, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    QApplication.clipboard().setImage(image)
    press(painting, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: not session.busy and canvas.can_undo)
    assert (canvas.result().pixels[32, 48] == (0x12, 0x34, 0x56)).all()
    picture = write_png(tmp_path / "logo.png", np.full((20, 20, 3), 255, np.uint8))
    assert painting.painting.dropped([str(picture)]) and not painting.painting.dropped([str(tmp_path / "clip.mp4")])
    wait(lambda: (canvas.result().pixels[32, 48] == 255).all())
    session.cancel()
    assert not painting.painting.dropped([str(picture)])


def test_a_clipboard_picture_keeps_its_pixels_whatever_its_row_length() -> None:
    image = QImage(5, 3, QImage.Format.Format_RGB888)
    image.fill(QColor(9, 8, 7))
    assert (from_image(image).pixels == (9, 8, 7, 255)).all()


def test_what_is_being_painted_is_not_lost_when_the_window_is_left(painting: Window) -> None:
    session = painting.painting.session
    session.press(QPointF(20, 20), 1.0, Qt.KeyboardModifier.NoModifier)
    session.release()
    painting.document._history.saved(painting.document.project)
    session.finish(now=True)
    assert [k.frame for w in painting.document.project.work.values() for k in w.keyframes] == [0]
    assert painting.document.dirty
