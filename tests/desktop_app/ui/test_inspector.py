from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from keyfollow.engine_info import EngineInfo, Preset, Setting
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.bridge import Bridge
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.inspector import Inspector
from keyfollow_desktop.ui.pictures import Pictures
from keyfollow_desktop.ui.runs import Runs
from keyfollow_desktop.ui.take_store import TakeStore
from PySide6.QtGui import QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QWidget
from pytestqt.qtbot import QtBot

from ..conftest import with_keyframe

ENGINES = {
    "patch": EngineInfo(
        "patch",
        "Patch",
        "1",
        "Follows motion. And more.",
        (Setting("strength", "float", 1.0, "How much.", 0, 1),),
        presets=(Preset("local", "Small things."), Preset("style", "The whole picture.", {"strength": 0.25})),
    ),
    "pix": EngineInfo("pix", "Pix", "1", "Dreams.", needs_weights=True, needs_keyframe=False),
    "big": EngineInfo("big", "Big", "1", "Large.", missing=("It needs a GPU of 12 GB.",)),
}


@pytest.fixture
def inspector(one_clip: Document, qtbot: QtBot) -> Iterator[Inspector]:
    bridge = Bridge()
    thumbnails = Pictures(latest=False, bytes_kept=1 << 20)
    runs = Runs(one_clip, bridge, TakeStore(lambda: one_clip.folder / "takes"))
    made = Inspector(one_clip, bridge, runs, thumbnails, QWidget())
    qtbot.addWidget(made)
    bridge.engines = ENGINES
    bridge.engines_changed.emit(ENGINES)
    made._ask.stop()
    yield made
    made._ask.stop()
    thumbnails.close()
    bridge.close()


def settings(document: Document) -> object:
    return document.project.work_of(next(iter(document.project.media))).settings


def test_engines_that_cannot_run_are_greyed_with_the_reason(inspector: Inspector) -> None:
    model = inspector.engine.model()
    assert isinstance(model, QStandardItemModel)
    row = inspector.engine.findData("big")
    assert not model.item(row).isEnabled() and model.item(row).toolTip() == "It needs a GPU of 12 GB."
    assert inspector.engine.currentData() == "patch" and inspector._summary.text() == "Follows motion."


def test_settings_come_from_the_engine_and_go_into_the_project(inspector: Inspector, one_clip: Document) -> None:
    assert inspector._form is not None
    field = inspector._form.fields["strength"]
    assert isinstance(field, QDoubleSpinBox)
    field.setValue(0.5)
    assert settings(one_clip).values == {"strength": 0.5}  # type: ignore[attr-defined]
    one_clip.undo()
    assert inspector._form.values() == {}
    inspector._on_engine(inspector.engine.findData("pix"))
    assert settings(one_clip).engine == "pix" and not inspector.prompt.isHidden()  # type: ignore[attr-defined]
    inspector.prompt.setPlainText("a red car")
    assert settings(one_clip).prompt == "a red car"  # type: ignore[attr-defined]


def test_the_kind_of_edit_sets_what_suits_it(inspector: Inspector, one_clip: Document) -> None:
    assert [inspector.preset.itemText(n) for n in range(inspector.preset.count())] == ["Local change", "Style"]
    assert inspector.preset.currentData() == "local" and inspector.preset.toolTip() == "Small things."
    inspector._on_preset(1)
    kept = settings(one_clip)
    assert (kept.preset, kept.values) == ("style", {"strength": 0.25})  # type: ignore[attr-defined]
    assert inspector.preset.currentData() == "style" and inspector._form is not None
    assert inspector._form.values() == {"strength": 0.25}
    # an engine without that kind has none chosen, and settings of its own
    inspector._on_engine(inspector.engine.findData("pix"))
    assert inspector.preset.isHidden() and settings(one_clip).values == {}  # type: ignore[attr-defined]
    one_clip.undo()
    one_clip.undo()
    assert inspector.preset.currentData() == "local" and inspector._form.values() == {}


def test_an_engine_that_draws_is_told_what_is_there_and_what_is_to_be(inspector: Inspector, one_clip: Document) -> None:
    assert inspector.prompt.isHidden() and inspector.source_prompt.isHidden() and inspector.try_here.isHidden()
    inspector._on_engine(inspector.engine.findData("pix"))
    assert not inspector.source_prompt.isHidden() and not inspector.try_here.isHidden()
    QTest.keyClicks(inspector.source_prompt, "a balloon")
    assert settings(one_clip).source_prompt == "a balloon"  # type: ignore[attr-defined]
    one_clip.undo()
    assert inspector.source_prompt.text() == ""


def test_keyframes_are_listed_and_gone_to(
    inspector: Inspector, one_clip: Document, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    assert inspector.keyframes.isHidden() and not inspector.remove.isEnabled()
    with_keyframe(one_clip, frames, tmp_path, 5)
    assert [inspector.keyframes.item(n).text() for n in range(inspector.keyframes.count())] == ["Frame 5"]
    inspector._go_to(inspector.keyframes.item(0))
    assert one_clip.place.playhead == 5 and inspector.remove.isEnabled()
