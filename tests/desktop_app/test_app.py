"""The whole loop in a real window (without a screen) against a real daemon: keys and clicks, no shortcuts past them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader
from keyfollow_desktop import app
from keyfollow_desktop.bridge import CONNECTED
from keyfollow_desktop.model.project_file import load
from keyfollow_desktop.ui.export_dialog import ExportDialog
from keyfollow_desktop.ui.preferences import Preferences
from keyfollow_testkit.daemons import home
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from .ui.test_round_trip import EDITOR

Keys = Qt.Key


def test_the_loop_from_import_to_export(
    tmp_path: Path,
    clip: Path,
    frames: list[FrameBuffer],
    qtbot: QtBot,
    wait: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "editor.py").write_text(EDITOR)
    with home(tmp_path / "home", monkeypatch):
        preferences = Preferences()
        preferences.editor = f"{sys.executable} {tmp_path / 'editor.py'}"
        preferences.flush()
        window = app.open_window([str(clip)])
        document = window.document
        try:
            wait(lambda: window.bridge.state == CONNECTED)
            wait(lambda: document.project.timeline.length == 12)

            def key(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
                window.activateWindow()
                window.timeline.setFocus()
                QTest.keyClick(window.timeline, key, modifier)

            def work() -> object:
                return document.project.work_of(next(iter(document.project.media)))

            # park on a frame and edit it; the editor saves by rename
            for _ in range(4):
                key(Keys.Key_Right)
            key(Keys.Key_E)
            wait(lambda: [k.frame for k in work().keyframes] == [4])  # type: ignore[attr-defined]
            # a draft: frames appear, the take is the project's own when it is done
            key(Keys.Key_Return)
            wait(lambda: work().takes)  # type: ignore[attr-defined]
            take = work().takes[0].id  # type: ignore[attr-defined]
            wait(lambda: window.viewer.shown[1] is not None)
            wait(lambda: (document.folder / "takes" / take / "manifest.json").exists())
            assert window.takes.get(take).done == set(range(12))
            # compare, split, undo
            key(Keys.Key_W)
            assert window.viewer.mode == "wipe"
            key(Keys.Key_S)
            assert len(document.project.timeline.tracks[0].clips) == 2
            key(Keys.Key_Z, Qt.KeyboardModifier.ControlModifier)
            # another edit makes the take out of date; the final takes both
            key(Keys.Key_End)
            key(Keys.Key_E)
            wait(lambda: len(work().keyframes) == 2)  # type: ignore[attr-defined]
            assert "Out of date" in window.takes_panel.list.item(1).text()
            key(Keys.Key_Return, Qt.KeyboardModifier.ShiftModifier)
            wait(lambda: len(work().takes) == 2)  # type: ignore[attr-defined]
            final = work().takes[1].id  # type: ignore[attr-defined]
            wait(lambda: (document.folder / "takes" / final / "manifest.json").exists())
            assert "Done" in [r.state.text() for r in window.queue.rows.values()]
            # the first take again, by a click
            item = window.takes_panel.list.item(2)
            window.takes_panel.show_take(item.data(Qt.ItemDataRole.UserRole))
            assert document.seen().clip.take == take  # type: ignore[union-attr]
            # saved under a name, with its takes
            window.commands.save_as(tmp_path / "Film")
            wait(lambda: not document.untitled)
            assert load(tmp_path / "Film.kfproj").project == document.project
            # exported, with sound
            dialog = ExportDialog(document.project, None, window.takes.folder, document.folder, tmp_path, window)
            written: list[Path] = []
            dialog.written.connect(written.append)
            dialog.format.setCurrentIndex(3)
            assert dialog.out.text() == str(tmp_path / "Film.mkv")
            QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))
            wait(lambda: written)
            info = probe(written[0])
            assert info.frames == 12 and info.rate == (24, 1) and info.audio
            with MediaReader(written[0]) as reader:
                made = next(reader.frames(FrameRange(4, 5))).pixels[..., :3]
            # on the keyframe itself the edit is what was painted: the inverted picture
            assert np.abs(made.astype(int) - (255 - frames[4].pixels)).mean() < 8
        finally:
            window.shut_down()
            window.hide()
            window.deleteLater()
    assert not [t for t in threading.enumerate() if t.name == "keyfollow-pictures"]


def test_the_command_knows_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as e:
        app.main(["--version"])
    assert e.value.code == 0 and capsys.readouterr().out.strip()


START = """
import sys
for absent in ("torch", "sounddevice"):
    sys.modules[absent] = None  # importing it fails
from keyfollow_desktop.app import open_window
from keyfollow_desktop.bridge import Bridge
from PySide6.QtWidgets import QApplication
assert not {"av", "cv2", "zmq"} & sys.modules.keys()  # the window's start does not wait for them
Bridge.start = lambda self: None  # the daemon is another program
app = QApplication([])
window = open_window([sys.argv[1]])
while not window.document.project.timeline.length:
    app.processEvents()
window.transport.play(1)
while window.document.place.playhead < 3:
    app.processEvents()
assert window.viewer.isVisible() and window.sound._stream is not None and window.sound._stream._output is None
window.transport.stop()
window.shut_down()
print(*(name for name in ("torch", "numba", "keyfollow_daemon") if sys.modules.get(name)))
"""


def test_it_starts_and_plays_without_torch_a_gpu_or_a_sound_device_and_loads_no_engine(clip: Path, own_home: Path) -> None:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", START, str(clip)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


@pytest.mark.parametrize(
    ("named", "folder"),
    [
        ("/a/Film.kfproj", "/a/Film.kfproj"),
        ("/a/Film.kfproj/project.otio", "/a/Film.kfproj"),
        ("/a/project.otio", None),
        ("/a/Film.kfproj/keyframes/0.png", None),
        ("/a/clip.mp4", None),
    ],
)
def test_a_project_is_named_by_its_folder_or_by_the_file_in_it(named: str, folder: str | None) -> None:
    assert app._project(named) == (Path(folder) if folder else None)
