"""One keyframe's edit as it falls on another frame.

``y = A(phi) (B - s) + g (b + e)(phi) + s``: the edit follows the frame's own detail, and its light. Light is what turned the
keyframe's local mean colour into the frame's: a gain g (shade, exposure) and a white offset s (a highlight that moved), by least
squares over the three channels with a ridge on s: where colours are grey the two cannot be told apart, and the gain is likelier.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .belonging import NOTHING, belonging, glimpsed
from .colours import told
from .kernels import kernel, rows
from .keymodel import GAIN_RADIUS, PLANES, KeyModel, local_mean
from .pixels import Bools, Bytes, Floats, around, box
from .proposal import Proposal
from .scale import NO_HALF, octaves
from .seen import Seen

HIGHLIGHT_RIDGE = 0.02
LEAST_GAIN, MOST_GAIN = 0.3, 4.0
MOST_HIGHLIGHT = 200.0
ALTERED, STRANGE = 0.035, 0.07
"""Share of a place's brightness by which its mean colour may be another than light can make of the keyframe's, and from which on it is
somewhere else that the track leads to, or something else that is seen."""
SURE = 0.7
"""Confidence from which on the tracked edit stands alone."""
FAINT = 6.0
"""What would be changed by less (8-bit units) beside what the edit touched stays as it is: the source's own bits are worth more. More than
that is an edge that lies a little off."""
DIM = 23.0
"""Added to a place's brightness before colours are compared with it (8-bit units)."""
DARK = 3.0
"""Added to both sides before they are compared (8-bit units), so that noise in the dark is no gain."""
AS_LARGE = np.zeros(NOTHING + 1, np.float32)
"""`octaves` of what is seen as large as in the keyframe."""


class _Map(NamedTuple):
    """What of a `KeyModel` the edit is made from (of `carried`, the rows on end); compiled code takes tuples, but no dataclass."""

    carried: Floats
    core: Bools
    telling: Floats
    pointwise: bool
    everywhere: bool
    behind: Floats
    corner: tuple[int, int]
    gaps: Bools


class _Place(NamedTuple):
    """Where a frame's pixels are in the keyframe, as in `Seen`; `reach` as in `Proposal`."""

    offset: Floats
    reach: Floats
    placed: Bools


class _Size(NamedTuple):
    """Whether things are seen `smaller` than in the keyframe, in octaves by their label, and what they are compared by then: `half` of the map and
    its `corner`, and the frame's mean colours over windows twice as `wide`."""

    labels: Bytes
    smaller: Floats
    half: Floats
    corner: tuple[int, int]
    wide: Floats


def transfer(model: KeyModel, state: Seen, source: Floats) -> Proposal:
    """The edit of `model`'s keyframe on a frame.

    Args:
        state: correspondence of the frame with the model's keyframe, at the frame's size, or of a part of it: offsets count from its corner.
        source: ``(h, w, c)`` float32 of the frame or that part, 8-bit units.
    """
    height, width = state.tracked.shape
    confidence: Floats = np.empty((height, width), np.float32)
    reach, seen, unedited = np.empty_like(confidence), np.empty((height, width), np.uint8), np.empty((height, width), np.bool_)
    out = (confidence, reach, seen, unedited)
    rows(_carried, height, model.changed, model.labels, state.offset, state.confidence, model.everywhere, out)
    placed = np.empty_like(unedited)
    rows(_placed, height, state.placed, state.offset, model.gaps, model.changed, confidence, reach, placed)
    if model.everywhere:
        allowed, alike = np.ones_like(confidence), np.ones_like(confidence)
    else:
        seen = glimpsed(seen, model.labels, model.areas, state.offset, reach, confidence)
        seen, allowed, alike = belonging(seen, unedited, state.motion, model.areas)
        # whatever has just come into sight has no motion of its own yet
        new = ~state.visible
        for plane in (allowed, alike):
            np.copyto(plane, 1.0, where=new)
    # colours have a say only where tracking is unsure; an edit of the whole picture learnt every colour as it was
    asked = np.ones_like(unedited) if model.everywhere else confidence < SURE
    by_colour, belief = told(model.tables.cells, seen, asked, source, allowed, alike)
    mapped = _Map(
        model.carried.reshape(-1, PLANES),
        model.core,
        model.telling,
        model.pointwise,
        model.everywhere,
        model.behind,
        model.corner,
        model.gaps,
    )
    edit, strange = np.zeros(source.shape, np.float32), np.zeros((height, width), np.float32)
    at = _Place(state.offset, reach, placed)
    part = around(reach > 0, GAIN_RADIUS)
    if reach[part].size:
        colours, corner = source[part][..., :3], (part[0].start, part[1].start)
        mean = local_mean(colours)
        smaller = AS_LARGE if model.everywhere else octaves(state.offset, confidence, seen)
        wide = box(colours, 2 * GAIN_RADIUS) if (smaller < 0).any() else mean
        half = model.half if (smaller > 0).any() else NO_HALF
        size = _Size(seen, smaller, half.carried, half.corner, wide)
        rows(_apply, height, mapped, at, size, mean, corner, source, by_colour, edit, strange)
    return Proposal(edit, reach, confidence, state.misfit, by_colour, belief, allowed, strange)


@kernel
def _placed(
    first: int,
    end: int,
    asked: Bools,
    offset: Floats,
    gaps: Bools,
    changed: Bools,
    confidence: Floats,
    reach: Floats,
    out: Bools,
) -> None:
    """What the surface around tells to be edited, or to go on behind something else between two edited sides; `reach` and `confidence` say so
    too."""
    height, width = changed.shape
    for y in range(first, end):
        for x in range(out.shape[1]):
            out[y, x] = False
            if asked[y, x]:
                i = int(min(max(np.rint(x + offset[y, x, 0]), np.float32(0)), np.float32(width - 1)))
                j = int(min(max(np.rint(y + offset[y, x, 1]), np.float32(0)), np.float32(height - 1)))
                out[y, x] = gaps[j, i] or changed[j, i]
                if out[y, x]:
                    reach[y, x], confidence[y, x] = 1, SURE


@kernel
def _carried(
    first: int,
    end: int,
    changed: Bools,
    labels: Bytes,
    offset: Floats,
    confidence: Floats,
    everywhere: bool,
    out: tuple[Floats, Floats, Bytes, Bools],
) -> None:
    """In `out`: confidence, but for what lies beyond the keyframe's border, of which it tells nothing however alike it looks; what of the
    keyframe's change mask a pixel shows, the label there (of local edits: where that is known), and what it shows for sure that the
    edit leaves alone."""
    believed, reach, seen, unedited = out
    height, width = changed.shape
    zero, one, half = np.float32(0), np.float32(1), np.float32(0.5)
    end_x, end_y = np.float32(width), np.float32(height)
    for y in range(first, end):
        for x in range(reach.shape[1]):
            u, v = np.float32(x) + offset[y, x, 0], np.float32(y) + offset[y, x, 1]
            share = zero
            if u >= zero and v >= zero and u < end_x - one and v < end_y - one:
                left, top = int(u), int(v)
                p, q, r, s = changed[top, left], changed[top, left + 1], changed[top + 1, left], changed[top + 1, left + 1]
                if p and q and r and s:
                    share = one
                elif p or q or r or s:
                    a, b = u - np.float32(left), v - np.float32(top)
                    above = (one - a) * np.float32(p) + a * np.float32(q)
                    share = (one - b) * above + b * ((one - a) * np.float32(r) + a * np.float32(s))
            elif u > -one and v > -one and u < end_x and v < end_y:
                left, top = int(u + one) - 1, int(v + one) - 1
                a, b = u - np.float32(left), v - np.float32(top)
                for corner in range(4):
                    j, i = top + (corner >> 1), left + (corner & 1)
                    if j >= 0 and i >= 0 and j < height and i < width and changed[j, i]:
                        share += (b if corner >> 1 else one - b) * (a if corner & 1 else one - a)
            reach[y, x] = share
            inside = u > -half and v > -half and u < end_x - half and v < end_y - half
            sure = confidence[y, x] if inside else zero
            believed[y, x], known = sure, sure > half
            unedited[y, x] = known and share <= 0
            if everywhere or (known and share >= half):
                i = int(np.rint(min(max(u, zero), end_x - one)))
                j = int(np.rint(min(max(v, zero), end_y - one)))
                seen[y, x] = labels[j, i]
            else:
                seen[y, x] = NOTHING


@kernel
def _apply(
    first: int,
    end: int,
    mapped: _Map,
    at: _Place,
    size: _Size,
    mean: Floats,
    corner: tuple[int, int],
    source: Floats,
    by_colour: Floats,
    edit: Floats,
    strange: Floats,
) -> None:
    """`edit` and `strange`, which come as zeros. `mean` is the frame's `local_mean` from `corner` on, which holds all that is within reach, `by_colour`
    what the table tells."""
    offset, reach, carried, core, behind = at.offset, at.reach, mapped.carried, mapped.core, mapped.behind
    (height, width), channels = core.shape, edit.shape[2]
    found, half = np.empty(PLANES, np.float32), np.empty(PLANES, np.float32)
    for y in range(first, end):
        for x in range(edit.shape[1]):
            if reach[y, x] <= 0:
                continue
            u = min(max(np.float32(x) + offset[y, x, 0], np.float32(0)), np.float32(width - 1))
            v = min(max(np.float32(y) + offset[y, x, 1], np.float32(0)), np.float32(height - 1))
            left, top = int(u), int(v)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            smaller = size.smaller[size.labels[y, x]]
            a, b = u - np.float32(left), v - np.float32(top)
            if at.placed[y, x] and mapped.gaps[top, left]:
                j = min(max(top - mapped.corner[0], 0), behind.shape[0] - 1)
                i = min(max(left - mapped.corner[1], 0), behind.shape[1] - 1)
                for n in range(PLANES):
                    found[n] = behind[j, i, n]
            else:
                upper, lower = top * width, bottom * width
                p, q, r, s = upper + left, upper + right, lower + left, lower + right
                to_a, to_b = np.float32(1) - a, np.float32(1) - b
                of_p, of_q, of_r, of_s = to_a * to_b, a * to_b, to_a * b, a * b
                for n in range(PLANES):
                    found[n] = of_p * carried[p, n] + of_q * carried[q, n] + of_r * carried[r, n] + of_s * carried[s, n]
                if smaller > 0:
                    _sampled(size.half, v - np.float32(size.corner[0]), u - np.float32(size.corner[1]), half)
                    for n in range(PLANES):
                        found[n] += smaller * (half[n] - found[n])
            row, column = y - corner[0], x - corner[1]
            red_now, green_now, blue_now = mean[row, column, 0], mean[row, column, 1], mean[row, column, 2]
            if smaller < 0:
                red_now -= smaller * (size.wide[row, column, 0] - red_now)
                green_now -= smaller * (size.wide[row, column, 1] - green_now)
                blue_now -= smaller * (size.wide[row, column, 2] - blue_now)
            now = red_now, green_now, blue_now
            gain, highlight = _light(found[12], found[13], found[14], red_now, green_now, blue_now)
            if at.placed[y, x]:
                # a window that lies half on something else tells nothing of the light
                gain, highlight = np.float32(1), np.float32(0)
            elif not mapped.everywhere:
                apart = np.float32(0)
                for c in range(3):
                    fault = now[c] + np.float32(DARK) - gain * (found[12 + c] + np.float32(DARK)) - highlight
                    apart += fault * fault
                bright = max(now[0] + now[1] + now[2], np.float32(0)) * np.float32(1 / 3) + np.float32(DIM)
                if apart > np.float32(ALTERED**2) * bright * bright:
                    altered = (np.sqrt(apart) / bright - np.float32(ALTERED)) / np.float32(STRANGE - ALTERED)
                    told_there = mapped.telling[bottom if b > 0.5 else top, right if a > 0.5 else left]
                    strange[y, x] = told_there * min(altered, np.float32(1))
            red, green, blue = source[y, x, 0], source[y, x, 1], source[y, x, 2]
            from_red, from_green, from_blue = red - highlight, green - highlight, blue - highlight
            if mapped.pointwise:
                from_red += by_colour[y, x, 0]
                from_green += by_colour[y, x, 1]
                from_blue += by_colour[y, x, 2]
            for c in range(3):
                to = found[4 * c] * from_red + found[4 * c + 1] * from_green + found[4 * c + 2] * from_blue
                edit[y, x, c] = to + gain * found[4 * c + 3] + highlight - source[y, x, c]
            if channels == 4:
                edit[y, x, 3] = found[15]
            # the next ones have a say only between pixels
            right, bottom = right if a > 0 else left, bottom if b > 0 else top
            if mapped.everywhere or core[top, left] or core[top, right] or core[bottom, left] or core[bottom, right]:
                continue
            most = np.float32(0)
            for c in range(channels):
                most = max(most, abs(edit[y, x, c]))
            if most < np.float32(FAINT):
                for c in range(channels):
                    edit[y, x, c] = 0


@kernel
def _sampled(half: Floats, y: Any, x: Any, found: Floats) -> None:
    """The planes of a picture of half the size at coordinates of the whole one, bilinear."""
    low, none = np.float32(0.5), np.float32(0)
    v = min(max((y - low) * low, none), np.float32(half.shape[0] - 1))
    u = min(max((x - low) * low, none), np.float32(half.shape[1] - 1))
    top, left = int(v), int(u)
    bottom, right = min(top + 1, half.shape[0] - 1), min(left + 1, half.shape[1] - 1)
    b, a = v - np.float32(top), u - np.float32(left)
    for n in range(len(found)):
        above = half[top, left, n] + a * (half[top, right, n] - half[top, left, n])
        below = half[bottom, left, n] + a * (half[bottom, right, n] - half[bottom, left, n])
        found[n] = above + b * (below - above)


@kernel
def _light(red: Any, green: Any, blue: Any, red_now: Any, green_now: Any, blue_now: Any) -> Any:
    """Gain and highlight that turned the keyframe's local mean colour into the frame's."""
    dark = np.float32(DARK)
    red, green, blue = red + dark, green + dark, blue + dark
    red_now, green_now, blue_now = red_now + dark, green_now + dark, blue_now + dark
    then, now = red + green + blue, red_now + green_now + blue_now
    square = red * red + green * green + blue * blue
    cross = red * red_now + green * green_now + blue * blue_now
    count = np.float32(3 * (1 + HIGHLIGHT_RIDGE))
    determinant = square * count - then * then
    highlight = (square * now - then * cross) / determinant
    gain = (cross * count - then * now) / determinant
    highlight = min(max(highlight, np.float32(-MOST_HIGHLIGHT)), np.float32(MOST_HIGHLIGHT))
    return min(max(gain, np.float32(LEAST_GAIN)), np.float32(MOST_GAIN)), highlight
