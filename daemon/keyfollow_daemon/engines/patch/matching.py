"""How unlike a frame and a keyframe's source are where a correspondence takes one for the other."""

from __future__ import annotations

import numpy as np

from .kernels import kernel, rows
from .pixels import Bools, Bytes, Floats, around, box, cv, evened, grid, sample

PATCH_RADIUS = 3
HIGHLIGHT_RIDGE = 0.005
LIGHT_PX, DARK = 16, 1.0
"""So far around the light is told, where that many 8-bit units of it are known at all."""
BRIGHT = np.array([[1 / 3, 1 / 3, 1 / 3, 0.0]], np.float32)


class KeyView:
    """The keyframe's *source* picture as the target of matching: guide (`wide` in float32), evened copy, and tolerance of the match error.

    The tolerance is 30 + 0.35 x the local variance (7 x 7, 8-bit units squared): textured patches never match perfectly. `colours` (uint8) and
    `reference` (float32) hold the guide in four channels, which OpenCV samples in half the time that three take; the latter's fourth is the
    tolerance.
    """

    def __init__(self, guide: Bytes) -> None:
        self.guide = guide
        self.evened = evened(guide)
        detail = self.evened.astype(np.float32)
        self.texture = np.maximum(box(detail * detail, PATCH_RADIUS) - np.square(box(detail, PATCH_RADIUS)), 1.0)
        self.wide = guide.astype(np.float32)
        mean = box(self.wide, PATCH_RADIUS)
        self.contrast: Floats = np.maximum(box(self.wide * self.wide, PATCH_RADIUS) - mean * mean, 0.0).mean(axis=2)
        self.tolerance: Floats = 30.0 + 0.35 * self.contrast
        self.colours = np.ascontiguousarray(np.pad(guide, ((0, 0), (0, 0), (0, 1))))
        self.reference = np.concatenate([self.wide, self.tolerance[..., None]], axis=2, dtype=np.float32)

    def tolerance_at(self, offset: Floats) -> Floats:
        """``(h, w)``, the match error that is still a match."""
        return sample(self.tolerance, grid(*offset.shape[:2]) + offset)


def match_error(guide: Bytes, key: KeyView, offset: Floats, *, highlights: bool = True) -> Floats:
    """Mean squared difference (7 x 7 patches, three channels) to the keyframe after the best common gain (0.15…2) and offset.

    The gain keeps a correct track alive when a surface turns into the shade; both do when a highlight crosses it, which adds light and
    takes contrast. The offset pays a ridge penalty, since with both free any two flat patches are alike.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame, or of a part of it; offsets count from that part's corner.
        highlights: whether an offset is made up for at all.
    """
    return matched(guide, key, offset, highlights=highlights)[0]


def matched(guide: Bytes, key: KeyView, offset: Floats, *, highlights: bool = True) -> tuple[Floats, Floats]:
    """(`match_error`, the error there that is still a match as from `KeyView.tolerance_at`), for the price of the first."""
    size = offset.shape[:2]
    moments, now, tolerance, error = np.empty((*size, 4), np.float32), *(np.empty(size, np.float32) for _ in range(3))
    rows(_moments, len(now), guide, sample(key.reference, grid(*size) + offset), moments, now, tolerance)
    rows(_residual, len(now), box(moments, PATCH_RADIUS), box(now, PATCH_RADIUS), highlights, error)
    return error, tolerance


def detail_error(detail: Bytes, key: KeyView, offset: Floats) -> Floats:
    """Mean squared difference (7 x 7 patches) of the evened pictures: finer than `match_error` where light changes."""
    return evened_apart(detail, key.evened, grid(*offset.shape[:2]) + offset)


def evened_apart(detail: Bytes, other: Bytes, places: Floats) -> Floats:
    """Mean squared difference (7 x 7 patches) of an evened picture to another one at the ``(h, w, 2)`` `places` of that."""
    difference = sample(other, places).astype(np.float32) - detail
    return box(difference * difference, PATCH_RADIUS)


def detail_apart(guide: Bytes, key: Bytes, offset: Floats, where: Bools) -> Floats:
    """Mean squared difference (3 x 3 px, three channels) of what is left of frame and keyframe without their local mean colours: as fine as the
    picture itself is; 0 further from `where` than that looks.

    Args:
        guide, key: ``(h, w, 3)`` uint8 of the frame and of the keyframe's source.
    """
    out = np.zeros(where.shape, np.float32)
    part = around(where, PATCH_RADIUS + 1)
    if not guide[part].size:
        return out
    there = grid(*where.shape)[part] + offset[part]
    difference = cv.subtract(sample(key, there), guide[part], dtype=cv.CV_32F)
    difference -= box(difference, PATCH_RADIUS)
    out[part] = box(cv.transform(difference * difference, np.full((1, 3), 1 / 3)), 1)
    return out


def light(guide: Bytes, key: KeyView, offset: Floats, sure: Bools) -> Floats:
    """``(h, w)``, how many times as bright as in the keyframe a frame is, going by the `sure` pixels around; 1 where none are near."""
    weight = sure.astype(np.float32)
    there = sample(key.colours, grid(*sure.shape) + offset)
    now, then = (cv.transform(each, BRIGHT[:, : each.shape[2]]).astype(np.float32) * weight for each in (guide, there))
    out: Floats = (box(now, LIGHT_PX) + DARK) / (box(then, LIGHT_PX) + DARK)
    return out


def alike(
    guide: Bytes, key: KeyView, offset: Floats, asked: Bools, among: Bools | None = None, lit: Floats | None = None
) -> Bools:
    """Those `asked` where 3 x 3 px (of these, those `among`) look as in the keyframe, as to light and colour too: at an edge, where a wider
    patch shows two things.

    Args:
        lit: ``(h, w)``, how many times as bright as in the keyframe it is there, as from `light`; as bright, if not given.
    """
    out = np.zeros_like(asked)
    if not asked.any():
        return out
    part = around(asked, 1)
    there = grid(*asked.shape)[part] + offset[part]
    then = sample(key.colours, there)[..., :3].astype(np.float32)
    difference = np.square((then if lit is None else then * lit[part][..., None]) - guide[part])
    # a sum over an axis of three is slow
    mean = (difference[..., 0] + difference[..., 1] + difference[..., 2]) / np.float32(3)
    tolerance = sample(key.tolerance, there)
    if among is not None:
        counted = among[part].astype(np.float32)
        mean, tolerance = mean * counted, tolerance * box(counted, 1)
    out[part] = asked[part] & (box(mean, 1) < tolerance)
    return out


@kernel
def _moments(first: int, end: int, guide: Bytes, key: Floats, moments: Floats, now: Floats, tolerance: Floats) -> None:
    """Per pixel, means over channels: in `moments` x², xy, y², x, with x the keyframe's value where the offset leads, and y the frame's, which
    `now` is; and the tolerance there."""
    third = np.float32(1 / 3)
    for v in range(first, end):
        for u in range(guide.shape[1]):
            red, green, blue = key[v, u, 0], key[v, u, 1], key[v, u, 2]
            red_now, green_now, blue_now = np.float32(guide[v, u, 0]), np.float32(guide[v, u, 1]), np.float32(guide[v, u, 2])
            moments[v, u, 0] = (red * red + green * green + blue * blue) * third
            moments[v, u, 1] = (red * red_now + green * green_now + blue * blue_now) * third
            moments[v, u, 2] = (red_now * red_now + green_now * green_now + blue_now * blue_now) * third
            moments[v, u, 3] = (red + green + blue) * third
            now[v, u], tolerance[v, u] = (red_now + green_now + blue_now) * third, key[v, u, 3]


@kernel
def _residual(first: int, end: int, moments: Floats, present: Floats, highlights: bool, error: Floats) -> None:
    ridge = np.float32(1 + HIGHLIGHT_RIDGE)
    for v in range(first, end):
        for u in range(error.shape[1]):
            square, cross, own, then = moments[v, u, 0], moments[v, u, 1], moments[v, u, 2], moments[v, u, 3]
            now = present[v, u]
            gain = (cross * ridge - then * now) / (square * ridge - then * then + np.float32(1))
            if not highlights:
                gain = cross / (square + np.float32(1))
            gain = min(max(gain, np.float32(0.15)), np.float32(2))
            highlight = (now - gain * then) / ridge if highlights else np.float32(0)
            left = own - 2 * gain * cross + gain * gain * square - highlight * highlight * ridge
            error[v, u] = max(left, np.float32(0))
