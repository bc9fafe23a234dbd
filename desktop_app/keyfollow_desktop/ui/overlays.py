"""What the viewer lays over the picture: masks, the neighbouring keyframes as onion skin, what the edit changes, safe areas.

Each is one picture of the frame under the playhead, made on a thread of its own, the latest wish first: playing never waits for it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from keyfollow.errors import KeyfollowError
from keyfollow.frames import FrameBuffer
from keyfollow.media.fit import fit_keyframe
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from ..model import assets
from ..model.state import Keyframe, Media, Work
from .document import Document
from .frame_pictures import read_picture, seen_frame
from .masks import Weight, area_at
from .pictures import to_image
from .take_store import TakeStore

MaskView = Literal["off", "overlay", "matte", "cutout"]
MASK_VIEWS: tuple[MaskView, ...] = ("off", "overlay", "matte", "cutout")
ONION = 0.35
TINT, CHANGED = (255, 0, 220), (80, 255, 120)
"""Of masks and of what the edit changes: colours that little footage has."""
ACTION_SAFE, TITLE_SAFE = 0.035, 0.05
"""Of each side, after EBU R 95."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person has switched on."""

    mask: MaskView = "off"
    onion: bool = False
    changes: bool = False
    safe: bool = False


@dataclass(frozen=True, slots=True)
class _Wish:
    shown: Shown
    folder: Path
    media: Media
    frame: int
    work: Work
    take: str


class Overlays(QObject):
    """`changed` when something else is to be drawn; `draw` draws it. `said` with a sentence where there is nothing to show."""

    changed = Signal()
    said = Signal(str)
    _made = Signal(object, object)

    def __init__(self, document: Document, takes: TakeStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._takes = document, takes
        self.shown = Shown()
        self._pool = ThreadPoolExecutor(1, "keyfollow-overlays")
        self._busy = False
        self._wish: _Wish | None = None
        self._images: tuple[_Wish, list[QImage]] | None = None
        self._made.connect(self._on_made, Qt.ConnectionType.QueuedConnection)
        document.changed.connect(lambda _: self.refresh())
        document.place_changed.connect(lambda _: self.refresh())

    @property
    def ready(self) -> bool:
        """Whether what belongs to the place where the person is can be drawn."""
        return self._wish is None or (self._images is not None and self._images[0] == self._wish)

    def set(self, **fields: object) -> None:
        """Switch something on or off."""
        self.shown = replace(self.shown, **fields)  # type: ignore[arg-type]
        self.refresh()
        self.changed.emit()

    def refresh(self) -> None:
        """Ask for what belongs to the place where the person is now."""
        seen, shown = self._document.seen(), self.shown
        if seen is None or not (shown.onion or shown.changes or shown.mask != "off"):
            self._wish = self._images = None
            return
        project = self._document.project
        media = project.source(seen.clip.media)
        take = self._takes.folder(seen.clip.take)
        work = replace(project.work_of(media.id), takes=())
        self._wish = _Wish(shown, self._document.folder, media, seen.frame, work, take)
        self._go_on()

    def draw(self, painter: QPainter, target: QRectF) -> None:
        """Over the picture that lies in `target`."""
        if self._images is not None and self.ready:
            for image in self._images[1]:
                painter.drawImage(target, image, QRectF(image.rect()))
        if self.shown.safe:
            _safe_areas(painter, target)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _go_on(self) -> None:
        wish = self._wish
        if self._busy or wish is None or self.ready:
            return
        self._busy = True

        def work() -> None:
            try:
                made = _images(wish)
            except (KeyfollowError, OSError, ValueError):
                # the viewer itself says what cannot be read
                made = []
            with suppress(RuntimeError):  # the window is gone meanwhile
                self._made.emit(wish, made)

        self._pool.submit(work)

    def _on_made(self, wish: _Wish, images: list[QImage]) -> None:
        self._busy = False
        self._images = (wish, images)
        if wish == self._wish:
            if not images and wish.shown.mask != "off" and wish.work.masks:
                self.said.emit(self.tr("No mask is painted on this frame; the run carries those of other frames here."))
            self.changed.emit()
        self._go_on()


def _images(wish: _Wish) -> list[QImage]:
    made = []
    if wish.shown.mask != "off" and (weight := area_at(wish.folder, wish.work.masks, wish.frame)) is not None:
        made.append(mask_image(weight, wish.shown.mask))
    if wish.shown.changes and (changed := _changed(wish)) is not None:
        made.append(_stained(changed.astype(np.float32) * 0.55, CHANGED))
    if wish.shown.onion:
        made += [_faint(_keyframe(wish, k.image), ONION) for k in _neighbours(wish)]
    return made


def mask_image(weight: Weight, view: MaskView) -> QImage:
    """A mask as it is laid over the picture: a tint, its grey values, or the ground wherever the edit may not go."""
    if view == "overlay":
        return _stained(weight * 0.55, TINT)
    if view == "cutout":
        return _stained(1 - weight, (27, 27, 27))
    grey = np.rint(weight * 255).astype(np.uint8)
    return to_image(np.repeat(grey[..., None], 3, axis=2))


def _stained(alpha: Weight, colour: tuple[int, int, int]) -> QImage:
    pixels = np.empty((*alpha.shape, 4), np.uint8)
    pixels[..., :3] = colour
    pixels[..., 3] = np.rint(np.clip(alpha, 0, 1) * 255)
    return to_image(pixels)


def _changed(wish: _Wish) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]] | None:
    """Where what is seen differs from the source."""
    source = seen_frame(wish.media, wish.frame, "")
    keyframe = next((k for k in wish.work.keyframes if k.frame == wish.frame), None)
    if wish.take:
        edited = seen_frame(wish.media, wish.frame, wish.take)
    elif keyframe is not None:
        edited = fit_keyframe(_keyframe(wish, keyframe.image), source)
    else:
        return None
    differs: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = (edited.pixels != source.pixels).any(axis=2)
    return differs


def _neighbours(wish: _Wish) -> list[Keyframe]:
    """The keyframe before the frame and the one after it."""
    before = [k for k in wish.work.keyframes if k.frame < wish.frame][-1:]
    after = [k for k in wish.work.keyframes if k.frame > wish.frame][:1]
    return [*before, *after]


def _keyframe(wish: _Wish, name: str) -> FrameBuffer:
    return read_picture(assets.picture(wish.folder, "keyframes", name))


def _faint(picture: FrameBuffer, opacity: float) -> QImage:
    image = to_image(picture.pixels).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.fillRect(image.rect(), QColor(0, 0, 0, round(255 * opacity)))
    painter.end()
    return image


def _safe_areas(painter: QPainter, target: QRectF) -> None:
    """Where action and titles are safe, and the middle."""
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    middle = target.center()
    for colour, width in ((QColor(0, 0, 0, 120), 3), (QColor(255, 255, 255, 170), 1)):
        painter.setPen(QPen(colour, width))
        for part in (ACTION_SAFE, TITLE_SAFE):
            x, y = target.width() * part, target.height() * part
            painter.drawRect(target.adjusted(x, y, -x, -y))
        painter.drawLine(middle - QPointF(12, 0), middle + QPointF(12, 0))
        painter.drawLine(middle - QPointF(0, 12), middle + QPointF(0, 12))
    painter.restore()
