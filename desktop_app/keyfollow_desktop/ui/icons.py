"""The few pictures on buttons, drawn when they are shown: sharp at every scale, in the colours of the theme that is on."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPainterPath, QPalette, QPen, QPixmap

Name = Literal["play", "pause", "start", "end", "previous", "next", "loop", "shown", "hidden", "close"]
SIDE = 16.0


class _Engine(QIconEngine):
    def __init__(self, name: Name) -> None:
        super().__init__()
        self._name = name

    def iconName(self) -> str:
        return self._name

    def clone(self) -> QIconEngine:
        return _Engine(self._name)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.topLeft())
        painter.scale(rect.width() / SIDE, rect.height() / SIDE)
        palette = QGuiApplication.palette()
        group = QPalette.ColorGroup.Disabled if mode == QIcon.Mode.Disabled else QPalette.ColorGroup.Active
        role = QPalette.ColorRole.Highlight if state == QIcon.State.On else QPalette.ColorRole.ButtonText
        colour = palette.color(group, role)
        if self._name in ("loop", "shown", "hidden", "close"):
            painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            _lines(painter, self._name, colour)
        else:
            painter.setPen(QPen(colour, 1, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.setBrush(colour)
            painter.drawPath(_shape(self._name))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, made.rect(), mode, state)
        painter.end()
        return made


def icon(name: Name) -> QIcon:
    """One of the pictures; what is switched on has the accent's colour."""
    return QIcon(_Engine(name))


def _shape(name: Name) -> QPainterPath:
    path = QPainterPath()
    if name == "play":
        _triangle(path, (4.5, 3), (13, 8), (4.5, 13))
    elif name == "pause":
        path.addRect(QRectF(4, 3, 2.5, 10))
        path.addRect(QRectF(9.5, 3, 2.5, 10))
    elif name in ("start", "end"):
        path.addRect(QRectF(3, 3.5, 1, 9))
        _triangle(path, (12.5, 3.5), (12.5, 12.5), (6, 8))
    else:
        _triangle(path, (8.5, 4), (8.5, 12), (3, 8))
        path.addRect(QRectF(11.5, 4, 1, 8))
    if name in ("end", "next"):
        mirrored = QPainterPath(path)
        mirrored.clear()
        for n in range(path.elementCount()):
            at = path.elementAt(n)
            point = QPointF(SIDE - at.x, at.y)
            mirrored.moveTo(point) if at.isMoveTo() else mirrored.lineTo(point)
        return mirrored
    return path


def _triangle(path: QPainterPath, *corners: tuple[float, float]) -> None:
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.closeSubpath()


def _lines(painter: QPainter, name: Name, colour: QColor) -> None:
    if name == "loop":
        painter.drawArc(QRectF(3, 3.5, 10, 9.5), 60 * 16, 300 * 16)
        head = QPainterPath()
        _triangle(head, (9.8, 1.6), (13.4, 4.2), (9.4, 6))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPath(head)
    elif name == "close":
        painter.drawLine(QPointF(4, 4), QPointF(12, 12))
        painter.drawLine(QPointF(12, 4), QPointF(4, 12))
    else:
        lid = QPainterPath(QPointF(1.5, 8))
        lid.quadTo(8, 1, 14.5, 8)
        lid.quadTo(8, 15, 1.5, 8)
        painter.drawPath(lid)
        if name == "shown":
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(8, 8), 1.8, 1.8)
        else:
            painter.drawLine(QPointF(3, 13.5), QPointF(13, 2.5))
