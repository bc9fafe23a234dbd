"""Which edited object an untracked pixel belongs to, if any: the nearest tracked one that moves as the pixel does.

What comes out from behind a rolling ball stands still like the wall that it is part of; what turns into view at the ball's own
edge moves with the ball. Colour and distance alone cannot tell a red ball from a red sleeve behind it.
"""

from __future__ import annotations

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, Ints, cv, opened

NOTHING = 255
"""Label of a pixel that belongs to no edited object."""
SHRINK = 4
NEAR_PX = 24.0
"""As much distance counts as one tolerance of difference in motion."""
CLEARLY = 2.5
"""Tolerances by which a pixel must rather move as the unedited surroundings do, to be none of the object's."""
ALONE = 2.0
"""Tolerances by which a pixel may move otherwise than the object if neither colour nor the surroundings say that it is the object's: a
pole that passes in front moves like nothing else."""
LEAST, CLEAREST, MOSTLY = -4.0, -20.0, 0.5
"""How far motion may speak against a pixel; and how far if more than this share of the object is in sight: then even a colour that is known
to be edited is not believed of what passes before it at speed (`colours.KNOWN`)."""
SPECK_PX, SPECKS = 3, 0.2
"""Spots narrower than this (in pixels of the shrunk picture) are stray tracks, and do not tell how an object moves, unless they are more than
this share of what is seen of it."""
AMID_PX, AMID, BESIDE = 24, 0.15, 0.1
"""What is amid an edit: so much of what lies around is tracked as edited, and little beside that as not."""
ALIKE_PX, ALIKE_SHARE = 0.75, 0.1
"""Motions that differ by less are alike: pixels per frame, plus a share of the motion."""

LIKELY, GLIMPSED = 0.15, 0.005
"""Confidence of what looks right, but was not followed; and the share of an object that must look so, if nothing else of it is known."""


def glimpsed(seen: Bytes, labels: Bytes, areas: Ints, offset: Floats, reach: Floats, confidence: Floats) -> Bytes:
    """`seen` with objects of which not one pixel is known where enough of them is likely: what looks out on both sides of something else is
    sure to be lost for a frame or two.

    Args:
        seen: as for `belonging`.
        labels: ``(h, w)`` of the keyframe; `areas` of each, px.
        offset: ``(h, w, 2)``, as in `Seen`; `reach`, `confidence` ``(h, w)``, as in `Proposal`.
    """
    known = np.bincount(seen.ravel(), minlength=NOTHING + 1)
    absent = np.flatnonzero((known[:NOTHING] == 0) & (areas[:NOTHING] > 0))
    if not absent.size:
        return seen
    likely = np.full(seen.shape, NOTHING, np.uint8)
    rows(_likely, len(seen), labels, offset, reach, confidence, likely)
    counts = np.bincount(likely.ravel(), minlength=NOTHING + 1)
    found = np.isin(likely, [n for n in absent if counts[n] > GLIMPSED * areas[n]])
    return np.where(found, likely, seen)


@kernel
def _likely(first: int, end: int, labels: Bytes, offset: Floats, reach: Floats, confidence: Floats, likely: Bytes) -> None:
    """The label of what a pixel is likely to show, in `likely`, which comes as `NOTHING`."""
    height, width = labels.shape
    for y in range(first, end):
        for x in range(likely.shape[1]):
            if reach[y, x] >= np.float32(0.5) and confidence[y, x] >= np.float32(LIKELY):
                i = int(min(max(np.rint(x + offset[y, x, 0]), np.float32(0)), np.float32(width - 1)))
                j = int(min(max(np.rint(y + offset[y, x, 1]), np.float32(0)), np.float32(height - 1)))
                likely[y, x] = labels[j, i]


def belonging(seen: Bytes, unedited: Bools, motion: Floats, areas: Ints | None = None) -> tuple[Bytes, Floats, Floats]:
    """Every pixel's label, and how far its motion allows that, from 1 down: at 0 and below it rather moves as the unedited do; and
    how far by itself: at 0 and below it moves otherwise than the object.

    Args:
        seen: ``(h, w)`` labels of the tracked edited pixels, `NOTHING` elsewhere.
        unedited: ``(h, w)``, the tracked pixels that the edit leaves alone.
        motion: ``(h, w, 2)`` px per frame.
        areas: of each label in the keyframe, px; of what is mostly in sight it is known better how it moves.
    """
    height, width = seen.shape
    labels = seen[::SHRINK, ::SHRINK]
    flow = np.ascontiguousarray(motion[::SHRINK, ::SHRINK])
    best = np.full(labels.shape, NOTHING, np.uint8)
    cost, apart = np.full(labels.shape, np.inf, np.float32), np.full(labels.shape, np.inf, np.float32)
    least, counts = np.full(labels.shape, LEAST, np.float32), np.bincount(labels.ravel(), minlength=NOTHING + 1)
    for label in np.flatnonzero(counts[:NOTHING]):
        distance, differs = _nearest(labels == label, flow)
        here = distance * SHRINK / NEAR_PX + differs
        closer = here < cost
        best[closer], cost[closer], apart[closer] = label, here[closer], differs[closer]
        known = areas is not None and SHRINK * SHRINK * counts[label] > MOSTLY * areas[label]
        least[closer] = CLEAREST if known else LEAST
    _, background = _nearest(unedited[::SHRINK, ::SHRINK], flow)
    allowed = np.clip(CLEARLY - (apart - background), LEAST, 1.0) if np.isfinite(background).any() else np.ones_like(apart)
    allowed[best == NOTHING] = LEAST
    alike = np.clip(ALONE - apart, least, 1.0)
    amid = _amid(labels != NOTHING, unedited[::SHRINK, ::SHRINK])
    allowed[amid], alike[amid] = 1.0, 1.0
    size = (width, height)
    full: Bytes = cv.resize(best, size, interpolation=cv.INTER_NEAREST)
    full = np.where(seen != NOTHING, seen, full)
    by_surroundings, by_itself = (
        cv.resize(plane.astype(np.float32), size, interpolation=cv.INTER_LINEAR) for plane in (allowed, alike)
    )
    return full, by_surroundings, by_itself


def _amid(edited: Bools, unedited: Bools) -> Bools:
    """What lies amid what is edited: reflections and highlights that glide over it move like nothing around, and it is edited still."""
    px = (2 * AMID_PX // SHRINK + 1,) * 2
    inside, beside = (cv.blur(area.astype(np.float32), px) for area in (edited, unedited))
    out: Bools = (inside > AMID) & (beside < BESIDE * inside)
    return out


def _nearest(area: Bools, flow: Floats) -> tuple[Floats, Floats]:
    """Distance to `area` in px, and by how many tolerances its motion there differs; ``inf`` without any area."""
    if not area.any():
        nothing = np.full(area.shape, np.inf, np.float32)
        return nothing, nothing
    area = _without_specks(area)
    distance, place = cv.distanceTransformWithLabels(
        (~area).astype(np.uint8), cv.DIST_L2, cv.DIST_MASK_5, labelType=cv.DIST_LABEL_PIXEL
    )
    known = np.empty((*area.shape, 3), np.float32)
    rows(_known, len(known), area, flow, known)
    smooth = cv.blur(known, (5, 5))
    at = np.empty((area.size + 1, 2), np.float32)
    _motions(area, place, smooth, at)
    differs = np.empty_like(distance)
    rows(_differs, len(differs), place, at, flow, differs)
    return distance, differs


def _without_specks(area: Bools) -> Bools:
    wide = opened(area, SPECK_PX)
    return wide if wide.sum() >= (1.0 - SPECKS) * area.sum() else area


@kernel
def _known(first: int, end: int, area: Bools, flow: Floats, known: Floats) -> None:
    """The motion in `area`, and 1; elsewhere 0."""
    for y in range(first, end):
        for x in range(area.shape[1]):
            share = np.float32(area[y, x])
            known[y, x, 0], known[y, x, 1], known[y, x, 2] = share * flow[y, x, 0], share * flow[y, x, 1], share


@kernel
def _motions(area: Bools, place: Floats, smooth: Floats, at: Floats) -> None:
    """The motion around each pixel of `area`, by its label in `place`."""
    for y in range(area.shape[0]):
        for x in range(area.shape[1]):
            if area[y, x]:
                at[place[y, x], 0] = smooth[y, x, 0] / smooth[y, x, 2]
                at[place[y, x], 1] = smooth[y, x, 1] / smooth[y, x, 2]


@kernel
def _differs(first: int, end: int, place: Floats, at: Floats, flow: Floats, differs: Floats) -> None:
    for y in range(first, end):
        for x in range(differs.shape[1]):
            u, v = at[place[y, x], 0], at[place[y, x], 1]
            tolerance = np.float32(ALIKE_PX) + np.float32(ALIKE_SHARE) * np.sqrt(u * u + v * v)
            differs[y, x] = np.sqrt((flow[y, x, 0] - u) ** 2 + (flow[y, x, 1] - v) ** 2) / tolerance
