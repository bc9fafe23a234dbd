"""What is taken for a part of the edit by chance: bits of it where nothing else of it is, and what does not go where the rest goes.

A few pixels look like a few others anywhere: what has left the picture is found again in gravel. And a pole that passes in front of a
ball of much the same colour may look like it, but moves otherwise.
"""

from __future__ import annotations

import numpy as np

from .correspondence import within
from .objects import MAX_OBJECTS, MERGE_PX
from .pixels import Bools, Bytes, Floats, around, box, cv, grid, shown

LEAST_SHARE = 0.02
"""Of an edited area, so much must be seen in one piece that the source's own tracks hold nothing of: the more of it there was, the
more of what is seen instead looks like some part of it by chance."""
KEPT_SHARE = 0.001
"""The same, of a piece that was found in an earlier frame and went on since: what leaves sight bit by bit is there until its end."""
APART_PX = 24
"""Pieces nearer to each other are one."""
KNOWN = 0.3
"""Confidence from which a pixel goes with its surroundings, or not."""
NEAR_PX, LEAST_COMPANY = 24, 0.15
"""How far around a pixel the edit's motion is asked about, and the share of what lies there that must tell it."""
SHRINK = 4
"""Means are taken over every fourth pixel of every fourth row."""
ALIKE_PX, ALIKE_SHARE = 0.5, 0.15
"""Motions that differ by less are alike: pixels per frame, plus a share of the motion."""
ELSEWHERE_PX = 3.5
"""A pixel that comes from nearer to where its surroundings come from than this is none of something else."""


def parts(changed: Bools) -> tuple[Bytes, Floats]:
    """(labels ``(h, w)``, areas in px) of what a keyframe's edit touched: the largest few, then one label for all others; label 0 is what it
    did not touch."""
    joined = cv.dilate(changed.astype(np.uint8), np.ones((MERGE_PX, MERGE_PX), np.uint8))
    _, components, stats, _ = cv.connectedComponentsWithStats(joined)
    largest = np.argsort(-stats[1:, cv.CC_STAT_AREA], kind="stable")[:MAX_OBJECTS] + 1
    label_of = np.full(len(stats), MAX_OBJECTS + 1, np.uint8)
    label_of[largest] = range(1, len(largest) + 1)
    labels = np.where(changed, label_of[components], 0).astype(np.uint8)
    return labels, np.bincount(labels.ravel(), minlength=MAX_OBJECTS + 2).astype(np.float32)


def islands(labels: Bytes, areas: Floats, offset: Floats, tracked: Floats, found: Bools, new: Bools) -> Bools:
    """``(h, w)``, pieces of the edit that were `found` as a whole and are too small to be more than chance.

    Args:
        labels, areas: as from `parts`.
        offset, tracked: as in `Correspondence`.
        found: ``(h, w)``, what was found in an earlier frame and is not on the source's own track; `new`: what is found in this one.
    """
    found = found | new
    if not found.any():
        return found
    part_of = shown(labels, grid(*offset.shape[:2]) + offset)
    seen = (part_of > 0) & (tracked > 0.5)
    _, piece = cv.connectedComponents(cv.dilate(seen.astype(np.uint8), np.ones((APART_PX + 1,) * 2, np.uint8)))
    count = int(piece.max()) + 1
    size, alone = np.bincount(piece[seen], minlength=count), np.bincount(piece[seen & found], minlength=count)
    of = np.bincount(piece[seen] * len(areas) + part_of[seen], minlength=count * len(areas)).reshape(count, -1) > 0
    whole = (of * areas).max(axis=1)
    carried = np.bincount(piece[seen & ~new], minlength=count) > 0
    chance = (alone == size) & (size < np.where(carried, KEPT_SHARE, LEAST_SHARE) * whole)
    out: Bools = seen & chance[piece]
    return out


def astray(labels: Bytes, offset: Floats, confidence: Floats, motion: Floats, visible: Bools) -> Bools:
    """``(h, w)``, what looks like a part of the edit, but neither moves as most of what is seen of that part nearby does nor comes from
    where that comes from.

    Args:
        labels: as from `parts`.
        offset, confidence, motion, visible: as in `Seen`.
    """
    part_of = np.where(confidence > KNOWN, shown(labels, grid(*offset.shape[:2]) + offset), 0)
    out = np.zeros_like(visible)
    for label in np.flatnonzero(np.bincount(part_of.ravel())[1:]) + 1:
        part = around(part_of == label, 0)
        here, moved, came = part_of[part] == label, motion[part], offset[part]
        few = np.s_[::SHRINK, ::SHRINK]
        share, way = _mean(moved[few], here[few])
        # those that differ have no say in the second round
        alike = here[few] & ~_differs(moved[few], way)
        share, way = _mean(moved[few], alike)
        _, place = _mean(came[few], alike)
        share, way, place = (cv.resize(plane, here.shape[::-1], interpolation=cv.INTER_LINEAR) for plane in (share, way, place))
        out[part] |= here & _differs(moved, way) & ~within(came - place, ELSEWHERE_PX) & (share > LEAST_COMPANY)
    return out & visible


def _differs(moved: Floats, way: Floats) -> Bools:
    tolerance = np.float32(ALIKE_PX) + np.float32(ALIKE_SHARE) * np.sqrt(np.square(way[..., 0]) + np.square(way[..., 1]))
    out: Bools = np.square(moved[..., 0] - way[..., 0]) + np.square(moved[..., 1] - way[..., 1]) > tolerance * tolerance
    return out


def _mean(vectors: Floats, among: Bools) -> tuple[Floats, Floats]:
    """(share of the surroundings that is `among`, mean vector of that); the vectors are those of every fourth pixel."""
    share = box(among.astype(np.float32), NEAR_PX // SHRINK)
    return share, box(vectors * among[..., None], NEAR_PX // SHRINK) / np.maximum(share, 1e-6)[..., None]
