"""Where each pixel of a frame was in the keyframe, from the source alone: flows chained outward and pulled back onto the keyframe.

A `Correspondence` of frame t and keyframe k holds phi as an offset: pixel p of t shows what the keyframe showed at p + offset(p).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keyfollow_daemon.engines.base import Array, Tensors

from .claims import impostors
from .flow import dense_flow
from .kernels import kernel, rows
from .matching import KeyView, detail_error
from .objects import Motion
from .pixels import Bools, Bytes, Floats, cv, grid, sample

DOUBTFUL = 1000.0
"""Difference of evened patches from which a tracked pixel is looked for anew; unrelated patches differ by some 2000."""
JUMP_PX = 2.5
"""Neighbouring offsets that differ by more lie on two objects: interpolating between them would point at neither."""
MAX_REFINEMENT_PX = 6.0
BETTER = 0.97
QUANTUM = 1 / 32
"""Offsets are kept to this fraction of a pixel."""
BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Correspondence:
    """`offset` ``(h, w, 2)`` float32 px; `tracked` ``(h, w)`` float32 0…1; `motions` of the objects that the edit touched, if any."""

    offset: Floats
    tracked: Floats
    motions: tuple[Motion, ...] = ()

    @property
    def nbytes(self) -> int:
        return self.offset.nbytes + self.tracked.nbytes


def start(height: int, width: int) -> Correspondence:
    """A keyframe's correspondence with itself."""
    return Correspondence(np.zeros((height, width, 2), np.float32), np.ones((height, width), np.float32))


def pack(state: Correspondence, index: int) -> dict[str, Array]:
    """The tensors of a cache entry. What goes on from a correspondence goes on from the packed one, so that it makes no difference
    whether that came from the cache.

    Args:
        index: which one of the chain it is. Offsets are dithered, every frame otherwise (7 and 16 have no common divisor), so that
            motion slower than the quantum is not rounded away.
    """
    height, width = state.tracked.shape
    pattern = (((BAYER + 7 * index) % 16 - 7.5) / 16).astype(np.float32)
    dither = np.tile(pattern, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    offset = np.clip(np.rint(state.offset / np.float32(QUANTUM) + dither), -32768, 32767).astype(np.int16)
    return {"offset": offset, "tracked": np.rint(255.0 * state.tracked).astype(np.uint8)}


def unpack(tensors: Tensors, width: int, height: int) -> Correspondence | None:
    """The correspondence of an entry; None when it does not hold one of that size."""
    for name, shape, dtype in (("offset", (height, width, 2), np.int16), ("tracked", (height, width), np.uint8)):
        if name not in tensors or tensors[name].shape != shape or tensors[name].dtype != dtype:
            return None
    offset = tensors["offset"].astype(np.float32) * np.float32(QUANTUM)
    return Correspondence(offset, tensors["tracked"].astype(np.float32) * np.float32(1 / 255))


def chain(previous: Correspondence, flow: Floats, visible: Bools, held: Correspondence | None = None) -> Correspondence:
    """One frame further out: ``phi_t(p) = phi_prev(p + flow(p))``. Objects' motions are left out.

    Args:
        flow: ``(h, w, 2)`` from the new frame to the previous one; `visible` ``(h, w)``, what was in sight there.
        held: what the new frame is known to show: where that is tracked, it stands.
    """
    offset, tracked = np.empty_like(previous.offset), np.empty_like(previous.tracked)
    known = (previous.offset, np.zeros_like(tracked)) if held is None else (held.offset, held.tracked)
    rows(_chain, len(tracked), previous.offset, previous.tracked, flow, visible, known, offset, tracked)
    return Correspondence(offset, tracked)


@kernel
def _chain(
    first: int,
    end: int,
    before: Floats,
    sure: Floats,
    flow: Floats,
    visible: Bools,
    held: tuple[Floats, Floats],
    offset: Floats,
    tracked: Floats,
) -> None:
    height, width = sure.shape
    known, known_sure = held
    zero, last_x, last_y = np.float32(0), np.float32(width - 1), np.float32(height - 1)
    for y in range(first, end):
        for x in range(width):
            if known_sure[y, x] > np.float32(0.5):
                offset[y, x, 0], offset[y, x, 1], tracked[y, x] = known[y, x, 0], known[y, x, 1], known_sure[y, x]
                continue
            across, down = flow[y, x, 0], flow[y, x, 1]
            u, v = min(max(x + across, zero), last_x), min(max(y + down, zero), last_y)
            left, top = int(u), int(v)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            a, b = np.float32(u - left), np.float32(v - top)
            p, q, r, s = before[top, left, 0], before[top, right, 0], before[bottom, left, 0], before[bottom, right, 0]
            e, f, g, h = before[top, left, 1], before[top, right, 1], before[bottom, left, 1], before[bottom, right, 1]
            wide = max(max(p, q), max(r, s)) - min(min(p, q), min(r, s))
            high = max(max(e, f), max(g, h)) - min(min(e, f), min(g, h))
            # The flow is added outside the interpolation, so that sub-pixel motion is never rounded away along the chain.
            if max(wide, high) > np.float32(JUMP_PX):
                i, j = right if a > np.float32(0.5) else left, bottom if b > np.float32(0.5) else top
                offset[y, x, 0], offset[y, x, 1], near = across + before[j, i, 0], down + before[j, i, 1], sure[j, i]
            else:
                p, r, e, g = p + a * (q - p), r + a * (s - r), e + a * (f - e), g + a * (h - g)
                offset[y, x, 0], offset[y, x, 1] = across + p + b * (r - p), down + e + b * (g - e)
                above = sure[top, left] + a * (sure[top, right] - sure[top, left])
                below = sure[bottom, left] + a * (sure[bottom, right] - sure[bottom, left])
                near = above + b * (below - above)
            tracked[y, x] = near if visible[y, x] else zero


def pull(state: Correspondence, detail: Bytes, key: KeyView, finest: int, *, rough: bool = False) -> Correspondence:
    """Pull chained offsets onto the keyframe, which undoes drift: flow frame → keyframe warped by phi, kept where it helps.

    Of two places that show the same point of the keyframe, the worse match is given up.

    Args:
        detail: ``(h, w)`` uint8, the frame's `evened` copy.
        finest, rough: as for `dense_flow`.
    """
    chained = detail_error(detail, key, state.offset)
    candidate, better, pulled = pulled_onto(state.offset, chained, detail, key, finest, np.s_[:, :], rough=rough)
    share = cv.GaussianBlur(better.astype(np.float32), (0, 0), 2.0)[..., None]
    offset = state.offset + share * (candidate - state.offset)
    believed = np.where(chained > DOUBTFUL, np.float32(0.0), state.tracked)
    lost = impostors(offset, believed, np.where(better, pulled, chained), key.guide.shape[:2])
    return Correspondence(offset, np.where(lost, np.float32(0.0), state.tracked))


def pulled_onto(
    expected: Floats,
    before: Floats,
    detail: Bytes,
    key: KeyView,
    finest: int,
    window: tuple[slice, slice],
    *,
    rough: bool = False,
) -> tuple[Floats, Bools, Floats]:
    """(candidate ``(h, w, 2)``, whether it is better, its `detail_error`) for `expected` offsets, of which `before` is the error.

    Args:
        window: where it is looked for; elsewhere the candidate is what was expected.
    """
    here = grid(*before.shape)
    step = np.zeros_like(expected)
    warped = sample(key.evened, here[window] + expected[window]).astype(np.uint8)
    step[window] = dense_flow(np.ascontiguousarray(detail[window]), warped, finest, rough=rough)
    candidate = step + sample(expected, here + step)
    error = detail_error(detail, key, candidate)
    return candidate, (error < BETTER * before) & within(candidate - expected, MAX_REFINEMENT_PX), error


def within(vectors: Floats, px: float) -> Bools:
    """``(h, w)``, which of ``(h, w, 2)`` vectors are shorter than `px`."""
    out: Bools = np.square(vectors[..., 0]) + np.square(vectors[..., 1]) < px * px
    return out
