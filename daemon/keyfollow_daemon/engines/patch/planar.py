"""A plain surface is followed as a whole: its picture in the keyframe is laid onto the frame, all of its outlines and marks at once.

On a car door or a wall, motion is told by a few lines far apart, none of which says where it goes along itself, and reflections tell
another one. Taken together the lines leave no doubt; what a map of the whole does not explain has no say (Baker & Matthews 2004,
"Lucas-Kanade 20 years on", inverse compositional with robust weights). OpenCV's `findTransformECC` weighs all pixels alike: wheels,
windows and what passes in front would pull.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .kernels import kernel, summing_kernel
from .pixels import Bytes, Floats, cv

LEAST_POINTS, MOST_POINTS = 400, 1500
"""So many points of the surface must be marked, lest a few be explained by any map; at most about so many are compared."""
LEAST_AREA = 16
"""Of the decal, px."""
MARKED = 12.0
"""Change of the evened picture per px from which a point tells where it goes."""
APART = 24.0
"""Evened values this far apart count a quarter: unrelated ones differ by 45 on average."""
SMOOTH_PX = (2.0, 0.0)
"""The pictures are compared smoothed by so much at first, then as they are."""
STEPS, ENOUGH_PX = 12, 0.01
"""Rounds at most, and the change after which there is none."""
MOST_PX = 8.0
"""What is found further from what was expected is something else."""
AGREED, BETTER = 0.7, 0.06
"""A surface is plain where so much of what is marked on it is found where one map has it, and, the first time, so much more than by the pose that
was expected: cloth, or a ball, has none that explains it better, and where tracks tell as much they tell more of what passes in front."""
FLATTEST = 1e-3
"""Area of a surface that is seen from its edge, of that in the keyframe."""
_TERMS = 6


class Plane(NamedTuple):
    """What a picture shows of the surface around a decal: `points` ``(6, n)``, per level of `SMOOTH_PX` one of these: x, y, weight, value,
    change across and down; `centre` and `size` in px; `pose` ``(3, 3)``, from that picture's coordinates to the keyframe's."""

    levels: tuple[Floats, ...]
    centre: tuple[float, float]
    size: float
    pose: Floats


class Prior(NamedTuple):
    """What is known of a map ``(3, 3)`` from keyframe to frame coordinates before a picture is asked: that it is about what was `expected`, and
    keeps shapes.

    Args:
        place: how surely the centre lies where that has it, 1 / px²; `step`, how surely a place a surface's size away does, as to the centre.
        shape: the same toward the nearest map that only turns and grows.
    """

    expected: Floats
    place: float
    step: float
    shape: float


def plane(evened: Bytes, drawn: Bytes, wide: Bytes, pose: Floats | None = None, *, least: int = LEAST_POINTS) -> Plane | None:
    """The surface of a decal as the keyframe shows it, or a frame in which it is known to lie in a `pose`; None where fewer points than the
    `least` are marked on it.

    Args:
        evened: ``(h, w)`` uint8, the picture's evened copy.
        drawn: ``(h, w)`` uint8 0 or 1, the decal in the keyframe; `wide`, what may be of the same surface.
        least: points that must be marked.
    """
    if pose is None:
        pose = np.eye(3)
    else:
        how = cv.INTER_NEAREST | cv.WARP_INVERSE_MAP
        drawn, wide = (cv.warpAffine(area, pose[:2], area.shape[::-1], flags=how) for area in (drawn, wide))
    moments = cv.moments(drawn, binaryImage=True)
    area = moments["m00"]
    if area < LEAST_AREA:
        return None
    centre, size = (moments["m10"] / area, moments["m01"] / area), math.sqrt(area)
    levels: list[Floats] = []
    for px in SMOOTH_PX:
        picture = smoothed(evened, px)
        across, down = (cv.Sobel(picture, cv.CV_32F, *d, ksize=3, scale=0.125) for d in ((1, 0), (0, 1)))
        if not levels:
            marked = (np.hypot(across, down) > MARKED / (1.0 + px)) & (wide > 0)
            marked[[0, -1]] = marked[:, [0, -1]] = False
            y, x = np.nonzero(marked)
            if len(x) < least:
                return None
            some = np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).astype(np.intp)
            y, x = y[some], x[some]
            near = 1.0 / np.square(1.0 + ((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / area)
        levels.append(np.stack([x, y, near, picture[y, x], across[y, x], down[y, x]]).astype(np.float64))
    return Plane(tuple(levels), centre, size, pose)


def laid(surface: Plane, evened: Bytes, pose: Floats, *, known: bool) -> tuple[Floats, float]:
    """(pose, agreed): the affine map from frame to keyframe coordinates by which the surface lies on the frame, sought from `pose`, and the share
    of what is marked on it that goes by that; `pose` itself and 0 where it is not plain.

    Args:
        evened: ``(h, w)`` uint8, the frame's evened copy.
        pose: ``(3, 3)``, frame to keyframe coordinates.
        known: whether it was plain in the frame before.
    """
    there: Floats = np.linalg.inv(pose) @ surface.pose
    out, agreed = there, 0.0
    for points, px in zip(surface.levels, SMOOTH_PX, strict=True):
        frame = smoothed(evened, px)
        out, agreed = lay(points, frame, out, surface.centre, surface.size)
        if not np.isfinite(out).all():
            return pose, 0.0
    before = agreement(surface, frame, there)
    corners = surface.size * np.array([[-1, -1, 0], [1, -1, 0], [-1, 1, 0], [1, 1, 0]], np.float64) + (*surface.centre, 1.0)
    moved = np.linalg.norm(((out - there) @ corners.T)[:2], axis=0).max()
    plain = agreed > (AGREED if known else max(AGREED, before + BETTER))
    possible = moved < MOST_PX and abs(np.linalg.det(out)) > FLATTEST
    return (surface.pose @ np.linalg.inv(out), agreed) if plain and possible else (pose, 0.0)


def agreed_on(surface: Plane, evened: Bytes, pose: Floats, least: int) -> tuple[Floats, float]:
    """(pose, agreed) as `laid` has them, sought from a `pose` that nothing but the frame tells: agreed is the share of what of the surface is in the
    picture, 0 where that has fewer marked points than the `least`."""
    there: Floats = np.linalg.inv(pose) @ surface.pose
    out, agreed = there, 0.0
    height, width = evened.shape
    for points, px in zip(surface.levels, SMOOTH_PX, strict=True):
        u, v = out[:2, :2] @ points[:2] + out[:2, 2:]
        inside = (u >= 0) & (v >= 0) & (u < width - 1) & (v < height - 1)
        if int(inside.sum()) < least:
            return pose, 0.0
        out, agreed = lay(points[:, inside], smoothed(evened, px), out, surface.centre, surface.size)
        if not np.isfinite(out).all() or abs(np.linalg.det(out)) < FLATTEST:
            return pose, 0.0
    return surface.pose @ np.linalg.inv(out), agreed


def smoothed(picture: Bytes, px: float) -> Floats:
    """A picture in float32, blurred by so many px (sigma)."""
    floats = picture.astype(np.float32)
    return cv.GaussianBlur(floats, (0, 0), px) if px > 0 else floats


def agreement(surface: Plane, frame: Floats, there: Floats) -> float:
    """Share of what is marked on a surface that a `frame` (its evened copy in float32) shows where the map `there` takes it."""
    sums = np.empty((_TERMS, _TERMS + 1))
    return float(_sum_up(surface.levels[-1], frame, there, surface.centre, surface.size, sums))


def lay(
    points: Floats, frame: Floats, there: Floats, centre: tuple[float, float], size: float, prior: Prior | None = None
) -> tuple[Floats, float]:
    """(map, agreed): ``(3, 3)`` `there`, from keyframe to frame coordinates, improved; the share of the points' weight that agrees with it."""
    out: Floats = np.array(there, np.float64)
    expected, *holds = (out.copy(), 0.0, 0.0, 0.0) if prior is None else prior
    return out, float(_lay(points, frame, centre, size, np.ascontiguousarray(expected), (holds[0], holds[1], holds[2]), out))


@summing_kernel
def _lay(points: Floats, frame: Floats, centre: Any, size: float, expected: Floats, holds: Any, out: Floats) -> Any:
    """`lay`, with the `Prior` in parts: what was `expected`, and how surely place, step and shape are as it has them."""
    sums, found, back, turned = np.empty((_TERMS, _TERMS + 1)), np.empty(_TERMS), np.empty((3, 3)), np.empty((3, 3))
    agreed = 0.0
    for _ in range(STEPS):
        agreed = _sum_up(points, frame, out, centre, size, sums)
        if holds[0] > 0 or holds[1] > 0 or holds[2] > 0:
            _inverted(out, back)
            _hold(sums, out, back, expected, holds, centre, size)
        for k in range(_TERMS):
            sums[k, k] *= 1.0 + 1e-3
            sums[k, k] += 1e-12
        _solve(sums, found)
        # the map goes on from the inverse of what the keyframe's points would have to move by
        back[:] = 0
        back[2, 2] = 1.0
        for c in range(2):
            by, down, shift = found[3 * c] / size, found[3 * c + 1] / size, found[3 * c + 2]
            back[c, 0], back[c, 1], back[c, 2] = by, down, shift - by * centre[0] - down * centre[1]
            back[c, c] += 1.0
        _inverted(back, turned)
        for c in range(2):
            across, high, shift = out[c, 0], out[c, 1], out[c, 2]
            for k in range(3):
                out[c, k] = across * turned[0, k] + high * turned[1, k]
            out[c, 2] += shift
        if np.abs(found).max() < ENOUGH_PX or not np.isfinite(out).all():
            break
    return agreed


@kernel
def _inverted(there: Floats, out: Floats) -> None:
    """The inverse of an affine map."""
    a, b, c, d = there[0, 0], there[0, 1], there[1, 0], there[1, 1]
    one = 1.0 / (a * d - b * c)
    out[0, 0], out[0, 1], out[1, 0], out[1, 1] = d * one, -b * one, -c * one, a * one
    out[0, 2] = -(out[0, 0] * there[0, 2] + out[0, 1] * there[1, 2])
    out[1, 2] = -(out[1, 0] * there[0, 2] + out[1, 1] * there[1, 2])
    out[2, 0], out[2, 1], out[2, 2] = 0.0, 0.0, 1.0


@kernel
def _solve(sums: Floats, found: Floats) -> None:
    """Normal equations ``(6, 6 + 1)``, positive definite, solved by elimination; `sums` is used up."""
    for k in range(_TERMS):
        for m in range(k + 1, _TERMS):
            share = sums[m, k] / sums[k, k]
            for n in range(k, _TERMS + 1):
                sums[m, n] -= share * sums[k, n]
    for k in range(_TERMS - 1, -1, -1):
        total = sums[k, _TERMS]
        for n in range(k + 1, _TERMS):
            total -= sums[k, n] * found[n]
        found[k] = total / sums[k, k]


@kernel
def _hold(sums: Floats, there: Floats, back: Floats, expected: Floats, holds: Any, centre: Any, size: float) -> None:
    """What is known before joins the normal equations of a map `there`, the inverse of which is `back`."""
    place, step, shape = APART**2 * holds[0], APART**2 * holds[1], APART**2 * holds[2]
    a, b, c, d = there[0, 0], there[0, 1], there[1, 0], there[1, 1]
    # the nearest map that only turns and grows, by as much
    side = 1.0 if a * d - b * c >= 0 else -1.0
    angle = np.arctan2(c - side * b, a + side * d)
    grown = np.sqrt(abs(a * d - b * c))
    right, down = grown * np.cos(angle), grown * np.sin(angle)
    for k in range(2):
        off_x = back[k, 0] * expected[0, 0] + back[k, 1] * expected[1, 0]
        off_y = back[k, 0] * expected[0, 1] + back[k, 1] * expected[1, 1]
        off = back[k, 0] * expected[0, 2] + back[k, 1] * expected[1, 2] + back[k, 2]
        bent_x = back[k, 0] * right + back[k, 1] * down
        bent_y = side * (back[k, 1] * right - back[k, 0] * down)
        if k == 0:
            off_x, bent_x = off_x - 1.0, bent_x - 1.0
        else:
            off_y, bent_y = off_y - 1.0, bent_y - 1.0
        sums[3 * k, _TERMS] -= size * (step * off_x + shape * bent_x)
        sums[3 * k + 1, _TERMS] -= size * (step * off_y + shape * bent_y)
        sums[3 * k + 2, _TERMS] -= place * (off_x * centre[0] + off_y * centre[1] + off)
        for n in range(2):
            sums[3 * k + n, 3 * k + n] += step + shape
        sums[3 * k + 2, 3 * k + 2] += place


@summing_kernel
def _sum_up(points: Floats, frame: Floats, there: Floats, centre: Any, size: float, sums: Floats) -> Any:
    """Normal equations ``(6, 6 + 1)`` of how the `points` would have to move; the share of their weight that agrees with `there`."""
    height, width = frame.shape
    sums[:] = 0
    basis = np.empty(_TERMS)
    agreed = total = 0.0
    for n in range(points.shape[1]):
        x, y, weight = points[0, n], points[1, n], points[2, n]
        total += weight
        u = there[0, 0] * x + there[0, 1] * y + there[0, 2]
        v = there[1, 0] * x + there[1, 1] * y + there[1, 2]
        if not (u >= 0 and v >= 0 and u < width - 1 and v < height - 1):
            continue
        i, j = int(u), int(v)
        a, b = u - i, v - j
        above = frame[j, i] + a * (frame[j, i + 1] - frame[j, i])
        below = frame[j + 1, i] + a * (frame[j + 1, i + 1] - frame[j + 1, i])
        off = above + b * (below - above) - points[3, n]
        share = 1.0 / (1.0 + off * off / (APART * APART))
        agreed += weight * share
        share *= share * weight
        left, top = (x - centre[0]) / size, (y - centre[1]) / size
        for c in range(2):
            change = points[4 + c, n]
            basis[3 * c], basis[3 * c + 1], basis[3 * c + 2] = change * left, change * top, change
        for k in range(_TERMS):
            by = share * basis[k]
            sums[k, _TERMS] += by * off
            for m in range(k, _TERMS):
                sums[k, m] += by * basis[m]
    for k in range(_TERMS):
        for m in range(k):
            sums[k, m] = sums[m, k]
    return agreed / total
