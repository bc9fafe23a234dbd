"""The picture being painted: source, edit layer and mask of one frame, at the source's own size and depth.

    composite = source where the edit layer is clear, the layer where it is opaque, between them a mixture

so what nobody painted is the source bit for bit. All changes are made in place, within rectangles; whoever shows the picture repaints
those alone. Undo keeps the tiles that a change touched. Qt only mixes the picture for the screen, which it does faster than numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from keyfollow.frames import FrameBuffer, Pixels
from keyfollow.media.fit import fit_keyframe
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from .brush import Cover, Dab

TILE = 256
UNDO_BYTES = 512 << 20
MASK_TINT = QColor(255, 0, 220, 140)
"""How a mask is laid over the picture: a magenta that little footage has."""
LAYER_FORMATS = {
    "uint8": QImage.Format.Format_RGBA8888,
    "uint16": QImage.Format.Format_RGBA64,
    "float16": QImage.Format.Format_RGBA16FPx4,
}
Plane = Literal["edit", "mask"]
Ink = Literal["paint", "erase", "clone"]
Colour = tuple[float, float, float]
"""Red, green, blue, 0…1."""


class Rect(NamedTuple):
    """Columns `left` up to `right` and rows `top` up to `bottom`, half-open."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    def cut(self, other: Rect) -> Rect:
        return Rect(
            max(self.left, other.left), max(self.top, other.top), min(self.right, other.right), min(self.bottom, other.bottom)
        )

    def around(self, other: Rect) -> Rect:
        if self.empty:
            return other
        return Rect(
            min(self.left, other.left), min(self.top, other.top), max(self.right, other.right), max(self.bottom, other.bottom)
        )

    def part(self, pixels: Pixels) -> Pixels:
        return pixels[self.top : self.bottom, self.left : self.right]

    def inside(self, other: Rect, pixels: Pixels) -> Pixels:
        """This rectangle of `pixels`, which begin where `other` does."""
        return pixels[self.top - other.top : self.bottom - other.top, self.left - other.left : self.right - other.left]


class Tile(NamedTuple):
    """A part of a layer as it is now."""

    plane: Plane
    rect: Rect
    pixels: Pixels


NOTHING = Rect(0, 0, 0, 0)
Tiles = dict[Rect, Pixels]


@dataclass(slots=True)
class _Step:
    """What undo puts back: the tiles of one plane as they were."""

    plane: Plane
    tiles: Tiles = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(t.nbytes for t in self.tiles.values())


@dataclass(slots=True)
class _Stroke:
    ink: Ink
    colour: Colour
    opacity: float
    shift: tuple[int, int]
    cover: Cover
    fresh: npt.NDArray[np.bool_]
    """Where `cover` has grown since it was last applied."""
    step: _Step


class Canvas:
    """One frame's layers.

    Args:
        source: what lies below and stays as it is.
        result: the picture to go on from; what differs from `source` becomes the edit layer.
        mask: a mask painted earlier, ``(h, w)`` uint8.

    `shown` is the picture for the screen, ``(h, w, 4)`` uint8 in the order blue, green, red, nothing.
    """

    def __init__(
        self, source: FrameBuffer, result: FrameBuffer | None = None, mask: Pixels | None = None, *, show_mask: bool = False
    ) -> None:
        self.source = source
        self.whole = Rect(0, 0, source.width, source.height)
        self.edit = np.zeros((source.height, source.width, 4), source.pixels.dtype)
        self.mask: npt.NDArray[np.uint8] = np.zeros(self.edit.shape[:2], np.uint8) if mask is None else mask.copy()
        self.shown: npt.NDArray[np.uint8] = np.zeros((source.height, source.width, 4), np.uint8)
        self._below = self.shown.copy()
        self._below[..., :3] = screen(source.pixels)[..., ::-1]
        self._screen = image_of(self.shown, QImage.Format.Format_RGB32)
        self._layer = image_of(self.edit, LAYER_FORMATS[source.pixels.dtype.name])
        self.show_edit, self.show_mask = True, show_mask
        self._older: set[Plane] = set()
        """The planes of steps that undo has forgotten."""
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._fresh_tiles: set[tuple[Plane, Rect]] = set()
        """Tiles that have changed since `touched` was asked."""
        self._stroke: _Stroke | None = None
        if result is not None:
            self._lay(fit_keyframe(result, source))
        self.refresh(self.whole)

    # --- looking -----------------------------------------------------------------------------------------------------------

    def composite(self, rect: Rect | None = None) -> Pixels:
        """The picture as it will be saved, in the source's dtype; the alpha of a source that has one stays as it is."""
        rect = rect or self.whole
        return self._over(rect.part(self.source.pixels), rect.part(self.edit))

    def result(self) -> FrameBuffer:
        """`composite` of all of it, in the source's own form."""
        return FrameBuffer(np.ascontiguousarray(self.composite()), self.source.depth, self.source.colour)

    def refresh(self, rect: Rect) -> None:
        """Bring `shown` up to date."""
        rect.part(self.shown)[...] = rect.part(self._below)
        painter = QPainter(self._screen)
        area = QRect(rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top)
        if self.show_edit:
            painter.drawImage(area, self._layer, area)
        if self.show_mask:
            # strided as it is: the mask's memory is its alpha
            height, width = self.mask.shape
            stain = QImage(area.size(), QImage.Format.Format_ARGB32_Premultiplied)
            stain.fill(MASK_TINT)
            inside = QPainter(stain)
            inside.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
            inside.drawImage(stain.rect(), QImage(self.mask.data, width, height, width, QImage.Format.Format_Alpha8), area)
            inside.end()
            painter.drawImage(area, stain)
        painter.end()

    def colour_at(self, x: int, y: int) -> Colour | None:
        """The colour of a pixel as it is seen, None outside."""
        if not (0 <= x < self.whole.right and 0 <= y < self.whole.bottom):
            return None
        red, green, blue = (float(v) / self.source.white for v in self.composite(Rect(x, y, x + 1, y + 1))[0, 0, :3])
        return red, green, blue

    def _over(self, base: Pixels, layer: Pixels) -> Pixels:
        alpha = layer[..., 3]
        if not alpha.any():
            return base
        out = base.copy()
        full = alpha >= self.source.white
        out[..., :3][full] = layer[..., :3][full]
        mixed = (alpha > 0) & ~full
        if mixed.any():
            share = alpha[mixed].astype(np.float32)[:, None] / np.float32(self.source.white)
            below = base[..., :3][mixed].astype(np.float32)
            out[..., :3][mixed] = self._whole(below + (layer[..., :3][mixed] - below) * share)
        return out

    def _whole(self, values: npt.NDArray[np.float32]) -> Pixels:
        return np.rint(values) if self.source.pixels.dtype.kind == "u" else values

    def _lay(self, result: FrameBuffer) -> None:
        """What differs from the source, opaque, on the edit layer."""
        differs = (result.pixels[..., :3] != self.source.pixels[..., :3]).any(axis=2)
        self.edit[differs, :3] = result.pixels[differs, :3]
        self.edit[..., 3] = np.where(differs, self.edit.dtype.type(self.source.white), self.edit[..., 3])

    # --- strokes -----------------------------------------------------------------------------------------------------------

    def begin(
        self, plane: Plane, ink: Ink, *, colour: Colour = (0, 0, 0), opacity: float = 1.0, shift: tuple[int, int] = (0, 0)
    ) -> None:
        """Begin a stroke. A clone takes what was at a pixel plus `shift` (columns, rows) before the stroke began."""
        cover, fresh = np.zeros(self.mask.shape, np.float32), np.zeros(self.mask.shape, np.bool_)
        self._stroke = _Stroke(ink, colour, opacity, shift, cover, fresh, _Step(plane))

    def dab(self, dabs: Iterable[Dab]) -> Rect:
        """Put dabs down; what changed. Dabs of one stroke do not add up: where they overlap, the strongest counts."""
        stroke = self._stroke
        assert stroke is not None
        changed = NOTHING
        for dab in dabs:
            height, width = dab.cover.shape
            rect = Rect(dab.left, dab.top, dab.left + width, dab.top + height).cut(self.whole)
            if rect.empty:
                continue
            inside = rect.inside(Rect(dab.left, dab.top, 0, 0), dab.cover)
            cover, fresh = rect.part(stroke.cover), rect.part(stroke.fresh)
            fresh |= inside > cover
            np.maximum(cover, inside, out=cover)
            changed = changed.around(rect)
        self._apply(changed)
        return changed

    def end(self) -> None:
        """The stroke is done: one step for undo."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and stroke.step.tiles:
            self._keep(stroke.step)

    def flood(self, plane: Plane, x: int, y: int, tolerance: float, ink: Ink, colour: Colour, opacity: float) -> Rect:
        """Paint what is like the colour at a pixel and joined to it. `tolerance` 0…1 of full white, per channel."""
        if not (0 <= x < self.whole.right and 0 <= y < self.whole.bottom):
            return NOTHING
        # a copy: OpenCV wants memory that it may write, though it only looks
        picture = np.array(screen(self.composite()), order="C")
        found = np.zeros((picture.shape[0] + 2, picture.shape[1] + 2), np.uint8)
        reach = (tolerance * 255,) * 3
        how = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (255 << 8)
        _, _, _, box = cv2.floodFill(picture, found, (x, y), (0, 0, 0), reach, reach, how)
        rect = Rect(box[0], box[1], box[0] + box[2], box[1] + box[3])
        self.begin(plane, ink, colour=colour, opacity=opacity)
        assert self._stroke is not None
        rect.part(self._stroke.fresh)[...] = rect.part(found[1:-1, 1:-1]) > 0
        rect.part(self._stroke.cover)[...] = rect.part(self._stroke.fresh)
        self._apply(rect)
        self.end()
        return rect

    def place(self, picture: Pixels, left: int, top: int) -> Rect:
        """Lay a picture ``(h, w, 3|4)`` of the source's dtype on the edit layer, its upper left corner at a pixel."""
        rect = Rect(left, top, left + picture.shape[1], top + picture.shape[0]).cut(self.whole)
        if rect.empty:
            return NOTHING
        inside = rect.inside(Rect(left, top, 0, 0), picture)
        step = _Step("edit")
        for tile in self._tiles(rect):
            self._before(step, tile)
        pixels = np.ascontiguousarray(inside).reshape(-1, inside.shape[2])
        cover = pixels[:, 3] / np.float32(self.source.white) if inside.shape[2] == 4 else np.ones(len(pixels), np.float32)
        touched = np.flatnonzero(cover)
        layer = rect.part(self.edit).reshape(-1, 4)
        layer[touched] = self._inked(layer[touched], cover[touched].astype(np.float32), pixels[touched, :3])
        rect.part(self.edit)[...] = layer.reshape(*inside.shape[:2], 4)
        self._keep(step)
        self.refresh(rect)
        return rect

    def clear(self, plane: Plane) -> Rect:
        """Empty a layer."""
        step = _Step(plane)
        for tile in self._tiles(self.whole):
            if tile.part(self._plane(plane)).any():
                self._before(step, tile)
                tile.part(self._plane(plane))[...] = 0
        if step.tiles:
            self._keep(step)
        return self._shown_again(step.tiles)

    def _apply(self, rect: Rect) -> None:
        stroke = self._stroke
        assert stroke is not None
        plane = self._plane(stroke.step.plane)
        for tile in self._tiles(rect):
            inner = tile.cut(rect)
            fresh = inner.part(stroke.fresh)
            if not fresh.any():
                continue
            old = inner.inside(tile, self._before(stroke.step, tile))[fresh]
            cover = inner.part(stroke.cover)[fresh] * np.float32(stroke.opacity)
            inner.part(plane)[fresh] = self._touched(old, cover, inner, stroke)
        if not rect.empty:
            rect.part(stroke.fresh)[...] = False
            self.refresh(rect)

    def _touched(self, old: Pixels, cover: Cover, rect: Rect, stroke: _Stroke) -> Pixels:
        """The fresh pixels of `rect` ``(n, …)``, which before the stroke were `old`, under `cover` ``(n,)``."""
        if stroke.step.plane == "mask":
            goal = np.float32(0 if stroke.ink == "erase" else 255)
            mask: Pixels = np.rint(old + (goal - old) * cover)
            return mask
        if stroke.ink == "erase":
            out = old.copy()
            out[:, 3] = self._whole(old[:, 3] * (1 - cover))
            return out
        if stroke.ink == "paint":
            return self._inked(old, cover, np.array(stroke.colour, np.float32) * np.float32(self.source.white))
        fresh = rect.part(stroke.fresh)
        taken, there = self._cloned(rect, stroke)
        out = old.copy()
        has = there[fresh]
        out[has] = self._inked(old[has], cover[has], taken[fresh][has])
        return out

    def _inked(self, old: Pixels, cover: Cover, colour: npt.NDArray[Any]) -> Pixels:
        """Pixels of straight alpha ``(n, 4)`` under ink of `cover` ``(n,)`` above 0: Porter and Duff's *over*."""
        white = np.float32(self.source.white)
        below = old.astype(np.float32)
        kept = below[:, 3] * ((1 - cover) / white)
        alpha = cover + kept
        share, rest = cover / alpha, kept / alpha
        out = np.empty_like(below)
        for n in range(3):
            out[:, n] = colour[..., n].astype(np.float32) * share + below[:, n] * rest
        out[:, 3] = alpha * white
        return self._whole(out)

    def _cloned(self, rect: Rect, stroke: _Stroke) -> tuple[Pixels, npt.NDArray[np.bool_]]:
        """What the clone takes for `rect`, and where there is a picture to take from."""
        dx, dy = stroke.shift
        wanted = Rect(rect.left + dx, rect.top + dy, rect.right + dx, rect.bottom + dy)
        inside = wanted.cut(self.whole)
        height, width = rect.bottom - rect.top, rect.right - rect.left
        taken = np.zeros((height, width, 3), self.source.pixels.dtype)
        there = np.zeros((height, width), np.bool_)
        if inside.empty:
            return taken, there
        layer = inside.part(self.edit).copy()
        for tile in self._tiles(inside):
            if (before := stroke.step.tiles.get(tile)) is not None:
                both = tile.cut(inside)
                target = layer[
                    both.top - inside.top : both.bottom - inside.top, both.left - inside.left : both.right - inside.left
                ]
                target[...] = before[
                    both.top - tile.top : both.bottom - tile.top, both.left - tile.left : both.right - tile.left
                ]
        hole = (
            slice(inside.top - wanted.top, inside.bottom - wanted.top),
            slice(inside.left - wanted.left, inside.right - wanted.left),
        )
        taken[hole] = self._over(inside.part(self.source.pixels), layer)[..., :3]
        there[hole] = True
        return taken, there

    # --- undo --------------------------------------------------------------------------------------------------------------

    @property
    def painted(self) -> set[Plane]:
        """The planes that differ from how they were opened."""
        return self._older | {s.plane for s in self._done}

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def touched(self) -> list[Tile]:
        """Copies of the tiles that have changed since this was asked last."""
        changed, self._fresh_tiles = self._fresh_tiles, set()
        return [Tile(plane, tile, tile.part(self._plane(plane)).copy()) for plane, tile in changed]

    def put(self, plane: str, top: int, left: int, data: bytes) -> None:
        """Set a tile to what `touched` gave of it. Raises ValueError where it does not fit."""
        if plane not in ("edit", "mask"):
            raise ValueError(plane)
        layer = self.edit if plane == "edit" else self.mask
        tile = Rect(left, top, left + TILE, top + TILE).cut(self.whole).part(layer)
        pixels = np.frombuffer(data, layer.dtype).reshape(tile.shape)
        if (tile != pixels).any():
            tile[...] = pixels
            self._older.add("edit" if plane == "edit" else "mask")

    def undo(self) -> Rect:
        return self._swap(self._done, self._undone)

    def redo(self) -> Rect:
        return self._swap(self._undone, self._done)

    def _swap(self, from_: list[_Step], to: list[_Step]) -> Rect:
        if not from_:
            return NOTHING
        step = from_.pop()
        for tile, pixels in step.tiles.items():
            now = tile.part(self._plane(step.plane))
            step.tiles[tile] = now.copy()
            now[...] = pixels
            self._fresh_tiles.add((step.plane, tile))
        to.append(step)
        return self._shown_again(step.tiles)

    def _keep(self, step: _Step) -> None:
        self._done.append(step)
        self._undone.clear()
        size = sum(s.size for s in self._done)
        while size > UNDO_BYTES and len(self._done) > 1:
            forgotten = self._done.pop(0)
            self._older.add(forgotten.plane)
            size -= forgotten.size

    def _shown_again(self, tiles: Iterable[Rect]) -> Rect:
        changed = NOTHING
        for tile in tiles:
            self.refresh(tile)
            changed = changed.around(tile)
        return changed

    def _plane(self, plane: Plane) -> Pixels:
        return self.edit if plane == "edit" else self.mask

    def _before(self, step: _Step, tile: Rect) -> Pixels:
        """The tile as it was before the step, which changes it; kept the first time."""
        self._fresh_tiles.add((step.plane, tile))
        if tile not in step.tiles:
            step.tiles[tile] = tile.part(self._plane(step.plane)).copy()
        return step.tiles[tile]

    def _tiles(self, rect: Rect) -> Iterator[Rect]:
        for top in range(rect.top // TILE * TILE, rect.bottom, TILE):
            for left in range(rect.left // TILE * TILE, rect.right, TILE):
                yield Rect(left, top, left + TILE, top + TILE).cut(self.whole)


def image_of(pixels: Pixels, form: QImage.Format) -> QImage:
    """A QImage on the memory of `pixels` ``(h, w, 4)``, which must live as long; what is painted on it is painted on them."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], form)


def screen(pixels: Pixels) -> Pixels:
    """The first three channels as 8 bits."""
    pixels = pixels[..., :3]
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    if pixels.dtype == np.float16:
        return (np.clip(pixels.astype(np.float32), 0, 1) * 255 + 0.5).astype(np.uint8)
    return pixels
