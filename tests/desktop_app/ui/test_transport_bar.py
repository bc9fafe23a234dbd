from __future__ import annotations

from collections.abc import Iterator

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.pictures import Pictures
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_desktop.ui.transport import Transport
from keyfollow_desktop.ui.transport_bar import NARROWEST, TransportBar
from keyfollow_desktop.ui.viewer import Viewer
from pytestqt.qtbot import QtBot

from ..conftest import with_take


@pytest.fixture
def bar(one_clip: Document, qtbot: QtBot) -> Iterator[TransportBar]:
    pictures = Pictures(latest=True, bytes_kept=1 << 20)
    viewer = Viewer(one_clip, pictures, TakeStore(lambda: one_clip.folder / "takes"))
    made = TransportBar(one_clip, Transport(one_clip), viewer)
    qtbot.addWidget(viewer)
    qtbot.addWidget(made)
    made.refresh()
    yield made
    pictures.close()


def test_timecode_and_source_frame_follow_the_playhead(bar: TransportBar, one_clip: Document) -> None:
    one_clip.go(7)
    assert bar.timecode.text() == "00:00:00:07" and bar.frame.text() == "Frame 7 of 12"


def test_comparing_needs_a_take(bar: TransportBar, one_clip: Document, frames: list[FrameBuffer]) -> None:
    assert [m for m, b in bar.modes.items() if b.isEnabled()] == ["source"]
    with_take(one_clip, frames)
    assert all(b.isEnabled() for b in bar.modes.values())
    bar.modes["wipe"].click()
    assert bar._viewer.mode == "wipe"
    bar._viewer.set_mode("side")
    assert bar.modes["side"].isChecked()


def test_in_a_small_window_the_ways_to_compare_are_a_menu(
    bar: TransportBar, one_clip: Document, frames: list[FrameBuffer]
) -> None:
    bar.show()
    bar.resize(1200, 40)
    assert bar.wide.isVisible() and not bar.narrow.isVisible()
    bar.resize(440, 40)
    assert bar.narrow.isVisible() and not bar.wide.isVisible() and bar.minimumSizeHint().width() == NARROWEST
    choices = {a.text(): a for a in bar.narrow.menu().actions()}
    assert not choices["Wipe"].isEnabled()
    with_take(one_clip, frames)
    choices["Wipe"].trigger()
    assert bar._viewer.mode == "wipe" and bar.narrow.text() == "Wipe"
    bar.resize(1200, 40)
    assert bar.wide.isVisible() and bar.modes["wipe"].isChecked()


def test_the_button_plays_and_says_so(bar: TransportBar) -> None:
    bar.play.click()
    assert bar.play.icon().name() == "pause" and bar._transport.playing
    bar.play.click()
    assert bar.play.icon().name() == "play"
    bar._viewer.dropped_changed.emit(3)
    assert bar.dropped.text() == "3 frames dropped"
