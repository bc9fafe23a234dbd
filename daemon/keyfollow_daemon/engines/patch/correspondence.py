"""Where each pixel of a frame was in the keyframe: flows chained outward, pulled back onto the keyframe, and how sure that is.

A `Correspondence` of frame t and keyframe k holds phi as an offset: pixel p of t shows what the keyframe showed at p + offset(p).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .flow import consistent, dis
from .objects import Motion, Objects
from .pixels import Bools, Bytes, Floats, box, cv, grey, grid, sample

FLAT = 40.0
"""Local variance at which a patch starts to hold a track by itself."""
JUMP_PX = 2.5
"""Neighbouring offsets that differ by more lie on two objects: interpolating between them would point at neither."""
MAX_REFINEMENT_PX = 6.0
PATCH_RADIUS = 3
FOUND = 1.0
FOUND_WITHIN_PX = 24.0
"""A lost pixel counts as found again when its match error is below this share of the tolerance, this near its expected place."""


@dataclass(frozen=True, slots=True, eq=False)
class Correspondence:
    """Offsets ``(h, w, 2)`` float32 px; `tracked` and `confidence` ``(h, w)`` float32 0…1; `motions` of the key's objects."""

    offset: Floats
    tracked: Floats
    confidence: Floats
    motions: tuple[Motion, ...] = ()

    @property
    def nbytes(self) -> int:
        return self.offset.nbytes + self.tracked.nbytes + self.confidence.nbytes


class KeyView:
    """The keyframe's *source* picture as the target of matching: guide, grey copy, and tolerance of the match error.

    The tolerance is 30 + 0.35 x the local variance (7 x 7, 8-bit units squared): textured patches never match perfectly.
    """

    def __init__(self, guide: Bytes, changed: Bools | None = None) -> None:
        self.guide = guide
        self.objects = Objects(np.zeros(guide.shape[:2], np.bool_) if changed is None else changed)
        self.grey = grey(guide)
        wide = guide.astype(np.float32)
        mean = box(wide, PATCH_RADIUS)
        texture = np.maximum(box(wide * wide, PATCH_RADIUS) - mean * mean, 0.0).mean(axis=2)
        self.tolerance = 30.0 + 0.35 * texture
        self.flat = FLAT / (texture + FLAT)

    def start(self) -> Correspondence:
        """The keyframe's correspondence with itself."""
        height, width = self.grey.shape
        sure = np.ones((height, width), np.float32)
        return Correspondence(np.zeros((height, width, 2), np.float32), sure, sure, self.objects.start())


def chain(previous: Correspondence, key: KeyView, flow: Floats, inverse: Floats) -> Correspondence:
    """One frame further out: ``phi_t(p) = phi_prev(p + flow(p))``. `confidence` is left to `assess`.

    Args:
        flow: from the new frame to the previous one; `inverse` the other way.
    """
    target = grid(*flow.shape[:2]) + flow
    smooth = sample(previous.offset, target)
    torn = sample(_jumps(previous.offset), target, nearest=True) > 0
    # The flow is added outside the interpolation, so that sub-pixel motion is never rounded away along the chain.
    offset = flow + np.where(torn[..., None], sample(previous.offset, target, nearest=True), smooth)
    tracked = sample(previous.tracked, target) * consistent(flow, inverse)
    return Correspondence(offset, tracked, tracked, key.objects.follow(previous.motions, offset, tracked))


def _jumps(offset: Floats) -> Bytes:
    spread = cv.morphologyEx(offset, cv.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    out: Bytes = (spread.max(axis=2) > JUMP_PX).astype(np.uint8)
    return out


def match_error(guide: Floats, key: KeyView, offset: Floats) -> Floats:
    """Mean squared difference (7 x 7 patches, three channels) to the keyframe after the best common gain in 0.5…2.

    The gain keeps a correct track alive when a surface turns into the shade.

    Args:
        guide: ``(h, w, 3)`` float32 of the frame, 0…255.
    """
    found = sample(key.guide, grid(*offset.shape[:2]) + offset).astype(np.float32)
    cross = box(np.einsum("hwc,hwc->hw", guide, found), PATCH_RADIUS)
    square = box(np.einsum("hwc,hwc->hw", found, found), PATCH_RADIUS)
    own = box(np.einsum("hwc,hwc->hw", guide, guide), PATCH_RADIUS)
    gain = np.clip(cross / (square + 1.0), 0.5, 2.0)
    out: Floats = np.maximum(own - 2.0 * gain * cross + gain * gain * square, 0.0) / 3.0
    return out


def refine(state: Correspondence, guide: Bytes, key: KeyView) -> Correspondence:
    """Pull the chained offsets onto the keyframe, which undoes drift: flow frame → keyframe warped by phi, kept where it helps.

    Where an object should be and the chain broke (something passed in front), it is looked for from its expected pose.
    """
    wide = guide.astype(np.float32)
    here = grid(*state.tracked.shape)
    expected, lost = key.objects.expected(state.motions, state.offset, state.tracked)
    warped = sample(key.grey, here + expected).astype(np.uint8)
    step = dis().calc(grey(guide), warped, None)
    candidate = step + sample(expected, here + step)
    moved = np.square(candidate - expected).sum(axis=2)
    error = match_error(wide, key, candidate)
    better = (error < 0.97 * match_error(wide, key, state.offset)) & (moved < MAX_REFINEMENT_PX**2)
    share = cv.GaussianBlur((better & ~lost).astype(np.float32), (0, 0), 2.0)[..., None]
    offset = state.offset + share * (candidate - state.offset)
    flat = sample(key.flat, here + offset)
    offset = key.objects.steadied(state.motions, offset, state.tracked, flat)
    if not lost.any():
        return Correspondence(offset, state.tracked, state.confidence, state.motions)
    found = lost & (error < FOUND * sample(key.tolerance, here + candidate)) & (moved < FOUND_WITHIN_PX**2)
    found = cv.morphologyEx(found.astype(np.uint8), cv.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    offset = np.where(found[..., None], candidate, offset)
    return Correspondence(offset, np.where(found, np.float32(1.0), state.tracked), state.confidence, state.motions)


def assess(state: Correspondence, guide: Bytes, key: KeyView) -> Correspondence:
    """Set `confidence`: exp(-(error - tolerance)⁺ / 2 tolerance), a fifth of it where the chain broke."""
    error = match_error(guide.astype(np.float32), key, state.offset)
    tolerance = sample(key.tolerance, grid(*error.shape) + state.offset)
    confidence = np.exp(-np.maximum(error - tolerance, 0.0) / (2.0 * tolerance)) * (0.2 + 0.8 * state.tracked)
    return Correspondence(state.offset, state.tracked, confidence.astype(np.float32), state.motions)


def enlarge(state: Correspondence, width: int, height: int) -> Correspondence:
    """The same correspondence at another size: offsets scaled with the picture."""
    rows, columns = state.tracked.shape
    if (columns, rows) == (width, height):
        return state
    scale = np.array([width / columns, height / rows], np.float32)

    def resized(image: Floats) -> Floats:
        out: Floats = cv.resize(image, (width, height), interpolation=cv.INTER_LINEAR)
        return out

    return Correspondence(resized(state.offset) * scale, resized(state.tracked), resized(state.confidence))
