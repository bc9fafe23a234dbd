from __future__ import annotations

from pathlib import Path

from keyfollow.engine_info import Report
from keyfollow.frames import FrameBuffer
from keyfollow.plain import to_plain
from keyfollow.sealed import write_sealed
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.take_store import TakeStore

from ..conftest import with_take


def test_frames_of_a_project_s_own_take_are_found_with_its_report(one_clip: Document, frames: list[FrameBuffer]) -> None:
    take = with_take(one_clip, frames, range(4))
    report = Report(4, confidence={"2": 0.25}, suggested_keyframe=2)
    write_sealed(one_clip.folder / "takes" / take / "report.json", to_plain(report))
    store = TakeStore(lambda: one_clip.folder / "takes")
    known = store.get(take)
    assert known.done == {0, 1, 2, 3} and known.suggested == 2 and known.confidence[2] == 0.25
    assert store.folder(take) == str(one_clip.folder / "takes" / take) and store.folder("") == store.folder("other") == ""


def test_what_arrives_is_added_and_told(tmp_path: Path) -> None:
    store = TakeStore(lambda: tmp_path)
    heard: list[str] = []
    store.changed.connect(heard.append)
    store.place("t", tmp_path / "t")
    store.frame("t", 7, 0.5)
    store.report("t", Report(1, confidence={"8": 0.1}, suggested_keyframe=8))
    assert heard == ["t"] * 3 and store.get("t").confidence == {7: 0.5, 8: 0.1} and store.get("t").suggested == 8
