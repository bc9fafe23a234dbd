from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import assets
from keyfollow_desktop.ui.background import Background
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.round_trip import RoundTrip
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_testkit.clips import read_png, write_png
from pytestqt.qtbot import QtBot

from ..conftest import inverted, with_take

EDITOR = """
import os, sys
import cv2
picture = sys.argv[1]
other = picture + ".saving.png"
cv2.imwrite(other, 255 - cv2.imread(picture))
os.replace(other, picture)
"""
"""Saves as image editors do: another file, renamed over the first."""


class Rig:
    def __init__(self, document: Document, tmp_path: Path) -> None:
        (tmp_path / "editor.py").write_text(EDITOR)
        self.command = f"{sys.executable} {tmp_path / 'editor.py'}"
        self.background = Background()
        self.trip = RoundTrip(document, TakeStore(lambda: document.folder / "takes"), self.background, lambda: self.command)
        self.errors: list[KeyfollowError] = []
        self.adopted: list[tuple[str, int]] = []
        self.trip.failed.connect(self.errors.append)
        self.trip.adopted.connect(lambda *what: self.adopted.append(what))


@pytest.fixture
def rig(one_clip: Document, tmp_path: Path, qtbot: QtBot) -> Iterator[Rig]:
    made = Rig(one_clip, tmp_path)
    yield made
    made.trip.forget()
    made.background.close()


def keyframe(document: Document, frame: int) -> np.ndarray:
    work = document.project.work_of(next(iter(document.project.media)))
    name = next(k.image for k in work.keyframes if k.frame == frame)
    return read_png(assets.picture(document.folder, "keyframes", name))


def test_the_exact_frame_goes_out_and_what_is_saved_by_rename_comes_back(
    rig: Rig, one_clip: Document, frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    one_clip.go(4)
    rig.trip.edit()
    wait(lambda: rig.adopted)
    assert rig.adopted[0][1] == 4 and not rig.errors and one_clip.undo_label == "Edit keyframe"
    assert (keyframe(one_clip, 4) == 255 - frames[4].pixels).all()
    # editing it again starts from the keyframe, not from the source
    rig.trip.edit()
    wait(lambda: len(rig.adopted) == 2)
    assert (keyframe(one_clip, 4) == frames[4].pixels).all()


def test_it_is_known_while_a_program_has_a_frame_open(
    rig: Rig, one_clip: Document, tmp_path: Path, wait: Callable[..., None]
) -> None:
    (tmp_path / "editor.py").write_text(
        "import sys, time\nwhile not __import__('os').path.exists(sys.argv[1] + '.go'): time.sleep(0.05)\n"
    )
    told: list[object] = []
    rig.trip.editing_changed.connect(lambda: told.append(rig.trip.editing))
    one_clip.go(5)
    rig.trip.edit()
    wait(lambda: told)
    assert told == [(Path(sys.executable).stem, 5)] and not rig.adopted
    picture = next(p for p in (one_clip.folder / "keyframes" / "editing").iterdir())
    picture.with_name(picture.name + ".go").touch()
    wait(lambda: len(told) == 2)
    assert told[1] is None


def test_where_a_take_is_shown_its_result_is_what_is_edited(
    rig: Rig, one_clip: Document, frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    with_take(one_clip, frames)
    one_clip.go(6)
    rig.trip.edit()
    wait(lambda: rig.adopted)
    assert (keyframe(one_clip, 6) == 255 - inverted(frames[6]).pixels).all()


def test_what_is_no_picture_of_the_clip_s_size_is_refused(
    rig: Rig, one_clip: Document, tmp_path: Path, wait: Callable[..., None]
) -> None:
    rig.trip.use(write_png(tmp_path / "small.png", np.zeros((10, 10, 3), np.uint8)))
    wait(lambda: rig.errors)
    (tmp_path / "half.png").write_bytes(b"\x89PNG\r\n")
    rig.trip.use(tmp_path / "half.png")
    wait(lambda: len(rig.errors) == 2)
    assert rig.errors[0].code == "wrong_size" and not one_clip.project.work_of(next(iter(one_clip.project.media))).keyframes


def test_without_an_editor_it_says_so(rig: Rig, wait: Callable[..., None]) -> None:
    rig.command = ""
    rig.trip.edit()
    rig.command = "/no/such/editor"
    rig.trip.edit()
    wait(lambda: len(rig.errors) == 2)
    assert [e.code for e in rig.errors] == ["no_editor", "editor_not_started"]


SLOW = """
import os, sys, time
data = open(sys.argv[1], "rb").read()
other = sys.argv[1] + ".saving.png"
open(other, "wb").close()
os.replace(other, sys.argv[1])
with open(sys.argv[1], "wb") as file:
    file.write(data[: len(data) // 2])
    file.flush()
    time.sleep(0.4)
    file.write(data[len(data) // 2 :])
"""
"""Puts an empty file in place, writes half of it, and takes a break."""


def test_a_picture_that_is_written_slowly_is_waited_for_without_a_word(
    rig: Rig, one_clip: Document, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None]
) -> None:
    (tmp_path / "editor.py").write_text(SLOW)
    told: list[str] = []
    rig.trip.saving.connect(lambda: told.append("saving"))
    rig.trip.decoded.connect(lambda digest, size: told.append(f"decoded {size}"))
    rig.trip.adopted.connect(lambda *_: told.append("adopted"))
    one_clip.go(4)
    rig.trip.edit()
    wait(lambda: rig.adopted)
    assert told == ["saving", "decoded (96, 64)", "adopted"] and not rig.errors
    assert (keyframe(one_clip, 4) == frames[4].pixels).all()
    rig.command = "true"
    next((one_clip.folder / "keyframes" / "editing").iterdir()).write_bytes(b"no picture")
    wait(lambda: rig.errors)
