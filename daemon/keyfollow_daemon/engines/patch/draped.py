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
from .objects import INERTIA, Decal, Motion, possible, shifted
from .pixels import Bools, Bytes, Floats, cv, grid, moved, shown
from .planar import SMOOTH_PX, Plane, Prior, agreement, lay, plane, smoothed

AROUND, ENOUGH = 1.0, 1.7
"""How far around the decal the cloth is looked at, at most, in square roots of the decal's area; and less, where so many marks for every pixel of
that area, each by what it tells, lie nearer: the smaller the piece, the more nearly it stays one."""
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
REACH_PX, REACH_UNSEEN, MOST_REACH = 4, 2, 20
"""How far around where its motion leads a piece is looked for: px, and px for every frame since it was last seen, up to a limit."""
WELL = 0.7
"""Share of what is marked on a piece that agrees where it lies as it should."""
RIGHT, BELIEVED = 500.0, 0.5
"""Difference of evened patches up to which a place looks right; share of a decal that must do so for its tracks to be believed again, or where
they agree on how a surface bends."""
FOLLOWED, FOUND = (0.04, 0.1), (0.06, 0.2)
"""To be followed, and to be found: so much more of the cloth must agree where it lies than anywhere around, and so much of the decal look right."""
COASTS = 4
"""For so many frames in which that is not so it lies where its motion leads, as far as that looks like it in some light."""
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
    size = math.sqrt(float(drawn.sum()))
    away = cv.distanceTransform(1 - drawn, cv.DIST_L2, cv.DIST_MASK_5)
    around = np.where(away <= AROUND * size, wide, np.uint8(0))
    marks = plane(evened, drawn, around, least=LEAST_POINTS)
    if marks is None:
        return None
    worth = np.sqrt(contrast)
    worth /= worth + CLEAR
    x, y = marks.levels[0][:2].astype(np.intp)
    nearest = np.argsort(away[y, x], kind="stable")
    enough = np.searchsorted(np.cumsum(worth[y, x][nearest]), ENOUGH * size * size) + 1
    kept = np.sort(nearest[: max(int(enough), LEAST_POINTS)])
    levels = tuple(points[:, kept] for points in marks.levels)
    for points in levels:
        points[2] *= worth[y, x][kept]
    reach = away[y, x][kept].max()
    places = np.argwhere((around > 0) & (away <= reach))
    clear = worth[places[:, 0], places[:, 1]]
    places = places[clear >= np.median(clear)]
    return Piece(marks._replace(levels=levels), Template(evened[..., None], places[:: max(1, len(places) // SAMPLES)], 1))


class Told(NamedTuple):
    """What tracks tell of a frame, of which `guide` is ``(h, w, 3)`` uint8 and `detail` its evened copy: `offset` ``(h, w, 2)`` px; ``(h, w)`` what
    is `lost` to them."""

    guide: Bytes
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
    starts = [led, _as_drawn(cloth, led)]
    if before.unseen:
        starts.append(_as_drawn(cloth, now.pose))
    elif not before.whole:
        starts.append(now.pose)
    levels = [smoothed(told.detail, px) for px in SMOOTH_PX]
    agreed, pose = 0.0, led
    for start in starts:
        # what lies well need not be tried otherwise
        if agreed < WELL:
            agreed, pose = max(
                (agreed, pose), _laid(cloth, told.detail, levels, start, before.unseen), key=lambda each: each[0]
            )
    right, by_tracks = _right(key, decal, told, pose)
    least_clear, least_right = FOLLOWED if before.draped and before.unseen <= COASTS else FOUND
    if right > least_right and agreed - _beside(cloth.marks, levels[-1], np.linalg.inv(pose)) > least_clear:
        step = np.linalg.inv(before.pose) @ pose
        step = np.eye(3) if before.unseen else INERTIA * before.step + (1.0 - INERTIA) * step
        whole = right > by_tracks or (before.whole and by_tracks < BELIEVED)
        return replace(now, pose=pose, step=step, draped=True, unseen=0, whole=whole)
    if not before.draped or _right(key, decal, told, now.pose)[1] > BELIEVED:
        return now
    step = INERTIA * before.step + (1.0 - INERTIA) * np.eye(3)
    whole = before.whole and before.unseen < COASTS
    return replace(now, pose=led, step=step, draped=True, unseen=before.unseen + 1, whole=whole)


def looks_right(key: Bytes, decal: Decal, told: Told, pose: Floats) -> bool:
    """Whether most of a decal looks right where tracks lead, lost or not, of where its `pose` has it."""
    return _right(key, decal, told._replace(lost=np.zeros_like(told.lost)), pose)[1] > BELIEVED


def _right(key: Bytes, decal: Decal, told: Told, pose: Floats) -> tuple[float, float]:
    """Shares of a decal that look right where its `pose` has it, and where tracks that are not lost lead."""
    window = spanned(decal.drawn, decal.drawn_in, pose)
    here = grid(*told.lost.shape)[window]
    there = moved(here, pose)
    core = shown(decal.drawn, there) > 0
    if not core.any():
        return 0.0, 0.0
    as_piece = evened_apart(told.detail[window], key, there) < RIGHT
    by_tracks = (evened_apart(told.detail[window], key, here + told.offset[window]) < RIGHT) & ~told.lost[window]
    return float(as_piece[core].mean()), float(by_tracks[core].mean())


def _laid(cloth: Piece, detail: Bytes, levels: Sequence[Floats], pose: Floats, unseen: int) -> tuple[float, Floats]:
    """(agreed, pose): the cloth laid onto a frame where it is found around a `pose`, and the share of what is marked on it that goes by that.

    Args:
        detail: ``(h, w)`` uint8, the frame's evened copy; `levels`, the same as smooth as each of `SMOOTH_PX`.
    """
    marks, reach = cloth.marks, min(REACH_PX + REACH_UNSEEN * unseen, MOST_REACH)
    there = np.linalg.inv(cloth.sight.best(detail[..., None], pose, reach)[1])
    prior = Prior(there, *(ALIKE_PX / px**2 for px in (MOVED_PX, STEP * marks.size, SHAPE * marks.size)))
    for points, frame in zip(marks.levels, levels, strict=True):
        there, _ = lay(points, frame, there, marks.centre, marks.size, prior)
    return (agreement(marks, levels[-1], there), np.linalg.inv(there)) if possible(there) else (0.0, pose)


def _beside(marks: Plane, frame: Floats, there: Floats) -> float:
    """The most that agrees with any map that leads beside a map."""
    size, most = marks.size * math.sqrt(abs(float(np.linalg.det(there)))), 0.0
    for ring in RINGS:
        for angle in np.arange(SIDES) * (2.0 * math.pi / SIDES):
            beside = there.copy()
            beside[:2, 2] += ring * size * np.array([math.cos(angle), math.sin(angle)])
            most = max(most, agreement(marks, frame, beside))
    return most


def _as_drawn(cloth: Piece, pose: Floats) -> Floats:
    """The `pose` in which the cloth would lie at the same place as large, but in its shape in the keyframe: cloth comes back to that."""
    centre = np.array([*cloth.marks.centre, 1.0])
    linear = math.sqrt(abs(float(np.linalg.det(pose)))) * np.eye(2)
    out = np.eye(3)
    out[:2, :2], there = linear, (np.linalg.inv(pose) @ centre)[:2]
    out[:2, 2] = centre[:2] - linear @ there
    return out
