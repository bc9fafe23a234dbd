"""The picture: source, take, wipe, side by side or difference, at the exact frame of the playhead."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol

from keyfollow.errors import KeyfollowError
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..model import assets
from ..model.selection import Seen, fading
from ..model.state import Media, TakeRef
from ..model.work_edits import out_of_date
from . import theme
from .document import Document
from .error_words import said
from .pictures import Pictures, Want, still, want_of
from .proxies import PROXY, Proxies
from .take_store import TakeStore
from .timeline_paint import take_name

Mode = Literal["source", "take", "wipe", "side", "difference"]
MODES: tuple[Mode, ...] = ("source", "take", "wipe", "side", "difference")
AHEAD = 4
"""Frames decoded ahead of the playhead while playing."""
LARGEST = 16.0


class Tool(Protocol):
    """What takes the picture over: it draws it and gets mouse and pen, in pixels of the picture."""

    def paint(self, painter: QPainter, target: QRectF) -> None: ...
    def press(self, at: QPointF, pressure: float, modifiers: Qt.KeyboardModifier) -> None: ...
    def move(self, at: QPointF, pressure: float) -> None: ...
    def release(self) -> None: ...


class Viewer(QWidget):
    """Shows what the playhead is on. `mode_changed` with the new mode; `opened` when the empty view's example link is pressed.

    Drag the wipe's line to move it, the wheel over it with Shift to turn it. The wheel zooms, the middle button pans, a double click fits.
    """

    mode_changed = Signal(str)
    example_asked = Signal()
    dropped_changed = Signal(int)

    def __init__(self, document: Document, pictures: Pictures, takes: TakeStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._pictures, self._takes = document, pictures, takes
        self.setAccessibleName(self.tr("Viewer"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 180)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.mode: Mode = "take"
        self.playing = 0
        self._held = False
        self._zoom, self._pan = 0.0, QPointF()
        self._wipe, self._angle = QPointF(0.5, 0.5), 90.0
        self._dragging: Literal["", "wipe", "pan", "tool"] = ""
        self._mouse = QPointF()
        self._seen: Seen | None = None
        self._source: tuple[Want, QImage] | None = None
        self._take: tuple[Want, QImage] | None = None
        self._wanted: tuple[Want | None, Want | None] = (None, None)
        self._not_yet = False
        self._against = ""
        self.proxies: Proxies | None = None
        self._link = QRectF()
        self.dropped = 0
        self._shown_at: int | None = None
        self.message = ""
        self.tool: Tool | None = None
        self.overlays: list[Callable[[QPainter, QRectF], None]] = []
        """What is drawn over the picture, into the rectangle where it lies; not while a tool has it, or two stand side by side."""
        document.changed.connect(self.refresh)
        document.place_changed.connect(self.refresh)
        pictures.ready.connect(self._on_ready)
        pictures.failed.connect(self._on_failed)
        takes.changed.connect(self._on_take)

    # --- what to show ------------------------------------------------------------------------------------------------------

    def set_mode(self, mode: Mode) -> None:
        if mode != self.mode or self._against:
            self._against = ""
            self.mode = mode
            self.mode_changed.emit(mode)
            self.refresh()

    def compare(self, take: str) -> None:
        """See the shown take beside another one, until a mode is chosen by hand or another source comes into view."""
        self._against = take
        self.mode = "wipe"
        self.mode_changed.emit(self.mode)
        self.refresh()

    @property
    def against(self) -> TakeRef | None:
        """The take that stands in for the source in a comparison."""
        if not self._against or self._seen is None:
            return None
        return next((t for t in self._document.project.work_of(self._seen.clip.media).takes if t.id == self._against), None)

    def hold_source(self, held: bool) -> None:
        """Show the source while a key is held."""
        self._held = held
        self.update()

    def set_playing(self, speed: int) -> None:
        self.playing = speed
        if speed:
            self.dropped, self._shown_at = 0, None
            self.dropped_changed.emit(0)
        else:
            self.refresh()  # what stands still is the original, not the copy that played

    def turn_wipe(self, degrees: float) -> None:
        self._angle = (self._angle + degrees) % 360
        self.update()

    def refresh(self) -> None:
        """Ask for the pictures of the place that the playhead is on now."""
        self._seen = self._document.seen()
        self.message = ""
        wants = self._faded(self._fixed(self._wants(0)), 0)
        source, take = (wants[0], wants[1] if len(wants) > 1 else None) if wants else (None, None)
        self._wanted = (source, take)
        if source is None:
            self._source = self._take = None
        # a run that has made nothing yet has no folder to look into
        self._not_yet = len(wants) == 1 and self.mode != "source" and self._seen is not None and bool(self._seen.clip.take)
        for want in wants:
            if (image := self._pictures.get(want)) is not None:
                self._place(want, image)
        ahead = (
            [w for n in range(1, AHEAD + 1) for w in self._wants_ahead(n * (1 if self.playing > 0 else -1))]
            if self.playing
            else []
        )
        self._pictures.ask([*wants, *ahead])
        self.update()

    def _wants(self, ahead: int) -> list[Want]:
        """The source's picture and the take's, as far as the mode needs them, `ahead` frames further on."""
        seen = self._seen
        if seen is None or (media := self._document.project.media.get(seen.clip.media)) is None:
            return []
        frame = seen.frame + ahead
        if not 0 <= frame < media.frames:
            return []
        ratio = self.devicePixelRatioF()
        halves = 2 if self.mode == "side" else 1
        size = (0, 0) if self._zoom > self._fit() else (round(self.width() * ratio / halves), round(self.height() * ratio))
        source = self._light(media, frame, size) or want_of(media, frame, size=size)
        if self.mode == "source":
            return [source]
        if (other := self.against) is not None:
            folders = (self._takes.folder(other.id), self._takes.folder(seen.clip.take))
            return [want_of(media, frame, folder, size) for folder in folders]
        edited = self._keyframe(seen, media, frame)
        if edited is not None:
            return [source, still(edited, size, media)]
        if (light := self._light(media, frame, size, seen.clip.take)) is not None:
            return [source, light]
        folder = self._takes.folder(seen.clip.take)
        return [source, want_of(media, frame, folder, size)] if folder else [source]

    def _wants_ahead(self, ahead: int) -> list[Want]:
        return self._faded(self._wants(ahead), ahead)

    def _faded(self, wants: list[Want], ahead: int) -> list[Want]:
        """With the clip that the one under the playhead comes out of, `ahead` frames further on; two takes are compared without it."""
        project = self._document.project
        fade = fading(project, self._document.place.playhead + ahead) if wants and not self._against else None
        if fade is None or (media := project.media.get(fade.under.clip.media)) is None:
            return wants
        folders = ("", self._takes.folder(fade.under.clip.take))
        if len(wants) == 1 and self.mode != "source" and folders[1]:
            wants = [wants[0], wants[0]]  # the take is the other clip's
        return [
            replace(want, under=want_of(media, fade.under.frame, folder, want.size), share=fade.share)
            for want, folder in zip(wants, folders, strict=False)
        ]

    def _light(self, media: Media, frame: int, size: tuple[int, int], take: str = "") -> Want | None:
        """The same frame of a copy made for playing; None while nothing plays, and where there is none."""
        if not self.playing or self.proxies is None:
            return None
        ref = next((t for t in self._document.project.work_of(media.id).takes if t.id == take), None)
        if take and (ref is None or not ref.start <= frame < ref.stop):
            return None
        if any(r.frame == frame for r in self._document.project.work_of(media.id).retouches):
            return None  # retouches lie over the original
        path = self.proxies.find(media, ref)
        if path is None:
            return None
        return replace(want_of(media, frame - (ref.start if ref else 0), size=size), path=str(path), rate=None)

    @property
    def proxied(self) -> bool:
        """Whether what is shown is a copy made for playing."""
        return self._wanted[0] is not None and self._seen is not None and self._wanted[0].path.endswith(PROXY)

    def _fixed(self, wants: list[Want]) -> list[Want]:
        """With the retouch of the frame under the playhead, where it has one."""
        seen = self._seen
        if seen is None or not wants or self.mode == "source":
            return wants
        fix = next((r for r in self._document.project.work_of(seen.clip.media).retouches if r.frame == seen.frame), None)
        if fix is None:
            return wants
        try:
            path = assets.picture(self._document.folder, "keyframes", fix.image)
        except KeyfollowError:
            return wants
        return [wants[0], replace(wants[-1], fix=str(path))]

    def _keyframe(self, seen: Seen, media: Media, frame: int) -> Path | None:
        """The edited picture of a frame, as long as no take that is up to date shows it."""
        project = self._document.project
        work = project.work_of(media.id)
        keyframe = next((k for k in work.keyframes if k.frame == frame), None)
        take = next((t for t in work.takes if t.id == seen.clip.take), None)
        if keyframe is None or (take is not None and not out_of_date(project, media.id, take)):
            return None
        try:
            return assets.picture(self._document.folder, "keyframes", keyframe.image)
        except KeyfollowError:
            return None

    def _place(self, want: Want, image: QImage) -> None:
        if want == self._wanted[0]:
            self._source = (want, image)
            # counted on the timeline: a source jumps from clip to clip, and back where playing begins anew
            at = self._document.place.playhead
            if self.playing and self._shown_at is not None:
                missed = (at - self._shown_at) * (1 if self.playing > 0 else -1) - abs(self.playing)
                if missed > 0:
                    self.dropped += missed
                    self.dropped_changed.emit(self.dropped)
            self._shown_at = at
        elif want == self._wanted[1]:
            self._take = (want, image)

    def _on_ready(self, want: Want, image: QImage | None) -> None:
        if want not in self._wanted:
            return
        if image is None:
            self._not_yet = True
        else:
            self._place(want, image)
        self.update()

    def _on_failed(self, want: Want, error: Exception) -> None:
        if want in self._wanted:
            self.message = said(error) if isinstance(error, KeyfollowError) else str(error)
            self.update()

    def _on_take(self, take: str) -> None:
        """A frame arrived: if it is the one looked at, show it."""
        if self._seen is not None and self._seen.clip.take == take:
            wanted = self._wanted[1]
            if wanted is None or self._not_yet or wanted.take != self._takes.folder(take):
                self.refresh()

    @property
    def shown(self) -> tuple[Want | None, Want | None]:
        """What is on the screen now: the source's want and the take's; None for what is not (yet)."""
        source = self._source[0] if self._source and self._source[0] == self._wanted[0] else None
        take = self._take[0] if self._take and self._take[0] == self._wanted[1] else None
        return source, take

    def set_tool(self, tool: Tool | None) -> None:
        """Hand the picture over, or take it back with None. Zoom and pan stay as they are."""
        if tool is not self.tool:
            self.tool = tool
            self.setCursor(Qt.CursorShape.CrossCursor) if tool is not None else self.unsetCursor()
            self.refresh()

    # --- geometry ----------------------------------------------------------------------------------------------------------

    def _fit(self) -> float:
        """Widget pixels per source pixel at which the picture just fits; never above 1."""
        if (media := self._media) is None:
            return 1.0
        width = self.width() / (2 if self.mode == "side" and self.tool is None else 1)
        return min(width / max(1, media.width), self.height() / max(1, media.height))

    def _target(self, image: QImage, area: QRectF) -> QRectF:
        media = self._media
        size = QSizeF(media.width, media.height) if media and media.width else QSizeF(image.width(), image.height())
        scale = self._zoom or self._fit()
        size *= scale
        centre = area.center() + (self._pan if self._zoom else QPointF())
        return QRectF(centre.x() - size.width() / 2, centre.y() - size.height() / 2, size.width(), size.height())

    def picture(self) -> QRectF:
        """Where the source's picture lies on the widget, as it does while a tool has it."""
        return self._target(QImage(), QRectF(self.rect()))

    def to_picture(self, at: QPointF) -> QPointF:
        """A point of the widget in pixels of the picture."""
        area, media = self.picture(), self._media
        scale = area.width() / media.width if media is not None and media.width else 1.0
        return (at - area.topLeft()) / (scale or 1.0)

    def update_picture(self, rect: QRect) -> None:
        """Draw a part of the picture anew, given in its pixels."""
        area, media = self.picture(), self._media
        scale = area.width() / media.width if media is not None and media.width else 1.0
        part = QRectF(area.topLeft() + QPointF(rect.topLeft()) * scale, QSizeF(rect.size()) * scale)
        self.update(part.toAlignedRect().adjusted(-2, -2, 2, 2))

    @property
    def _media(self) -> Media | None:
        return None if self._seen is None else self._document.project.media.get(self._seen.clip.media)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom, the point `at` held in place; back to fitting when it would become smaller than that."""
        old = self._zoom or self._fit()
        new = min(LARGEST, old * factor)
        if new <= self._fit():
            self._zoom, self._pan = 0.0, QPointF()
        else:
            off = (at or QRectF(self.rect()).center()) - QRectF(self.rect()).center()
            self._pan = off - (off - (self._pan if self._zoom else QPointF())) * (new / old)
            self._zoom = new
        self.refresh()

    def fit(self) -> None:
        self._zoom, self._pan = 0.0, QPointF()
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.refresh()

    # --- painting ----------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.GROUND)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, (self._zoom or 1) < 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._document.project.media:
            self._paint_empty(painter)
        elif self.message:
            self._say(painter, self.message)
        elif self.tool is not None:
            painter.setClipRect(event.rect())
            self.tool.paint(painter, self.picture())
        elif self._source is not None:
            self._paint_pictures(painter, self._source[1])
            if self.mode != "side" and not self._held:
                for overlay in self.overlays:
                    overlay(painter, self.picture())

    def _paint_pictures(self, painter: QPainter, source: QImage) -> None:
        area = QRectF(self.rect())
        take = self._take[1] if self._take is not None and self._take[0] == self._wanted[1] else None
        if self._held or self.mode == "source" or take is None:
            self._picture(painter, source, self._target(source, area))
            if self._not_yet and not self._held and self.mode != "source":
                self._corner(painter, self.tr("Not yet"), Qt.AlignmentFlag.AlignRight)
            elif self._held:
                self._corner(painter, self.tr("Source"), Qt.AlignmentFlag.AlignLeft)
        elif self.mode == "take":
            self._picture(painter, take, self._target(take, area))
            if self._wanted[1] is not None and self._wanted[1].frame is None:
                self._corner(painter, self.tr("Edit keyframe"), Qt.AlignmentFlag.AlignRight)
        elif self.mode == "side":
            half = QRectF(area.left(), area.top(), area.width() / 2 - 2, area.height())
            other = half.translated(area.width() / 2 + 2, 0)
            for part, image in ((half, source), (other, take)):
                painter.save()
                painter.setClipRect(part)
                self._picture(painter, image, self._target(image, part))
                painter.restore()
            self._name_sides(painter)
        elif self.mode == "difference":
            # in whole pixels: at an edge that falls within one, what lies behind would count as a difference
            target = QRectF(self._target(take, area).toRect())
            self._picture(painter, source, target)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
            self._picture(painter, take, target)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        else:
            self._paint_wipe(painter, source, take, area)

    def _paint_wipe(self, painter: QPainter, source: QImage, take: QImage, area: QRectF) -> None:
        target = self._target(take, area)
        self._picture(painter, source, target)
        through, along = self._wipe_line(target)
        reach = area.width() + area.height()
        side = QPointF(-along.y(), along.x()) * reach
        ends = (through - along * reach, through + along * reach)
        painter.save()
        clip = QPolygonF([ends[0], ends[1], ends[1] - side, ends[0] - side])
        path = QPainterPath()
        path.addPolygon(clip)
        painter.setClipPath(path)
        self._picture(painter, take, target)
        painter.restore()
        painter.setPen(QPen(QColor(0, 0, 0, 120), 3))
        painter.drawLine(*ends)
        painter.setPen(QPen(QColor(255, 255, 255, 220), 1))
        painter.drawLine(*ends)
        painter.setBrush(QColor(255, 255, 255, 230))
        painter.drawEllipse(through, 5, 5)
        self._name_sides(painter)

    def _wipe_line(self, target: QRectF) -> tuple[QPointF, QPointF]:
        """A point on the line, and its direction."""
        through = target.topLeft() + QPointF(self._wipe.x() * target.width(), self._wipe.y() * target.height())
        angle = math.radians(self._angle)
        return through, QPointF(math.cos(angle), math.sin(angle))

    def _picture(self, painter: QPainter, image: QImage, target: QRectF) -> None:
        painter.drawImage(target, image, QRectF(image.rect()))

    def _name_sides(self, painter: QPainter) -> None:
        take_first = self.mode == "wipe" and math.sin(math.radians(self._angle)) < 0
        edited = self._wanted[1] is not None and self._wanted[1].frame is None
        names = (self.tr("Source"), self.tr("Edit keyframe") if edited else self.tr("Take"))
        if (other := self.against) is not None and self._seen is not None:
            takes = self._document.project.work_of(self._seen.clip.media).takes
            names = (take_name(other), next((take_name(t) for t in takes if t.id == self._seen.clip.take), self.tr("Source")))
        names = names[::-1] if take_first else names
        self._corner(painter, names[0], Qt.AlignmentFlag.AlignLeft)
        self._corner(painter, names[1], Qt.AlignmentFlag.AlignRight)

    def _corner(self, painter: QPainter, text: str, side: Qt.AlignmentFlag) -> None:
        width = painter.fontMetrics().horizontalAdvance(text) + 16
        left = 12 if side == Qt.AlignmentFlag.AlignLeft else self.width() - width - 12
        box = QRectF(left, 12, width, painter.fontMetrics().height() + 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QColor("#f0f0f0"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_empty(self, painter: QPainter) -> None:
        font = painter.font()
        font.setPixelSize(20)
        painter.setFont(font)
        before, link = self.tr("Drop a clip, or "), self.tr("open the example")
        measure = painter.fontMetrics()
        whole = measure.horizontalAdvance(before + link)
        left, base = (self.width() - whole) / 2, self.height() / 2
        painter.setPen(theme.DIM)
        painter.drawText(QPointF(left, base), before)
        start = left + measure.horizontalAdvance(before)
        font.setUnderline(True)
        painter.setFont(font)
        painter.setPen(theme.TEXT)
        painter.drawText(QPointF(start, base), link)
        self._link = QRectF(start, base - measure.ascent(), measure.horizontalAdvance(link), measure.height())

    def _say(self, painter: QPainter, text: str) -> None:
        painter.setPen(theme.DIM)
        box = self.rect().adjusted(40, 40, -40, -40)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)

    # --- mouse -------------------------------------------------------------------------------------------------------------

    def _near_wipe(self, at: QPointF) -> bool:
        if self.mode != "wipe" or self._take is None:
            return False
        through, along = self._wipe_line(self._target(self._take[1], QRectF(self.rect())))
        off = at - through
        return abs(off.x() * -along.y() + off.y() * along.x()) < 8

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._mouse = at
        if not self._document.project.media and self._link.adjusted(-4, -4, 4, 4).contains(at):
            self.example_asked.emit()
        elif event.button() == Qt.MouseButton.LeftButton and self.tool is not None:
            self._dragging = "tool"
            self.tool.press(self.to_picture(at), 1.0, event.modifiers())
        elif event.button() == Qt.MouseButton.LeftButton and self._near_wipe(at):
            self._dragging = "wipe"
        elif event.button() == Qt.MouseButton.MiddleButton or (event.button() == Qt.MouseButton.LeftButton and self._zoom):
            self._dragging = "pan"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self.tool is not None and self._dragging != "pan":
            self.tool.move(self.to_picture(at), 1.0)
        elif self._dragging == "wipe" and self._take is not None:
            target = self._target(self._take[1], QRectF(self.rect()))
            inside = at - target.topLeft()
            self._wipe = QPointF(
                min(max(inside.x() / target.width(), 0.0), 1.0), min(max(inside.y() / target.height(), 0.0), 1.0)
            )
            self.update()
        elif self._dragging == "pan":
            self._pan += at - self._mouse
            self.update()
        elif not self._document.project.media and self._link.contains(at):
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif self._near_wipe(at):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.unsetCursor()
        self._mouse = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.tool is not None and self._dragging == "tool":
            self.tool.release()
        self._dragging = ""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool is not None:
            self.mousePressEvent(event)
        else:
            self.fit()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen: as the mouse, with pressure. Ignored without a tool: Qt then makes mouse events of it."""
        if self.tool is None:
            event.ignore()
            return
        at = self.to_picture(event.position())
        kind = event.type()
        if kind == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton:
            self.tool.press(at, event.pressure(), event.modifiers())
        elif kind == QEvent.Type.TabletRelease:
            self.tool.release()
        else:
            self.tool.move(at, event.pressure())
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self.mode == "wipe":
            self.turn_wipe(notches * 5)
        else:
            self.zoom_by(1.15**notches, event.position())
