"""Motion blur: an edited object that is sharp in the keyframe is not in a frame in which it moves fast, and would not be known again.

The keyframe is smeared along the object's motion before the two are compared, as far as makes them most alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .correspondence import Correspondence
from .matching import PATCH_RADIUS, KeyView, detail_error
from .objects import Motion, Objects
from .pixels import Bools, Bytes, Floats, around, cv, grid, moved, shown

SHUTTERS = (0.25, 0.5)
"""Shares of a frame that shutters are open for: a film camera's is half, and less in bright light."""
LEAST_PX = 2.0
"""What is smeared by less (of the analysis) is sharp."""
UNRELATED = 2000.0
"""Difference of evened patches that have nothing to do with each other."""
SHARP = (0.0, 0.0)


class Smears:
    """How a keyframe looks with its edited objects blurred by their motion; the view last asked for is kept.

    Args:
        key: the keyframe's source; `objects`, what was edited in it.
    """

    def __init__(self, key: KeyView, objects: Objects) -> None:
        self._key, self._objects = key, objects
        self._first = len(objects.decals)
        self._last: tuple[tuple[tuple[float, float], ...], KeyView] = (), key

    def view(self, motions: Sequence[Motion]) -> KeyView:
        """The keyframe's source with every edited area blurred as its motion says; what is drawn on one is blurred with it."""
        return self._view([motion.smear for motion in motions[self._first :]])

    def told(self, state: Correspondence, detail: Bytes) -> Correspondence:
        """`state` with the motions of edited areas that were looked for as they blur a frame.

        Args:
            detail: ``(h, w)`` uint8, the frame's `evened` copy.
        """
        motions = list(state.motions)
        areas = list(enumerate(self._objects.areas, self._first))
        for n, area in areas:
            motion = motions[n]
            if not motion.sought:
                continue
            offset, on = _expected(state, motion, area)
            part = around(on, PATCH_RADIUS)
            corner = np.array([part[1].start, part[0].start], np.float32)
            centre = np.linalg.inv(motion.pose) @ self._objects.centres[n]
            best = math.inf
            for by in (SHARP, *smears(motion.pose[:2, :2] @ (centre - motion.step @ centre)[:2])) if on.any() else ():
                key = self._view([by if other == n else SHARP for other, _ in areas])
                apart = np.minimum(detail_error(detail[part], key, offset[part] + corner), np.float32(UNRELATED))
                error = float(apart[on[part]].mean())
                if error < best:
                    best, motions[n] = error, replace(motion, smear=by)
        return replace(state, motions=tuple(motions))

    def _view(self, by: Sequence[tuple[float, float]]) -> KeyView:
        asked = tuple(by)
        if all(each == SHARP for each in asked):
            return self._key
        last = self._last
        if last[0] != asked:
            last = self._last = asked, KeyView(smeared(self._key.guide, self._objects.areas, asked))
        return last[1]


def _expected(state: Correspondence, motion: Motion, area: Bytes) -> tuple[Floats, Bools]:
    """(offsets, which pixels show an object by its tracks, or where these are lost by its pose)."""
    place = grid(*area.shape)
    there = moved(place, motion.pose)
    lost = (shown(area, there) > 0) & (state.tracked < 0.5)
    offset = np.where(lost[..., None], there - place, state.offset)
    return offset, lost | (shown(area, place + offset) > 0)


def smears(motion: Floats) -> list[tuple[float, float]]:
    """What a motion (x, y), px of the keyframe per frame, may smear it by; nothing, if that is slow."""
    every = [(shutter * float(motion[0]), shutter * float(motion[1])) for shutter in SHUTTERS]
    return [(x, y) for x, y in every if math.hypot(x, y) >= LEAST_PX]


def smeared(guide: Bytes, areas: Sequence[Bytes], by: Sequence[tuple[float, float]]) -> Bytes:
    """``(h, w, 3)`` uint8, a keyframe's source with each of the `areas` smeared `by` (x, y) px, and what lies beside it as far as that reaches."""
    out = guide.copy()
    for area, (x, y) in zip(areas, by, strict=True):
        length = math.hypot(x, y)
        if length == 0:
            continue
        margin = math.ceil(0.5 * length) + 1
        reach = cv.dilate(area, np.ones((2 * margin + 1,) * 2, np.uint8)) > 0
        window = around(reach, margin)
        sharp = guide[window].astype(np.float32)
        total, count = np.zeros_like(sharp), math.ceil(length) + 1
        for share in np.linspace(-0.5, 0.5, count):
            shift = np.array([[1, 0, share * x], [0, 1, share * y]], np.float32)
            total += cv.warpAffine(sharp, shift, sharp.shape[1::-1], flags=cv.INTER_LINEAR, borderMode=cv.BORDER_REPLICATE)
        out[window][reach[window]] = np.rint(total / count)[reach[window]].astype(np.uint8)
    return out
