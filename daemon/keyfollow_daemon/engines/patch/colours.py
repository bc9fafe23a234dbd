"""What colours tell of an edit, where tracking is unsure: a table of the keyframe's edit by source colour is asked (`colour_table`)."""

from __future__ import annotations

import numpy as np

from .belonging import NOTHING
from .colour_table import look_up
from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats

TELLING, KNOWN = 2.0, 10.0
"""Tolerances of motion that an unambiguous colour is worth: against the surroundings, and where the pixel moves like nothing else."""


def told(tables: Floats, labels: Bytes, where: Bools, source: Floats, allowed: Floats, alike: Floats) -> tuple[Floats, Floats]:
    """(edit ``(h, w, c)`` in 8-bit units, belief ``(h, w)`` 0…1), both 0 where nobody asks.

    Args:
        tables: `ColourTables.cells`.
        labels: ``(h, w)``, the table to look in, `NOTHING` for none.
        where: ``(h, w)``, what is asked about.
        source: ``(h, w, c)`` float32 of the frame, 8-bit units.
        allowed: ``(h, w)`` float32, how far motion allows an edit (`belonging`); becomes 0…1, the higher the more colours tell: a side
            that turns into view does not move as the rest of its object. Where its colour tells, motion must speak clearly.
        alike: ``(h, w)`` float32, how far motion allows it by itself (`belonging`).
    """
    # unlike np.zeros_like, np.zeros takes no memory where nothing is written
    edit, belief = np.zeros(source.shape, np.float32), np.zeros(allowed.shape, np.float32)
    rows(_told, len(labels), tables, labels, where, source, allowed, alike, edit, belief)
    return edit, belief


@kernel
def _told(
    first: int,
    end: int,
    tables: Floats,
    labels: Bytes,
    where: Bools,
    source: Floats,
    allowed: Floats,
    alike: Floats,
    edit: Floats,
    belief: Floats,
) -> None:
    channels = edit.shape[2]
    found = np.zeros(channels + 1, np.float32)
    for y in range(first, end):
        for x in range(edit.shape[1]):
            # elsewhere no colour could tell more than motion does
            if where[y, x] and labels[y, x] != NOTHING and allowed[y, x] > np.float32(-TELLING):
                look_up(tables, labels[y, x], source[y, x, 0], source[y, x, 1], source[y, x, 2], found)
                for c in range(channels):
                    edit[y, x, c] = found[c]
                belief[y, x] = found[channels]
                allowed[y, x] += np.float32(TELLING) * found[channels] ** 2
            alone = alike[y, x] + np.float32(KNOWN) * belief[y, x] ** 2
            allowed[y, x] = min(max(min(allowed[y, x], alone), np.float32(0)), np.float32(1))
