"""Flow of objects that move faster than flow follows, from where they were found as wholes.

The frame before is moved by what the object moved, so that little motion is left between the two; what flow finds then is taken where it
leads to what looks more alike.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .flow import dense_flow
from .matching import evened_apart
from .pixels import Bools, Bytes, Floats, around, grid, moved, sample

MARGIN_PX = 12
"""Around an object, so much is looked at as well: flow needs it."""
BETTER, ALIKE = 0.7, 500.0
"""What leads elsewhere must differ by less than this share of what the flow between the whole frames does, and by less than this (mean square
of evened patches; unrelated ones differ by some 2000)."""


def seeded(
    flow: Floats, visible: Bools, now: Bytes, before: Bytes, objects: Iterable[tuple[Floats, Bools]], finest: int
) -> tuple[Floats, Bools]:
    """(flow, visible) to the frame before, with those of fast `objects` better known.

    Args:
        flow, visible: ``(h, w, 2)`` px, and ``(h, w)``, what was in sight there.
        now, before: ``(h, w)`` uint8, evened frames.
        objects: of each, the affine map (3 x 3) from this frame to the one before, and where it is in this one ``(h, w)``.
        finest: as for `dense_flow`.
    """
    for motion, area in objects:
        window = around(area, MARGIN_PX)
        if not area.any():
            continue
        here = grid(*area.shape)[window]
        expected = moved(here, motion)
        left = dense_flow(np.ascontiguousarray(now[window]), sample(before, expected).astype(np.uint8), finest)
        there = moved(here + left, motion)
        apart, as_was = (evened_apart(now[window], before, place) for place in (there, here + flow[window]))
        inside = (there >= 0).all(axis=2) & (there[..., 0] <= area.shape[1] - 1) & (there[..., 1] <= area.shape[0] - 1)
        better = inside & (apart < ALIKE) & (apart < BETTER * as_was)
        flow, visible = flow.copy(), visible.copy()
        flow[window] = np.where(better[..., None], there - here, flow[window])
        visible[window] |= better
    return flow, visible
