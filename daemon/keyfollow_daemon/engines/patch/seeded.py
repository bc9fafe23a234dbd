"""Flow of objects that move faster than flow follows, from where they were found as wholes.

The frame before is moved by what the object moved, so that little motion is left between the two; what flow finds then is taken where it
leads to what looks more alike.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .flow import dense_flow
from .matching import PATCH_RADIUS
from .pixels import Bools, Bytes, Floats, around, box, grid, sample

MARGIN_PX = 12
"""Around an object, so much is looked at as well: flow needs it."""
BETTER, ALIKE = 0.7, 500.0
"""What leads elsewhere must differ by less than this share of what the flow between the whole frames does, and by less than this (mean square
of evened patches; unrelated ones differ by some 2000)."""


def seeded(
    flow: Floats, visible: Bools, now: Bytes, before: Bytes, moved: Iterable[tuple[Floats, Bools]], finest: int
) -> tuple[Floats, Bools]:
    """(flow, visible) to the frame before, with those of the objects that `moved` so much better known.

    Args:
        flow, visible: ``(h, w, 2)`` px, and ``(h, w)``, what was in sight there.
        now, before: ``(h, w)`` uint8, evened frames.
        moved: of each, the affine map (3 x 3) from this frame to the one before, and where it is in this one ``(h, w)``.
        finest: as for `dense_flow`.
    """
    for motion, area in moved:
        window = around(area, MARGIN_PX)
        if not area.any():
            continue
        here = grid(*area.shape)[window]
        expected = here @ motion[:2, :2].T.astype(np.float32) + motion[:2, 2].astype(np.float32)
        left = dense_flow(np.ascontiguousarray(now[window]), sample(before, expected).astype(np.uint8), finest)
        there = (here + left) @ motion[:2, :2].T.astype(np.float32) + motion[:2, 2].astype(np.float32)
        apart, as_was = (_apart(now[window], before, place) for place in (there, here + flow[window]))
        inside = (there >= 0).all(axis=2) & (there[..., 0] <= area.shape[1] - 1) & (there[..., 1] <= area.shape[0] - 1)
        better = inside & (apart < ALIKE) & (apart < BETTER * as_was)
        flow, visible = flow.copy(), visible.copy()
        flow[window] = np.where(better[..., None], there - here, flow[window])
        visible[window] |= better
    return flow, visible


def _apart(now: Bytes, before: Bytes, place: Floats) -> Floats:
    """``(h, w)``, mean squared difference of evened patches."""
    difference = sample(before, place).astype(np.float32) - now
    return box(difference * difference, PATCH_RADIUS)
