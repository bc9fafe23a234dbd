from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import assets
from keyfollow_desktop.model.state import Work
from keyfollow_desktop.ui.background import Background
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.frame_pictures import read_picture, retouched
from keyfollow_desktop.ui.painter.session import Session
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_testkit.clips import write_png
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter
from pytestqt.qtbot import QtBot

from ...conftest import inverted, with_take

NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def session(one_clip: Document, qtbot: QtBot) -> Iterator[Session]:
    background = Background()
    made = Session(one_clip, TakeStore(lambda: one_clip.folder / "takes"), background)
    made.set_brush(size=20.0, hardness=1.0)
    made.set_colour(QColor("#ff0000"))
    yield made
    background.close()


def opened(session: Session, wait: Callable[..., None], *about: str) -> None:
    session.open(*about)  # type: ignore[arg-type]
    wait(lambda: session.canvas is not None)


def drawn(session: Session, *points: tuple[float, float], modifiers: Qt.KeyboardModifier = NONE) -> None:
    session.press(QPointF(*points[0]), 1.0, modifiers)
    for point in points[1:]:
        session.move(QPointF(*point), 1.0)
    session.release()


def work(document: Document) -> Work:
    return document.project.work_of(next(iter(document.project.media)))


def test_what_is_painted_becomes_the_keyframe_of_its_frame_and_opens_again(
    session: Session, one_clip: Document, frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    kept: list[tuple[str, int]] = []
    session.kept.connect(lambda *what: kept.append(what))
    one_clip.go(4)
    opened(session, wait)
    drawn(session, (20, 20), (60, 20))
    session.finish()
    assert session.canvas is None
    wait(lambda: kept)
    assert kept[0][1] == 4 and one_clip.undo_label == "Edit keyframe"
    picture = read_picture(assets.picture(one_clip.folder, "keyframes", work(one_clip).keyframes[0].image))
    assert (picture.pixels[20, 25:55] == (255, 0, 0)).all() and (picture.pixels[40:] == frames[4].pixels[40:]).all()
    opened(session, wait)
    session.choose("eraser")
    session.set_brush(size=400.0)
    drawn(session, (40, 20))
    session.finish()
    wait(lambda: len(kept) == 2)
    again = read_picture(assets.picture(one_clip.folder, "keyframes", work(one_clip).keyframes[0].image))
    assert (again.pixels == frames[4].pixels).all()


def test_going_to_another_frame_keeps_what_was_painted_and_discarding_does_not(
    session: Session, one_clip: Document, wait: Callable[..., None]
) -> None:
    opened(session, wait)
    drawn(session, (20, 20))
    session.cancel()
    opened(session, wait)
    drawn(session, (30, 30))
    one_clip.go(7)
    wait(lambda: work(one_clip).keyframes)
    assert [k.frame for k in work(one_clip).keyframes] == [0] and session.canvas is None
    opened(session, wait)
    session.finish()
    assert len(work(one_clip).keyframes) == 1


def test_a_fix_of_one_frame_is_a_layer_that_fits_another_take(
    session: Session, one_clip: Document, frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    with_take(one_clip, frames)
    one_clip.go(6)
    opened(session, wait, "retouch")
    assert session.canvas is not None and (session.canvas.result().pixels == inverted(frames[6]).pixels).all()
    drawn(session, (20, 20))
    session.finish()
    wait(lambda: work(one_clip).retouches)
    assert not work(one_clip).keyframes
    fix = read_picture(assets.picture(one_clip.folder, "keyframes", work(one_clip).retouches[0].image))
    other = FrameBuffer(np.full_like(frames[6].pixels, 9))
    made = retouched(fix, other).pixels
    assert (made[20, 20] == (255, 0, 0)).all() and (made[50:] == 9).all()


def test_a_mask_is_painted_filled_and_corrected(session: Session, one_clip: Document, wait: Callable[..., None]) -> None:
    opened(session, wait, "mask")
    assert session.plane == "mask"
    drawn(session, (20, 20), (60, 20))
    session.finish()
    wait(lambda: work(one_clip).masks)
    mask = work(one_clip).masks[0]
    assert (mask.role, mask.frame) == ("edit", 0) and not work(one_clip).keyframes
    session.open("mask", mask)
    wait(lambda: session.canvas is not None)
    assert session.canvas is not None and session.canvas.mask[20, 40] == 255 and session.canvas.mask[50, 50] == 0
    session.choose("fill")
    session.press(QPointF(80, 5), 1.0, NONE)
    wait(lambda: not session.busy)
    assert session.canvas.mask[5, 80] == 255
    session.finish()
    wait(lambda: work(one_clip).masks[0].image != mask.image)
    assert [m.id for m in work(one_clip).masks] == [mask.id]


def test_picker_clone_and_keys(session: Session, wait: Callable[..., None], frames: list[FrameBuffer]) -> None:
    opened(session, wait)
    assert session.canvas is not None
    drawn(session, (70, 40), modifiers=Qt.KeyboardModifier.AltModifier)
    assert session.colour == QColor(*frames[0].pixels[40, 70].tolist()) and not session.canvas.can_undo
    session.key(key(Qt.Key.Key_C))
    drawn(session, (30, 30))
    assert not session.canvas.can_undo, "there is nothing to clone from yet"
    drawn(session, (60, 40), modifiers=Qt.KeyboardModifier.AltModifier)
    drawn(session, (30, 30))
    assert (session.canvas.result().pixels[28:33, 28:33] == frames[0].pixels[38:43, 58:63]).all()
    session.undo()
    assert (session.canvas.result().pixels == frames[0].pixels).all()
    session.key(key(Qt.Key.Key_BracketRight))
    assert session.brush.size == pytest.approx(24)
    session.key(key(Qt.Key.Key_M))
    assert (session.tool, session.plane) == ("brush", "mask")
    assert session.wants(key(Qt.Key.Key_S)) and not session.wants(key(Qt.Key.Key_Left))
    session.key(key(Qt.Key.Key_Return))
    assert session.canvas is None and not session.wants(key(Qt.Key.Key_S))


def test_an_imported_picture_is_made_to_fit(session: Session, tmp_path: Path, wait: Callable[..., None]) -> None:
    opened(session, wait)
    session.place_file(str(write_png(tmp_path / "logo.png", np.full((640, 200, 3), 200, np.uint8))))
    assert session.canvas is not None
    canvas = session.canvas
    wait(lambda: canvas.can_undo)
    made = canvas.result().pixels
    assert (made[:, 40:56] == 200).all() and (made[:, :37] == canvas.source.pixels[:, :37]).all()


@pytest.mark.parametrize("scale", [3.0, 0.2])
def test_the_picture_is_drawn_at_any_size_and_follows_a_stroke(
    session: Session, wait: Callable[..., None], scale: float
) -> None:
    opened(session, wait)

    def seen() -> QColor:
        image = QImage(round(96 * scale), round(64 * scale), QImage.Format.Format_RGB32)
        painter = QPainter(image)
        session.move(QPointF(-500, -500), 1.0)
        session.paint(painter, QRectF(0, 0, 96 * scale, 64 * scale))
        painter.end()
        return image.pixelColor(round(40 * scale), round(20 * scale))

    before = seen()
    session.set_brush(size=36.0)
    drawn(session, (40, 20))
    after = seen()
    assert before != QColor(255, 0, 0) and after.red() > 250 and after.green() < 8


def key(which: Qt.Key) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, which, NONE)
