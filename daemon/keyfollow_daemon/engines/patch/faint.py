"""What is changed only faintly, away from all that is changed as the keyframe's edit does it: traces of matches that are hardly believed.

What has just come into sight, or is lost, looks a little like something that was edited; as little as that is believed it is changed. How far an
edit fades out, the keyframe itself tells. Beyond that it is none of the edit's: the source's own bits are worth more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .pixels import Bools, Bytes, Floats, around, cv, largest, pasted

WEAK, SHARE = 25.0, 0.3
"""All but this percentage of an edited object is changed at least so much; from this share of that on, a change is a clear one."""
MOST = 99.7
"""Percentage of the keyframe's edit that lies as near to what is clear as anything may."""
BESIDE_PX = 3.0
"""Nearer than this anything may."""


class Fading(NamedTuple):
    """How a keyframe's edit ends: at `clear` (8-bit units) it is there without doubt, `px` further on there is nothing of it."""

    clear: float
    px: float


def fading(edit: Floats, labels: Bytes, core: Bools) -> Fading:
    """How a keyframe's edit ends, going by the weakest of the edited objects.

    Args:
        edit: ``(h, w, c)``, 8-bit units.
        labels: ``(h, w)``, the object that a pixel belongs to; `core` ``(h, w)``, what was edited, not grown.
    """
    if not core.any():
        return Fading(0.0, 0.0)
    much, of = largest(edit), labels[core]
    clear = min(SHARE * float(np.percentile(much[core][of == n], WEAK)) for n in np.unique(of))
    return Fading(clear, BESIDE_PX + float(np.percentile(_away(much, clear)[core], MOST)))


def faint(edit: Floats, ends: Sequence[Fading]) -> Bools:
    """``(h, w)``, what an `edit` ``(h, w, c)`` changes further from all that is clear than the keyframes have it."""
    much = largest(edit)
    window = around(much > 0, 0)
    part = much[window]
    if not part.size:
        return much > 0
    clear, px = min(end.clear for end in ends), max(end.px for end in ends)
    return pasted((part > 0) & (_away(part, clear) > px), window, *much.shape)


def without(plane: Floats, stray: Bools) -> Floats:
    """A plane or picture that is 0 where `stray`, ``(h, w)``."""
    if not stray.any():
        return plane
    out = plane.copy()
    out[stray] = 0.0
    return out


def _away(much: Floats, clear: float) -> Floats:
    """``(h, w)`` px from what is changed at least so much; infinitely far if nothing is."""
    near = much >= clear
    if not near.any():
        return np.full(much.shape, np.inf, np.float32)
    out: Floats = cv.distanceTransform((~near).astype(np.uint8), cv.DIST_L2, 3)
    return out
