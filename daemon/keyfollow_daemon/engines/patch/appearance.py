"""What an object looks like, and where something looks like that: a template of its colours, compared at a size at which it has some hundred
pixels. Pixels that something hides count for nothing, wherever that stands, and do not speak against a place.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .kernels import kernel, rows
from .pixels import Bytes, Floats, Ints, cv

SAMPLES, MOST_SHRINK = 300, 8
"""Of an object's pixels, about so many are compared, of a picture shrunk by no more than this."""
FINE_SAMPLES = 600
"""The same for its place to a pixel, once that is known roughly."""
TOLERANCE = 30.0
"""Mean difference of colour (8-bit units) at which a pixel counts for nothing."""
LEAST, STANDS_OUT = 0.2, 0.05
"""An object is found where it agrees with the picture so much (0…1), and so much better than at most places around."""
NEAR = 0.05
"""What lies as far off as is looked at must agree so much better than what lies where motion leads."""
TURNS, ROLL = (-16.0, -8.0, 0.0, 8.0, 16.0), 0.5
"""Degrees that a found object is turned by, and radii that what it shows is moved by, to agree better in its details."""
MOST_REACH = 0.35
"""Nothing is looked for further off than this share of the picture's longer side: the work grows with its square."""
APART = 0.7
"""What lies further off than this, in radii, is elsewhere."""


class Located(NamedTuple):
    """A `pose` (3 x 3, frame to keyframe coordinates) in which an object is found; `sure`, whether it looks like that nowhere else around."""

    pose: Floats
    sure: bool


class Appearance:
    """An object's colours in some frame: `rough`, at a size at which it has about `SAMPLES` pixels, and `fine`; and its `detail`.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
        area: ``(h, w)``, the object.
    """

    def __init__(self, guide: Bytes, detail: Bytes, area: Bytes) -> None:
        size = int(np.count_nonzero(area))
        self.shrink = int(np.clip(round(math.sqrt(size / SAMPLES)), 1, MOST_SHRINK))
        small = _shrunk(guide, self.shrink)
        inside = _shrunk(np.where(area > 0, np.uint8(255), np.uint8(0)), self.shrink) > 127
        self.rough = Template(small, np.argwhere(inside), self.shrink)
        some = np.argwhere(area)[:: max(1, size // FINE_SAMPLES)]
        self.fine, self.detail = Template(guide, some, 1), Template(detail[..., None], some, 1)
        self.radius = math.sqrt(size / math.pi)
        """Of a disk of its area, px; its `centre` (x, y)."""
        self.centre = self.rough.places.mean(axis=0) if len(self.rough.places) else np.zeros(2)

    def located(self, predicted: Floats, guide: Bytes, px: float) -> Located | None:
        """Where a frame (its `guide`) shows what looks so, if anywhere, up to `px` from where the `predicted` pose has it."""
        if not len(self.rough.places):
            return None
        small = _shrunk(guide, self.shrink)
        reach = math.ceil(min(px, MOST_REACH * max(guide.shape[:2])) / self.shrink)
        agree = self.rough.agreement(small, predicted, reach)
        away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
        row, column = np.unravel_index(int(np.argmax(agree - NEAR * away / max(reach, 1))), agree.shape)
        best = float(agree[row, column])
        if best < LEAST or best < float(np.median(agree)) + STANDS_OUT:
            return None
        apart = np.hypot(*np.mgrid[-row : 2 * reach + 1 - row, -column : 2 * reach + 1 - column]) * self.shrink
        elsewhere = agree[apart > APART * self.radius]
        sure = not len(elsewhere) or best > float(elsewhere.max()) + STANDS_OUT
        pose = self.rough.moved(predicted, int(column) - reach, int(row) - reach)
        return Located(self.fine.best(guide, pose, self.shrink)[1], sure)

    def textured(self, pose: Floats, detail: Bytes) -> Floats:
        """`pose`, moved and turned as far as makes details agree best: what rolls, or turns, within its outline is not where that says.

        Args:
            detail: ``(h, w)`` uint8, the frame's `evened` copy.
        """
        reach = math.ceil(ROLL * self.radius)
        best, out = self.detail.best(detail[..., None], pose, 0)[0] + STANDS_OUT, pose
        for angle in TURNS:
            cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            about = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
            about[:2, 2] = self.centre - about[:2, :2] @ self.centre
            agree, there = self.detail.best(detail[..., None], about @ pose, reach)
            if agree > best:
                best, out = agree, there
        return out


class Template:
    """Some of an object's pixels: `places` ``(n, 2)`` (x, y) px of the analysis, `colours` ``(n, 3)`` float32.

    Args:
        picture: of a frame, shrunk `by` so much; `pixels` ``(n, 2)`` of it, (row, column).
    """

    def __init__(self, picture: Bytes, pixels: Ints, by: int) -> None:
        self._by = by
        self.places = (pixels[:, ::-1] + 0.5) * by - 0.5
        self.colours: Floats = picture[pixels[:, 0], pixels[:, 1]].astype(np.float32)

    def agreement(self, picture: Bytes, pose: Floats, reach: int) -> Floats:
        """As `agreement`, with another frame's `picture` where the object has a `pose` (from that frame to its own), and so many pixels around."""
        there = self.places @ (back := np.linalg.inv(pose))[:2, :2].T + back[:2, 2]
        return agreement(picture, self.colours, np.rint((there + 0.5) / self._by - 0.5).astype(np.intp), reach)

    def best(self, picture: Bytes, pose: Floats, reach: int) -> tuple[float, Floats]:
        """The most that agrees around a pose, and the pose where it does."""
        agree = self.agreement(picture, pose, reach)
        row, column = np.unravel_index(int(np.argmax(agree)), agree.shape)
        return float(agree[row, column]), self.moved(pose, int(column) - reach, int(row) - reach)

    def moved(self, pose: Floats, across: int, down: int) -> Floats:
        """`pose` of an object that lies so many pixels of the shrunk picture further."""
        out = pose.copy()
        out[:2, 2] -= pose[:2, :2] @ (self._by * np.array([across, down], np.float64))
        return out


def _shrunk(picture: Bytes, by: int) -> Bytes:
    """Means of ``by x by`` px; what is left over at the right and below is left out."""
    height, width = (max(1, side // by) for side in picture.shape[:2])
    out: Bytes = cv.resize(picture[: height * by, : width * by], (width, height), interpolation=cv.INTER_AREA)
    return out


def agreement(picture: Bytes, colours: Floats, places: Ints, reach: int) -> Floats:
    """``(2 reach + 1, 2 reach + 1)`` 0…1: how far a picture has the colours given at the places given, moved by so many pixels."""
    out = np.zeros((2 * reach + 1,) * 2, np.float32)
    if len(places):
        rows(_agreement, len(out), picture, colours, places, reach, out)
    return out


@kernel
def _agreement(first: int, end: int, picture: Bytes, colours: Floats, places: Ints, reach: int, out: Floats) -> None:
    height, width = picture.shape[:2]
    channels = colours.shape[1]
    most = np.float32(channels * TOLERANCE)
    for row in range(first, end):
        for column in range(out.shape[1]):
            total = np.float32(0)
            for n in range(len(places)):
                x, y = places[n, 0] + column - reach, places[n, 1] + row - reach
                if x < 0 or y < 0 or x >= width or y >= height:
                    continue
                apart = np.float32(0)
                for c in range(channels):
                    apart += abs(np.float32(picture[y, x, c]) - colours[n, c])
                total += max(most - apart, np.float32(0))
            out[row, column] = total / (most * np.float32(len(places)))
