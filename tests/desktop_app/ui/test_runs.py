from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.engine_info import EngineInfo, Estimate
from keyfollow.errors import KeyfollowError, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.run import EditedFrame
from keyfollow_desktop.bridge import Bridge
from keyfollow_desktop.model import assets, timeline_edits, work_edits
from keyfollow_desktop.model.state import Mask, Settings
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.frame_pictures import read_picture
from keyfollow_desktop.ui.runs import Runs
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_testkit.clips import write_png
from pytestqt.qtbot import QtBot

from ..conftest import with_fix, with_keyframe


class FakeRun:
    id, take = "job-1", "take-1"

    def events(self) -> list[EditedFrame]:
        picture = FrameBuffer(np.full((64, 96, 3), 7, np.uint8))
        return [EditedFrame(4, deltas.unpack(deltas.pack(4, picture)), lambda n: picture)]


class FakeClient:
    """Says what it was asked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def estimate(self, source: str, **edit: Any) -> Estimate:
        return Estimate(self.seconds, 1, 1, 12)

    def prepare(self, source: str, **more: Any) -> None:
        self.asked.append((source, more))

    def propagate(self, source: str, *, label: str, **edit: Any) -> FakeRun:
        self.asked.append((source, edit))
        return FakeRun()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    made = FakeClient(5.0)

    def call(self: Bridge, work: Callable[[Any], Any], done: Callable[[Any], Any], failed: Callable[[Any], Any]) -> None:
        done(work(made))

    monkeypatch.setattr(Bridge, "call", call)
    monkeypatch.setattr(Bridge, "follow", lambda self, job: None)
    return made


def runs_of(document: Document) -> Runs:
    return Runs(document, Bridge(document), TakeStore(lambda: document.folder / "takes", document), document)


def test_the_draft_of_an_engine_that_draws_is_a_preview_by_patch(
    one_clip: Document, client: FakeClient, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    runs = runs_of(one_clip)
    runs._bridge.engines = {"pix": EngineInfo("pix", "Pix", "1", "", needs_weights=True, needs_keyframe=False)}
    media = next(iter(one_clip.project.media))
    settings = Settings("pix", prompt="snow", values={"steps": 30}, seed=7)
    one_clip.do("Engine", work_edits.set_settings(one_clip.project, media, settings))
    runs.start("draft")
    with_keyframe(one_clip, frames, tmp_path, 2)
    runs.start("draft")
    runs.start("final", asked=True)
    made = [(edit["engine"], edit["prompt"], edit["settings"], edit["seed"]) for _, edit in client.asked]
    # without a keyframe there is nothing that Patch could carry
    assert made == [("pix", "snow", {"steps": 30}, 7), ("patch", "", {}, 0), ("pix", "snow", {"steps": 30}, 7)]
    assert [t.engine for t in one_clip.project.work_of(media).takes] == ["pix"]


def test_a_night_s_queue_makes_every_edited_shot_that_has_no_final(
    one_clip: Document, client: FakeClient, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    runs = runs_of(one_clip)
    with_keyframe(one_clip, frames, tmp_path, 2)
    with_keyframe(one_clip, frames, tmp_path, 9)
    media = next(iter(one_clip.project.media))
    one_clip.do("Begin a shot", work_edits.set_cuts(one_clip.project, media, [6]))
    one_clip.do("Split", timeline_edits.split(one_clip.project, 6))
    one_clip.go(11)
    assert runs.start_all() == 2
    asked = [(edit["quality"], edit["range"].start, edit["range"].stop, sorted(edit["keyframes"])) for _, edit in client.asked]
    assert asked == [("final", 0, 6, [2]), ("final", 6, 12, [9])]


def test_a_draft_is_given_the_clip_s_work_and_becomes_its_take(
    one_clip: Document, client: FakeClient, frames: list[FrameBuffer], tmp_path: Path, clip: Path, qtbot: QtBot
) -> None:
    with_keyframe(one_clip, frames, tmp_path, 3)
    runs = runs_of(one_clip)
    runs.start("draft")
    source, edit = client.asked[0]
    assert source == str(clip) and list(edit["keyframes"]) == [3] and edit["keyframes"][3].is_file()
    assert edit["range"] == FrameRange(0, 12) and edit["quality"] == "draft" and edit["engine"] == "patch" and edit["near"] == 0
    seen = one_clip.seen()
    assert seen is not None and seen.clip.take == "take-1" and one_clip.undo_label == "Draft"
    one_clip.undo()
    assert one_clip.seen().clip.take == ""  # type: ignore[union-attr]


def test_in_and_out_limit_the_run(
    one_clip: Document, client: FakeClient, frames: list[FrameBuffer], tmp_path: Path, qtbot: QtBot
) -> None:
    with_keyframe(one_clip, frames, tmp_path, 3)
    one_clip.edit("Set in", lambda p: timeline_edits.mark(p, 2, 7))
    runs_of(one_clip).start("draft")
    assert client.asked[0][1]["range"] == FrameRange(2, 7)


def test_while_an_edit_is_painted_the_daemon_gets_ready_for_its_draft(
    one_clip: Document, client: FakeClient, clip: Path, qtbot: QtBot
) -> None:
    runs = runs_of(one_clip)
    one_clip.go(5)
    runs.prepare()
    ((source, asked),) = client.asked
    assert source == str(clip) and asked["near"] == 5 and asked["engine"] == "patch" and asked["range"] == FrameRange(0, 12)
    one_clip.edit("Remove", lambda p: timeline_edits.remove(p, [p.timeline.tracks[0].clips[0].id]))
    runs.prepare()
    assert len(client.asked) == 1, "there is nothing to get ready for"


def test_for_an_engine_whose_drafts_patch_makes_it_is_patch_that_gets_ready(
    one_clip: Document, client: FakeClient, qtbot: QtBot
) -> None:
    runs = runs_of(one_clip)
    runs._bridge.engines = {"pix": EngineInfo("pix", "Pix", "1", "", needs_weights=True)}
    media = next(iter(one_clip.project.media))
    one_clip.do("Engine", work_edits.set_settings(one_clip.project, media, Settings("pix", values={"steps": 30})))
    runs.prepare()
    assert (client.asked[0][1]["engine"], client.asked[0][1]["settings"]) == ("patch", {})


def test_what_cannot_be_run_is_said(one_clip: Document, client: FakeClient, qtbot: QtBot) -> None:
    runs = runs_of(one_clip)
    errors: list[KeyfollowError] = []
    runs.failed.connect(errors.append)
    runs.start("draft")
    one_clip.edit("Remove", lambda p: timeline_edits.remove(p, [p.timeline.tracks[0].clips[0].id]))
    runs.start("draft")
    assert [e.code for e in errors] == ["no_keyframe", "no_clip_here"] and all(isinstance(e, UsageError) for e in errors)
    assert not client.asked


def test_a_long_final_is_asked_about_first(
    one_clip: Document, client: FakeClient, frames: list[FrameBuffer], tmp_path: Path, qtbot: QtBot
) -> None:
    with_keyframe(one_clip, frames, tmp_path, 3)
    runs = runs_of(one_clip)
    asked: list[tuple[Estimate, Callable[[], object]]] = []
    runs.long_final.connect(lambda *what: asked.append(what))
    client.seconds = 700.0
    runs.start("final")
    assert asked and not client.asked
    asked[0][1]()
    assert client.asked[0][1]["quality"] == "final"


def test_a_prompt_makes_an_edit_keyframe_of_one_frame(
    one_clip: Document, client: FakeClient, frames: list[FrameBuffer], tmp_path: Path, qtbot: QtBot
) -> None:
    runs = runs_of(one_clip)
    failed: list[KeyfollowError] = []
    tried: list[tuple[str, int]] = []
    runs.failed.connect(failed.append)
    runs.tried.connect(lambda *what: tried.append(what))
    media = next(iter(one_clip.project.media))
    one_clip.go(4)
    runs.try_here()
    assert [e.code for e in failed] == ["no_prompt"] and not client.asked
    one_clip.do("Prompt", work_edits.set_settings(one_clip.project, media, Settings(engine="pix2video", prompt="a red hat")))
    with_keyframe(one_clip, frames, tmp_path, 8)
    runs.try_here()
    _, edit = client.asked[0]
    assert edit["range"] == FrameRange(4, 5) and edit["prompt"] == "a red hat" and not edit["keyframes"]
    assert tried == [(media, 4)] and [k.frame for k in one_clip.project.work_of(media).keyframes] == [4, 8]
    name = one_clip.project.work_of(media).keyframes[0].image
    assert (read_picture(assets.picture(one_clip.folder, "keyframes", name)).pixels == 7).all()


def test_masks_go_to_the_daemon_as_their_settings_shape_them_and_a_fix_is_no_reason_to_run_again(
    one_clip: Document, client: FakeClient, frames: list[FrameBuffer], tmp_path: Path, qtbot: QtBot
) -> None:
    with_keyframe(one_clip, frames, tmp_path, 3)
    media = next(iter(one_clip.project.media))
    name = assets.adopt(one_clip.folder, "masks", write_png(tmp_path / "white.png", np.full((64, 96, 3), 255, np.uint8)))
    one_clip.do("Mask", work_edits.set_mask(one_clip.project, media, Mask("m", "protect", 3, name, opacity=0.5)))
    runs = runs_of(one_clip)
    runs.start("draft")
    ((_, edit),) = client.asked
    assert edit["protect"][0][3].pixels[0, 0].tolist() == [32768] * 3
    take = one_clip.project.work_of(media).takes[0]
    with_fix(one_clip, tmp_path, 6)
    assert not work_edits.out_of_date(one_clip.project, media, take)
