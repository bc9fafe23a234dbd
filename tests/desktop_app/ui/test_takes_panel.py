from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from keyfollow.engine_info import Report
from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import work_edits
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.pictures import Pictures
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_desktop.ui.takes_panel import THUMB, TakesPanel
from pytestqt.qtbot import QtBot

from ..conftest import with_keyframe, with_take


@pytest.fixture
def panel(one_clip: Document, qtbot: QtBot) -> Iterator[TakesPanel]:
    thumbnails = Pictures(latest=False, bytes_kept=1 << 20)
    made = TakesPanel(one_clip, TakeStore(lambda: one_clip.folder / "takes"), thumbnails, dict)
    qtbot.addWidget(made)
    yield made
    thumbnails.close()


def test_a_take_has_a_picture_of_its_own_and_tells_how_it_was_made(
    panel: TakesPanel, one_clip: Document, frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    take = with_take(one_clip, frames)
    store = panel._takes
    panel.show()

    def middle(row: int) -> int:
        return panel.list.item(row).icon().pixmap(THUMB).toImage().pixelColor(THUMB.width() // 2, 2).lightness()

    # the take is the source inverted; the ground, before a picture comes, is far darker than both
    wait(lambda: 20 < middle(1) - middle(0) < 60)
    asked = {"engine": "patch", "settings": {"fill": 9.0}, "prompt": "a cat", "seed": 0}
    (one_clip.folder / "takes" / take / "recipe.json").write_text(json.dumps({"request": asked}))
    store.report(
        take,
        Report(
            12,
            {"propagating": 2.5, "writing": 1.5, "total": 3.0},
            changed_share=0.125,
            confidence={"3": 0.2},
            notes=("A cut was found.",),
        ),
    )
    said = panel.details.text()
    for part in ("patch", "“a cat”", "Fill 9.0", "12 frames in 3 s", "12.5 %", "Unsure frames: 1", "A cut was found."):
        assert part in said, said
    panel.show_take("")
    assert panel.details.isHidden()


def test_takes_are_switched_starred_named_and_removed_with_undo(
    panel: TakesPanel, one_clip: Document, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    first, second = with_take(one_clip, frames, range(4), "one"), with_take(one_clip, frames, take="two")
    media = next(iter(one_clip.project.media))

    def lines() -> list[str]:
        return [panel.list.item(n).text() for n in range(panel.list.count())]

    assert lines()[0] == "Source" and "v002 draft" in lines()[1] and "4 of 12 frames" in lines()[2]
    panel.show_take(first)
    assert one_clip.seen().clip.take == first  # type: ignore[union-attr]
    panel.star(second)
    panel.rename(second, "Good one")
    assert "★ Good one" in lines()[1]
    panel.remove(first)
    assert one_clip.seen().clip.take == "" and len(lines()) == 2  # type: ignore[union-attr]
    one_clip.undo()
    assert one_clip.seen().clip.take == first  # type: ignore[union-attr]
    with_keyframe(one_clip, frames, tmp_path)
    assert all("Out of date" in line for line in lines()[1:])
    assert work_edits.find_take(one_clip.project.work_of(media), second).star


def test_takes_are_noted_pinned_compared_and_made_again(
    panel: TakesPanel, one_clip: Document, frames: list[FrameBuffer]
) -> None:
    take = with_take(one_clip, frames)
    media = next(iter(one_clip.project.media))
    panel.note(take, "The collar is soft here.")
    panel.pin(take)
    text = panel.list.item(1).text()
    assert "◆ v001" in text and "The collar is soft here." in text
    assert work_edits.find_take(one_clip.project.work_of(media), take).pin
    errors: list[UsageError] = []
    one_clip.failed.connect(errors.append)
    panel.use_settings(take)
    assert [e.code for e in errors] == ["no_recipe"]
    asked = {"engine": "pix2video", "settings": {"steps": 30}, "prompt": "snow", "source_prompt": "", "model": None, "seed": 7}
    (one_clip.folder / "takes" / take / "recipe.json").write_text(json.dumps({"request": asked}))
    panel.use_settings(take)
    settings = one_clip.project.work_of(media).settings
    assert (settings.engine, settings.values, settings.prompt, settings.seed) == ("pix2video", {"steps": 30}, "snow", 7)
