from __future__ import annotations

import re
from pathlib import Path

from keyfollow_desktop.ui import theme
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot


def test_greys_are_neutral_and_there_is_one_accent(qapp: QApplication, qtbot: QtBot) -> None:
    theme.apply(qapp)
    assert qapp.palette().color(QPalette.ColorRole.Highlight) == theme.ACCENT
    sheet = (Path(theme.__file__).parent / "theme.qss").read_text()
    for colour in (theme.GROUND, theme.PANEL, theme.RAISED, theme.LINE, theme.TEXT, theme.DIM):
        assert colour.red() == colour.green() == colour.blue()
    assert theme.ACCENT.name() in sheet
    for name in re.findall(r'url\("@here@/([^"]+)"\)', sheet):
        assert (Path(theme.__file__).parent / name).is_file()
    assert sheet.count("url(") == sheet.count('url("@here@/') and "http" not in sheet
    qapp.setStyleSheet("")


def test_the_light_theme_has_a_colour_for_every_one_of_the_dark(qapp: QApplication) -> None:
    sheet = (Path(theme.__file__).parent / "theme.qss").read_text()
    assert set(re.findall("#[0-9a-f]{6}", sheet)) <= set(theme.LIGHT)
    theme.apply(qapp, "light")
    try:
        assert qapp.palette().color(QPalette.ColorRole.WindowText).lightness() < 60
        assert theme.in_panel(theme.AMBER) != theme.AMBER and "#232323" not in qapp.styleSheet()
    finally:
        theme.apply(qapp)
        qapp.setStyleSheet("")
    assert theme.in_panel(theme.AMBER) == theme.AMBER


def test_text_begins_at_one_column_in_every_field(qapp: QApplication, qtbot: QtBot) -> None:
    theme.apply(qapp)
    try:
        fields = (QLineEdit("111"), QSpinBox(maximum=999, value=111), QDoubleSpinBox(maximum=999, value=111), QComboBox())
        fields[3].addItem("111")
        for field in fields:
            qtbot.addWidget(field)
            field.resize(120, 28)
        assert {_first_column(field) for field in fields} == {_first_column(fields[0])}
    finally:
        qapp.setStyleSheet("")


def _first_column(field: QWidget) -> int:
    """Where the text begins, inside the frame."""
    picture = field.grab().toImage()
    inside = range(4, picture.width() - 20)
    return next(x for x in inside if any(picture.pixelColor(x, y).lightness() > 130 for y in range(6, picture.height() - 6)))


def test_text_can_be_read_on_every_ground() -> None:
    def light(n: int) -> float:
        c = n / 255
        return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4

    grounds: list[tuple[QColor, QColor, float]] = [
        (theme.TEXT, theme.PANEL, 7.0),
        (theme.DIM, theme.PANEL, 4.5),
        (theme.ACCENT, theme.PANEL, 4.5),
        (theme.AMBER, theme.PANEL, 4.5),
    ]
    in_light = [(QColor(theme.LIGHT[a.name()]), QColor(theme.LIGHT[b.name()]), least) for a, b, least in grounds]
    for text, ground, least in [*grounds, *in_light]:
        a, b = (0.2126 * light(c.red()) + 0.7152 * light(c.green()) + 0.0722 * light(c.blue()) for c in (text, ground))
        assert (max(a, b) + 0.05) / (min(a, b) + 0.05) >= least
