"""What of a decal on a plain surface is in sight: all but what something else hides, which differs from the surface by more than light does.

Reflections glide over a surface, take tracks along, and leave no patch the same; so where such a decal lies is told by `planar`, and only what
cannot be its surface in any light is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .correspondence import within
from .decals import WITHIN_CURVE_PX, WITHIN_PX, nearby, spanned
from .matching import KeyView
from .objects import Decal, Motion
from .pixels import Bools, Bytes, Floats, box, cv, grid, moved, sample, shown
from .seen import Seen

REFLECTS_PX, MOST_LIT, MOST_TINTED, MOST_MARKED, MORE_MARKED = 2, 80.0, 24.0, 12.0, 3.0
"""What glides over a surface as light or a reflection changes the mean around (5 x 5 px) by no more than a third of white, its tint by less, and
leaves little contrast (standard deviation) where there was none."""
BESIDE_PX = 2.0
"""What tracks take for a part of a decal lies on the surface beside it if that is further off."""
GIVES_PX = 1.5
"""Cloth gives way by so much: tracks that lie no further off its pose tell by how much."""
VOUCHED = 0.8
"""Confidence of what lies where a plain surface has it."""


def lies(guide: Bytes, key: KeyView, decal: Decal, pose: Floats) -> bool:
    """Whether what a frame shows where a pose has a decal can be its surface, in whatever light, for the most part.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame.
        pose: ``(3, 3)``, frame to coordinates of the keyframe `key`.
    """
    _, _, _, core, other = _compared(guide, key, decal, pose)
    return bool((core & ~other).sum() > 0.5 * core.sum())


def lying(seen: Seen, guide: Bytes, key: KeyView, decals: Sequence[Decal], motions: Sequence[Motion]) -> Seen:
    """`seen` with decals on plain surfaces, and on cloth, where their poses have them: reflections glide over a surface, take tracks along, and
    leave no patch the same. Not where something else is to be seen there, which differs by more than a reflection. What tracks take for a part
    of the decal, but does not lie there, shows the surface beside it.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame.
        decals: of the keyframe `key`; `motions`, of each.
    """
    offset, confidence, tracked = seen.offset, seen.confidence, seen.tracked
    for decal, motion in zip(decals, motions, strict=False):
        if not (motion.plain or motion.whole or (motion.draped and not motion.unseen)):
            continue
        whole = motion.plain or motion.whole
        window, here, there, core, other = _compared(guide, key, decal, motion.pose, offset if whole else None)
        tracked_to = here + offset[window]
        other |= (confidence[window] > VOUCHED) & (shown(decal.surface, tracked_to) == 0)
        other = cv.dilate(other.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        lost = core & ~other & (confidence[window] < VOUCHED)
        px = WITHIN_CURVE_PX
        if not motion.plain:
            # cloth is not affine: where tracks tell as much, its own motion is known better
            away = tracked_to - there
            followed = (confidence[window] > VOUCHED) & (shown(decal.surface, there) > 0) & within(away, GIVES_PX)
            there, px = there + nearby(away, followed), WITHIN_PX
        if whole:
            lost |= core & ~other & ~within(tracked_to - there, px)
            beside = ~core & (shown(decal.drawn, tracked_to) > 0) & (shown(decal.wide, there) > 0)
            lost |= beside & ~within(tracked_to - there, BESIDE_PX)
        if not lost.any():
            continue
        if offset is seen.offset:
            offset, confidence, tracked = offset.copy(), confidence.copy(), tracked.copy()
        offset[window][lost] = (there - here)[lost]
        confidence[window][lost], tracked[window][lost] = VOUCHED, 1.0
    return replace(seen, offset=offset, confidence=confidence, tracked=tracked)


def _compared(
    guide: Bytes, key: KeyView, decal: Decal, pose: Floats, offset: Floats | None = None
) -> tuple[tuple[slice, slice], Floats, Floats, Bools, Bools]:
    """The window in which a `pose` has a decal, or an `offset` does, its places in the frame and in the keyframe, which of them lie on the
    decal, and which show something else than its surface."""
    window = spanned(decal.drawn, decal.drawn_in, pose, offset)
    here = grid(*guide.shape[:2])[window]
    there = moved(here, pose)
    then, now = sample(key.wide, there), guide[window].astype(np.float32)
    apart = box(now - then, REFLECTS_PX)
    lit = apart.mean(axis=2, keepdims=True)
    other = _contrast(now) > MOST_MARKED + MORE_MARKED * _contrast(then)
    other |= (np.abs(lit[..., 0]) > MOST_LIT) | (np.abs(apart - lit).max(axis=2) > MOST_TINTED)
    return window, here, there, shown(decal.drawn, there) > 0, other


def _contrast(picture: Floats) -> Floats:
    """``(h, w)``, standard deviation of the brightness of what is around."""
    light = picture.mean(axis=2)
    mean = box(light, REFLECTS_PX)
    out: Floats = np.sqrt(np.maximum(box(light * light, REFLECTS_PX) - mean * mean, 0.0))
    return out
