"""The pictures of docs/desktop.md: the editor in a real window, led through the loop on the example clip, each state photographed.

    xvfb-run -s "-screen 0 3200x2000x24" .venv/bin/python examples/desktop_pictures.py docs/images [SCALE]

SCALE 2 shows how it looks on a dense screen. It uses a KEYFOLLOW_HOME of its own and ends its daemon.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyfollow_desktop.ui.painter.session import Session
    from keyfollow_desktop.ui.window import Window

Wait = Callable[[Callable[[], object]], None]
Shot = Callable[[str], None]


def main(folder: Path, scale: str) -> None:
    os.environ["QT_SCALE_FACTOR"] = scale
    with tempfile.TemporaryDirectory() as home:
        os.environ["KEYFOLLOW_HOME"] = home
        photograph(folder, "" if scale == "1" else f"@{scale}x")


def photograph(folder: Path, suffix: str) -> None:
    from keyfollow.errors import UsageError
    from keyfollow_desktop import app as desktop
    from keyfollow_desktop.bridge import CONNECTED
    from keyfollow_desktop.model import timeline_edits
    from keyfollow_desktop.ui import language, theme
    from keyfollow_desktop.ui.export_dialog import ExportDialog
    from keyfollow_desktop.ui.first_run import FirstRun
    from keyfollow_desktop.ui.model_store import ModelStore
    from keyfollow_desktop.ui.models_dialog import ModelsDialog
    from keyfollow_desktop.ui.preferences import Preferences
    from keyfollow_desktop.ui.preferences_dialog import PreferencesDialog
    from keyfollow_desktop.ui.window import Window
    from PySide6.QtWidgets import QApplication, QTabWidget, QWidget

    app = QApplication([])
    theme.apply(app)
    folder.mkdir(parents=True, exist_ok=True)
    window = desktop.open_window([])
    window.resize(1600, 1000)
    document = window.document

    def wait(so: Callable[[], object], seconds: float = 240.0) -> None:
        end = time.monotonic() + seconds
        while not so():
            app.processEvents()
            time.sleep(0.005)
            if time.monotonic() > end:
                raise TimeoutError

    def rest(seconds: float) -> None:
        end = time.monotonic() + seconds
        wait(lambda: time.monotonic() > end)

    def shot(name: str, widget: QWidget = window) -> None:
        rest(1.0)
        widget.grab().save(str(folder / f"desktop-{name}{suffix}.png"))

    wait(lambda: window.bridge.state == CONNECTED)
    shot("empty")
    welcome = FirstRun(window.preferences, window.bridge, window)
    welcome.storage.folder.setText("/home/me/.local/share/keyfollow")
    welcome.show()
    wait(lambda: "processor core" in welcome.device.text())
    shot("first-run", welcome)
    welcome.reject()
    window.commands.do_example()
    wait(lambda: window.viewer.shown[0] is not None)
    pictured(window, wait)
    shot("example")
    editor = folder / "krita"
    editor.write_text("#!/bin/sh\nsleep 60\n")
    editor.chmod(0o755)
    window.preferences.editor = str(editor)
    window.commands.do_edit_keyframe()
    wait(lambda: window.round_trip.editing)
    shot("editing")
    window.round_trip.forget()
    window.preferences.editor = ""
    editor.unlink()
    painter(window, wait, shot)
    masks(window, wait, shot)
    window.commands.do_draft()
    wait(lambda: (seen := document.seen()) and seen.clip.take)
    seen = document.seen()
    assert seen is not None
    take = seen.clip.take
    document.select(frozenset({seen.clip.id}))
    wait(lambda: len(window.takes.get(take).done) > 20)
    window.statusBar().clearMessage()
    shot("propagating")
    finished: list[object] = []
    window.runs.finished.connect(lambda *what: finished.append(what))
    wait(lambda: finished)
    window.commands.do_final()
    wait(lambda: len(window.bridge.jobs) > 1 and any(j.progress and j.progress.done for j in window.bridge.jobs.values()))
    window.show_queue(True)
    rest(3)
    shot("queue")
    window.show_queue(False)
    wait(lambda: len(finished) > 1)
    window.viewer.set_mode("wipe")
    wait(lambda: all(window.viewer.shown))
    rest(3)
    shot("wipe")
    window.viewer.set_mode("side")
    wait(lambda: all(window.viewer.shown))
    shot("side")
    window.viewer.set_mode("difference")
    rest(2)
    shot("difference")
    window.viewer.set_mode("take")
    tabs = window.findChild(QTabWidget)
    assert tabs is not None
    tabs.setCurrentIndex(1)
    window.inspector._more.setChecked(True)
    window.takes_panel.note(take, "Good but for the edge.")
    window.takes_panel.pin(take)
    shot("takes")
    window.inspector._more.setChecked(False)
    document.edit("Split clip", lambda p: timeline_edits.split(p, 40))
    window.show_table(True)
    shot("table")
    window.show_table(False)
    document.undo()
    tabs.setCurrentIndex(0)
    export = ExportDialog(document.project, seen.clip.id, window.takes.folder, document.folder, Path("/home/me/film"), window)
    export.show()
    shot("export", export)
    export.close()
    preferences = PreferencesDialog(window.preferences, window)
    preferences.storage.folder.setText("/home/me/.local/share/keyfollow")
    preferences.show()
    shot("preferences", preferences)
    pages = preferences.findChild(QTabWidget)
    assert pages is not None
    pages.setCurrentIndex(1)
    shot("keys", preferences)
    preferences.close()
    models = ModelsDialog(ModelStore(window), lambda: None, window)
    models.show()
    wait(lambda: models.list.topLevelItemCount() > 3)
    shot("models", models)
    models.close()
    theme.apply(app, "light")
    shot("light")
    theme.apply(app)
    window.commands.show_error(
        UsageError("no_editor", "No image editor is chosen yet.", "Choose the program that edits your pictures.")
    )
    shot("error")
    window.shut_down()
    language.apply(app, "de")
    german = Window(Preferences())
    german.commands.start(None)
    german.resize(1600, 1000)
    german.show()
    german.bridge.start()
    wait(lambda: german.bridge.state == CONNECTED)
    german.commands.do_example()
    wait(lambda: german.viewer.shown[0] is not None)
    pictured(german, wait)
    shot("german", german)
    ended: list[object] = []
    german.bridge.call(lambda client: client.shutdown(), ended.append, ended.append)
    wait(lambda: ended, 10)
    german.shut_down()


def pictured(window: Window, wait: Wait) -> None:
    """Wait for the thumbnails of the example and its keyframe, and for what a draft would cost."""
    inspector = window.inspector
    wait(lambda: (item := inspector.keyframes.item(0)) and not item.icon().isNull())
    wait(lambda: inspector.estimate.text())


def painter(window: Window, wait: Wait, shot: Shot) -> None:
    """The painter with a stroke of each kind."""
    from PySide6.QtGui import QColor

    window.document.go(20)
    window.commands.do_paint()
    session = window.painting.session
    wait(lambda: session.canvas)
    session.set_colour(QColor("#2f6fd8"))
    draw(session, [(262 + 3 * n, 70 + n * n // 24) for n in range(36)], size=16.0)
    session.set_colour(QColor("#f2c230"))
    draw(session, [(268 + 3 * n, 150 + n * n // 40) for n in range(30)], size=26.0, hardness=0.2)
    shot("painter")
    session.cancel()


def masks(window: Window, wait: Wait, shot: Shot) -> None:
    """A painted mask, laid over the picture."""
    from keyfollow_desktop.model.state import Mask

    window.commands.paint_mask(Mask("example", "edit", 20))
    session = window.painting.session
    wait(lambda: session.canvas)
    draw(session, [(300 + n, 90 + 5 * n) for n in range(28)], size=130.0, hardness=1.0)
    session.finish()
    wait(lambda: window.masks.chosen)
    window.masks.feather.setValue(12)
    window.overlays.set(mask="overlay", safe=True)
    window.masks.refresh()
    wait(lambda: window.overlays.ready)
    shot("mask")
    window.masks.remove.click()
    window.overlays.set(mask="off", safe=False)
    window.document.go(36)


def draw(session: Session, points: list[tuple[float, float]], **brush: float) -> None:
    from PySide6.QtCore import QPointF, Qt

    session.set_brush(**brush)
    session.press(QPointF(*points[0]), 1.0, Qt.KeyboardModifier.NoModifier)
    for point in points[1:]:
        session.move(QPointF(*point), 1.0)
    session.release()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "1")
