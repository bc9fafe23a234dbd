"""The editor in a real window, led by real mouse and keys (xdotool) from a thread beside it: ``python window_driver.py PART FOLDER``.

A program of its own, since one part of the story is that it is killed. `test_real_window` starts it under Xvfb and looks at what is left.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from keyfollow_desktop import app as desktop
from keyfollow_desktop.bridge import CONNECTED
from keyfollow_desktop.ui import theme
from keyfollow_desktop.ui.export_dialog import ExportDialog
from keyfollow_desktop.ui.first_run import FirstRun
from keyfollow_desktop.ui.preferences import Preferences
from keyfollow_desktop.ui.timeline_scale import KEYS, RULER
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QTabWidget, QWidget

T = TypeVar("T")
PATIENCE_S = 150.0
RUN_S = 400.0
"""For a run of the whole example, on a machine that has other things to do."""


class Driver(QObject):
    """Hands and eyes beside the window's own thread."""

    _ask = Signal(object)

    def __init__(self, window: Any, folder: Path) -> None:
        super().__init__()
        self.window, self.folder = window, folder
        self._ask.connect(lambda call: call(), Qt.ConnectionType.QueuedConnection)

    def see(self, look: Callable[[], T]) -> T:
        """What `look` says on the window's thread."""
        box: list[Any] = []
        seen = threading.Event()

        def call() -> None:
            try:
                box.append(look())
            except (AttributeError, IndexError):  # what is looked for is not there yet
                box.append(None)
            seen.set()

        self._ask.emit(call)
        assert seen.wait(PATIENCE_S), "the window does not answer"
        return box[0]  # type: ignore[no-any-return]

    def wait(self, look: Callable[[], T], what: str, patience: float = PATIENCE_S) -> T:
        end = time.monotonic() + patience
        while not (found := self.see(look)):
            if time.monotonic() > end:
                self.picture("stuck")
                raise TimeoutError(what)
            time.sleep(0.05)
        return found

    def do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], check=True, timeout=30)

    def focus(self, widget: QWidget) -> None:
        """There is no window manager that would."""
        self.do("windowfocus", "--sync", str(self.see(lambda: int(widget.window().winId()))))

    def key(self, *names: str) -> None:
        self.do("key", "--delay", "40", *names)

    def type(self, text: str) -> None:
        self.do("type", "--delay", "15", text)

    def at(self, widget: QWidget, x: float | None = None, y: float | None = None) -> tuple[str, str]:
        def where() -> tuple[str, str]:
            centre = widget.rect().center()
            point = QPoint(centre.x() if x is None else round(x), centre.y() if y is None else round(y))
            there = widget.mapToGlobal(point)
            return str(there.x()), str(there.y())

        return self.see(where)

    def click(self, widget: QWidget, x: float | None = None, y: float | None = None) -> None:
        self.do("mousemove", *self.at(widget, x, y), "click", "1")

    def drag(self, widget: QWidget, start: tuple[float, float], end: tuple[float, float]) -> None:
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.do("mousemove", *self.at(widget, *start), "mousedown", "1")
        for point in (middle, end):
            self.do("mousemove", "--sync", *self.at(widget, *point))
            time.sleep(0.1)
        self.do("mouseup", "1")

    def dialog(self) -> QWidget:
        found = self.wait(QApplication.activeModalWidget, "a dialog")
        assert found is not None
        self.focus(found)
        return found

    def picture(self, name: str) -> None:
        self.see(lambda: self.window.screen().grabWindow(0).save(str(self.folder / f"{name}.png")))

    # --- what the story needs ----------------------------------------------------------------------------------------------

    @property
    def project(self) -> Any:
        return self.window.document.project

    def work(self) -> Any:
        return self.project.work_of(next(iter(self.project.media)))

    def park(self, frame: int) -> None:
        """Click the ruler at a frame."""
        timeline = self.window.timeline
        x = self.see(lambda: timeline.scale.x(frame + 0.5))
        self.click(timeline.viewport(), x, RULER / 2)
        self.wait(lambda: self.window.document.place.playhead == frame, f"the playhead on {frame}")

    def finished(self, number: int) -> str:
        """Wait until take `number` is the project's own; its id."""
        take = self.wait(lambda: self.work().takes[number - 1].id, f"take {number}")
        manifest = self.window.document.folder / "takes" / take / "manifest.json"
        self.wait(manifest.exists, f"take {number} to be finished", RUN_S)
        return str(take)


def first(d: Driver) -> None:
    """Import, trim, edit, draft, compare, correct, final, switch, undo, save, and die at work."""
    window = d.window
    d.focus(window)
    d.wait(lambda: window.bridge.state == CONNECTED, "the daemon")
    d.key("ctrl+i")
    d.dialog()
    d.type(str(d.folder / "clip.mp4"))
    d.key("Return")
    d.wait(lambda: d.project.timeline.length == 24, "the clip on the timeline")
    d.focus(window)
    timeline = window.timeline
    d.wait(lambda: timeline.scale.x(24) > 600, "the timeline to fit")
    scale = d.see(lambda: timeline.scale)
    y = RULER + KEYS + 40
    d.drag(timeline.viewport(), (scale.x(24) - 3, y), (scale.x(20), y))
    d.wait(lambda: d.project.timeline.length == 20, "the trim")
    d.park(6)
    d.key("e")
    d.wait(lambda: [k.frame for k in d.work().keyframes] == [6], "the first edit keyframe")
    d.key("Return")
    d.wait(lambda: window.viewer.shown[1] is not None, "a frame of the draft")
    d.picture("drafting")
    draft = d.finished(1)
    d.key("w")
    d.wait(lambda: window.viewer.mode == "wipe", "the wipe")
    d.wait(lambda: all(window.viewer.shown), "both sides of the wipe")
    d.picture("wipe")
    d.click(window.bar.modes["difference"])
    d.wait(lambda: window.viewer.mode == "difference", "the difference")
    d.click(window.bar.modes["take"])
    d.park(15)
    d.key("e")
    d.wait(lambda: len(d.work().keyframes) == 2, "the second edit keyframe")
    d.key("shift+Return")
    final = d.finished(2)
    d.wait(lambda: d.project.timeline.tracks[0].clips[0].take == final, "the final on the clip")
    tabs = d.see(lambda: window.findChild(QTabWidget))
    tab = d.see(lambda: tabs.tabBar().tabRect(1).center())
    d.click(tabs.tabBar(), tab.x(), tab.y())
    takes = window.takes_panel.list
    box = d.wait(lambda: takes.isVisible() and takes.visualItemRect(takes.item(2)).center(), "the list of takes")
    d.click(takes.viewport(), box.x(), box.y())
    d.wait(lambda: d.project.timeline.tracks[0].clips[0].take == draft, "the draft on the clip again")
    d.picture("takes")
    d.key("ctrl+z")
    d.wait(lambda: d.project.timeline.tracks[0].clips[0].take == final, "undo")
    d.key("ctrl+shift+z")
    d.wait(lambda: d.project.timeline.tracks[0].clips[0].take == draft, "redo")
    d.key("ctrl+z")
    d.key("ctrl+s")
    d.dialog()
    d.key("ctrl+a")
    d.type(str(d.folder / "Film.kfproj"))
    d.key("Return")
    d.wait(lambda: not window.document.untitled and not window.document.dirty, "the project saved")
    d.focus(window)
    d.key("m")
    kept = window.document.folder / "recovery" / "autosave.otio"
    d.wait(kept.exists, "the work kept")
    os.kill(os.getpid(), signal.SIGKILL)


def second(d: Driver) -> None:
    """Recover, export, save and leave."""
    window = d.window
    d.focus(window)
    button = window.notice.button
    d.wait(lambda: button.isVisible() and "Recover" in button.text(), "the offer to recover")
    d.picture("recover")
    assert not d.see(lambda: d.project.timeline.markers)
    d.click(button)
    d.wait(lambda: d.project.timeline.markers, "the marker back")
    d.key("ctrl+e")
    dialog = d.dialog()
    assert isinstance(dialog, ExportDialog)
    d.see(dialog.format.setFocus)
    d.key("Down", "Down", "Down")
    d.wait(lambda: dialog.out.text().endswith(".mkv"), "the format chosen")
    d.picture("export")
    d.click(dialog.go)
    d.wait(lambda: "Exported" in window.notice.text, "the export")
    d.focus(window)
    d.key("ctrl+q")
    asked = d.dialog()
    assert isinstance(asked, QMessageBox)
    save = d.see(lambda: next(b for b in asked.findChildren(QPushButton) if b.text() == "Save"))
    d.click(save)


def book(d: Driver) -> None:
    """What docs/desktop.md says under *The loop*, to the letter, from the first run on: nothing but what the page and the hints name."""
    window, viewer = d.window, d.window.viewer
    d.wait(lambda: window.findChild(FirstRun).isVisible(), "the first run")
    d.wait(lambda: "Ready now: Patch" in window.findChild(FirstRun).engines.text(), "what is ready")
    d.dialog()
    d.picture("book-1-welcome")
    d.key("Return")
    d.wait(lambda: d.project.timeline.length == 84, "the example")
    d.focus(window)
    d.wait(lambda: "Press Enter" in window.hint.text(), "the hint that says what is next")
    d.key("Return")
    d.wait(lambda: d.project.timeline.tracks[0].clips[0].take, "the draft's take")
    d.picture("book-3-draft")
    d.finished(1)
    d.key("w")
    d.wait(lambda: viewer.mode == "wipe" and all(viewer.shown), "the wipe")
    middle = d.see(lambda: viewer.picture().center())
    d.drag(viewer, (middle.x(), middle.y()), (middle.x() - 150, middle.y()))
    d.wait(lambda: viewer._wipe.x() < 0.45, "the wipe's line to follow the mouse")
    d.picture("book-4-wipe")
    d.do("keydown", "backslash")
    d.wait(lambda: viewer._held, "the source while the key is held")
    d.do("keyup", "backslash")
    d.key("n")
    d.wait(lambda: window.document.place.playhead != 36, "the frame whose edit would help most")
    d.key("e")
    d.wait(lambda: window.painting.session.canvas, "the painter")
    d.drag(viewer, (middle.x() - 40, middle.y()), (middle.x() + 40, middle.y() + 20))
    d.wait(lambda: window.painting.session.canvas.can_undo, "a stroke")
    d.picture("book-5-painter")
    d.key("Return")
    d.wait(lambda: len(d.work().keyframes) == 2, "the second edit keyframe")
    d.wait(lambda: "Out of date" in window.takes_panel.list.item(1).text(), "the draft marked as out of date")
    d.key("Return")
    d.finished(2)
    d.key("shift+Return")
    d.finished(3)
    d.key("ctrl+e")
    dialog = d.dialog()
    assert isinstance(dialog, ExportDialog)
    d.click(dialog.go)
    d.wait(lambda: "Exported" in window.notice.text, "the export")
    d.focus(window)
    d.picture("book-7-exported")
    d.key("ctrl+q")
    asked = d.dialog()
    drop = d.see(lambda: next(b for b in asked.findChildren(QPushButton) if b.text() == "Don't save"))
    d.click(drop)


def main(part: str, folder: Path) -> int:
    app = QApplication([])
    theme.apply(app)
    preferences = Preferences()
    if part != "book":
        preferences.editor = f"{sys.executable} {folder / 'editor.py'}"
        preferences.flush()
    window = desktop.open_window([str(folder / "Film.kfproj")] if part == "second" else [], preferences)
    window.setGeometry(0, 0, 1600, 1000)
    if part == "book":
        window.commands.welcome()
    driver = Driver(window, folder)
    failed: list[BaseException] = []

    def drive() -> None:
        try:
            {"first": first, "second": second, "book": book}[part](driver)
        except BaseException as e:
            failed.append(e)
            print(f"{type(e).__name__}: {e}", flush=True)
            os._exit(7)

    threading.Thread(target=drive, daemon=True).start()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
