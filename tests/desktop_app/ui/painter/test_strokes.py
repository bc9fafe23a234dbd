"""Strokes outlive the program that they were painted in."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import StorageError
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import assets
from keyfollow_desktop.model.project_file import create
from keyfollow_desktop.model.state import Mask, Media, Project
from keyfollow_desktop.ui.background import Background
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.frame_pictures import read_picture
from keyfollow_desktop.ui.painter import strokes
from keyfollow_desktop.ui.painter.canvas import Canvas
from keyfollow_desktop.ui.painter.layers import Opened
from keyfollow_desktop.ui.painter.session import Session
from keyfollow_desktop.ui.take_store import TakeStore
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from ...conftest import placed

OPENED = Opened("keyframe", "m", 4, Mask("k", "edit", 4))
PAINTING = """
import sys
from pathlib import Path
from keyfollow_desktop.ui.background import Background
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.painter import strokes
from keyfollow_desktop.ui.painter.session import Session
from keyfollow_desktop.ui.take_store import TakeStore
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication

app = QGuiApplication([])
folder = Path(sys.argv[1])
document = Document()
document.open(folder)
document.go(4)
session = Session(document, TakeStore(lambda: folder / "takes"), Background())
session.set_colour(QColor("#ff0000"))
session.set_brush(size=20.0, hardness=1.0)
session.open()
while session.canvas is None:
    app.processEvents()
plain = Qt.KeyboardModifier.NoModifier
session.press(QPointF(20, 20), 1.0, plain)
session.release()
session.press(QPointF(60, 40), 1.0, plain)  # and goes on painting: this stroke never ends
session.move(QPointF(70, 40), 1.0)
for _ in iter(lambda: bool(list(folder.glob("recovery/painting-*/edit-*"))) and session._keeping.done(), True):
    app.processEvents()
print("painted", flush=True)
while True:
    app.processEvents()
"""


def canvas() -> Canvas:
    return Canvas(FrameBuffer(np.zeros((300, 400, 3), np.uint8)))


def test_tiles_come_back_as_they_were_last(tmp_path: Path) -> None:
    first = canvas()
    place = strokes.new_place(tmp_path)
    first.place(np.full((4, 300, 4), 200, np.uint8), 50, 254)
    strokes.keep(place, OPENED, first.touched())
    assert first.touched() == [] and len(list(place.iterdir())) == 5, "two by two tiles, and what is painted"
    first.undo()
    first.place(np.full((9, 9, 4), 90, np.uint8), 300, 20)
    strokes.keep(place, OPENED, first.touched())
    assert strokes.left_behind(tmp_path) == [place] and strokes.opened_in(place) == OPENED
    again = canvas()
    strokes.lay(place, again)
    assert (again.edit == first.edit).all() and again.painted == {"edit"}
    (place / "edit-0-0").write_bytes(b"torn")
    (place / "edit-0-9999").write_bytes((place / "edit-0-256").read_bytes())
    strokes.lay(place, canvas())


def test_what_was_tried_once_is_not_found_again_and_what_was_undone_is_nothing(tmp_path: Path) -> None:
    place = strokes.new_place(tmp_path)
    drawn = canvas()
    drawn.place(np.full((4, 4, 4), 200, np.uint8), 0, 0)
    drawn.undo()
    strokes.keep(place, OPENED, drawn.touched())
    tried = strokes.taken(place)
    assert strokes.left_behind(tmp_path) == []
    again = canvas()
    strokes.lay(tried, again)
    assert again.painted == set()
    (tried / "head.json").write_text("{}")
    with pytest.raises(StorageError) as damaged:
        strokes.opened_in(tried)
    assert damaged.value.code == "painting_damaged" and str(tried) in damaged.value.remedy
    strokes.forget(tried)
    assert not tried.exists()


def test_strokes_of_an_editor_that_was_killed_are_the_frame_s_edit_when_it_is_opened_again(
    own_home: Path, described: Media, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None], qtbot: QtBot
) -> None:
    folder = tmp_path / "Film.kfproj"
    create(folder, placed(Project(name="Film"), described))
    editor = subprocess.Popen([sys.executable, "-c", PAINTING, str(folder)], stdout=subprocess.PIPE, text=True)
    assert editor.stdout is not None and editor.stdout.readline() == "painted\n"
    editor.kill()
    editor.communicate()
    assert editor.returncode == -signal.SIGKILL
    document, background = Document(), Background()
    session = Session(document, TakeStore(lambda: folder / "takes"), background)
    back: list[int] = []
    session.recovered.connect(back.append)
    document.open(folder)
    session.recover()
    wait(lambda: back)
    assert back == [4] and document.undo_label == "Recover what was painted"
    (keyframe,) = document.project.work_of(described.id).keyframes
    picture = read_picture(assets.picture(folder, "keyframes", keyframe.image)).pixels
    assert (picture[20, 15:25] == (255, 0, 0)).all() and (picture[40, 60:70] == (255, 0, 0)).all()
    assert (picture[:8] == frames[4].pixels[:8]).all()
    wait(lambda: not list((folder / "recovery").glob("painting-*")))
    document.undo()
    assert not document.project.work_of(described.id).keyframes
    background.close()
    document.flush()
    session.close()
    document.shut_down()


def test_a_painting_that_ended_well_leaves_nothing_behind(one_clip: Document, wait: Callable[..., None], qtbot: QtBot) -> None:
    background = Background()
    session = Session(one_clip, TakeStore(lambda: one_clip.folder / "takes"), background)
    places = one_clip.folder / "recovery"
    for end in (session.finish, session.cancel):
        session.open()
        wait(lambda: session.canvas is not None)
        session.press(QPointF(20, 20), 1.0, Qt.KeyboardModifier.NoModifier)
        session.release()
        wait(lambda: list(places.glob("painting-*/edit-*")))
        end()
        wait(lambda: not list(places.glob("painting-*")))
    background.close()
    one_clip.flush()
    session.close()
