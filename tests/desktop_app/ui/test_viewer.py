from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import timeline_edits
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.pictures import Pictures
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_desktop.ui.viewer import Viewer
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ..conftest import inverted, with_fix, with_keyframe, with_take

Rig = tuple[Viewer, Document, TakeStore]


@pytest.fixture
def viewer(one_clip: Document, qtbot: QtBot) -> Iterator[Rig]:
    """96 x 64 at ten times its size."""
    pictures = Pictures(latest=True, bytes_kept=8 << 20)
    store = TakeStore(lambda: one_clip.folder / "takes")
    made = Viewer(one_clip, pictures, store)
    qtbot.addWidget(made)
    made.resize(960, 640)
    made.show()
    yield made, one_clip, store
    pictures.close()


def on_screen(viewer: Viewer) -> int | None:
    """The frame of the take that is shown; None for a still."""
    take = viewer.shown[1]
    assert take is not None
    return take.frame


def near(viewer: Viewer, frame: FrameBuffer, x: int, y: int) -> bool:
    """Whether the middle of source pixel (x, y) is on the screen where it belongs."""
    seen = viewer.grab().toImage().pixelColor(x * 10 + 5, y * 10 + 5)
    return bool(np.abs(np.array([seen.red(), seen.green(), seen.blue()], int) - frame.pixels[y, x].astype(int)).max() <= 24)


def test_the_exact_frame_of_the_playhead_is_shown(viewer: Rig, frames: list[FrameBuffer], wait: Callable[..., None]) -> None:
    view, document, _ = viewer
    for n in (0, 7):
        document.go(n)
        wait(lambda n=n: view.shown[0] is not None and view.shown[0].frame == n)
        assert near(view, frames[n], 20, 32) and near(view, frames[n], 80, 10)


def test_a_take_of_which_nothing_is_made_says_not_yet(
    viewer: Rig, frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    view, document, store = viewer
    take = with_take(document, frames)
    shutil.rmtree(document.folder / "takes")
    store.forget()
    view.refresh()
    wait(lambda: view.shown[0] is not None)
    assert view._not_yet and near(view, frames[0], 20, 32)
    view.set_mode("source")
    assert not view._not_yet and take


def test_every_way_to_compare(viewer: Rig, frames: list[FrameBuffer], wait: Callable[..., None]) -> None:
    view, document, _ = viewer
    with_take(document, frames)
    document.go(2)
    wait(lambda: all(view.shown))
    edited = inverted(frames[2])
    assert near(view, edited, 20, 32)
    view.hold_source(True)
    assert near(view, frames[2], 20, 32)
    view.hold_source(False)
    view.set_mode("wipe")
    assert near(view, frames[2], 20, 20) and near(view, edited, 80, 20)
    # the line is dragged to the left
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(480, 300))
    QTest.mouseMove(view, QPoint(100, 300))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 300))
    assert near(view, edited, 20, 20)
    view.turn_wipe(180)
    assert near(view, frames[2], 20, 20)
    view.set_mode("difference")
    wait(lambda: all(view.shown))
    difference = FrameBuffer(np.abs(edited.pixels.astype(int) - frames[2].pixels).astype(np.uint8))
    assert near(view, difference, 50, 50)
    view.set_mode("source")
    assert near(view, frames[2], 50, 50)


def test_a_frame_that_is_not_made_yet_shows_the_source_until_it_arrives(
    viewer: Rig, frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    view, document, store = viewer
    take = with_take(document, frames, range(4))
    document.go(6)
    wait(lambda: view._not_yet and view.shown[0] is not None)
    assert near(view, frames[6], 20, 32)
    other = with_take(document, frames, range(6, 7), "other")
    (document.folder / "takes" / other / "frames/000006.kff").replace(document.folder / "takes" / take / "frames/000006.kff")
    document.undo()
    store.frame(take, 6, 0.9)
    wait(lambda: view.shown[1] is not None)
    assert near(view, inverted(frames[6]), 20, 32)


def test_an_edited_frame_is_shown_until_a_take_carries_it(
    viewer: Rig, frames: list[FrameBuffer], wait: Callable[..., None], tmp_path: Path
) -> None:
    view, document, _ = viewer
    with_keyframe(document, frames, tmp_path, 0)
    wait(lambda: view.shown[1] is not None)
    assert near(view, inverted(frames[0]), 20, 32) and on_screen(view) is None
    with_take(document, frames)
    wait(lambda: view.shown[1] is not None)
    assert on_screen(view) == 0
    with_keyframe(document, frames[::-1], tmp_path, 0)
    wait(lambda: view.shown[1] is not None and on_screen(view) is None)


def test_zoom_holds_the_point_under_the_mouse_and_fits_again(viewer: Rig) -> None:
    view, _, _ = viewer
    view.zoom_by(1.5, QPointF(480, 320))
    assert view._zoom == 15.0
    view.zoom_by(0.1)
    assert view._zoom == 0.0


def test_the_empty_view_offers_the_example(document: Document, qtbot: QtBot) -> None:
    pictures = Pictures(latest=True, bytes_kept=1 << 20)
    view = Viewer(document, pictures, TakeStore(lambda: Path("nowhere")))
    qtbot.addWidget(view)
    view.resize(640, 360)
    view.grab()
    with qtbot.waitSignal(view.example_asked):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, view._link.center().toPoint())
    pictures.close()


def test_frames_that_playback_left_out_are_counted(viewer: Rig, wait: Callable[..., None]) -> None:
    view, document, _ = viewer
    view.set_playing(1)
    for n in (1, 2, 5):
        document.go(n)
        wait(lambda n=n: view.shown[0] is not None and view.shown[0].frame == n)
    assert view.dropped == 2
    document.go(0)
    wait(lambda: view.shown[0] is not None and view.shown[0].frame == 0)
    assert view.dropped == 2, "to begin anew drops nothing"


def test_two_takes_are_seen_side_by_side(viewer: Rig, frames: list[FrameBuffer], wait: Callable[..., None]) -> None:
    view, document, store = viewer
    other = with_take(document, frames, take="one")
    with_take(document, frames, take="two")
    view.compare(other)
    assert view.mode == "wipe" and view.against is not None and view.against.id == other
    wait(lambda: all(view.shown))
    assert [w.take for w in view.shown if w] == [store.folder("one"), store.folder("two")]
    view.set_mode("wipe")
    wait(lambda: all(view.shown))
    assert view.against is None and [w.take for w in view.shown if w] == ["", store.folder("two")]


def test_a_fix_of_one_frame_is_seen_there_and_survives_another_take(
    viewer: Rig, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None]
) -> None:
    view, document, _ = viewer
    with_fix(document, tmp_path, 5)
    document.go(5)
    wait(lambda: view.shown[1] is not None)
    red = FrameBuffer(np.full((64, 96, 3), (255, 0, 0), np.uint8))
    assert near(view, red, 10, 10) and near(view, frames[5], 80, 40)
    with_take(document, frames)
    wait(lambda: on_screen(view) == 5 and view.shown[1] is not None and view.shown[1].take)
    assert near(view, red, 10, 10) and near(view, inverted(frames[5]), 80, 40)
    document.go(6)
    wait(lambda: on_screen(view) == 6)
    assert near(view, inverted(frames[6]), 10, 10)


def test_a_dissolve_is_seen_as_it_will_be_exported(viewer: Rig, frames: list[FrameBuffer], wait: Callable[..., None]) -> None:
    view, document, _ = viewer
    with_take(document, frames)
    document.edit("Split clip", lambda p: timeline_edits.split(p, 4))
    second = document.project.timeline.tracks[0].clips[1].id
    document.edit("Show source", lambda p: timeline_edits.show_take(p, [second], ""))
    document.edit("Dissolve", lambda p: timeline_edits.set_dissolve(p, second, 3))
    document.go(5)
    grey = FrameBuffer(np.full_like(frames[5].pixels, 128))
    wait(lambda: near(view, grey, 20, 20) and near(view, grey, 70, 50))
    document.go(7)
    wait(lambda: near(view, frames[7], 20, 20) and near(view, frames[7], 70, 50))
