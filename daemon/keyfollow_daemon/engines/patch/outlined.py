"""What lies within the outline of an object that was found as a whole is edited, though the keyframe may not show it: a side that turned into
view, or blurs, where neither tracks nor colours tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .objects import Motion
from .pixels import Bools, Bytes, Floats, box, cv, grid, moved, opened, sample, shown
from .seen import Seen

LOST, SURE = 0.4, 0.7
"""Confidence below which nothing is known of a pixel, and of what is known by its motion."""
RIM_PX, DRAWN_PX = 3, 6
"""An edit is taken from so far within the outline, and so far from what is drawn on the object."""
NEAR_PX = 16
"""As far around a fast object flow is smeared, and as far the surroundings are asked how they move."""
CLEARLY = 0.7
"""What moves with one rather than the other differs by this share from where that was in the frame before, of what it does from the other."""
EDGE_PX, LEAST_RADIUS_PX = 1.5, 8.0
"""An outline is known to about this; of what is narrower than some five times that it tells too little."""
LEAST_PX = 3
"""Least width of what is told."""


class Outlines:
    """The edited areas of a keyframe, as outlines.

    Args:
        areas: ``(h, w)`` uint8 0 or 1 each; `decals`, ``(h, w)`` bool, what is drawn on them.
    """

    def __init__(self, areas: Sequence[Bytes], decals: Bools) -> None:
        drawn = cv.dilate(decals.astype(np.uint8), np.ones((2 * DRAWN_PX + 1,) * 2, np.uint8))
        self._edited = np.maximum.reduce([np.zeros(decals.shape, np.uint8), *areas])
        self._within = [
            cv.distanceTransform(cv.copyMakeBorder(area, 1, 1, 1, 1, cv.BORDER_REPLICATE), cv.DIST_L2, 3) for area in areas
        ]
        self._near = [cv.dilate(area, np.ones((2 * NEAR_PX + 1,) * 2, np.uint8)) for area in areas]
        inner = [(within[1:-1, 1:-1] > RIM_PX) & (drawn == 0) for within in self._within]
        self._homes = [
            _home(each) if within.max() > LEAST_RADIUS_PX else None for each, within in zip(inner, self._within, strict=True)
        ]

    def told(self, seen: Seen, motions: Sequence[Motion], guide: Bytes, before: Bytes) -> Seen:
        """`seen` with what nobody knows within outlines `placed` where the keyframe has the edit of that part of the object, if it moves with
        the object rather than with the surroundings; and what nobody knows in or near them sure to be unedited, if it is the other way round.

        Args:
            motions: of the areas.
            guide, before: ``(h, w, 3)`` uint8 of the frame and of the one before.
        """
        here = grid(*seen.tracked.shape)
        for motion, within, home, near in zip(motions, self._within, self._homes, self._near, strict=True):
            if not (motion.sought and motion.sure) or motion.outline is None or home is None:
                continue
            there = moved(here, motion.outline)
            lost = ~seen.placed & (seen.confidence < LOST) & (shown(near, there) > 0)
            elsewhere = shown(self._edited, here + seen.offset) == 0
            along = _apart(guide, before, moved(here, motion.step))
            behind = _apart(guide, before, here + _around(seen.motion, (seen.confidence > SURE) & elsewhere))
            inside = sample(within[1:-1, 1:-1], there, border=cv.BORDER_CONSTANT) > EDGE_PX
            told = opened(lost & inside & (along < CLEARLY * behind), LEAST_PX)
            beside = opened(lost & elsewhere & (behind < CLEARLY * along), LEAST_PX)
            offset = np.where(told[..., None], sample(home, there, nearest=True) - here, seen.offset)
            confidence = np.where(beside, np.float32(SURE), seen.confidence)
            seen = replace(seen, offset=offset, confidence=confidence, placed=seen.placed | told)
        return seen


def _apart(guide: Bytes, before: Bytes, place: Floats) -> Floats:
    """``(h, w)``, mean squared difference (5 x 5 px, sum of channels) of a frame and the one before at the places given."""
    difference = np.square(cv.subtract(sample(before, place), guide, dtype=cv.CV_32F))
    return box(difference[..., 0] + difference[..., 1] + difference[..., 2], 2)


def _around(motion: Floats, known: Bools) -> Floats:
    """The mean motion of what is `known` around every pixel; none where there is nothing."""
    weight = known.astype(np.float32)
    out: Floats = box(motion * weight[..., None], NEAR_PX) / np.maximum(box(weight, NEAR_PX), 1e-3)[..., None]
    return out


def _home(inside: Bools) -> Floats | None:
    """``(h, w, 2)``, the nearest place (x, y) `inside`; None if there is none."""
    if not inside.any():
        return None
    _, label = cv.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv.DIST_L2, cv.DIST_MASK_5, labelType=cv.DIST_LABEL_PIXEL
    )
    row, column = np.nonzero(inside)
    places = np.zeros((int(label.max()) + 1, 2), np.float32)
    places[label[row, column]] = np.stack([column, row], axis=1)
    out: Floats = places[label]
    return out
