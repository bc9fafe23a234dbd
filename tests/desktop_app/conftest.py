"""Windows without a screen, a small clip, and a take of it that no engine made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from keyfollow import deltas
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow.media.encode_image import write_image
from keyfollow.media.reader import MediaReader
from keyfollow.take_folder import FRAMES, frame_name
from keyfollow_desktop.model import assets, timeline_edits, work_edits
from keyfollow_desktop.model.state import Keyframe, Media, Project, Retouch, new_id
from keyfollow_testkit.clips import moving_patch, write_clip, write_png

if TYPE_CHECKING:
    from keyfollow_desktop.ui.document import Document
    from keyfollow_desktop.ui.window import Window
    from pytestqt.qtbot import QtBot

Wait = Callable[[Callable[[], object]], None]
COUNT = 12


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """96 x 64, twelve frames at 24 fps, with sound."""
    return write_clip(tmp_path_factory.mktemp("footage") / "clip.mp4", moving_patch(COUNT), tone=True)


@pytest.fixture(scope="session")
def frames(clip: Path) -> list[FrameBuffer]:
    """The decoded source."""
    with MediaReader(clip) as reader:
        return list(reader.frames(FrameRange(0, COUNT)))


@pytest.fixture(scope="session")
def described(clip: Path) -> Media:
    from keyfollow_desktop.ui.importing import describe

    return describe(str(clip))


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `KEYFOLLOW_HOME` of this test's own."""
    monkeypatch.setenv("KEYFOLLOW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    """Let the windows work until something is so."""

    def until(so: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(so()), timeout=90_000)

    return until


@pytest.fixture
def document(own_home: Path, qtbot: QtBot) -> Iterator[Document]:
    """A new project without a window."""
    from keyfollow_desktop.ui.document import Document

    made = Document()
    made.new()
    yield made
    made.shut_down()


@pytest.fixture
def one_clip(document: Document, described: Media) -> Document:
    """The clip in the bin and on a track."""
    document.do("Import", placed(document.project, described))
    return document


@pytest.fixture
def window(own_home: Path, qtbot: QtBot) -> Iterator[Window]:
    """The whole window, shown, without a daemon."""
    from keyfollow_desktop.ui.preferences import Preferences
    from keyfollow_desktop.ui.window import Window

    made = Window(Preferences())
    made.commands.start(None)
    made.show()
    yield made
    made.shut_down()
    made.close = lambda: True  # type: ignore[method-assign]
    made.hide()
    made.deleteLater()


def placed(project: Project, media: Media) -> Project:
    project, track = timeline_edits.add_track(work_edits.add_media(project, media))
    return timeline_edits.place(project, track, media.id, 0)


def inverted(frame: FrameBuffer) -> FrameBuffer:
    """An edit that nobody can overlook."""
    return FrameBuffer(np.ascontiguousarray(255 - frame.pixels), frame.depth, frame.colour)


def with_keyframe(document: Document, frames: list[FrameBuffer], tmp_path: Path, frame: int = 3) -> None:
    """An edit keyframe on a source frame of the only clip."""
    media = next(iter(document.project.media))
    picture = write_png(tmp_path / f"{new_id()}.png", inverted(frames[frame]).pixels)
    name = assets.adopt(document.folder, "keyframes", picture)
    document.do("Edit keyframe", work_edits.set_keyframe(document.project, media, Keyframe(frame, name)))


def with_take(document: Document, frames: list[FrameBuffer], made: range = range(COUNT), take: str = "take-1") -> str:
    """A take of the only clip, shown by it, of whose frames those in `made` are there."""
    media = next(iter(document.project.media.values()))
    folder = document.folder / "takes" / take / FRAMES
    folder.mkdir(parents=True)
    for n in made:
        (folder / frame_name(n)).write_bytes(deltas.pack(n, inverted(frames[n]), frames[n], 0.3 if n > 8 else 0.9))
    whole = FrameRange(0, COUNT)
    inputs = work_edits.inputs_of(document.project.work_of(media.id), media, whole)
    project = work_edits.add_take(
        document.project, media.id, take, quality="draft", engine="patch", frames=whole, inputs=inputs, created=1.0
    )
    clips = [c.id for t in project.timeline.tracks for c in t.clips]
    document.do("Draft", timeline_edits.show_take(project, clips, take))
    return take


def many_clips(media: Media, count: int) -> Project:
    """A project of `count` clips of two frames each, side by side."""
    project = placed(Project(), media)
    track = project.timeline.tracks[0]
    clips = tuple(replace(track.clips[0], id=f"c{n}", start=2 * n, length=2) for n in range(count))
    return replace(project, timeline=replace(project.timeline, tracks=(replace(track, clips=clips),)))


def with_fix(document: Document, tmp_path: Path, frame: int) -> None:
    """A retouch of one frame of the only clip: a red square in its upper left corner."""
    layer = np.zeros((64, 96, 4), np.uint8)
    layer[:20, :20] = (255, 0, 0, 255)
    path = tmp_path / f"{new_id()}.png"
    write_image(path, FrameBuffer(layer))
    media = next(iter(document.project.media))
    fix = Retouch(frame, assets.adopt(document.folder, "keyframes", path))
    document.do("Fix this frame", work_edits.set_retouch(document.project, media, fix))
