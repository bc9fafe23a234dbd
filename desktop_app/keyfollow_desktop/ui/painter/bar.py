"""The painter's own controls: above the picture what is painted and the brush, beside it tools, colour and layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QColorDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..icons import icon
from ..parts import label, primary, tool
from .session import LARGEST, Session, ToolName

if TYPE_CHECKING:
    from .canvas import Plane

LAYERS: tuple[Plane, ...] = ("mask", "edit")
"""From the topmost down; the source lies below them."""


class PainterBar(QFrame):
    """The rows above the picture. Hidden while nothing is painted. `import_asked` and `paste_asked` are called by its buttons."""

    def __init__(
        self,
        session: Session,
        import_asked: Callable[[], object],
        paste_asked: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Painter"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(6)
        self.title = label("", "dim")
        first.addWidget(self.title)
        first.addStretch(1)
        for text, name, slot in (
            (self.tr("Import…"), self.tr("Lay a picture on the edit layer"), import_asked),
            (self.tr("Paste"), self.tr("Lay the clipboard's picture on the edit layer (Ctrl+V)"), paste_asked),
            (self.tr("Clear layer"), self.tr("Empty the layer that is painted on"), session.clear),
        ):
            first.addWidget(self._flat(text, name, slot))
        self.undo = self._flat("↶", self.tr("Undo (Ctrl+Z)"), session.undo)
        self.redo = self._flat("↷", self.tr("Redo (Ctrl+Shift+Z)"), session.redo)
        first.addWidget(self.undo)
        first.addWidget(self.redo)
        first.addSpacing(8)
        self.cancel = QPushButton(self.tr("Discard"))
        self.cancel.setToolTip(self.tr("Close and forget what was painted since the painter was opened"))
        self.cancel.clicked.connect(lambda _=False: session.cancel())
        self.done = primary(self.tr("Done  ⏎"))
        self.done.setToolTip(self.tr("Keep what was painted (Enter)"))
        self.done.clicked.connect(lambda _=False: session.finish())
        first.addWidget(self.cancel)
        first.addWidget(self.done)
        column.addLayout(first)
        second.setSpacing(8)
        # sizes are chosen by ratio: a step from 4 to 5 px matters as much as one from 400 to 500
        self.size_slider = self._slider(second, self.tr("Size"), self.tr("Brush size ([ and ])"), self._set_size)
        self.hardness = self._slider(
            second, self.tr("Hardness"), self.tr("Hardness of the brush's edge"), self._set("hardness")
        )
        self.tolerance = self._slider(
            second, self.tr("Tolerance"), self.tr("How unlike a colour the fill takes"), self._set("tolerance")
        )
        self.opacity = self._slider(second, self.tr("Opacity"), self.tr("Opacity of a stroke"), self._set("opacity"))
        self.help = label("", "dim")
        self.help.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        second.addWidget(self.help, 1)
        column.addLayout(second)
        session.changed.connect(self.refresh)
        self.refresh()

    def _flat(self, text: str, name: str, slot: Callable[[], object]) -> QToolButton:
        button = tool(text, name)
        button.clicked.connect(lambda _=False: slot())
        return button

    def _slider(self, row: QHBoxLayout, text: str, name: str, slot: Callable[[int], None]) -> QSlider:
        box = QWidget()
        inside = QHBoxLayout(box)
        inside.setContentsMargins(0, 0, 12, 0)
        inside.setSpacing(8)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, 100)
        slider.setFixedWidth(96)
        slider.setAccessibleName(name)
        slider.setToolTip(name)
        slider.valueChanged.connect(slot)
        value = label("")
        value.setFixedWidth(48)
        inside.addWidget(label(text, "dim"))
        inside.addWidget(slider)
        inside.addWidget(value)
        slider.setProperty("value label", value)
        slider.setProperty("box", box)
        row.addWidget(box)
        return slider

    def _set_size(self, place: int) -> None:
        self._session.set_brush(size=float(round(LARGEST ** (place / 100))))

    def _set(self, name: str) -> Callable[[int], None]:
        return lambda place: self._session.set_brush(**{name: place / 100})

    def refresh(self) -> None:
        session = self._session
        canvas = session.canvas
        self.setVisible(canvas is not None or session.busy)
        if canvas is None:
            self.title.setText(self.tr("Opening the frame…"))
            return
        brush = session.brush
        self.title.setText(self._title())
        self.undo.setEnabled(canvas.can_undo and not session.busy)
        self.redo.setEnabled(canvas.can_redo and not session.busy)
        draws = session.tool in ("brush", "eraser", "clone")
        for slider, shown, place, text in (
            (self.size_slider, draws, round(100 * math.log(max(1.0, brush.size)) / math.log(LARGEST)), f"{brush.size:.0f} px"),
            (self.hardness, draws, round(100 * brush.hardness), f"{brush.hardness:.0%}"),
            (self.tolerance, session.tool == "fill", round(100 * brush.tolerance), f"{brush.tolerance:.0%}"),
            (self.opacity, session.tool != "pick", round(100 * brush.opacity), f"{brush.opacity:.0%}"),
        ):
            with QSignalBlocker(slider):
                slider.setValue(place)
            slider.property("value label").setText(text)
            slider.property("box").setVisible(shown)
        help_ = {
            "brush": self.tr("Alt: pick a colour"),
            "eraser": self.tr("The source comes back"),
            "clone": self.tr("Alt+click where to copy from, then paint"),
            "fill": self.tr("Click an area of one colour"),
            "pick": self.tr("Click a colour"),
        }
        self.help.setText(self.tr("Working…") if session.busy else help_[session.tool])

    def _title(self) -> str:
        words = {
            "keyframe": self.tr("Painting frame {0}"),
            "retouch": self.tr("Fixing frame {0} only"),
            "mask": self.tr("Painting a mask on frame {0}"),
        }
        return words[self._session.about or "keyframe"].format(self._session.frame)


class PainterStrip(QFrame):
    """Tools, colour and layers, left of the picture."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Painting tools"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(2)
        self._group = QButtonGroup(self)
        tools: tuple[tuple[ToolName, str, str], ...] = (
            ("brush", self.tr("Brush"), "B"),
            ("eraser", self.tr("Eraser"), "X"),
            ("clone", self.tr("Clone"), "C"),
            ("fill", self.tr("Fill"), "G"),
            ("pick", self.tr("Pick colour"), "P"),
        )
        self.tools = {}
        for name, text, key in tools:
            button = _entry(text, f"{text} ({key})")
            button.clicked.connect(lambda _=False, n=name: session.choose(n))
            self._group.addButton(button)
            self.tools[name] = button
            column.addWidget(button)
        self.swatch = QPushButton()
        self.swatch.setAccessibleName(self.tr("Colour"))
        self.swatch.setToolTip(self.tr("The brush's colour"))
        self.swatch.clicked.connect(self._choose_colour)
        column.addSpacing(6)
        column.addWidget(self.swatch)
        column.addSpacing(6)
        column.addWidget(label(self.tr("Layers"), "heading"))
        grid = QGridLayout()
        grid.setSpacing(2)
        grid.setColumnStretch(1, 1)
        names = {"mask": self.tr("Mask"), "edit": self.tr("Edit")}
        self._planes = QButtonGroup(self)
        self.layers = {}
        self.eyes = {}
        for row, plane in enumerate(LAYERS):
            eye = tool("", self.tr("Show or hide the layer {0}").format(names[plane]), checkable=True)
            eye.setIconSize(QSize(16, 16))
            eye.clicked.connect(lambda on, p=plane: session.show(**{p: on}))
            pick = _entry(names[plane], self.tr("Paint on the layer {0} (M changes)").format(names[plane]))
            pick.clicked.connect(lambda _=False, p=plane: self._paint_on(p))
            self._planes.addButton(pick)
            grid.addWidget(eye, row, 0)
            grid.addWidget(pick, row, 1)
            self.layers[plane], self.eyes[plane] = pick, eye
        source = label(self.tr("Source"), "dim", tip=self.tr("The source lies below and stays as it is"))
        source.setContentsMargins(9, 6, 0, 6)
        grid.addWidget(source, len(LAYERS), 1)
        column.addLayout(grid)
        column.addStretch(1)
        session.changed.connect(self.refresh)
        self.refresh()

    def _paint_on(self, plane: Plane) -> None:
        # clone and picker have nothing to do on a mask
        self._session.choose(self._session.tool if self._session.tool in ("brush", "eraser", "fill") else "brush", plane)

    def _choose_colour(self) -> None:
        dialog = QColorDialog(self._session.colour, self.window())
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(self._session.set_colour)
        dialog.open()

    def refresh(self) -> None:
        session = self._session
        self.setVisible(session.canvas is not None)
        if session.canvas is None:
            return
        self.tools[session.tool].setChecked(True)
        self.layers[session.plane].setChecked(True)
        for eye, shown in ((self.eyes["edit"], session.canvas.show_edit), (self.eyes["mask"], session.canvas.show_mask)):
            eye.setChecked(shown)
            eye.setIcon(icon("shown" if shown else "hidden"))
        # a mask's strokes have no colour, and a mask session nothing but its mask
        on_picture = session.plane == "edit"
        self.swatch.setEnabled(on_picture)
        for name in ("clone", "pick"):
            self.tools[name].setEnabled(session.about != "mask")
        self.layers["edit"].setEnabled(session.about != "mask")
        self.swatch.setIcon(_filled(session.colour if on_picture else QColor("#5a5a5a")))
        self.swatch.setText(f" {session.colour.name()}" if on_picture else "")


def _entry(text: str, name: str) -> QPushButton:
    """One of a column of buttons of which one is chosen."""
    made = QPushButton(text)
    made.setCheckable(True)
    made.setObjectName("entry")
    made.setToolTip(name)
    return made


def _filled(colour: QColor) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.fill(colour)
    return QIcon(pixmap)
