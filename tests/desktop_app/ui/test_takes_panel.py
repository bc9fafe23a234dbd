from __future__ import annotations

import json
from pathlib import Path

from keyfollow.errors import UsageError
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import work_edits
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_desktop.ui.takes_panel import TakesPanel
from pytestqt.qtbot import QtBot

from ..conftest import with_keyframe, with_take


def test_takes_are_switched_starred_named_and_removed_with_undo(
    one_clip: Document, frames: list[FrameBuffer], qtbot: QtBot, tmp_path: Path
) -> None:
    store = TakeStore(lambda: one_clip.folder / "takes")
    panel = TakesPanel(one_clip, store)
    qtbot.addWidget(panel)
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


def test_takes_are_noted_pinned_compared_and_made_again(one_clip: Document, frames: list[FrameBuffer], qtbot: QtBot) -> None:
    panel = TakesPanel(one_clip, TakeStore(lambda: one_clip.folder / "takes"))
    qtbot.addWidget(panel)
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
