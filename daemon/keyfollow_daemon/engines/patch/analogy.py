"""Which patch of the keyframe's source looks like each patch of a frame, and the keyframe's pixels put together accordingly.

Image analogies (Hertzmann et al. 2001) with the randomised correspondence search of Barnes et al. 2009 and the occupancy term of
Kaspar et al. 2015 (as in EbSynth, Jamriska et al. 2019). The search is covered by US patent 8,861,869; this module is the only
place that knows of it. Every round reads the field of the round before, so rows can be computed in any order.

Patches are 5 x 5 px around every second pixel. A field holds for each node the (row, column) of its match.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .kernels import kernel, rows
from .pixels import Bytes, Floats, cv, grey

Integers = npt.NDArray[np.int32]

RADIUS, STEP = 2, 2
SIDE = 2 * RADIUS + 1
PLANES = 5
DETAIL_GAIN = 8.0
DRAWN_GAIN = 0.5
"""Weight of what the keyframe shows there, against what its source shows: strokes over a flat area hang together by it."""
INERTIA = 0.8
"""A match carried along the motion stays unless another one is this much better: nothing swims."""
CROWD = 200.0
"""Penalty, in squared differences of a patch, for a place of the keyframe that is used once more than evenly."""
SOFT = 20.0
FIRST_JUMP = 4


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """`match` ``(rows, columns, 2)`` int32, the centre of each node's match; `cost` ``(rows, columns)`` int32, sum of squared differences."""

    match: Integers
    cost: Integers

    @property
    def nbytes(self) -> int:
        return self.match.nbytes + self.cost.nbytes


def nodes(height: int, width: int) -> Integers:
    """``(rows, columns, 2)``, centres of all patches of a picture: as far inside as a patch needs."""
    y = np.clip(np.arange(0, height, STEP) + STEP // 2, RADIUS, height - 1 - RADIUS)
    x = np.clip(np.arange(0, width, STEP) + STEP // 2, RADIUS, width - 1 - RADIUS)
    return np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1).astype(np.int32)


def features(guide: Bytes, drawn: Floats) -> Bytes:
    """``(h, w, 5)`` uint8 to compare patches by: the guide's colours, its fine detail amplified, and the brightness of what is drawn there."""
    luma = grey(guide).astype(np.float32)
    detail = cv.GaussianBlur(luma, (0, 0), 1.2) - cv.GaussianBlur(luma, (0, 0), 2.6)
    detail = np.clip(128.0 + DETAIL_GAIN * detail, 0.0, 255.0)
    return np.dstack([guide, np.rint(detail).astype(np.uint8), np.rint(DRAWN_GAIN * drawn).astype(np.uint8)])


def carried(field: Field, flow: Floats) -> Field:
    """The field one frame on: every node takes the match of where it comes from, moved along.

    Args:
        flow: ``(h, w, 2)`` px (x, y) from the new frame to the one of `field`.
    """
    height, width = flow.shape[:2]
    centre = nodes(height, width)
    came = centre + flow[centre[..., 0], centre[..., 1]][..., ::-1]
    place = np.rint((came - STEP // 2) / STEP).astype(np.int64)
    place = np.clip(place, 0, np.array(field.cost.shape) - 1)
    before = place[..., 0], place[..., 1]
    match = np.rint(field.match[before] + came - centre[before])
    last = np.array([height, width]) - 1 - RADIUS
    return Field(np.clip(match, RADIUS, last).astype(np.int32), field.cost[before])


def improved(field: Field, home: Field, target: Bytes, key: Bytes, radius: int, jump: int, seed: int) -> Field:
    """One round of search: neighbours' matches `jump` nodes away, and random ones within `radius` px.

    Args:
        home: the field as `carried` along, which has inertia.
        target, key: `features` of the frame and of the keyframe, of one size.
        seed: another one for every round of every frame.
    """
    height, width = key.shape[:2]
    found = Field(np.empty_like(field.match), np.empty_like(field.cost))
    crowd = _crowd(field.match, height, width)
    count = len(field.match)
    flat = target.reshape(height, -1), key.reshape(height, -1)
    rows(_search, count, *flat, field.match, home.match, crowd, jump, radius, seed, found.match, found.cost)
    return found


def _crowd(match: Integers, height: int, width: int) -> Integers:
    """``(rows, columns)``, what using a place of the keyframe costs, at half its size."""
    down, across = (height + 1) // 2, (width + 1) // 2
    used = np.bincount((match[..., 0] // 2 * across + match[..., 1] // 2).ravel(), minlength=down * across)
    even = cv.blur(used.reshape(down, across).astype(np.float32), (3, 3))
    out: Integers = (CROWD * np.maximum(even - 1.0, 0.0)).astype(np.int32)
    return out


@kernel
def _difference(target: Bytes, key: Bytes, y: int, x: int, v: int, u: int, limit: int) -> np.int32:
    total = np.int32(0)
    a, b = (x - RADIUS) * PLANES, (u - RADIUS) * PLANES
    for row in range(-RADIUS, RADIUS + 1):
        for n in range(SIDE * PLANES):
            d = np.int32(target[y + row, a + n]) - np.int32(key[v + row, b + n])
            total = np.int32(total + d * d)
        if total > limit:
            return total
    return total


@kernel
def _scattered(a: int, b: int, c: int, d: int) -> np.uint64:
    """A number that looks random and depends on nothing but its arguments (splitmix64's finaliser)."""
    z = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F)
    z += np.uint64(c) * np.uint64(0x165667B19E3779F9) + np.uint64(d) * np.uint64(0xD6E8FEB86659FD93)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.uint64(z ^ (z >> np.uint64(31)))


@kernel
def _search(
    first: int,
    end: int,
    target: Bytes,
    key: Bytes,
    match: Integers,
    home: Integers,
    crowd: Integers,
    jump: int,
    radius: int,
    seed: int,
    found: Integers,
    cost: Integers,
) -> None:
    count, across = match.shape[:2]
    low, bottom, right = RADIUS, key.shape[0] - 1 - RADIUS, key.shape[1] // PLANES - 1 - RADIUS
    for j in range(first, end):
        y = min(max(j * STEP + STEP // 2, low), bottom)
        for i in range(across):
            x = min(max(i * STEP + STEP // 2, low), right)
            best_v, best_u = match[j, i, 0], match[j, i, 1]
            best = _difference(target, key, y, x, best_v, best_u, 1 << 30) + crowd[best_v >> 1, best_u >> 1]
            if best_v == home[j, i, 0] and best_u == home[j, i, 1]:
                best = int(best * INERTIA)
            for n in range(7):
                if n < 4:
                    dj = jump if n == 0 else -jump if n == 1 else 0
                    di = jump if n == 2 else -jump if n == 3 else 0
                    if j + dj < 0 or j + dj >= count or i + di < 0 or i + di >= across:
                        continue
                    v, u = match[j + dj, i + di, 0] - dj * STEP, match[j + dj, i + di, 1] - di * STEP
                else:
                    reach = max(1, radius >> (2 * (n - 4)))
                    chance = _scattered(j, i, n, seed)
                    v = best_v + int((chance & np.uint64(0xFFFFFFFF)) % np.uint64(2 * reach + 1)) - reach
                    u = best_u + int((chance >> np.uint64(32)) % np.uint64(2 * reach + 1)) - reach
                v, u = min(max(v, low), bottom), min(max(u, low), right)
                if v == best_v and u == best_u:
                    continue
                extra = crowd[v >> 1, u >> 1]
                if extra >= best:
                    continue
                here = _difference(target, key, y, x, v, u, best - extra) + extra
                if here < best:
                    best, best_v, best_u = here, v, u
            found[j, i, 0], found[j, i, 1], cost[j, i] = best_v, best_u, best


def voted(field: Field, key: Floats, size: tuple[int, int], shape: tuple[int, int]) -> Floats:
    """What the matches show, put together: every pixel the weighted mean of the patches that cover it, the better the heavier.

    Args:
        key: ``(h, w, n)`` float32, planes to take from the keyframe, of the size of what is made.
        size: (width, height) that the field was made at.
        shape: (height, width) of what is made.

    Returns:
        ``(h, w, n + 1)`` float32; the last plane is the patches' mean squared difference.
    """
    out = np.empty((*shape, key.shape[2] + 1), np.float32)
    error = field.cost.astype(np.float32) / (SIDE * SIDE)
    weight = 1.0 / np.square(SOFT + error)
    centre = nodes(size[1], size[0])
    scale = np.array([shape[0] / size[1], shape[1] / size[0]])
    shift = np.rint((field.match - centre) * scale).astype(np.int32)
    down, across = (np.ascontiguousarray(c, np.float32) for c in (centre[:, 0, 0], centre[0, :, 1]))
    rows(_vote, shape[0], key, shift, down, across, error, weight, 1 / scale[1], 1 / scale[0], out)
    return out


@kernel
def _vote(
    first: int,
    end: int,
    key: Floats,
    shift: Integers,
    down: Floats,
    across: Floats,
    error: Floats,
    weight: Floats,
    x_scale: float,
    y_scale: float,
    out: Floats,
) -> None:
    height, width, planes = key.shape
    reach = np.float32(RADIUS + 0.5)
    total = np.empty(planes + 1, np.float32)
    for y in range(first, end):
        small_y = np.float32((y + 0.5) * y_scale - 0.5)
        # nodes at the border are moved inside, hence one more to either side
        top = max(0, int(small_y - reach) // STEP - 1)
        while abs(down[top] - small_y) > reach:
            top += 1
        bottom = min(len(down), int(small_y + reach) // STEP + 2)
        while abs(down[bottom - 1] - small_y) > reach:
            bottom -= 1
        for x in range(out.shape[1]):
            small_x = np.float32((x + 0.5) * x_scale - 0.5)
            left = max(0, int(small_x - reach) // STEP - 1)
            while abs(across[left] - small_x) > reach:
                left += 1
            right = min(len(across), int(small_x + reach) // STEP + 2)
            while abs(across[right - 1] - small_x) > reach:
                right -= 1
            total[:] = 0
            weights = np.float32(0)
            for j in range(top, bottom):
                for i in range(left, right):
                    v = min(max(y + shift[j, i, 0], 0), height - 1)
                    u = min(max(x + shift[j, i, 1], 0), width - 1)
                    share = weight[j, i]
                    weights += share
                    for c in range(planes):
                        total[c] += share * key[v, u, c]
                    total[planes] += share * error[j, i]
            for c in range(planes + 1):
                out[y, x, c] = total[c] / weights
