"""One frame being painted in the viewer: mouse, pen and keys on one side, the layers on the other; and back into the project.

A session is about a *keyframe* (the picture that is carried on), a *retouch* (a fix of this frame alone), or a *mask*. It ends with
`finish`, also when the person goes to another frame: nothing painted is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameBuffer, Pixels
from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen

from ...model.state import Mask, new_id
from ..background import Background
from ..document import Document
from ..frame_pictures import read_picture
from ..take_store import TakeStore
from . import layers, strokes
from .brush import Path as StrokePath
from .brush import Point
from .layers import About, Opened

if TYPE_CHECKING:
    from .canvas import Canvas, Ink, Plane, Rect, Tile

ToolName = Literal["brush", "eraser", "clone", "fill", "pick"]
KEYS: dict[int, ToolName] = {
    Qt.Key.Key_B: "brush",
    Qt.Key.Key_X: "eraser",
    Qt.Key.Key_C: "clone",
    Qt.Key.Key_G: "fill",
    Qt.Key.Key_P: "pick",
}
OTHER_KEYS = (
    Qt.Key.Key_BracketLeft,
    Qt.Key.Key_BracketRight,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Backspace,
)
LARGEST = 2000.0
KEEP_MS = 300
"""Strokes are on the disk so long after they were painted, and the time that writing takes."""


@dataclass(frozen=True, slots=True)
class Brush:
    """`size` is a diameter in picture pixels; the rest is 0…1. `tolerance` is the fill's."""

    size: float = 40.0
    hardness: float = 0.8
    opacity: float = 1.0
    tolerance: float = 0.12


class Session(QObject):
    """The painter. At rest (`canvas` is None) until `open`.

    Signals: `changed` when it was opened, closed, or another tool, brush, colour or layer is chosen; `opened` when it was opened; `dirtied` with a rectangle of the
    picture (QRect) to be drawn anew; `kept` with media id and frame when a keyframe was saved; `recovered` with the frame whose strokes came
    back after a crash; `failed` with the error.
    """

    changed = Signal()
    opened = Signal()
    dirtied = Signal(QRect)
    kept = Signal(str, int)
    recovered = Signal(int)
    failed = Signal(object)

    def __init__(self, document: Document, takes: TakeStore, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._takes, self._background = document, takes, background
        self.canvas: Canvas | None = None
        self.tool: ToolName = "brush"
        self.plane: Plane = "edit"
        self.brush = Brush()
        self.colour = QColor("#d8402f")
        self.busy = False
        self._opened: Opened | None = None
        self._place = Path()
        """Where the strokes are kept meanwhile."""
        self._keeper = ThreadPoolExecutor(1, "keyfollow-strokes")
        self._keeping: Future[None] | None = None
        self._soon = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._soon.timeout.connect(self._keep_strokes)
        self._path: StrokePath | None = None
        self._clone_from: QPointF | None = None
        self._shift: tuple[int, int] | None = None
        self._at = QPointF(-1, -1)
        self._levels: dict[int, QImage] = {}
        document.place_changed.connect(lambda _: self._leave_if_elsewhere())

    # --- opening and keeping -----------------------------------------------------------------------------------------------

    @property
    def about(self) -> About | None:
        """What is being painted, None at rest."""
        return self._opened.about if self._opened is not None else None

    @property
    def frame(self) -> int:
        """The source frame that is painted, -1 at rest."""
        return self._opened.frame if self._opened is not None else -1

    def open(self, about: About = "keyframe", mask: Mask | None = None) -> None:
        """Begin with the frame under the playhead, as it is seen: its keyframe, else the take, else the source. `mask` goes on with one."""
        seen = self._document.seen()
        if seen is None or self.busy:
            return
        self.finish()
        project, folder = self._document.project, self._document.folder
        media = project.source(seen.clip.media)
        here = (m for m in project.work_of(media.id).masks if m.role == "edit" and m.image and m.frame == seen.frame)
        mask = mask or next(here, None) or Mask(new_id(), "edit", seen.frame)
        opened = Opened(about, media.id, seen.frame, mask, seen.clip.take)
        take = self._takes.folder(seen.clip.take)

        def ready(canvas: Canvas) -> None:
            self.busy = False
            now = self._document.seen()
            if now is None or (now.clip.media, now.frame) != (media.id, seen.frame) or self._document.folder != folder:
                self.changed.emit()
                return
            self.canvas = canvas
            self._opened, self._place = opened, strokes.new_place(folder)
            self.plane = "mask" if about == "mask" else "edit"
            self.tool = "brush"
            self._levels.clear()
            self._clone_from = self._shift = self._path = None
            self.changed.emit()
            self.opened.emit()

        self.busy = True
        self.changed.emit()
        self._background.run(lambda: layers.load(project, folder, opened, take), ready, self._on_failed)

    def finish(self, *, now: bool = False) -> None:
        """Close, and put what was painted into the project; with `now` before this returns, for one that is about to be left."""
        canvas, opened, place = self.canvas, self._opened, self._place
        if canvas is None or opened is None:
            return
        self.release()
        self._close()
        if not canvas.painted:
            self._keeper.submit(strokes.forget, place)
            return
        self._keeper.submit(self._write, place, opened, canvas.touched())
        folder = self._document.folder

        def encode() -> dict[Plane, str]:
            return layers.save(canvas, folder, opened)

        def done(names: dict[Plane, str]) -> None:
            changed = self._into_project(folder, opened, names, self._label(opened.about, names), place)
            if changed and "edit" in names and opened.about == "keyframe":
                self.kept.emit(opened.media, opened.frame)

        if not now:
            self._background.run(encode, done, self._on_failed)
            return
        try:
            done(encode())
        except KeyfollowError as e:
            self._on_failed(e)

    def cancel(self) -> None:
        """Close, and forget what was painted since `open`."""
        if self.canvas is not None:
            self._keeper.submit(strokes.forget, self._place)
            self._close()

    def recover(self) -> None:
        """Put what a crash of the program left half painted into the open project, as edits that can be undone; `recovered` says so."""
        project, folder = self._document.project, self._document.folder
        found = [p for p in strokes.left_behind(folder) if p != self._place]
        if not found:
            return
        takes = {t.id: self._takes.folder(t.id) for w in project.work.values() for t in w.takes}

        def read() -> list[tuple[Path, Opened, dict[Plane, str]]]:
            made = []
            for place in map(strokes.taken, found):
                opened = strokes.opened_in(place)
                if opened.media in project.media:
                    canvas = layers.load(project, folder, opened, takes.get(opened.take, ""))
                    strokes.lay(place, canvas)
                    made.append((place, opened, layers.save(canvas, folder, opened)))
            return made

        def done(made: list[tuple[Path, Opened, dict[Plane, str]]]) -> None:
            for place, opened, names in made:
                if self._into_project(folder, opened, names, self.tr("Recover what was painted"), place):
                    self.recovered.emit(opened.frame)

        self._background.run(read, done, self._on_failed)

    def _into_project(self, folder: Path, opened: Opened, names: dict[Plane, str], label: str, place: Path) -> bool:
        """What was painted becomes a change of the project; once that is kept, its strokes need not be. Whether it could."""
        if self._document.folder != folder or opened.media not in self._document.project.media:
            return False
        if not self._document.edit(label, lambda p: layers.put(p, opened, names)):
            return False
        self._document.keep(lambda: self._keeper.submit(strokes.forget, place))
        return True

    def _close(self) -> None:
        self.canvas = self._opened = None
        self._levels.clear()
        self.changed.emit()

    def _keep_strokes(self) -> None:
        """Write what has changed, if the last writing is through; else a little later."""
        canvas, opened, place = self.canvas, self._opened, self._place
        if canvas is None or opened is None:
            return
        if self.busy or (self._keeping is not None and not self._keeping.done()):
            self._soon.start()
            return
        if tiles := canvas.touched():
            self._keeping = self._keeper.submit(self._write, place, opened, tiles)

    def _write(self, place: Path, opened: Opened, tiles: list[Tile]) -> None:
        """On another thread. A full disk must not stop the painting: the end of it will say so."""
        with suppress(KeyfollowError):
            strokes.keep(place, opened, tiles)

    def close(self) -> None:
        """Wait until what was painted is written. Nothing is painted any more."""
        self._soon.stop()
        self._keeper.shutdown()

    def _leave_if_elsewhere(self) -> None:
        seen, opened = self._document.seen(), self._opened
        if opened is not None and (seen is None or (seen.clip.media, seen.frame) != (opened.media, opened.frame)):
            self.finish()

    def _label(self, about: About, names: dict[Plane, str]) -> str:
        if "edit" not in names:
            return self.tr("Paint mask")
        return self.tr("Fix this frame") if about == "retouch" else self.tr("Edit keyframe")

    def _on_failed(self, error: KeyfollowError) -> None:
        self.busy = False
        self.changed.emit()
        self.failed.emit(error)

    # --- choosing ----------------------------------------------------------------------------------------------------------

    def choose(self, tool: ToolName, plane: Plane | None = None) -> None:
        """A tool, and the layer it works on. Clone and picker have only the picture to work on."""
        self.tool = tool
        if tool in ("clone", "pick"):
            plane = "edit"
        if plane is not None and self.canvas is not None:
            self.plane = plane
            if plane == "mask" and not self.canvas.show_mask:
                self.show(mask=True)
        self.changed.emit()

    def set_brush(self, **fields: float) -> None:
        self.brush = replace(self.brush, **fields)
        self.changed.emit()

    def set_colour(self, colour: QColor) -> None:
        self.colour = colour
        self.changed.emit()

    def show(self, *, edit: bool | None = None, mask: bool | None = None) -> None:
        """Show or hide a layer; hidden ones are saved all the same."""
        if self.canvas is not None:
            self.canvas.show_edit = self.canvas.show_edit if edit is None else edit
            self.canvas.show_mask = self.canvas.show_mask if mask is None else mask
            self.canvas.refresh(self.canvas.whole)
            self._dirty(self.canvas.whole)
            self.changed.emit()

    def undo(self) -> None:
        if self.canvas is not None and not self.busy:
            self.release()
            self._dirty(self.canvas.undo())
            self.changed.emit()

    def redo(self) -> None:
        if self.canvas is not None and not self.busy:
            self._dirty(self.canvas.redo())
            self.changed.emit()

    def clear(self) -> None:
        """Empty the layer in use."""
        if self.canvas is not None and not self.busy:
            self._dirty(self.canvas.clear(self.plane))
            self.changed.emit()

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is the painter's. All letters are, and Delete: they would change the timeline behind its back."""
        key = event.key()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        return self.canvas is not None and plain and (Qt.Key.Key_A <= key <= Qt.Key.Key_Z or key in OTHER_KEYS)

    def key(self, event: QKeyEvent) -> None:
        """Do what a key that it `wants` means."""
        key = event.key()
        if key in KEYS:
            self.choose(KEYS[key])
        elif key == Qt.Key.Key_M:
            self.choose("brush", "edit" if self.plane == "mask" and self.about != "mask" else "mask")
        elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            factor = 1.2 if key == Qt.Key.Key_BracketRight else 1 / 1.2
            self._dirty_cursor()
            self.set_brush(size=min(LARGEST, max(1.0, self.brush.size * factor)))
            self._dirty_cursor()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.finish()

    # --- mouse and pen, in picture pixels ----------------------------------------------------------------------------------

    def press(self, at: QPointF, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        canvas = self.canvas
        if canvas is None or self.busy:
            return
        x, y = int(at.x()), int(at.y())
        tool: ToolName = self.tool
        if modifiers & Qt.KeyboardModifier.AltModifier:
            if tool == "clone":
                self._clone_from, self._shift = at, None
                self._dirty_cursor()
                return
            tool = "pick"
        if tool == "pick":
            if (colour := canvas.colour_at(x, y)) is not None:
                self.set_colour(QColor.fromRgbF(*(min(max(v, 0.0), 1.0) for v in colour)))
        elif tool == "fill":
            self._fill(x, y)
        else:
            ink: Ink = {"brush": "paint", "eraser": "erase", "clone": "clone"}[tool]  # type: ignore[assignment]
            if ink == "clone":
                if self._clone_from is None:
                    return
                if self._shift is None:
                    self._shift = (round(self._clone_from.x() - at.x()), round(self._clone_from.y() - at.y()))
            canvas.begin(self.plane, ink, colour=self._ink(), opacity=self.brush.opacity, shift=self._shift or (0, 0))
            self._path = StrokePath(self.brush.size, self.brush.hardness)
            self.move(at, pressure)

    def move(self, at: QPointF, pressure: float) -> None:
        self._dirty_cursor()
        self._at = at
        self._dirty_cursor()
        if self._path is not None and self.canvas is not None:
            self._dirty(self.canvas.dab(self._path.to(Point(at.x(), at.y(), pressure))))

    def release(self) -> None:
        path, self._path = self._path, None
        if path is not None and self.canvas is not None:
            self._dirty(self.canvas.dab(path.finish()))
            self.canvas.end()
            self.changed.emit()

    def place(self, picture: FrameBuffer, name: str = "") -> None:
        """Lay a picture on the edit layer: in the middle, made smaller where it is larger than the frame."""
        canvas = self.canvas
        if canvas is None or self.busy:
            return

        def fit() -> Rect:
            pixels = _fitting(picture, canvas.source)
            return canvas.place(
                pixels, (canvas.whole.right - pixels.shape[1]) // 2, (canvas.whole.bottom - pixels.shape[0]) // 2
            )

        self._aside(fit)

    def place_file(self, path: str) -> None:
        """`place` with the picture of a file."""

        def read() -> FrameBuffer:
            return read_picture(Path(path))

        self._background.run(read, self.place, self._on_failed)

    def _fill(self, x: int, y: int) -> None:
        canvas = self.canvas
        assert canvas is not None
        plane, ink, brush = self.plane, self._ink(), self.brush
        self._aside(lambda: canvas.flood(plane, x, y, brush.tolerance, "paint", ink, brush.opacity))

    def _aside(self, work: Callable[[], Rect]) -> None:
        """Change a large part of the picture on another thread; the person waits, the window does not."""

        def done(rect: Rect) -> None:
            self.busy = False
            self._dirty(rect)
            self.changed.emit()

        self.busy = True
        self.changed.emit()
        self._background.run(work, done, self._on_failed)

    def _ink(self) -> tuple[float, float, float]:
        return self.colour.redF(), self.colour.greenF(), self.colour.blueF()

    # --- drawing -----------------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, target: QRectF) -> None:
        """Draw the picture into `target`, and the brush's outline. `painter` is clipped to what must be drawn."""
        canvas = self.canvas
        if canvas is None:
            return
        scale = target.width() / canvas.whole.right
        # a picture that is shown much smaller is drawn from a smaller copy: quicker, and nothing flickers
        level = 0
        while scale * painter.device().devicePixelRatioF() * 2 ** (level + 1) <= 1 and level < 4:
            level += 1
        image = self._level(level)
        step = 2**level
        clip = painter.clipBoundingRect() if painter.hasClipping() else target
        part = clip.intersected(target)
        if not part.isEmpty():
            left, top = int((part.left() - target.left()) / scale / step), int((part.top() - target.top()) / scale / step)
            right = min(image.width(), int((part.right() - target.left()) / scale / step) + 2)
            bottom = min(image.height(), int((part.bottom() - target.top()) / scale / step) + 2)
            source = QRectF(left, top, right - left, bottom - top)
            onto = QRectF(
                target.left() + left * step * scale,
                target.top() + top * step * scale,
                source.width() * step * scale,
                source.height() * step * scale,
            )
            painter.drawImage(onto, image, source)
        self._outline(painter, target, scale)

    def _outline(self, painter: QPainter, target: QRectF, scale: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.tool in ("brush", "eraser", "clone"):
            at = target.topLeft() + self._at * scale
            for colour, width in ((QColor(0, 0, 0, 160), 3), (QColor(255, 255, 255, 220), 1)):
                painter.setPen(QPen(colour, width))
                painter.drawEllipse(at, self.brush.size / 2 * scale, self.brush.size / 2 * scale)
        if self.tool == "clone" and self._clone_from is not None:
            where = self._clone_from if self._shift is None else self._at + QPointF(*self._shift)
            at = target.topLeft() + where * scale
            for colour, width in ((QColor(0, 0, 0, 160), 3), (QColor(255, 255, 255, 220), 1)):
                painter.setPen(QPen(colour, width))
                painter.drawLine(at - QPointF(7, 0), at + QPointF(7, 0))
                painter.drawLine(at - QPointF(0, 7), at + QPointF(0, 7))

    def _level(self, level: int) -> QImage:
        assert self.canvas is not None
        if level not in self._levels:
            import cv2

            shown = self.canvas.shown
            height, width = -(-shown.shape[0] // 2**level), -(-shown.shape[1] // 2**level)
            pixels = shown if level == 0 else cv2.resize(shown, (width, height), interpolation=cv2.INTER_AREA)
            image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
            # QImage does not hold on to the memory it shows
            image.pixels = pixels  # type: ignore[attr-defined]
            self._levels[level] = image
        return self._levels[level]

    def _dirty(self, rect: Rect) -> None:
        if rect.empty or self.canvas is None:
            return
        import cv2

        for level, image in self._levels.items():
            if level:
                step = 2**level
                small: Pixels = image.pixels  # type: ignore[attr-defined]
                left, top = rect.left // step, rect.top // step
                right, bottom = min(small.shape[1], -(-rect.right // step)), min(small.shape[0], -(-rect.bottom // step))
                part = self.canvas.shown[top * step : bottom * step, left * step : right * step]
                small[top:bottom, left:right] = cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        self.dirtied.emit(QRect(rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top))
        if not self._soon.isActive():
            self._soon.start()

    def _dirty_cursor(self) -> None:
        half = self.brush.size / 2 + 2
        for at in (self._at, self._at + QPointF(*self._shift) if self._shift else self._clone_from or self._at):
            self.dirtied.emit(QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half).toAlignedRect())


def _fitting(picture: FrameBuffer, source: FrameBuffer) -> Pixels:
    """A picture in the source's dtype, with alpha, no larger than it."""
    import cv2

    share = min(1.0, source.width / picture.width, source.height / picture.height)
    pixels: Any = picture.pixels.astype(np.float32) * np.float32(source.white / picture.white)
    if pixels.shape[2] == 3:
        pixels = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), source.white, np.float32)], axis=2)
    if share < 1:
        size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
        # premultiplied: colours of transparent pixels must not bleed into the others
        weight = pixels[..., 3:] / np.float32(source.white)
        small = cv2.resize(np.concatenate([pixels[..., :3] * weight, weight], axis=2), size, interpolation=cv2.INTER_AREA)
        weight = small[..., 3:]
        pixels = np.concatenate([small[..., :3] / np.maximum(weight, 1e-6), weight * np.float32(source.white)], axis=2)
    out = np.rint(pixels) if source.pixels.dtype.kind == "u" else pixels
    return np.ascontiguousarray(
        np.clip(out, 0, None if source.pixels.dtype.kind == "f" else source.white).astype(source.pixels.dtype)
    )
