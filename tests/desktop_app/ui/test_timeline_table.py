from __future__ import annotations

from collections.abc import Callable

from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import timeline_edits
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.timeline_table import END, LENGTH, NAME, SOURCE, START, TAKE, TimelineTable
from keyfollow_desktop.ui.window import Window
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from ..conftest import many_clips, placed, with_take


def shown(one_clip: Document, qtbot: QtBot) -> TimelineTable:
    table = TimelineTable(one_clip)
    qtbot.addWidget(table)
    table.show()
    return table


def cell(table: TimelineTable, row: int, column: int) -> str:
    return str(table.clips.index(row, column).data())


def test_every_clip_is_a_row_with_what_a_person_wants_to_know(
    one_clip: Document, frames: list[FrameBuffer], qtbot: QtBot
) -> None:
    with_take(one_clip, frames)
    table = shown(one_clip, qtbot)
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 5))
    assert table.clips.rowCount() == 2
    assert [cell(table, 1, c) for c in (NAME, START, END, LENGTH, SOURCE, TAKE)] == [
        "clip.mp4",
        "00:00:00:05",
        "00:00:00:12",
        "7",
        "00:00:00:05",
        "v001 draft",
    ]


def test_numbers_can_be_typed_and_undone(one_clip: Document, qtbot: QtBot) -> None:
    table = shown(one_clip, qtbot)
    model = table.clips
    assert model.setData(model.index(0, LENGTH), "8") and model.setData(model.index(0, START), "4")
    clip = one_clip.project.timeline.tracks[0].clips[0]
    assert (clip.start, clip.length) == (4, 8) and one_clip.undo_label == "Move clip"
    assert model.setData(model.index(0, END), "9")
    assert one_clip.project.timeline.tracks[0].clips[0].length == 5
    assert not model.setData(model.index(0, START), "-2")
    assert model.flags(model.index(0, START)) & Qt.ItemFlag.ItemIsEditable
    assert not model.flags(model.index(0, NAME)) & Qt.ItemFlag.ItemIsEditable


def test_the_selection_is_the_document_s_both_ways(one_clip: Document, qtbot: QtBot) -> None:
    one_clip.edit("Split clip", lambda p: timeline_edits.split(p, 5))
    table = shown(one_clip, qtbot)
    first, second = one_clip.project.timeline.tracks[0].clips
    one_clip.select(frozenset({second.id}))
    assert {i.row() for i in table.selectionModel().selectedRows()} == {1}
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Up)
    assert one_clip.place.clips == {first.id} and one_clip.place.playhead == 0
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert one_clip.place.clips == {second.id} and one_clip.place.playhead == 5


def test_it_takes_the_timeline_s_place_and_costs_nothing_hidden(window: Window, described: Media) -> None:
    window.document.do("Import", placed(window.document.project, described))
    window.commands.do_table()
    table = window.bottom.currentWidget()
    assert isinstance(table, TimelineTable) and table.clips.rowCount() == 1
    window.commands.do_table()
    assert window.bottom.currentWidget() is window.timeline
    window.document.do("Many", many_clips(described, 500))
    assert table.clips.rowCount() == 1
    window.commands.do_table()
    assert table.clips.rowCount() == 500


def test_the_keyboard_alone_reaches_and_changes_a_number(window: Window, described: Media, wait: Callable[..., None]) -> None:
    window.document.do("Import", placed(window.document.project, described))
    window.commands.do_table()
    window.activateWindow()
    table = window.bottom.currentWidget()
    assert isinstance(table, TimelineTable)
    table.setCurrentIndex(table.clips.index(0, NAME))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(table, key)
    assert window.document.place.playhead == 0 and not window.document.project.work
    field = table.indexWidget(table.currentIndex()) or table.viewport().findChild(QSpinBox)
    assert isinstance(field, QSpinBox) and field.value() == 12
    field.selectAll()
    QTest.keyClicks(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    wait(lambda: window.document.project.timeline.tracks[0].clips[0].length == 5)
