"""Drawing the timeline: only what is visible, thumbnails as they arrive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from keyfollow.errors import KeyfollowError
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from ..model import assets
from ..model.ranges import record_frame, source_frame, source_position, used
from ..model.state import Clip, Media, Project, TakeRef
from ..model.timecode import timecode
from . import theme
from .actions import words
from .document import Document
from .pictures import Pictures, Want, still, want_of
from .prepared import Prepared
from .take_store import UNSURE, TakeStore
from .timeline_scale import HANDLE, HEAD, KEYS, NARROW, RULER, STRIP, Row, Scale
from .waveforms import PER_SECOND, Waveforms

PREPARED = QColor("#7f9a6b")
CLIP, CLIP_SOUND = QColor("#38424f"), QColor("#3a4a42")
SOUND = QColor(235, 240, 235, 150)
WAVE = 24
"""Height of the waveform on a clip that has a picture."""
LABEL = QColor(0, 0, 0, 150)
EDGE = QColor("#101010")
TINY = 10.0
"""Up to so many pixels a clip is a plain bar: nothing in it could be told apart, and a window shows hundreds of them."""


def _t(text: str) -> str:
    """Marks a text for translation."""
    return text


QUALITIES = {"draft": _t("draft"), "final": _t("final")}
DONE, WAITING = QColor("#6f8fb5"), QColor("#3f4955")
MARKERS = {"blue": "#5f9ee8", "red": "#e06c5f", "green": "#6fb56f", "yellow": "#d9c04f"}


class Painter:
    """Draws the timeline of a document, and asks for the thumbnails that it lacks."""

    def __init__(self, document: Document, thumbnails: Pictures, takes: TakeStore) -> None:
        self._document, self._thumbnails, self._takes = document, thumbnails, takes
        self.prepared: Prepared | None = None
        self.waveforms: Waveforms | None = None
        self._ratio = 1.0
        self._wants: list[Want] = []

    def paint(
        self, p: QPainter, widget: QWidget, scale: Scale, rows: list[Row], scrolled: int, snapped: int | None, focus: bool
    ) -> None:
        """Draw everything that `widget` shows but the playhead, which moves while all this stands still."""
        self._ratio = widget.devicePixelRatioF()
        self._wants = []
        project = self._document.project
        width, height = widget.width(), widget.height()
        p.fillRect(0, 0, width, height, QColor("#1e1e1e"))
        p.save()
        p.setClipRect(0, RULER, width, height - RULER)
        p.translate(0, RULER - scrolled)
        for row in rows:
            self._row(p, project, scale, row, width)
        p.restore()
        self._range(p, project, scale, width, height)
        self._ruler(p, project, scale, width)
        self._heads(p, rows, scrolled, height)
        p.setClipRect(HEAD, 0, width - HEAD, height)
        if snapped is not None:
            p.setPen(QPen(QColor("#ffffff"), 1, Qt.PenStyle.DashLine))
            p.drawLine(QPointF(scale.x(snapped), RULER), QPointF(scale.x(snapped), height))
        p.setClipping(False)
        if focus:
            p.setPen(QPen(theme.ACCENT, 1))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRect(QRectF(0.5, 0.5, width - 1, height - 1))
        if not rows:
            p.setPen(theme.DIM)
            p.drawText(
                QRectF(HEAD, RULER, width - HEAD, height - RULER),
                Qt.AlignmentFlag.AlignCenter,
                self._document.tr("Drag a clip here from the bin"),
            )
        if self._wants:
            self._thumbnails.ask(self._wants)

    # --- frame -------------------------------------------------------------------------------------------------------------

    def _ruler(self, p: QPainter, project: Project, scale: Scale, width: int) -> None:
        fps = project.timeline.fps
        p.fillRect(0, 0, width, RULER, QColor("#262626"))
        p.save()
        p.setClipRect(HEAD, 0, width - HEAD, RULER)
        step = scale.tick(fps)
        first = int(scale.left // step) * step
        for frame in range(first, scale.frame(width) + step, step):
            x = scale.x(frame)
            p.setPen(QColor("#555555"))
            p.drawLine(QPointF(x, RULER - 7), QPointF(x, RULER))
            p.setPen(theme.DIM)
            p.drawText(QPointF(x + 4, RULER - 10), timecode(frame, fps))
        for marker in project.timeline.markers:
            x = scale.x(marker.frame)
            p.setBrush(QColor(MARKERS.get(marker.colour, "#5f9ee8")))
            p.setPen(Qt.PenStyle.NoPen)
            p.drawPolygon(QPolygonF([QPointF(x - 5, RULER - 11), QPointF(x + 5, RULER - 11), QPointF(x, RULER - 1)]))
        p.restore()

    def _range(self, p: QPainter, project: Project, scale: Scale, width: int, height: int) -> None:
        marked = project.timeline.marked
        if marked is None:
            return
        first, last = scale.x(marked[0]), scale.x(marked[1])
        shade = QColor(0, 0, 0, 110)
        p.fillRect(QRectF(HEAD, RULER, max(0.0, first - HEAD), height), shade)
        p.fillRect(QRectF(last, RULER, max(0.0, width - last), height), shade)
        p.setPen(QPen(theme.DIM, 1))
        for x in (first, last):
            if x >= HEAD:
                p.drawLine(QPointF(x, RULER), QPointF(x, height))

    def _heads(self, p: QPainter, rows: list[Row], scrolled: int, height: int) -> None:
        p.fillRect(0, RULER, HEAD, height, QColor("#242424"))
        p.save()
        p.setClipRect(0, RULER, HEAD, height)
        for row in rows:
            top = row.strip_top + RULER - scrolled
            p.setPen(theme.DIM if row.track.muted else theme.TEXT)
            p.drawText(QPointF(12, top + 18), row.track.name)
            p.setPen(theme.DIM)
            state = [
                self._document.tr("hidden") if row.track.muted else "",
                self._document.tr("locked") if row.track.locked else "",
            ]
            for n, word in enumerate(w for w in state if w):
                p.drawText(QPointF(12, top + 36 + 16 * n), word)
        p.restore()
        p.setPen(theme.LINE)
        p.drawLine(HEAD - 1, RULER, HEAD - 1, height)

    def paint_playhead(self, p: QPainter, widget: QWidget, scale: Scale) -> None:
        """Draw the playhead over what `paint` drew."""
        height = widget.height()
        p.setClipRect(HEAD, 0, widget.width() - HEAD, height)
        x = scale.x(self._document.place.playhead)
        if scale.pixels > 6:
            p.fillRect(QRectF(x, RULER, scale.pixels, height), QColor(79, 157, 255, 28))
        p.setPen(QPen(theme.ACCENT, 1))
        p.drawLine(QPointF(x, 12), QPointF(x, height))
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.ACCENT)
        p.drawPolygon(QPolygonF([QPointF(x - 5, 4), QPointF(x + 5, 4), QPointF(x + 5, 12), QPointF(x, 18), QPointF(x - 5, 12)]))

    # --- clips -------------------------------------------------------------------------------------------------------------

    def _row(self, p: QPainter, project: Project, scale: Scale, row: Row, width: int) -> None:
        ground = CLIP if row.track.kind == "video" else CLIP_SOUND
        chosen_ones = self._document.place.clips
        tiny: list[QRectF] = []
        for clip in scale.shown(row.track, width):
            left, right = scale.x(clip.start), scale.x(clip.stop)
            box = QRectF(left, row.strip_top, max(float(NARROW), right - left - 1), row.strip_height)
            media = project.media.get(clip.media)
            if box.width() <= TINY and clip.id not in chosen_ones:
                tiny.append(box)
                if media is not None and row.track.kind == "video" and project.work_of(media.id).keyframes:
                    self._keyframes(p, project, scale, row, clip, media)
                continue
            p.save()
            p.setOpacity(0.45 if row.track.muted else 1.0)
            p.fillRect(box, ground)
            visible = box.intersected(QRectF(HEAD, row.strip_top, width - HEAD, row.strip_height))
            if media is not None and row.track.kind == "video" and box.width() > TINY:
                p.setClipRect(visible, Qt.ClipOperation.IntersectClip)
                self._filmstrip(p, project, scale, clip, media, box, visible)
                self._unpropagated(p, project, scale, clip, media, box)
            if media is not None and row.track.kind == "video":
                self._cuts(p, project, scale, clip, media, box)
            if media is not None and media.sound and self.waveforms is not None and box.width() > TINY:
                self._waveform(p, project, clip, media, box, visible, row.track.kind == "audio")
            if clip.dissolve and box.width() > TINY:
                self._dissolve(p, scale, clip, box)
            self._name(p, project, clip, media, visible)
            p.restore()
            chosen = clip.id in chosen_ones
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.setPen(QPen(theme.ACCENT if chosen else EDGE, 2 if chosen else 1))
            p.drawRect(box.adjusted(1, 1, -1, -1) if chosen else box)
            if media is not None and row.track.kind == "video":
                self._boundaries(p, project, scale, row, clip, media)
                self._keyframes(p, project, scale, row, clip, media)
                if chosen:
                    self._lanes(p, project, scale, row, clip, media, width)
                    self._prepared(p, project, scale, row, clip, media)
        if tiny:
            # one call for all of them: each one lets other threads in, and ten thousand clips are read while they are drawn
            p.save()
            p.setOpacity(0.45 if row.track.muted else 1.0)
            p.setPen(QPen(EDGE, 1))
            p.setBrush(ground)
            p.drawRects(tiny)
            p.restore()

    def _filmstrip(
        self, p: QPainter, project: Project, scale: Scale, clip: Clip, media: Media, box: QRectF, visible: QRectF
    ) -> None:
        if not media.height:
            return
        step = max(24.0, STRIP * media.width / media.height)
        folder = self._takes.folder(clip.take)
        size = (round(step * self._ratio), round(STRIP * self._ratio))
        first = int((visible.left() - box.left()) // step)
        for n in range(first, int((visible.right() - box.left()) // step) + 1):
            record = clip.start + int(n * step / scale.pixels)
            if record >= clip.stop:
                break
            frame = source_frame(clip, media, project.timeline, record)
            want = want_of(media, frame, size=size)
            image = None
            if folder and frame in self._takes.get(clip.take).done:
                taken = want_of(media, frame, folder, size)
                image = self._thumbnails.get(taken)
                if image is None:
                    self._wants.append(taken)
            if image is None:
                image = self._thumbnails.get(want)
            if image is None:
                self._wants.append(want)
                continue
            p.drawImage(QRectF(box.left() + n * step, box.top(), step, STRIP), image, QRectF(image.rect()))

    def _cuts(self, p: QPainter, project: Project, scale: Scale, clip: Clip, media: Media, box: QRectF) -> None:
        """Where shots begin inside a clip."""
        p.setPen(QPen(QColor(255, 255, 255, 200), 1, Qt.PenStyle.DashLine))
        for cut in project.work_of(media.id).cuts:
            frame = record_frame(clip, media, project.timeline, cut)
            if frame is not None:
                p.drawLine(QPointF(scale.x(frame), box.top()), QPointF(scale.x(frame), box.bottom()))

    def _boundaries(self, p: QPainter, project: Project, scale: Scale, row: Row, clip: Clip, media: Media) -> None:
        """Above the clip, the handles by which the boundaries of its shots are moved."""
        p.setPen(QPen(EDGE, 1))
        p.setBrush(theme.TEXT)
        half, y = HANDLE / 2, row.strip_top
        for cut in project.work_of(media.id).cuts:
            frame = record_frame(clip, media, project.timeline, cut)
            if frame is not None:
                x = scale.x(frame)
                corners = ((x - half, y - HANDLE), (x + half, y - HANDLE), (x + half, y - half), (x, y), (x - half, y - half))
                p.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    def _waveform(
        self, p: QPainter, project: Project, clip: Clip, media: Media, box: QRectF, visible: QRectF, alone: bool
    ) -> None:
        """How loud the source is: over the whole of a sound clip, along the lower edge of a picture."""
        assert self.waveforms is not None
        peaks = self.waveforms.get(media)
        if not len(peaks) or visible.width() < 1:
            return
        per_frame = PER_SECOND / float(media.fps)
        first = float(source_position(clip, media, project.timeline, clip.start)) * per_frame
        step = clip.length * float(media.fps / project.timeline.fps) * per_frame / box.width()
        height = round(box.height() - 4) if alone else WAVE
        across = np.arange(int(visible.left()), int(visible.right()))
        begins = np.maximum(0, (first + (across - box.left()) * step).astype(int))
        across, begins = across[begins < len(peaks)], begins[begins < len(peaks)]
        if not len(across):
            return
        # the loudest from each pixel's first value to the next one's, as the ear hears it: a tenth of the pressure is not a tenth as loud
        end = max(begins[-1] + 1, int(first + (across[-1] + 1 - box.left()) * step))
        loud = np.sqrt(np.maximum.reduceat(peaks[:end], begins))
        rows = np.arange(height, 0, -1)[:, None]
        high = np.abs(2 * rows - height) if alone else rows
        # a thousand lines drawn one by one cost the window a frame: one picture does not
        drawn = np.where((high <= loud * height) & (loud > 0.05), np.uint32(SOUND.rgba()), np.uint32(0)).astype(np.uint32)
        pixels = drawn.tobytes()  # the image only looks at it
        image = QImage(pixels, len(across), height, QImage.Format.Format_ARGB32)
        top = box.center().y() - height / 2 if alone else box.bottom() - height
        p.drawImage(QPointF(float(across[0]), top), image)

    def _dissolve(self, p: QPainter, scale: Scale, clip: Clip, box: QRectF) -> None:
        """The corner that belongs to the clip before."""
        end = min(box.right(), scale.x(clip.start + clip.dissolve))
        p.setPen(QPen(QColor(255, 255, 255, 200), 1))
        p.setBrush(QColor(0, 0, 0, 110))
        p.drawPolygon(QPolygonF([box.topLeft(), QPointF(end, box.top()), box.bottomLeft()]))

    def _unpropagated(self, p: QPainter, project: Project, scale: Scale, clip: Clip, media: Media, box: QRectF) -> None:
        """Hatching where the clip shows source frames that its take does not cover."""
        take = next((t for t in project.work_of(media.id).takes if t.id == clip.take), None)
        if take is None:
            return
        shown = used(clip, media, project.timeline)
        hatch = QBrush(QColor(0, 0, 0, 150), Qt.BrushStyle.BDiagPattern)
        ratio = scale.pixels * float(project.timeline.fps / media.fps)
        if shown.start < take.start:
            p.fillRect(QRectF(box.left(), box.top(), min(box.width(), (take.start - shown.start) * ratio), STRIP), hatch)
        if shown.stop > take.stop:
            part = min(box.width(), (shown.stop - take.stop) * ratio)
            p.fillRect(QRectF(box.right() - part, box.top(), part, STRIP), hatch)
            if part > 170:
                p.setPen(theme.TEXT)
                p.drawText(
                    QRectF(box.right() - part, box.top(), part, STRIP),
                    Qt.AlignmentFlag.AlignCenter,
                    self._document.tr("Not propagated\nCtrl+Enter extends the take"),
                )

    def _name(self, p: QPainter, project: Project, clip: Clip, media: Media | None, visible: QRectF) -> None:
        if visible.width() < 36:
            return
        text = clip.name or (media.name if media else self._document.tr("Missing"))
        take = next((t for t in project.work_of(clip.media).takes if t.id == clip.take), None)
        if take is not None:
            text += f"  ·  {take_name(take)}"
        text = p.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(visible.width()) - 12)
        box = QRectF(visible.left(), visible.bottom() - 19, p.fontMetrics().horizontalAdvance(text) + 12, 19)
        p.fillRect(box, LABEL)
        p.setPen(theme.TEXT)
        p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _keyframes(self, p: QPainter, project: Project, scale: Scale, row: Row, clip: Clip, media: Media) -> None:
        shown = used(clip, media, project.timeline)
        for keyframe in project.work_of(media.id).keyframes:
            if keyframe.frame not in shown:
                continue
            frame = record_frame(clip, media, project.timeline, keyframe.frame)
            if frame is None:
                continue
            x, y = scale.x(frame + 0.5), row.top + KEYS / 2
            try:
                want = still(assets.picture(self._document.folder, "keyframes", keyframe.image), self._small(media), media)
            except KeyfollowError:
                want = still(Path(keyframe.image))
            image = self._thumbnails.get(want)
            if image is None:
                self._wants.append(want)
            else:
                shape = QRectF(x + 9, row.top + 2, 20 * image.width() / image.height(), 20)
                p.drawImage(shape, image, QRectF(image.rect()))
            p.setPen(QPen(EDGE, 1))
            p.setBrush(theme.TEXT)
            p.drawPolygon(QPolygonF([QPointF(x, y - 7), QPointF(x + 7, y), QPointF(x, y + 7), QPointF(x - 7, y)]))

        for retouch in project.work_of(media.id).retouches:
            frame = record_frame(clip, media, project.timeline, retouch.frame)
            if frame is not None:
                # a frame that was fixed for itself: a small ring, where a keyframe has a diamond
                p.setPen(QPen(theme.TEXT, 1.5))
                p.setBrush(Qt.BrushStyle.NoBrush)
                p.drawEllipse(QPointF(scale.x(frame + 0.5), row.top + KEYS - 6), 3.5, 3.5)

    def _small(self, media: Media) -> tuple[int, int]:
        return round(60 * self._ratio), round(20 * self._ratio)

    def _prepared(self, p: QPainter, project: Project, scale: Scale, row: Row, clip: Clip, media: Media) -> None:
        """Under the selected clip: the frames that the chosen engine need not prepare again."""
        if self.prepared is None:
            return
        shown = used(clip, media, project.timeline)
        for start, stop in self.prepared.ranges(media, project.work_of(media.id).settings.engine):
            first, last = max(start, shown.start), min(stop, shown.stop)
            if first < last:
                ratio = float(project.timeline.fps / media.fps)
                left = scale.x(clip.start + float(first - clip.source_start) * ratio)
                p.fillRect(QRectF(left, row.strip_top + STRIP + 18, (last - first) * ratio * scale.pixels, 2), PREPARED)

    def _lanes(self, p: QPainter, project: Project, scale: Scale, row: Row, clip: Clip, media: Media, width: int) -> None:
        """Under the selected clip: what of its take is made, and where the engine is unsure."""
        take = next((t for t in project.work_of(media.id).takes if t.id == clip.take), None)
        if take is None:
            return
        known = self._takes.get(take.id)
        top = row.strip_top + STRIP + 3
        low: list[tuple[float, float]] = []
        first, last = max(clip.start, scale.frame(HEAD)), min(clip.stop, scale.frame(width) + 1)
        # one bar per run of like frames, and no finer than a pixel
        stride = max(1, int(1 / scale.pixels))
        for record in range(first, last, stride):
            frame = source_frame(clip, media, project.timeline, record)
            if not take.start <= frame < take.stop:
                continue
            left, w = scale.x(record), max(1.0, scale.pixels * stride)
            p.fillRect(QRectF(left, top, w, 4), DONE if frame in known.done else WAITING)
            if known.confidence.get(frame, 1.0) < UNSURE:
                if low and left - low[-1][1] < 1.5:
                    low[-1] = (low[-1][0], left + w)
                else:
                    low.append((left, left + w))
        for left, right in low:
            bar = QRectF(left, top + 6, right - left, 4)
            p.fillRect(bar, theme.AMBER)
            p.fillRect(bar, QBrush(QColor(0, 0, 0, 140), Qt.BrushStyle.BDiagPattern))
        if low:
            left, right = max(low, key=lambda part: part[1] - part[0])
            text = self._document.tr("Check here")
            small = p.font()
            small.setPixelSize(10)
            p.save()
            p.setFont(small)
            p.setPen(theme.AMBER)
            length = p.fontMetrics().horizontalAdvance(text)
            # after the bar, or before it where the window ends; smaller bars do not shine through it
            at = right + 5 if right + 5 + length < width else left - 5 - length
            p.fillRect(QRectF(at - 3, top + 5, length + 6, 9), theme.GROUND)
            p.drawText(QPointF(at, top + 12), text)
            p.restore()


def take_name(take: TakeRef) -> str:
    """How a take is called: its name, or its number and quality."""
    return take.name or f"v{take.version:03d} {words(QUALITIES[take.quality])}"
