"""``keyfollow-desktop [PROJECT or FILES…]``: the timeline editor."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from keyfollow import __version__
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from .model.project_file import CONTENT, SUFFIX
from .ui import language, theme
from .ui.preferences import Preferences
from .ui.window import Window


def main(arguments: list[str] | None = None) -> int:
    """Run the editor until its window is closed; the exit status."""
    parser = argparse.ArgumentParser(
        prog="keyfollow-desktop", description="Edit one frame of a clip; every other frame follows."
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "paths", nargs="*", help=f"a project: its folder (*{SUFFIX}) or the {CONTENT} in it; or clips to import"
    )
    given = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    app = QApplication.instance() or QApplication([sys.argv[0]])
    assert isinstance(app, QApplication)
    app.setApplicationName("Keyfollow")
    app.setDesktopFileName("io.keyfollow.Keyfollow")
    preferences = Preferences()
    theme.apply(app, preferences.theme)
    language.apply(app, preferences.language)
    window = open_window([str(Path(p).absolute()) for p in given.paths], preferences)
    if not given.paths and not preferences.welcomed:
        # whoever opens a clip or a project has come to work
        window.commands.welcome()
    signal.signal(signal.SIGINT, lambda *_: window.close())
    # Python sees a signal only between two of its own instructions
    beat = QTimer(window)
    beat.start(500)
    beat.timeout.connect(lambda: None)
    return app.exec()


def open_window(paths: list[str], preferences: Preferences | None = None) -> Window:
    """The window, shown, with what was asked for in it; the daemon is looked for as soon as it is drawn."""
    window = Window(preferences or Preferences())
    project = next((p for p in paths if _project(p)), None)
    window.commands.start(None if project is None else _project(project))
    window.show()
    QTimer.singleShot(0, window.bridge.start)
    clips = [p for p in paths if p != project]
    QTimer.singleShot(0, lambda: window.commands.import_files(clips))
    return window


def _project(path: str) -> Path | None:
    """The project's folder, which may be named by the file in it that file managers open."""
    named = Path(path)
    folder = named.parent if named.name == CONTENT else named
    return folder if folder.suffix == SUFFIX else None
