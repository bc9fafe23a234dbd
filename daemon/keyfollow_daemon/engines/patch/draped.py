"""A decal on cloth is followed by the picture of it and of what is close around: laid onto the frame as one piece that gives way only gently.

Cloth folds, and where it is smooth flow takes the drawing along with the next fold or hem; little by little a part of it is smeared, and
what passes in front tears the rest off. A small piece of cloth, though, changes its shape slowly, and less than tracks say: so an affine
map is sought that explains the picture and departs as little as that needs from how the piece lay a frame ago, and from its shape in the
keyframe (Baker & Matthews 2004, part 4, "priors"). Where little of the piece agrees any more it was hidden: then its picture is looked for,
the further around the longer that lasts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .appearance import Template
from .decals import spanned
from .matching import evened_apart
from .objects import INERTIA, Decal, Motion, shifted
from .pixels import Bools, Bytes, Floats, cv, grid, moved, shown
from .planar import SMOOTH_PX, Plane, Prior, agreement, lay, plane, smoothed

AROUND = 1.0
"""How far around the decal the cloth is looked at, in square roots of the decal's area."""
LEAST_POINTS = 150
"""Of the cloth, so many must be marked."""
CLEAR = 12.0
"""Contrast (standard deviation around, 8-bit units) from which a mark tells half as much as it could: noise and faint creases are none of cloth."""
SAMPLES = 250
"""Of its pixels, about so many are looked for."""
STEP, SHAPE, MOVED_PX = 0.05, 0.2, 3.0
"""By how much, in its size, a piece changes its shape in a frame, and altogether; and how far from where its motion leads it lies, px."""
ALIKE_PX = 9.0
"""Neighbouring pixels of an evened picture are alike: so many tell as much as one."""
REACH_PX, REACH_HIDDEN, MOST_REACH = 4, 2, 20
"""How far around where its motion leads a piece is looked for: px, and px for every frame since it was last seen, up to a limit."""
RIGHT, FOLLOWED = 500.0, 0.5
"""Difference of evened patches up to which a place looks right; share of a decal that must do so for its tracks to be believed again."""
STANDS_OUT = 0.06
"""So much more of it must agree where it lies than anywhere around."""
RINGS, SIDES = (0.75, 1.5), 12
"""Where that is asked: this far off, in its size, in so many directions."""


class Piece(NamedTuple):
    """What the keyframe shows of a decal and the cloth around: `marks` to be laid, `sight` to be looked for."""

    marks: Plane
    sight: Template


def piece(evened: Bytes, contrast: Floats, drawn: Bytes, wide: Bytes) -> Piece | None:
    """The piece of cloth around a decal; None where too little is marked on it.

    Args:
        evened: ``(h, w)`` uint8, the keyframe's evened copy.
        contrast: ``(h, w)``, the variance around every pixel, 8-bit units squared.
        drawn: ``(h, w)`` uint8 0 or 1, the decal; `wide`, what may be of the same surface.
    """
    near = cv.distanceTransform(1 - drawn, cv.DIST_L2, cv.DIST_MASK_5) <= AROUND * math.sqrt(float(drawn.sum()))
    around = np.where(near, wide, np.uint8(0))
    marks = plane(evened, drawn, around, least=LEAST_POINTS)
    if marks is None:
        return None
    worth = np.sqrt(contrast)
    worth /= worth + CLEAR
    for points in marks.levels:
        points[2] *= worth[points[1].astype(np.intp), points[0].astype(np.intp)]
    places = np.argwhere((around > 0) & (worth >= np.median(worth[around > 0])))
    return Piece(marks, Template(evened[..., None], places[:: max(1, len(places) // SAMPLES)], 1))


class Told(NamedTuple):
    """What tracks tell of a frame: `detail` ``(h, w)`` uint8, its evened copy; `offset` ``(h, w, 2)`` px; ``(h, w)`` what is `lost` to them."""

    detail: Bytes
    offset: Floats
    lost: Bools


def hung(cloth: Piece, key: Bytes, decal: Decal, told: Told, before: Motion, now: Motion) -> Motion:
    """`now`, the motion of a decal as tracks tell it, with the pose in which the cloth hangs if that stands out of what lies around.

    Args:
        key: ``(h, w)`` uint8, the keyframe's evened copy.
        before: its motion in the frame before.
    """
    # cloth wobbles: it goes on as it moved, but not as it turned
    led = shifted(before.pose, before.pose @ before.step, np.array([*cloth.marks.centre, 1.0]))
    starts = [led]
    if before.hidden:
        starts.append(_as_drawn(cloth, led))
    elif not before.whole:
        starts.append(now.pose)
    pose, clear = _draped(cloth, told.detail, starts, before.hidden)
    if clear > STANDS_OUT:
        step = np.linalg.inv(before.pose) @ pose
        step = np.eye(3) if before.hidden else INERTIA * before.step + (1.0 - INERTIA) * step
        as_piece, by_tracks = _right(key, decal, told, pose)
        return replace(now, pose=pose, step=step, draped=True, whole=as_piece > by_tracks)
    if not before.draped or _right(key, decal, told, now.pose)[1] > FOLLOWED:
        return now
    step = INERTIA * before.step + (1.0 - INERTIA) * np.eye(3)
    return replace(now, pose=led, step=step, draped=True, hidden=before.hidden + 1)


def _right(key: Bytes, decal: Decal, told: Told, pose: Floats) -> tuple[float, float]:
    """Shares of a decal that look right where its `pose` has it, and where tracks that are not lost lead."""
    window = spanned(decal.drawn, pose)
    here = grid(*told.lost.shape)[window]
    there = moved(here, pose)
    core = shown(decal.drawn, there) > 0
    if not core.any():
        return 0.0, 0.0
    as_piece = evened_apart(told.detail[window], key, there) < RIGHT
    by_tracks = (evened_apart(told.detail[window], key, here + told.offset[window]) < RIGHT) & ~told.lost[window]
    return float(as_piece[core].mean()), float(by_tracks[core].mean())


def _draped(cloth: Piece, evened: Bytes, starts: Sequence[Floats], hidden: int) -> tuple[Floats, float]:
    """(pose, clear): the affine map from frame to keyframe coordinates by which the cloth lies on the frame, sought from the poses `starts`; by
    how much more of it agrees there than anywhere around."""
    reach = min(REACH_PX + REACH_HIDDEN * hidden, MOST_REACH)
    marks, found = cloth.marks, []
    for start in starts:
        there = np.linalg.inv(cloth.sight.best(evened[..., None], start, reach)[1])
        prior = Prior(there, *(ALIKE_PX / px**2 for px in (MOVED_PX, STEP * marks.size, SHAPE * marks.size)))
        for points, px in zip(marks.levels, SMOOTH_PX, strict=True):
            there, _ = lay(points, smoothed(evened, px), there, marks.centre, marks.size, prior)
        if np.isfinite(there).all():
            found.append((agreement(marks, evened, there), there))
    if not found:
        return starts[0], 0.0
    _, there = max(found, key=lambda each: each[0])
    return np.linalg.inv(there), _stands_out(marks, evened, there)


def _stands_out(marks: Plane, evened: Bytes, there: Floats) -> float:
    """By how much more agrees with a map than with any that leads beside it."""
    size = marks.size * math.sqrt(abs(float(np.linalg.det(there))))
    elsewhere = 0.0
    for ring in RINGS:
        for angle in np.arange(SIDES) * (2.0 * math.pi / SIDES):
            beside = there.copy()
            beside[:2, 2] += ring * size * np.array([math.cos(angle), math.sin(angle)])
            elsewhere = max(elsewhere, agreement(marks, evened, beside))
    return agreement(marks, evened, there) - elsewhere


def _as_drawn(cloth: Piece, pose: Floats) -> Floats:
    """The `pose` in which the cloth would lie at the same place as large, but in its shape in the keyframe: cloth comes back to that."""
    centre = np.array([*cloth.marks.centre, 1.0])
    linear = math.sqrt(abs(float(np.linalg.det(pose)))) * np.eye(2)
    out = np.eye(3)
    out[:2, :2], there = linear, (np.linalg.inv(pose) @ centre)[:2]
    out[:2, 2] = centre[:2] - linear @ there
    return out
