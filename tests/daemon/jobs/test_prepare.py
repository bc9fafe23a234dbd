from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from keyfollow.edits import Clip, EditRequest
from keyfollow.errors import MediaError
from keyfollow.frames import FrameRange
from keyfollow.media.reader import MediaReader
from keyfollow.plain import to_plain
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines.base import InversionSpec
from keyfollow_daemon.engines.patch.inversion import Flows
from keyfollow_daemon.executors.base import Stopped, Why
from keyfollow_daemon.jobs.planner import describe
from keyfollow_daemon.jobs.prepare import run
from keyfollow_daemon.jobs.run import Run
from keyfollow_daemon.jobs.task import TaskContext
from keyfollow_daemon.media.clip import ClipFrames
from keyfollow_testkit import clips


class Link:
    plan = 0

    def __init__(self, stop: bool = False) -> None:
        self._stop = stop

    def stop_asked(self) -> Why | None:
        return "cancel" if self._stop else None

    def say(self, data: Mapping[str, Any]) -> None:
        pass


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.write_clip(tmp_path_factory.mktemp("clip") / "c.mp4", clips.moving_patch(24))


def payload(root: Path, request: EditRequest, near: int | None = 3) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(
        Run(
            "prepare-1",
            "",
            request,
            str(root / "i"),
            1 << 30,
            str(root / "t"),
            str(root / "b"),
            1 << 20,
            str(root / "c"),
            near=near,
        )
    )
    return plain


def prepared(root: Path, clip: Path) -> list[int]:
    """The pairs of frames whose flows a draft would find."""
    info = describe("patch")
    store = InversionStore(root / "i", 1 << 30)
    with MediaReader(clip) as reader:
        flows = Flows(ClipFrames(reader), InversionSpec(info.id, info.version, draft=True), TaskContext(Link(), store, store))
        return [n for n in range(reader.info.frames - 1) if store.load(flows.key(n)) is not None]


def test_a_draft_finds_the_source_prepared_around_the_frame_that_is_edited(tmp_path: Path, clip: Path) -> None:
    assert run(payload(tmp_path, EditRequest(Clip(path=str(clip)), quality="draft")), Link()) == {}
    assert prepared(tmp_path, clip) == list(range(11))
    assert run(payload(tmp_path, EditRequest(Clip(path=str(clip)), range=FrameRange(8, 20), quality="draft"), 14), Link()) == {}
    assert prepared(tmp_path, clip) == list(range(19))
    assert not (tmp_path / "t").exists() and not (tmp_path / "c").exists()


def test_it_stops_when_asked_and_says_what_is_wrong(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(Stopped):
        run(payload(tmp_path, EditRequest(Clip(path=str(clip)), quality="draft")), Link(stop=True))
    with pytest.raises(MediaError):
        run(payload(tmp_path, EditRequest(Clip(path=str(tmp_path / "gone.mp4")), quality="draft")), Link())


def test_an_engine_that_needs_the_whole_range_is_left_alone(tmp_path: Path, clip: Path) -> None:
    request = EditRequest(Clip(path=str(clip)), engine="pix2video", quality="draft")
    assert run(payload(tmp_path, request), Link()) == {} and not (tmp_path / "i").exists()
