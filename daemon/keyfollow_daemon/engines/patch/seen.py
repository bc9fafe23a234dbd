"""How well what a frame shows agrees with the keyframe where its correspondence takes it: all that the edit is applied by."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from .correspondence import JUMP_PX, Correspondence
from .kernels import kernel, rows
from .matching import KeyView, detail_error, matched
from .pixels import Bools, Bytes, Floats, grid, sample
from .search import TEXTURED

PLANES = 9
"""Of what is enlarged, together."""
AGREED, DIFFERENT = 0.4, 0.5
"""Shares of an evened patch's variance over which agreement of its details rises, and falls, from none to full."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A correspondence, and what a frame tells about it.

    Args:
        offset, tracked: as in `Correspondence`.
        confidence: ``(h, w)`` float32 0…1.
        misfit: ``(h, w)`` float32, difference of the evened patches (mean square), which tells half a pixel from none.
        motion: ``(h, w, 2)`` to the frame before, px; `visible` ``(h, w)`` bool, whether it was in sight there.
        placed: ``(h, w)`` bool, what lies there going by the surface around, whatever patches tell (`hidden`).
    """

    offset: Floats
    tracked: Floats
    confidence: Floats
    misfit: Floats
    motion: Floats
    visible: Bools
    placed: Bools


def assess(state: Correspondence, guide: Bytes, detail: Bytes, key: KeyView, flow: Floats, visible: Bools) -> Seen:
    """Confidence: exp(-(error - tolerance)⁺ / 2 tolerance), or how well textured details agree where the light alone differs; a fifth of
    it where the chain broke, a tenth where textured details differ altogether.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
        flow: to the frame before; `visible`, what was in sight there.
    """
    error, tolerance = matched(guide, key, state.offset)
    misfit = detail_error(detail, key, state.offset)
    texture = sample(key.texture, grid(*misfit.shape) + state.offset)
    confidence = np.empty_like(misfit)
    rows(_confidence, len(misfit), error, tolerance, misfit, texture, state.tracked, confidence)
    return Seen(state.offset, state.tracked, confidence, misfit, flow, visible, np.zeros_like(visible))


@kernel
def _confidence(
    first: int, end: int, error: Floats, tolerance: Floats, misfit: Floats, texture: Floats, tracked: Floats, confidence: Floats
) -> None:
    zero, one = np.float32(0), np.float32(1)
    for y in range(first, end):
        for x in range(error.shape[1]):
            likely = np.exp(-max(error[y, x] - tolerance[y, x], zero) / (np.float32(2) * tolerance[y, x]))
            if texture[y, x] > TEXTURED:
                variance, apart = texture[y, x], misfit[y, x]
                agree = min(max((variance - 2 * apart) / (np.float32(AGREED) * variance), zero), one)
                differ = min(max((apart - variance) / (np.float32(DIFFERENT) * variance), zero), one)
                likely = max(likely, agree) * (one - np.float32(0.9) * differ)
            confidence[y, x] = likely * (np.float32(0.2) + np.float32(0.8) * tracked[y, x])


def enlarge(seen: Seen, guide: Bytes, key: Bytes, corner: tuple[int, int] = (0, 0)) -> Seen:
    """The same at the size of `key`, the keyframe's source (``(h, w, 3)`` uint8), for the part of the frame whose `guide` is given; px grow
    with the picture, and offsets count from that part's `corner` (row, column).

    Where neighbours lie on two objects, a pixel is taken to lie on the one whose colour it has.
    """
    height, width = guide.shape[:2]
    if seen.tracked.shape == key.shape[:2]:
        return _cropped(seen, slice(corner[0], corner[0] + height), slice(corner[1], corner[1] + width))
    scale = np.array([key.shape[1] / seen.tracked.shape[1], key.shape[0] / seen.tracked.shape[0]], np.float32)
    small = np.empty((*seen.tracked.shape, PLANES), np.float32)
    first = max(0, int(corner[0] / scale[1]) - 2)
    part = slice(first, int((corner[0] + height) / scale[1]) + 3)
    band = small[part]
    rows(_bundle, len(band), scale, _Planes(*(getattr(seen, name)[part] for name in _Planes._fields)), band)
    offset, motion = (np.empty((height, width, 2), np.float32) for _ in range(2))
    tracked, confidence, misfit = (np.empty((height, width), np.float32) for _ in range(3))
    visible, placed = (np.empty((height, width), np.bool_) for _ in range(2))
    made = _Planes(offset, motion, tracked, confidence, misfit, visible, placed)
    rows(_enlarge, height, small, guide, key, corner, np.float32(JUMP_PX * scale.max()), made)
    return Seen(**made._asdict())


class _Planes(NamedTuple):
    """Those of `Seen`; compiled code takes tuples, but no dataclass."""

    offset: Floats
    motion: Floats
    tracked: Floats
    confidence: Floats
    misfit: Floats
    visible: Bools
    placed: Bools


def _cropped(seen: Seen, rows: slice, columns: slice) -> Seen:
    if seen.tracked[rows, columns].shape == seen.tracked.shape:
        return seen
    part = {each.name: np.ascontiguousarray(getattr(seen, each.name)[rows, columns]) for each in fields(seen)}
    # not in place: a part as wide as the whole is no copy
    part["offset"] = part["offset"] + np.array([columns.start, rows.start], np.float32)
    return Seen(**part)


@kernel
def _bundle(first: int, end: int, scale: Floats, of: _Planes, out: Floats) -> None:
    """All planes of a pixel next to each other in `out`, lengths in px of the larger picture."""
    for y in range(first, end):
        for x in range(out.shape[1]):
            for axis in range(2):
                out[y, x, axis], out[y, x, 2 + axis] = of.offset[y, x, axis] * scale[axis], of.motion[y, x, axis] * scale[axis]
            out[y, x, 4], out[y, x, 5], out[y, x, 6] = of.tracked[y, x], of.confidence[y, x], of.misfit[y, x]
            out[y, x, 7], out[y, x, 8] = np.float32(of.visible[y, x]), np.float32(of.placed[y, x])


@kernel
def _enlarge(first: int, end: int, small: Floats, guide: Bytes, key: Bytes, corner: Any, jump: Any, out: _Planes) -> None:
    rows, columns, _ = small.shape
    height, width = key.shape[:2]
    down, across = rows / height, columns / width
    place = np.minimum(
        np.maximum((np.arange(corner[1], corner[1] + out.tracked.shape[1]) + 0.5) * across - 0.5, 0.0), columns - 1.0
    )
    lefts = np.minimum(place.astype(np.int64), max(columns - 2, 0))
    shares = (place - lefts).astype(np.float32)
    torn_at = np.zeros((rows, columns), np.bool_)
    for top in range(max(0, int((corner[0] + first) * down) - 2), min(rows - 1, int((corner[0] + end) * down) + 2)):
        for left in range(lefts[0], min(columns - 1, lefts[-1] + 1)):
            for c in range(2):
                p, q, r, s = small[top, left, c], small[top, left + 1, c], small[top + 1, left, c], small[top + 1, left + 1, c]
                torn_at[top, left] |= max(max(p, q), max(r, s)) - min(min(p, q), min(r, s)) > jump
    flat, line = small.reshape(rows, columns * PLANES), np.empty(columns * PLANES, np.float32)
    from_x, from_y = np.float32(corner[1]), np.float32(corner[0])
    part = slice(lefts[0] * PLANES, (lefts[-1] + 2) * PLANES)
    for y in range(first, end):
        v = min(max((corner[0] + y + 0.5) * down - 0.5, 0.0), rows - 1.0)
        top = min(int(v), max(rows - 2, 0))
        bottom = min(top + 1, rows - 1)
        b = np.float32(v - top)
        up, low, between = flat[top][part], flat[bottom][part], line[part]
        for n in range(len(between)):
            between[n] = up[n] + b * (low[n] - up[n])
        for x in range(out.tracked.shape[1]):
            left, a = lefts[x], shares[x]
            right = min(left + 1, columns - 1)
            if torn_at[top, left]:
                least, nearest = np.float32(np.inf), small[top, left]
                for n in range(4):
                    row, column = bottom if (n & 1) != (b > 0.5) else top, right if (n >> 1) != (a > 0.5) else left
                    i = min(max(int(np.rint(corner[1] + x + small[row, column, 0])), 0), width - 1)
                    j = min(max(int(np.rint(corner[0] + y + small[row, column, 1])), 0), height - 1)
                    apart = np.float32(0)
                    for c in range(3):
                        apart += abs(np.float32(guide[y, x, c]) - np.float32(key[j, i, c]))
                    if apart < least:
                        least, nearest = apart, small[row, column]
                p, q, a = nearest, nearest, np.float32(0)
            else:
                p, q = line[left * PLANES : (left + 1) * PLANES], line[right * PLANES : (right + 1) * PLANES]
            out.offset[y, x, 0] = p[0] + a * (q[0] - p[0]) + from_x
            out.offset[y, x, 1] = p[1] + a * (q[1] - p[1]) + from_y
            out.motion[y, x, 0], out.motion[y, x, 1] = p[2] + a * (q[2] - p[2]), p[3] + a * (q[3] - p[3])
            out.tracked[y, x], out.confidence[y, x] = p[4] + a * (q[4] - p[4]), p[5] + a * (q[5] - p[5])
            out.misfit[y, x] = p[6] + a * (q[6] - p[6])
            out.visible[y, x], out.placed[y, x] = p[7] + a * (q[7] - p[7]) > 0.5, p[8] + a * (q[8] - p[8]) > 0.5
