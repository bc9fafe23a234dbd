"""Brush strokes as dabs: where they fall between the points that mouse or pen report, and what each covers. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Cover = npt.NDArray[np.float32]
SPACING = 0.08
"""Of the diameter from dab to dab: close enough that the edge of a stroke shows no scallops."""
LIGHTEST = 0.15
"""Part of the radius that a pen draws with when it hardly touches."""
STEPS = 4
"""Parts of a pixel that a dab is placed to."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in picture pixels, and a pen's pressure 0…1 (a mouse has 1)."""

    x: float
    y: float
    pressure: float = 1.0


@dataclass(frozen=True, slots=True)
class Dab:
    """What one touch covers: `cover` 0…1 over ``(h, w)`` pixels from column `left` and row `top`, which may lie outside the picture."""

    left: int
    top: int
    cover: Cover


class Path:
    """The points of one stroke, made smooth: quadratic curves through the middles between them, dabs at even steps along those."""

    def __init__(self, diameter: float, hardness: float) -> None:
        self._diameter, self._hardness = diameter, hardness
        self._last: Point | None = None
        self._end: Point | None = None
        self._left = 0.0

    def to(self, point: Point) -> list[Dab]:
        """The dabs that the stroke grows by when the pen comes to `point`."""
        if self._last is None or self._end is None:
            self._last = self._end = point
            self._left = self._step(point)
            return [self._dab(point)]
        middle = _between(self._last, point, 0.5)
        made = self._along(self._end, self._last, middle)
        self._last, self._end = point, middle
        return made

    def finish(self) -> list[Dab]:
        """The rest, up to where the pen was lifted."""
        if self._last is None or self._end is None or self._last == self._end:
            return []
        return self._along(self._end, self._last, self._last)

    def _along(self, start: Point, bend: Point, stop: Point) -> list[Dab]:
        return [self._dab(p) for p in self._even(start, bend, stop)]

    def _even(self, start: Point, bend: Point, stop: Point) -> Iterator[Point]:
        length = math.dist((start.x, start.y), (bend.x, bend.y)) + math.dist((bend.x, bend.y), (stop.x, stop.y))
        pieces = max(2, math.ceil(length))
        before = start
        for n in range(1, pieces + 1):
            share = n / pieces
            here = _between(_between(start, bend, share), _between(bend, stop, share), share)
            self._left -= math.dist((before.x, before.y), (here.x, here.y))
            if self._left <= 0:
                yield here
                self._left = self._step(here)
            before = here

    def _radius(self, point: Point) -> float:
        return self._diameter / 2 * (LIGHTEST + (1 - LIGHTEST) * point.pressure)

    def _step(self, point: Point) -> float:
        return max(0.5, 2 * self._radius(point) * SPACING)

    def _dab(self, point: Point) -> Dab:
        radius = self._radius(point)
        # a large soft brush hides parts of a pixel, and radii that differ little are one for the cache
        steps = STEPS if radius < 16 else 1
        x, y = round(point.x * steps), round(point.y * steps)
        left, top = x // steps, y // steps
        cover = _cover(round(radius, 1 if radius < 16 else 0), self._hardness, x % steps / steps, y % steps / steps)
        half = cover.shape[0] // 2
        return Dab(left - half, top - half, cover)


def _between(a: Point, b: Point, share: float) -> Point:
    return Point(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share, a.pressure + (b.pressure - a.pressure) * share)


@lru_cache(maxsize=256)
def _cover(radius: float, hardness: float, x: float, y: float) -> Cover:
    """A round dab, its centre `x`, `y` right of and below the corner in the middle of an even-sided square of pixels."""
    half = math.ceil(radius) + 2
    columns = np.arange(-half, half, dtype=np.float32) + np.float32(0.5)
    far = np.hypot(columns[None, :] - np.float32(x), columns[:, None] - np.float32(y))
    # the border is a pixel wide at least: else it shows steps
    soft = max((1 - hardness) * radius, 1.0)
    share = np.clip((radius + 0.5 - far) / np.float32(soft), 0, 1)
    cover: Cover = (share * share * (3 - 2 * share)).astype(np.float32) if soft > 1 else share.astype(np.float32)
    cover.setflags(write=False)
    return cover
