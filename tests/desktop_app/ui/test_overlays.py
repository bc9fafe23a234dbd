from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_desktop.model import assets, work_edits
from keyfollow_desktop.model.state import Mask
from keyfollow_desktop.ui.document import Document
from keyfollow_desktop.ui.overlays import MaskView, Overlays, mask_image
from keyfollow_desktop.ui.take_store import TakeStore
from keyfollow_testkit.clips import write_png
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from ..conftest import with_keyframe, with_take


@pytest.fixture
def overlays(one_clip: Document, qtbot: QtBot) -> Iterator[Overlays]:
    made = Overlays(one_clip, TakeStore(lambda: one_clip.folder / "takes"))
    yield made
    made.close()


def over_grey(overlays: Overlays) -> QImage:
    image = QImage(96, 64, QImage.Format.Format_RGB32)
    image.fill(QColor(100, 100, 100))
    painter = QPainter(image)
    overlays.draw(painter, QRectF(0, 0, 96, 64))
    painter.end()
    return image


def colour(image: QImage, x: int, y: int) -> tuple[int, ...]:
    seen = image.pixelColor(x, y)
    return seen.red(), seen.green(), seen.blue()


def test_onion_skin_shows_the_keyframes_on_both_sides(
    overlays: Overlays, one_clip: Document, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None]
) -> None:
    with_keyframe(one_clip, frames, tmp_path, 3)
    one_clip.go(5)
    assert colour(over_grey(overlays), 80, 10) == (100, 100, 100)
    overlays.set(onion=True)
    wait(lambda: colour(over_grey(overlays), 80, 10) != (100, 100, 100))
    seen = np.array(colour(over_grey(overlays), 80, 10))
    wanted = 100 + 0.35 * (255 - frames[3].pixels[10, 80].astype(float) - 100)
    assert np.abs(seen - wanted).max() <= 3
    one_clip.go(3)
    wait(lambda: colour(over_grey(overlays), 80, 10) == (100, 100, 100))


def test_masks_and_changes_are_shown_where_they_are(
    overlays: Overlays, one_clip: Document, frames: list[FrameBuffer], tmp_path: Path, wait: Callable[..., None]
) -> None:
    half = np.zeros((64, 96, 3), np.uint8)
    half[:, :48] = 255
    name = assets.adopt(one_clip.folder, "masks", write_png(tmp_path / "half.png", half))
    media = next(iter(one_clip.project.media))
    one_clip.do("Mask", work_edits.set_mask(one_clip.project, media, Mask("m", "edit", 2, name)))
    said: list[str] = []
    overlays.said.connect(said.append)
    overlays.set(mask="matte")
    wait(lambda: said)
    assert colour(over_grey(overlays), 10, 10) == (100, 100, 100), "the mask is painted on another frame"
    one_clip.go(2)
    wait(lambda: colour(over_grey(overlays), 10, 10) == (255, 255, 255))
    assert colour(over_grey(overlays), 80, 10) == (0, 0, 0)
    with_take(one_clip, frames)
    overlays.set(mask="off", changes=True)
    wait(lambda: colour(over_grey(overlays), 80, 10)[1] > 170)


@pytest.mark.parametrize(("view", "inside", "outside"), [("overlay", 140, 0), ("matte", 255, 255), ("cutout", 0, 255)])
def test_views_of_a_mask(view: MaskView, inside: int, outside: int) -> None:
    weight = np.zeros((8, 8), np.float32)
    weight[:, :4] = 1
    image = mask_image(weight, view)
    assert image.pixelColor(1, 1).alpha() == inside and image.pixelColor(6, 1).alpha() == outside


def test_safe_areas_lie_inside_the_picture(overlays: Overlays) -> None:
    overlays.set(safe=True)
    image = over_grey(overlays)
    assert colour(image, 48, 32) != (100, 100, 100) and colour(image, 0, 0) == (100, 100, 100)
    assert any(colour(image, 10, y) != (100, 100, 100) for y in range(6))
