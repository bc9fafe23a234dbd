from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from keyfollow.errors import KeyfollowError, MediaError
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.pictures import Pictures, Want, scaled, still, to_image
from keyfollow_testkit.clips import write_png
from pytestqt.qtbot import QtBot

from ..conftest import inverted, with_take


@pytest.fixture
def pictures(qtbot: QtBot) -> Iterator[Pictures]:
    made = Pictures(latest=True, bytes_kept=1 << 20)
    yield made
    made.close()


def rgb(image: object) -> np.ndarray:
    from PySide6.QtGui import QImage

    assert isinstance(image, QImage)
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return lines[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()


def test_a_frame_is_exactly_the_decoded_source(
    pictures: Pictures, clip: Path, frames: list[FrameBuffer], wait: Callable[..., None]
) -> None:
    for n in (7, 8, 2):
        want = Want(str(clip), n)
        pictures.ask([want])
        wait(lambda want=want: pictures.get(want))
        assert (rgb(pictures.get(want)) == frames[n].pixels).all()


def test_a_take_lies_over_its_source_and_says_when_a_frame_is_not_there(
    pictures: Pictures, one_clip: Document, frames: list[FrameBuffer], clip: Path, wait: Callable[..., None]
) -> None:
    folder = str(one_clip.folder / "takes" / with_take(one_clip, frames, range(6)))
    heard: list[tuple[Want, object]] = []
    pictures.ready.connect(lambda want, image: heard.append((want, image)))
    made, missing = Want(str(clip), 5, take=folder), Want(str(clip), 6, take=folder)
    pictures.ask([made, missing])
    wait(lambda: len(heard) == 2)
    assert (rgb(pictures.get(made)) == inverted(frames[5]).pixels).all()
    assert heard[1] == (missing, None)


def test_what_cannot_be_decoded_is_said_once(pictures: Pictures, tmp_path: Path, wait: Callable[..., None]) -> None:
    errors: list[KeyfollowError] = []
    pictures.failed.connect(lambda want, error: errors.append(error))
    want = Want(str(tmp_path / "gone.mp4"), 0)
    pictures.ask([want])
    wait(lambda: errors)
    assert errors[0].code == "media_not_found"
    pictures.ask([want])
    assert not pictures._waiting
    pictures.forget()
    pictures.ask([want])
    wait(lambda: len(errors) == 2)


def test_old_pictures_go_when_there_is_no_room(pictures: Pictures, tmp_path: Path, wait: Callable[..., None]) -> None:
    wants = [still(write_png(tmp_path / f"{n}.png", np.full((300, 300, 3), n, np.uint8))) for n in range(5)]
    for want in wants:
        pictures.ask([want])
        wait(lambda want=want: pictures.get(want))
    assert pictures.get(wants[0]) is None and pictures.get(wants[-1]) is not None


def test_any_depth_becomes_eight_bits_and_is_never_enlarged() -> None:
    deep = np.full((4, 6, 3), 0x8000, np.uint16)
    assert (rgb(to_image(deep)) == 0x80).all()
    assert (rgb(to_image(np.full((4, 6, 3), 1.7, np.float16))) == 255).all()
    image = to_image(deep)
    assert scaled(image, (600, 400)).width() == 6 and scaled(image, (3, 400)).width() == 3


def test_a_child_that_was_too_slow_is_asked_again(
    pictures: Pictures, clip: Path, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    real = Pictures._frame

    def slow_first(self: Pictures, want: Want) -> FrameBuffer | None:
        calls.append(1)
        if len(calls) < 3:
            raise MediaError("media_timeout", "Too slow.", "Try again.")
        return real(self, want)

    monkeypatch.setattr(Pictures, "_frame", slow_first)
    pictures.ask([Want(str(clip), 0)])
    wait(lambda: pictures.get(Want(str(clip), 0)))
    assert len(calls) == 3
