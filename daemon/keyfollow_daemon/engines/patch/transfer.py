"""One keyframe's edit as it falls on another frame.

``y = A(phi) (B - s) + g (b + e)(phi) + s``: the edit follows the frame's own detail, and its light. Light is what turned the
keyframe's local mean colour into the frame's: a gain g (shade, exposure) and a white offset s (a highlight that moved), by least
squares over the three channels with a ridge on s: where colours are grey the two cannot be told apart, and the gain is likelier.
Colours are looked up in the edit's table as they were in the keyframe's light: a highlight's own colour was never edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from .belonging import NOTHING, belonging
from .kernels import kernel, rows
from .keymodel import KeyModel, local_mean
from .pixels import Bytes, Floats, grid, sample
from .seen import Seen

HIGHLIGHT_RIDGE = 0.02
LEAST_GAIN, MOST_GAIN = 0.3, 4.0
MOST_HIGHLIGHT = 200.0
TELLING = 2.0
"""Tolerances of motion that an unambiguous colour is worth."""
SURE = 0.7
"""Confidence from which on the tracked edit stands alone."""
DARK = 3.0
"""Added to both sides before they are compared (8-bit units), so that noise in the dark is no gain."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What one keyframe says about a frame.

    Args:
        edit: ``(h, w, c)`` float32, to be added to the source, 8-bit units; exactly 0 where `reach` is.
        reach: ``(h, w)`` float32 0…1, the keyframe's change mask as carried here.
        confidence: ``(h, w)`` float32 0…1.
        misfit: ``(h, w)`` float32, how far frame and keyframe differ there (`Seen.misfit`).
        by_colour: ``(h, w, c)``, the edit that the colour table suggests; `belief` ``(h, w)`` 0…1 in it.
        allowed: ``(h, w)`` float32 0…1, how far an untracked pixel may belong to an edited object, by its motion.
    """

    edit: Floats
    reach: Floats
    confidence: Floats
    misfit: Floats
    by_colour: Floats
    belief: Floats
    allowed: Floats


def transfer(model: KeyModel, state: Seen, source: Floats) -> Proposal:
    """The edit of `model`'s keyframe on a frame.

    Args:
        state: correspondence of the frame with the model's keyframe, at the frame's size.
        source: ``(h, w, c)`` float32 of the frame, 8-bit units.
    """
    where = grid(*state.tracked.shape) + state.offset
    reach = sample(model.changed.astype(np.float32), where, border=cv2.BORDER_CONSTANT)
    seen: Bytes = sample(model.labels, where, nearest=True).astype(np.uint8, copy=False)
    allowed: Floats = np.ones((1, 1), np.float32)
    if not model.everywhere:
        known = state.confidence > 0.5
        seen[(reach < 0.5) | ~known] = NOTHING
        seen, allowed = belonging(seen, known & (reach <= 0), state.motion)
        # whatever has just come into sight has no motion of its own yet
        allowed = np.where(state.visible, allowed, np.float32(1.0))
    own = np.ascontiguousarray(source[..., :3])
    light = np.empty((*reach.shape, 2), np.float32)
    rows(_light, len(own), model.carried, where, reach, local_mean(own), light)
    # colours have a say only where tracking is unsure
    unsure = state.confidence < SURE
    by_colour, belief = model.tables(source, seen if model.everywhere else np.where(unsure, seen, np.uint8(NOTHING)))
    # a side that turns into view does not move as the rest of its object; where its colour tells, motion must speak more clearly
    allowed = np.clip(allowed + TELLING * belief * belief, 0.0, 1.0)
    base = own
    if model.pointwise and model.everywhere:
        # an edit of the whole picture learnt every colour as it was
        base = own + by_colour[..., :3]
    elif model.pointwise:
        lit = (reach > 0) & (state.tracked > 0.5)
        gain = np.where(lit, light[..., 0], np.float32(1.0))[..., None]
        highlight = np.where(lit, light[..., 1], np.float32(0.0))[..., None]
        colours = source.copy()
        colours[..., :3] = (own - highlight) / gain
        base = own + gain * model.tables(colours, np.where(reach > 0, seen, np.uint8(NOTHING)))[0][..., :3]
    edit = np.zeros(source.shape, np.float32)
    rows(_apply, len(base), model.carried, where, reach, base, light, np.ascontiguousarray(source), edit)
    return Proposal(edit, reach, state.confidence, state.misfit, by_colour, belief, np.broadcast_to(allowed, belief.shape))


@kernel
def _light(first: int, end: int, carried: Floats, where: Floats, reach: Floats, mean: Floats, light: Any) -> None:
    """Gain and highlight that turned the keyframe's local mean colour into the frame's; 1 and 0 where nothing was edited."""
    height, width = reach.shape
    for y in range(first, end):
        for x in range(width):
            light[y, x, 0], light[y, x, 1] = np.float32(1), np.float32(0)
            if reach[y, x] <= 0:
                continue
            u = min(max(where[y, x, 0], np.float32(0)), np.float32(width - 1))
            v = min(max(where[y, x, 1], np.float32(0)), np.float32(height - 1))
            left, top = int(u), int(v)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            a, b = u - left, v - top
            then = now = square = cross = np.float32(0)
            for c in range(3):
                above = carried[top, left, 12 + c] + a * (carried[top, right, 12 + c] - carried[top, left, 12 + c])
                below = carried[bottom, left, 12 + c] + a * (carried[bottom, right, 12 + c] - carried[bottom, left, 12 + c])
                found = above + b * (below - above) + DARK
                then += found
                now += mean[y, x, c] + DARK
                square += found**2
                cross += found * (mean[y, x, c] + DARK)
            count = 3 * (1 + HIGHLIGHT_RIDGE)
            determinant = square * count - then * then
            light[y, x, 1] = min(max((square * now - then * cross) / determinant, -MOST_HIGHLIGHT), MOST_HIGHLIGHT)
            light[y, x, 0] = min(max((cross * count - then * now) / determinant, LEAST_GAIN), MOST_GAIN)


@kernel
def _apply(
    first: int,
    end: int,
    carried: Floats,
    where: Floats,
    reach: Floats,
    base: Floats,
    light: Floats,
    source: Floats,
    edit: Floats,
) -> None:
    height, width, planes = carried.shape
    found = np.empty(planes, np.float32)
    for y in range(first, end):
        for x in range(reach.shape[1]):
            if reach[y, x] <= 0:
                continue
            u = min(max(where[y, x, 0], np.float32(0)), np.float32(width - 1))
            v = min(max(where[y, x, 1], np.float32(0)), np.float32(height - 1))
            left, top = int(u), int(v)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            a, b = u - left, v - top
            for p in range(planes):
                above = carried[top, left, p] + a * (carried[top, right, p] - carried[top, left, p])
                below = carried[bottom, left, p] + a * (carried[bottom, right, p] - carried[bottom, left, p])
                found[p] = above + b * (below - above)
            gain, highlight = light[y, x]
            for c in range(3):
                value = gain * found[4 * c + 3] + highlight
                for d in range(3):
                    value += found[4 * c + d] * (base[y, x, d] - highlight)
                edit[y, x, c] = value - source[y, x, c]
            if source.shape[2] == 4:
                edit[y, x, 3] = found[15]
