"""The part of a frame that a local edit can reach; the rest of it is not worked on.

That is what shows something the edit touched, what is near enough to be filled, and untracked pixels of an edited colour that hang
together with these. It is told at the size of the analysis, and generously.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .colour_table import CELLS, look_up
from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, around, cv, span
from .seen import Seen

TOLD, VISIBLE = 0.3, 10.0
"""Belief in a colour's edit, and its size (8-bit units), from which on it may be filled in; `fill`'s own limits are a little higher."""
MARGIN_PX, MARGIN_SHARE = 32, 1 / 16
"""How far around it the picture tells of what is filled: pixels, or a share of the longer side, whichever is more."""
CELL_PX = 24
"""Windows begin at multiples of this, so that what is counted in cells is counted in the same ones as in the whole picture."""


def telling(tables: Floats) -> Bools:
    """``(25, 25, 25)``, whether any table (`ColourTables.cells`) may tell of a visible edit between a cell and the next ones."""
    cells = tables.reshape(-1, CELLS, CELLS, CELLS, tables.shape[1])
    believed: Bools = cells[..., -1] > TOLD
    visible: Bools = np.logical_or.reduce(np.abs(cells[..., :3]) > VISIBLE, axis=4)
    for some in (believed, visible):
        some[:, :-1] |= some[:, 1:]
        some[:, :, :-1] |= some[:, :, 1:]
        some[..., :-1] |= some[..., 1:]
    out: Bools = np.logical_or.reduce(believed & visible, axis=0)
    return out


def reached(seen: Seen, touched: Bools, guide: Bytes, tables: Floats, px: float, known: Bools | None = None) -> Bools:
    """``(h, w)``, what of a frame an edit can reach.

    Args:
        seen: of the frame, at the size of the analysis.
        touched: ``(h, w)``, what shows something that the edit touched.
        guide: ``(h, w, 3)`` uint8 of the frame at that size.
        tables: the edit by colour (`ColourTables.cells`).
        px: how far from the edit unsure pixels are filled.
        known: `telling` of the tables, where that is known.
    """
    shown: Bytes = cv.dilate((touched | seen.placed).astype(np.uint8), np.ones((3, 3), np.uint8))
    if not shown.any():
        return np.zeros_like(touched)
    rows(_told, len(shown), guide, seen.confidence, tables, telling(tables) if known is None else known, shown)
    away = cv.distanceTransform((shown == 0).astype(np.uint8), cv.DIST_L2, 3)
    _, label = cv.connectedComponents((away <= px + 1).astype(np.uint8), connectivity=4)
    keep = np.zeros(int(label.max()) + 1, np.bool_)
    keep[label[touched | seen.placed]] = True
    out: Bools = keep[label]
    return out


@kernel
def _told(first: int, end: int, guide: Bytes, confidence: Floats, tables: Floats, known: Bools, out: Bytes) -> None:
    """Untracked pixels of an edited colour become 1."""
    channels, scale = tables.shape[1] - 1, np.float32((CELLS - 1) / 255.0)
    found = np.empty(channels + 1, np.float32)
    for y in range(first, end):
        for x in range(out.shape[1]):
            if out[y, x] or confidence[y, x] >= 0.5:
                continue
            red, green, blue = np.float32(guide[y, x, 0]), np.float32(guide[y, x, 1]), np.float32(guide[y, x, 2])
            # most colours are nobody's, and looking them up takes long
            if not known[int(red * scale), int(green * scale), int(blue * scale)]:
                continue
            for label in range(len(tables) // CELLS**3):
                look_up(tables, label, red, green, blue, found)
                for c in range(3):
                    if found[channels] > np.float32(TOLD) and abs(found[c]) > np.float32(VISIBLE):
                        out[y, x] = 1


def enclosing(parts: Iterable[Bools], width: int, height: int) -> tuple[slice, slice]:
    """The window (rows, columns) of a ``width x height`` picture that holds `parts`, told at any size, and a margin; an empty one where there is nothing."""
    margin = max(MARGIN_PX, round(max(width, height) * MARGIN_SHARE))
    spans: tuple[list[slice], list[slice]] = [], []
    for part in parts:
        for axis, (side, there) in enumerate(zip((height, width), around(part, 0), strict=True)):
            if there.stop > there.start:
                scale = side / part.shape[axis]
                first, last = int((there.start - 1) * scale) - margin, int((there.stop + 1) * scale) + margin
                spans[axis].append(slice(max(0, first // CELL_PX * CELL_PX), min(side, -(-last // CELL_PX) * CELL_PX)))
    return (span(spans[0]), span(spans[1])) if spans[0] else (slice(0, 0), slice(0, 0))
