from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui import theme
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.pictures import Pictures
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_desktop.ui.timeline import Timeline
from keyfollow_desktop.ui.timeline_paint import CLIP, DONE, EDGE, WAITING, take_name
from keyfollow_desktop.ui.timeline_scale import GAP, HEAD, KEYS, RULER, STRIP
from keyfollow_desktop.ui.window import Window
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from ..conftest import many_clips, placed, with_keyframe, with_take

TOP = RULER + 6


@pytest.fixture
def timeline(one_clip: Document, qtbot: QtBot) -> Iterator[Timeline]:
    thumbnails = Pictures(latest=False, bytes_kept=1 << 20)
    store = TakeStore(lambda: one_clip.folder / "takes")
    made = Timeline(one_clip, thumbnails, store)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    yield made
    thumbnails.close()


def shot(timeline: Timeline) -> QImage:
    return timeline.viewport().grab().toImage()


def test_the_filmstrip_and_the_keyframe_s_picture_arrive(
    timeline: Timeline, one_clip: Document, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None]
) -> None:
    with_keyframe(one_clip, frames, tmp_path, 3)
    x = round(timeline.scale.x(6))
    wait(lambda: shot(timeline).pixelColor(x, TOP + KEYS + 20) not in (QColor("#38424f"), QColor("#1e1e1e")))
    diamond = QColor(shot(timeline).pixelColor(round(timeline.scale.x(3.5)), TOP + KEYS // 2))
    assert diamond == theme.TEXT
    near = round(timeline.scale.x(3.5)) + 20
    wait(lambda: shot(timeline).pixelColor(near, TOP + 10) != QColor("#1e1e1e"))


def test_the_selected_clip_shows_what_of_its_take_is_made_and_where_to_check(
    timeline: Timeline, one_clip: Document, frames: list[FrameBuffer]
) -> None:
    take = with_take(one_clip, frames, range(6))
    one_clip.select(frozenset(c.id for t in one_clip.project.timeline.tracks for c in t.clips))
    timeline._painter._takes.get(take).confidence.update({9: 0.2, 10: 0.1})
    image = shot(timeline)
    lane = TOP + KEYS + STRIP + 3 + 2
    assert image.pixelColor(round(timeline.scale.x(2.5)), lane) == DONE
    assert image.pixelColor(round(timeline.scale.x(8.5)), lane) == WAITING
    ambers = {image.pixelColor(round(timeline.scale.x(9)) + dx, lane + 5).name() for dx in range(30)}
    assert theme.AMBER.name() in ambers
    ref = one_clip.project.work_of(next(iter(one_clip.project.media))).takes[0]
    assert take_name(ref) == "v001 draft"


def test_the_waveform_stands_where_the_sound_is(window: Window, described: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = np.array([1.0] * 25 + [0.0] * 25, np.float32)
    monkeypatch.setattr(window.waveforms, "get", lambda media: peaks)
    window.resize(1200, 800)
    window.document.do("Import", placed(window.document.project, described))
    window.timeline.fit()
    image = window.timeline.viewport().grab().toImage()
    y = RULER + GAP + KEYS + STRIP - 12

    def light(frame: float) -> int:
        return image.pixelColor(int(window.timeline.scale.x(frame)), y).lightness()

    assert light(5) > light(7) + 20 and light(4.2) > light(9) + 20


def test_clips_too_small_to_show_anything_are_bars_with_the_diamonds_of_their_keyframes(
    timeline: Timeline, one_clip: Document, described: Media, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    one_clip.do("Many clips", many_clips(described, 400))
    with_keyframe(one_clip, frames, tmp_path, 0)
    timeline.fit()
    image = shot(timeline)
    strip = {image.pixelColor(x, TOP + KEYS + 20).name() for x in range(HEAD + 4, HEAD + 300)}
    assert {CLIP.name(), EDGE.name()} <= strip
    diamonds = {image.pixelColor(x, TOP + KEYS // 2).name() for x in range(HEAD + 4, HEAD + 300)}
    assert theme.TEXT.name() in diamonds
