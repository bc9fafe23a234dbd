from __future__ import annotations

from typing import get_args

import pytest
from keyfollow_desktop.ui import theme
from keyfollow_desktop.ui.icons import Name, icon
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QImage
from PySide6.QtWidgets import QApplication


def drawn(name: Name, side: int = 32, state: QIcon.State = QIcon.State.Off) -> QImage:
    return icon(name).pixmap(QSize(side, side), QIcon.Mode.Normal, state).toImage()


def marks(image: QImage) -> set[tuple[int, int]]:
    return {(x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).alpha() > 200}


@pytest.mark.parametrize("name", get_args(Name))
def test_each_one_is_drawn_inside_its_square_and_knows_its_name(qapp: QApplication, name: Name) -> None:
    found = marks(drawn(name))
    assert 15 < len(found) < 700 and icon(name).name() == name
    assert not {(x, y) for x, y in found if x in (0, 31) or y in (0, 31)}


def test_forward_is_backward_mirrored(qapp: QApplication) -> None:
    for one, other in (("start", "end"), ("previous", "next")):
        left, right = marks(drawn(one)), marks(drawn(other))  # type: ignore[arg-type]
        assert len(left ^ {(31 - x, y) for x, y in right}) < len(left) // 8


def test_they_have_the_theme_s_colours(qapp: QApplication) -> None:
    shades = []
    for name in ("dark", "light"):
        theme.apply(qapp, name)
        shades.append(drawn("play").pixelColor(14, 16).lightness())
    on = drawn("loop", state=QIcon.State.On)
    theme.apply(qapp)
    qapp.setStyleSheet("")
    assert shades[0] > 180 and shades[1] < 80
    coloured = [on.pixelColor(x, y) for x, y in marks(on)]
    assert all(c.blue() > c.red() for c in coloured)
