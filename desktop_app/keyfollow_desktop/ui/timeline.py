"""The timeline: what it does with mouse and wheel. `timeline_paint` draws it, `timeline_scale` knows where things are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from keyfollow.errors import KeyfollowError
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from ..model import timeline_edits, work_edits
from ..model.ranges import record_frame, source_frame
from ..model.state import Project
from .bin import MIME
from .document import Document
from .pictures import Pictures
from .prepared import Prepared
from .take_store import TakeStore
from .timeline_paint import Painter
from .timeline_scale import GAP, HANDLE, HEAD, KEYS, RULER, Hit, Row, Scale, rows
from .waveforms import Waveforms

SNAP = 8
"""Pixels within which an edge jumps to another one."""
Doing = Literal["", "scrub", "move", "trim start", "trim stop", "slip", "cut"]


@dataclass(slots=True)
class _Drag:
    """What the mouse holds: the project as it was when it was pressed is what every step of a drag starts from."""

    doing: Doing
    project: Project
    at: QPointF
    hit: Hit | None = None
    moved: bool = False
    cut: int = 0
    """The source frame at which the shot begins whose boundary is held."""


class Timeline(QAbstractScrollArea):
    """Tracks, clips, markers and the playhead. `media_dropped` with a media id, the record frame and the track's id ("" for a new one).

    `files_dropped` with paths and a record frame.
    """

    media_dropped = Signal(str, int, str)
    files_dropped = Signal(list, int)

    def __init__(self, document: Document, thumbnails: Pictures, takes: TakeStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.setAccessibleName(self.tr("Timeline"))
        self.setFrameStyle(0)
        self.setAcceptDrops(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.scale = Scale()
        self.snapping = True
        self._fitted = True
        self._rows: list[Row] = rows(document.project)
        self._drag: _Drag | None = None
        self._gestures = 0
        self._snapped: int | None = None
        self._known = 0
        self._still = QPixmap()
        self._still_shows: tuple[object, ...] = ()
        """All but the playhead as it was drawn last, and what that shows: while playing only the playhead moves."""
        self._painter = Painter(document, thumbnails, takes)
        document.changed.connect(self._on_changed)
        document.place_changed.connect(self._on_place)
        takes.changed.connect(self._repaint)
        thumbnails.ready.connect(self._repaint)
        self.horizontalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().valueChanged.connect(lambda _: self.viewport().update())

    def show_prepared(self, prepared: Prepared) -> None:
        """Draw what is prepared, as `prepared` knows it."""
        self._painter.prepared = prepared
        prepared.changed.connect(self._repaint)

    def sizeHint(self) -> QSize:
        return QSize(900, 300)

    def show_sound(self, waveforms: Waveforms) -> None:
        """Draw these on the clips."""
        self._painter.waveforms = waveforms
        waveforms.changed.connect(self._repaint)

    # --- view --------------------------------------------------------------------------------------------------------------

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Zoom around a point of the widget, around the playhead without one."""
        self._fitted = False
        length = self._document.project.timeline.length
        least = min(1.0, self.scale.fitted(length, self.viewport().width()).pixels)
        x = self.scale.x(self._document.place.playhead) if at is None else at
        self._set_scale(self.scale.zoomed(factor, min(max(x, HEAD), self.viewport().width()), least))

    def fit(self) -> None:
        """Show all of the timeline, and go on doing so when it grows."""
        self._fitted = True
        self._set_scale(self.scale.fitted(self._document.project.timeline.length, self.viewport().width()))

    def _set_scale(self, scale: Scale) -> None:
        self.scale = scale
        self._update_bars()
        self.viewport().update()

    def _update_bars(self) -> None:
        width, height = self.viewport().width() - HEAD, self.viewport().height() - RULER
        whole = int(self._document.project.timeline.length * self.scale.pixels) + (24 if self._fitted else width // 3)
        for bar, inside, page, value in (
            (self.horizontalScrollBar(), whole, width, round(self.scale.left * self.scale.pixels)),
            (self.verticalScrollBar(), self._rows[-1].top + self._rows[-1].height + GAP if self._rows else 0, height, None),
        ):
            bar.blockSignals(True)
            bar.setRange(0, max(0, inside - page))
            bar.setPageStep(page)
            bar.setSingleStep(40)
            if value is not None:
                bar.setValue(value)
            bar.blockSignals(False)

    def _on_scrolled(self, value: int) -> None:
        self.scale = Scale(self.scale.pixels, value / self.scale.pixels)
        self.viewport().update()

    def _on_changed(self, project: Project) -> None:
        self._rows = rows(project)
        if self._fitted:
            self.fit()
        else:
            self._set_scale(self.scale)

    def _repaint(self) -> None:
        """More is known of what is drawn."""
        self._known += 1
        self.viewport().update()

    def _on_place(self) -> None:
        at = self.scale.x(self._document.place.playhead)
        if not self._fitted and self._drag is None and not HEAD <= at <= self.viewport().width():
            self._set_scale(Scale(self.scale.pixels, max(0.0, self._document.place.playhead - 40 / self.scale.pixels)))
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self.fit()
        self._update_bars()

    def paintEvent(self, event: QPaintEvent) -> None:
        view = self.viewport()
        scrolled = self.verticalScrollBar().value()
        shown = (
            self._document.project,
            self._document.place.clips,
            self.scale,
            scrolled,
            self._snapped,
            self.hasFocus(),
            view.size(),
            view.devicePixelRatioF(),
            self._known,
        )
        if shown != self._still_shows:
            self._still = QPixmap(view.size() * view.devicePixelRatioF())
            self._still.setDevicePixelRatio(view.devicePixelRatioF())
            painter = QPainter(self._still)
            self._painter.paint(painter, view, self.scale, self._rows, scrolled, self._snapped, self.hasFocus())
            painter.end()
            self._still_shows = shown
        painter = QPainter(view)
        painter.drawPixmap(0, 0, self._still)
        if self._rows:
            self._painter.paint_playhead(painter, view, self.scale)
        painter.end()

    # --- mouse -------------------------------------------------------------------------------------------------------------

    def _row_at(self, y: float) -> Row | None:
        below = y - RULER + self.verticalScrollBar().value()
        return next((r for r in self._rows if r.top <= below < r.top + r.height), None)

    def hit(self, at: QPointF) -> Hit | None:
        """The clip at a point of the viewport."""
        row = self._row_at(at.y())
        if row is None or at.y() < RULER or at.x() < HEAD:
            return None
        y = at.y() - RULER + self.verticalScrollBar().value()
        inside = row.strip_top <= y < row.strip_top + row.strip_height
        return self.scale.hit(row, at.x()) if inside else None

    def _keyframe_at(self, at: QPointF) -> int | None:
        """The record frame of the edit keyframe whose diamond is at a point."""
        row = self._row_at(at.y())
        if row is None or row.track.kind != "video" or at.x() < HEAD:
            return None
        if at.y() - RULER + self.verticalScrollBar().value() >= row.top + KEYS:
            return None
        project = self._document.project
        for clip in self.scale.shown(row.track, self.viewport().width()):
            for keyframe in project.work_of(clip.media).keyframes:
                frame = record_frame(clip, project.source(clip.media), project.timeline, keyframe.frame)
                if frame is not None and abs(self.scale.x(frame + 0.5) - at.x()) < 12:
                    return frame
        return None

    def _boundary_at(self, at: QPointF) -> tuple[Hit, int] | None:
        """The clip and the source frame of the shot boundary whose handle, above the clip, is at a point."""
        row = self._row_at(at.y())
        if row is None or row.track.kind != "video" or at.x() < HEAD:
            return None
        if not row.strip_top - HANDLE <= at.y() - RULER + self.verticalScrollBar().value() < row.strip_top:
            return None
        project = self._document.project
        for clip in self.scale.shown(row.track, self.viewport().width()):
            for cut in project.work_of(clip.media).cuts:
                frame = record_frame(clip, project.source(clip.media), project.timeline, cut)
                if frame is not None and abs(self.scale.x(frame) - at.x()) <= HANDLE / 2:
                    return Hit(row.track, clip, "body"), cut
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.position()
        project = self._document.project
        if at.x() < HEAD:
            self._press_head(at)
            return
        boundary = self._boundary_at(at)
        if boundary is not None:
            self._gestures += 1
            self._drag = _Drag("cut", project, at, boundary[0], cut=boundary[1])
            return
        keyframe = self._keyframe_at(at)
        if keyframe is not None:
            self._document.go(keyframe)
            return
        hit = self.hit(at)
        if hit is None:
            if at.y() > RULER:
                self._document.select(frozenset())
            self._drag = _Drag("scrub", project, at)
            self._document.go(self.scale.frame(at.x()))
            return
        more = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        chosen = self._document.place.clips
        if more:
            self._document.select(chosen ^ {hit.clip.id})
        elif hit.clip.id not in chosen:
            self._document.select(frozenset({hit.clip.id}))
        slipping = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        part: Doing = {"body": "move", "start": "trim start", "stop": "trim stop"}[hit.part]  # type: ignore[assignment]
        self._gestures += 1
        self._drag = _Drag("slip" if slipping else part, project, at, hit)

    def _press_head(self, at: QPointF) -> None:
        """The track's name: its left half mutes, its right half locks."""
        row = self._row_at(at.y())
        if row is None:
            return
        track = row.track
        if at.x() < HEAD / 2:
            label = self.tr("Show track") if track.muted else self.tr("Hide track")
            self._document.edit(label, lambda p: timeline_edits.set_track(p, track.id, muted=not track.muted))
        else:
            label = self.tr("Unlock track") if track.locked else self.tr("Lock track")
            self._document.edit(label, lambda p: timeline_edits.set_track(p, track.id, locked=not track.locked))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        drag = self._drag
        if drag is None:
            hit = self.hit(at)
            trims = (hit is not None and hit.part != "body") or self._boundary_at(at) is not None
            self.viewport().setCursor(Qt.CursorShape.SizeHorCursor if trims else Qt.CursorShape.ArrowCursor)
            return
        if drag.doing == "scrub":
            self._document.go(self.scale.frame(at.x()))
            return
        if not drag.moved and (at - drag.at).manhattanLength() < 4:
            return
        drag.moved = True
        try:
            self._drag_to(drag, at)
        except KeyfollowError as e:
            # each further pixel would say it again
            self._drag = None
            self._document.failed.emit(e)

    def _drag_to(self, drag: _Drag, at: QPointF) -> None:
        assert drag.hit is not None
        clip, base = drag.hit.clip, drag.project
        by = round((at.x() - drag.at.x()) / self.scale.pixels)
        gesture = f"drag {self._gestures}"
        self._snapped = None
        if drag.doing == "slip":
            media = base.source(clip.media)
            frames = -round(by * media.fps / base.timeline.fps)
            self._document.do(self.tr("Slip clip"), timeline_edits.slip(base, clip.id, frames), gesture)
        elif drag.doing == "cut":
            media = base.source(clip.media)
            # the playhead attracts it: whoever looks for the cut stands on it
            held = record_frame(clip, media, base.timeline, drag.cut)
            wanted = self._snap(base, (clip.start if held is None else held) + by, {clip.id})
            cut = source_frame(clip, media, base.timeline, wanted)
            self._document.do(self.tr("Move shot boundary"), work_edits.move_cut(base, media.id, drag.cut, cut), gesture)
        elif drag.doing == "move":
            chosen = self._document.place.clips or {clip.id}
            by = max(by, -min(base.find(c)[1].start for c in chosen))
            by = self._snap_move(base, chosen, clip.start, clip.stop, by)
            row = self._row_at(at.y())
            onto = row.track.id if row is not None and len(chosen) == 1 and row.track.kind == drag.hit.track.kind else None
            self._document.do(self.tr("Move clip"), timeline_edits.move(base, chosen, by, onto), gesture)
        else:
            edge = clip.start if drag.doing == "trim start" else clip.stop
            wanted = self._snap(base, max(0, edge + by), {clip.id})
            start, stop = (wanted, None) if drag.doing == "trim start" else (None, wanted)
            made = timeline_edits.trim(base, clip.id, start=start, stop=stop)
            self._document.do(self.tr("Trim clip"), made, gesture)

    def _snap(self, base: Project, frame: int, ignoring: set[str]) -> int:
        if not self.snapping:
            return frame
        within = max(1, round(SNAP / self.scale.pixels)) if self.scale.pixels < SNAP else 0
        found = timeline_edits.snap(base, frame, within, ignoring, [self._document.place.playhead])
        self._snapped = found if found != frame or within == 0 else None
        return found

    def _snap_move(self, base: Project, chosen: frozenset[str] | set[str], start: int, stop: int, by: int) -> int:
        """The shift at which either side of the clip that is held meets something."""
        left, right = self._snap(base, start + by, set(chosen)) - start, self._snap(base, stop + by, set(chosen)) - stop
        nearest = min((left, right), key=lambda n: (n == by, abs(n - by)))
        self._snapped = None if nearest == by else (start if nearest == left else stop) + nearest
        return max(nearest, -start)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None and not self._drag.moved and self._drag.hit is not None and self._drag.doing != "cut":
            modifiers = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
            if not modifiers:
                self._document.select(frozenset({self._drag.hit.clip.id}))
        self._drag = self._snapped = None
        self._document.end_gesture()
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        notches = (delta.y() or delta.x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1.25**notches, event.position().x())
        else:
            vertical = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            bar = self.verticalScrollBar() if vertical else self.horizontalScrollBar()
            bar.setValue(bar.value() - round(notches * 80))

    # --- drops -------------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME) or event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        at = event.position()
        frame = self._snap(self._document.project, self.scale.frame(at.x()), set()) if self._rows else 0
        self._snapped = None
        if event.mimeData().hasFormat(MIME):
            row = self._row_at(at.y())
            track = row.track.id if row is not None and row.track.kind == "video" else ""
            media = bytes(event.mimeData().data(MIME).data()).decode()
            self.media_dropped.emit(media, frame, track)
        else:
            files = [str(Path(u.toLocalFile())) for u in event.mimeData().urls() if u.isLocalFile()]
            self.files_dropped.emit(files, frame)
        event.acceptProposedAction()
