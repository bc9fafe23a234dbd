"""The look: one stylesheet, one accent colour, neutral greys so that no colour beside the picture lies about it."""

from __future__ import annotations

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


def apply(app: QApplication) -> None:
    """Give the application its style, palette and stylesheet."""
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
        palette.setColor(role, colour)
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#6b6b6b"))
    app.setPalette(palette)
    here = Path(__file__).parent
    # a stylesheet's own paths count from the working folder
    app.setStyleSheet((here / "theme.qss").read_text("utf-8").replace("@here@", here.as_posix()))
