"""The look: one stylesheet, one accent colour, neutral greys so that no colour beside the picture lies about it."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

GROUND = QColor("#1b1b1b")
PANEL = QColor("#232323")
RAISED = QColor("#2e2e2e")
LINE = QColor("#3a3a3a")
TEXT = QColor("#e6e6e6")
DIM = QColor("#9d9d9d")
ACCENT = QColor("#4f9dff")
AMBER = QColor("#d99a2b")


LIGHT = {
    "#0d1520": "#ffffff",
    "#101010": "#ffffff",
    "#151515": "#cfcfcf",
    "#1b1b1b": "#ffffff",
    "#1e1e1e": "#e4e4e4",
    "#1f1f1f": "#fafafa",
    "#232323": "#ededed",
    "#262626": "#e2e2e2",
    "#292929": "#e8e8e8",
    "#2a2a2a": "#fbfbfb",
    "#2c3a4b": "#c9dcf3",
    "#2e2e2e": "#ffffff",
    "#333333": "#fbfbfb",
    "#343434": "#d6d6d6",
    "#34445a": "#cfe2fb",
    "#3a3020": "#fcefd3",
    "#3a3a3a": "#d6d6d6",
    "#3b4a5c": "#d5e5f9",
    "#3d3d3d": "#f1f1f1",
    "#3f3f3f": "#bebebe",
    "#454545": "#b6b6b6",
    "#4a4a4a": "#bebebe",
    "#4f9dff": "#1561bd",
    "#5a5a5a": "#9a9a9a",
    "#6b6b6b": "#8a8a8a",
    "#6eaeff": "#2f7bd6",
    "#78879a": "#7d92ab",
    "#7c8794": "#5d6b7c",
    "#9d9d9d": "#5a5a5a",
    "#c9c9c9": "#333333",
    "#d0d0d0": "#303030",
    "#d99a2b": "#8f5b00",
    "#e6e6e6": "#1a1a1a",
    "#ffffff": "#000000",
}
"""The light theme: what stands for each colour of the dark one. The viewer and the timeline stay dark in both: what is beside a picture
decides how its colours are seen.
"""
_light = False


def in_panel(colour: QColor) -> QColor:
    """One of the colours above as it is on a panel of the theme that is shown."""
    return QColor(LIGHT.get(colour.name(), colour.name())) if _light else colour


def apply(app: QApplication, name: str = "dark") -> None:
    """Give the application its style, palette and stylesheet; `name` is ``dark`` or ``light``."""
    global _light
    _light = name == "light"
    app.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, PANEL),
        (roles.WindowText, TEXT),
        (roles.Base, GROUND),
        (roles.AlternateBase, PANEL),
        (roles.Text, TEXT),
        (roles.Button, RAISED),
        (roles.ButtonText, TEXT),
        (roles.ToolTipBase, RAISED),
        (roles.ToolTipText, TEXT),
        (roles.PlaceholderText, DIM),
        (roles.Highlight, ACCENT),
        (roles.HighlightedText, GROUND),
        (roles.Link, ACCENT),
    ):
        palette.setColor(role, in_panel(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, in_panel(QColor("#6b6b6b")))
    app.setPalette(palette)
    here = Path(__file__).parent
    # a stylesheet's own paths count from the working folder
    sheet = (here / "theme.qss").read_text("utf-8")
    if _light:
        sheet = re.sub("#[0-9a-f]{6}", lambda found: LIGHT[found[0]], sheet)
    app.setStyleSheet(sheet.replace("@here@", here.as_posix()))
