from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from keyfollow_desktop.model import work_edits
from keyfollow_desktop.model.state import Clip, Media
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.pictures import Pictures
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_desktop.ui.timeline import Timeline
from keyfollow_desktop.ui.timeline_scale import KEYS, RULER
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ..conftest import many_clips

LEFT = Qt.MouseButton.LeftButton
MIDDLE = RULER + 6 + KEYS + 30


@pytest.fixture
def timeline(document: Document, qtbot: QtBot) -> Iterator[Timeline]:
    thumbnails = Pictures(latest=False, bytes_kept=1 << 20)
    made = Timeline(document, thumbnails, TakeStore(lambda: document.folder / "takes"))
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    yield made
    thumbnails.close()


def drag(
    timeline: Timeline, start: float, stop: float, y: int = MIDDLE, key: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    view = timeline.viewport()
    QTest.mousePress(view, LEFT, key, QPoint(round(start), y))
    for part in (0.5, 1.0):
        QTest.mouseMove(view, QPoint(round(start + (stop - start) * part), y))
    QTest.mouseRelease(view, LEFT, key, QPoint(round(stop), y))


def clips(document: Document) -> list[Clip]:
    return [c for t in document.project.timeline.tracks for c in t.clips]


def test_clicks_select_and_the_ruler_moves_the_playhead(timeline: Timeline, one_clip: Document) -> None:
    QTest.mouseClick(timeline.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, QPoint(round(timeline.scale.x(5)), MIDDLE))
    assert one_clip.place.clips == {clips(one_clip)[0].id}
    drag(timeline, timeline.scale.x(2) + 1, timeline.scale.x(8) + 1, 8)
    assert one_clip.place.playhead == 8 and one_clip.place.clips
    QTest.mouseClick(timeline.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 260))
    assert not one_clip.place.clips


def test_dragging_an_edge_trims_in_one_step(timeline: Timeline, one_clip: Document) -> None:
    drag(timeline, timeline.scale.x(12) - 2, timeline.scale.x(8) - 2)
    assert clips(one_clip)[0].length == 8 and one_clip.undo_label == "Trim clip"
    one_clip.undo()
    assert clips(one_clip)[0].length == 12


def test_dragging_a_clip_moves_it_and_snaps(timeline: Timeline, one_clip: Document) -> None:
    timeline.zoom(0.25)
    x = timeline.scale.x
    drag(timeline, x(5), x(25))
    assert clips(one_clip)[0].start == 20 and one_clip.undo_label == "Move clip"
    # almost back at the start: it meets it
    near = 20 - 2 / timeline.scale.pixels
    drag(timeline, x(25), x(25 - near))
    assert clips(one_clip)[0].start == 0


def test_a_shot_s_boundary_is_dragged_by_its_handle(timeline: Timeline, one_clip: Document) -> None:
    media = next(iter(one_clip.project.media))
    one_clip.do("Begin a shot", work_edits.set_cuts(one_clip.project, media, [6]))
    above = RULER + 6 + KEYS - 4
    drag(timeline, timeline.scale.x(6), timeline.scale.x(9), above)
    assert one_clip.project.work_of(media).cuts == (9,) and one_clip.undo_label == "Move shot boundary"
    # in the clip itself it is the clip that moves
    drag(timeline, timeline.scale.x(9), timeline.scale.x(11))
    assert one_clip.project.work_of(media).cuts == (9,)
    one_clip.undo()
    assert one_clip.project.work_of(media).cuts == (9,)
    one_clip.undo()
    assert one_clip.project.work_of(media).cuts == (6,)


def test_alt_drag_slips(timeline: Timeline, one_clip: Document) -> None:
    drag(timeline, timeline.scale.x(12) - 2, timeline.scale.x(6) - 2)
    drag(timeline, timeline.scale.x(4), timeline.scale.x(2), key=Qt.KeyboardModifier.AltModifier)
    assert clips(one_clip)[0].source_start == 2 and clips(one_clip)[0].start == 0


def test_ten_thousand_clips_are_drawn_within_a_frame_of_the_screen(
    timeline: Timeline, document: Document, described: Media, wait: Callable[..., None]
) -> None:
    document.do("Import", many_clips(described, 10_000))
    timeline.zoom(200.0)
    slowest = 0.0
    for value in range(0, 2000, 100):
        timeline.horizontalScrollBar().setValue(value)
        began = time.process_time()
        timeline.viewport().repaint()
        slowest = max(slowest, time.process_time() - began)
    assert slowest < 0.1
    assert timeline.scale.left > 0


def test_fit_shows_all_and_zoom_keeps_the_playhead_in_place(timeline: Timeline, one_clip: Document) -> None:
    one_clip.go(6)
    at = timeline.scale.x(6)
    timeline.zoom(0.5)
    assert abs(timeline.scale.x(6) - at) < 1 or timeline.scale.left == 0
    timeline.fit()
    assert timeline.scale.x(12) <= timeline.viewport().width()
