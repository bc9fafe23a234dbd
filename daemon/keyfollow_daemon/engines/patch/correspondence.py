"""Where each pixel of a frame was in the keyframe: flows chained outward, pulled back onto the keyframe, and how sure that is.

A `Correspondence` of frame t and keyframe k holds phi as an offset: pixel p of t shows what the keyframe showed at p + offset(p).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .claims import impostors
from .flow import consistent, dense_flow
from .kernels import kernel, rows
from .objects import Motion, Objects
from .pixels import Bools, Bytes, Floats, box, cv, evened, grid, sample
from .search import TEXTURED, search

FLAT = 40.0
"""Local variance at which a patch starts to hold a track by itself."""
DOUBTFUL = 1000.0
"""Difference of evened patches from which a tracked pixel is looked for anew; unrelated patches differ by some 2000."""
JUMP_PX = 2.5
"""Neighbouring offsets that differ by more lie on two objects: interpolating between them would point at neither."""
MAX_REFINEMENT_PX = 6.0
PATCH_RADIUS = 3
AMID_PX = 8
SEARCHED_PX = 32
"""What is lost is searched for this near the tracked edit."""
HIGHLIGHT_RIDGE = 0.02
AGREED, DIFFERENT = 0.4, 0.5
"""Shares of an evened patch's variance over which agreement of its details rises, and falls, from none to full."""
FOUND = 0.7
FOUND_WITHIN_PX = 24.0
"""A lost pixel counts as found again when its match error is below this share of the tolerance, this near its expected place."""


@dataclass(frozen=True, slots=True, eq=False)
class Correspondence:
    """Offsets ``(h, w, 2)`` float32 px; `tracked` and `confidence` ``(h, w)`` float32 0…1; `misfit` ``(h, w)`` float32, difference of
    the evened patches (mean square), which tells half a pixel from none; `motion` ``(h, w, 2)`` to the frame before, px, and `visible` ``(h, w)`` bool, whether it was in sight there; `motions` of the key's objects."""

    offset: Floats
    tracked: Floats
    confidence: Floats
    misfit: Floats
    motion: Floats
    visible: Bools
    motions: tuple[Motion, ...] = ()

    @property
    def nbytes(self) -> int:
        return 2 * self.offset.nbytes + 2 * self.tracked.nbytes + self.confidence.nbytes


class KeyView:
    """The keyframe's *source* picture as the target of matching: guide, evened copy, and tolerance of the match error.

    The tolerance is 30 + 0.35 x the local variance (7 x 7, 8-bit units squared): textured patches never match perfectly.
    """

    def __init__(self, guide: Bytes, decals: Bools | None = None, changed: Bools | None = None) -> None:
        self.guide = guide
        self.evened = evened(guide)
        detail = self.evened.astype(np.float32)
        self.texture = box(detail * detail, PATCH_RADIUS) - np.square(box(detail, PATCH_RADIUS))
        wide = guide.astype(np.float32)
        mean = box(wide, PATCH_RADIUS)
        texture = np.maximum(box(wide * wide, PATCH_RADIUS) - mean * mean, 0.0).mean(axis=2)
        self.tolerance = 30.0 + 0.35 * texture
        nothing = np.zeros(guide.shape[:2], np.bool_)
        self._changed = (nothing if changed is None else changed).astype(np.uint8)
        self.objects = Objects(
            nothing if decals is None else decals, nothing if changed is None else changed, FLAT / (texture + FLAT)
        )

    def edited(self, offset: Floats) -> Bools:
        """``(h, w)``, whether the edit touched what pixels show."""
        where = grid(*offset.shape[:2]) + offset
        out: Bools = sample(self._changed, where, nearest=True, border=cv.BORDER_CONSTANT) > 0
        return out

    def edited_nearby(self, offset: Floats, known: Bools) -> Bools:
        """``(h, w)``, within 32 px of `known` pixels that the edit touched."""
        edited = known & self.edited(offset)
        if not edited.any() or edited.all():
            return np.zeros_like(known)
        out: Bools = cv.boxFilter(edited.astype(np.float32), -1, (2 * SEARCHED_PX + 1,) * 2, normalize=False) > 0.5
        return out

    def start(self) -> Correspondence:
        """The keyframe's correspondence with itself."""
        height, width = self.evened.shape
        sure = np.ones((height, width), np.float32)
        still = np.zeros((height, width, 2), np.float32)
        return Correspondence(still, sure, sure, still[..., 0], still, sure > 0, self.objects.start())


def chain(previous: Correspondence, key: KeyView, flow: Floats, inverse: Floats) -> Correspondence:
    """One frame further out: ``phi_t(p) = phi_prev(p + flow(p))``. `confidence` and `misfit` are left to `assess`.

    Args:
        flow: from the new frame to the previous one; `inverse` the other way.
    """
    target = grid(*flow.shape[:2]) + flow
    smooth = sample(previous.offset, target)
    torn = sample(_jumps(previous.offset), target, nearest=True) > 0
    # The flow is added outside the interpolation, so that sub-pixel motion is never rounded away along the chain.
    offset = flow + np.where(torn[..., None], sample(previous.offset, target, nearest=True), smooth)
    visible = consistent(flow, inverse)
    tracked = sample(previous.tracked, target) * visible
    return Correspondence(
        offset,
        tracked,
        tracked,
        previous.misfit,
        flow,
        visible,
        key.objects.follow(previous.motions, offset, tracked),
    )


def _jumps(offset: Floats) -> Bytes:
    spread = cv.morphologyEx(offset, cv.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    out: Bytes = (spread.max(axis=2) > JUMP_PX).astype(np.uint8)
    return out


def match_error(guide: Bytes, key: KeyView, offset: Floats, *, highlights: bool = True) -> Floats:
    """Mean squared difference (7 x 7 patches, three channels) to the keyframe after the best common gain (0.5…2) and offset.

    The gain keeps a correct track alive when a surface turns into the shade, the offset when a highlight crosses it; the offset
    pays a ridge penalty, since with both free any two flat patches are alike.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame.
        highlights: whether an offset is made up for at all.
    """
    height, width = offset.shape[:2]
    moments = np.empty((height, width, 5), np.float32)
    rows(_moments, height, guide, key.guide, offset, moments)
    error = np.empty((height, width), np.float32)
    rows(_residual, height, box(moments, PATCH_RADIUS), highlights, error)
    return error


def detail_error(detail: Bytes, key: KeyView, offset: Floats) -> Floats:
    """Mean squared difference (7 x 7 patches) of the evened pictures: finer than `match_error` where light changes."""
    difference = sample(key.evened, grid(*offset.shape[:2]) + offset).astype(np.float32) - detail
    return box(difference * difference, PATCH_RADIUS)


@kernel
def _moments(first: int, end: int, guide: Bytes, key: Bytes, offset: Floats, moments: Floats) -> None:
    """Per pixel, means over channels: x², xy, y², x, y with x the keyframe's value at p + offset(p) and y the frame's."""
    height, width = guide.shape[:2]
    third = np.float32(1 / 3)
    for v in range(first, end):
        for u in range(width):
            x = min(max(u + offset[v, u, 0], np.float32(0)), np.float32(width - 1))
            y = min(max(v + offset[v, u, 1], np.float32(0)), np.float32(height - 1))
            left, top = int(x), int(y)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            a, b = np.float32(x - left), np.float32(y - top)
            for c in range(5):
                moments[v, u, c] = 0
            for c in range(3):
                above = key[top, left, c] + a * (np.float32(key[top, right, c]) - key[top, left, c])
                below = key[bottom, left, c] + a * (np.float32(key[bottom, right, c]) - key[bottom, left, c])
                then, now = above + b * (below - above), np.float32(guide[v, u, c])
                moments[v, u, 0] += then * then * third
                moments[v, u, 1] += then * now * third
                moments[v, u, 2] += now * now * third
                moments[v, u, 3] += then * third
                moments[v, u, 4] += now * third


@kernel
def _residual(first: int, end: int, moments: Floats, highlights: bool, error: Floats) -> None:
    ridge = np.float32(1 + HIGHLIGHT_RIDGE)
    for v in range(first, end):
        for u in range(error.shape[1]):
            square, cross, own, then, now = moments[v, u]
            gain = (cross * ridge - then * now) / (square * ridge - then * then + np.float32(1))
            if not highlights:
                gain = cross / (square + np.float32(1))
            gain = min(max(gain, np.float32(0.5)), np.float32(2))
            highlight = (now - gain * then) / ridge if highlights else np.float32(0)
            left = own - 2 * gain * cross + gain * gain * square - highlight * highlight * ridge
            error[v, u] = max(left, np.float32(0))


def refine(state: Correspondence, guide: Bytes, detail: Bytes, key: KeyView) -> Correspondence:
    """Pull the chained offsets onto the keyframe, which undoes drift: flow frame → keyframe warped by phi, kept where it helps.

    Where an object should be and the chain broke (something passed in front), it is looked for from its expected pose. Of two places
    that show the same point of the keyframe, the worse match is given up.

    Args:
        guide: ``(h, w, 3)`` uint8 of the frame; `detail` its `evened` copy.
    """
    here = grid(*state.tracked.shape)
    chained = detail_error(detail, key, state.offset)
    believed = np.where(chained > DOUBTFUL, np.float32(0.0), state.tracked)
    expected, lost = key.objects.expected(state.motions, state.offset, believed)
    step = dense_flow(detail, sample(key.evened, here + expected).astype(np.uint8))
    candidate = step + sample(expected, here + step)
    moved = np.square(candidate - expected).sum(axis=2)
    pulled = detail_error(detail, key, candidate)
    better = (pulled < 0.97 * chained) & (moved < MAX_REFINEMENT_PX**2)
    share = cv.GaussianBlur((better & ~lost).astype(np.float32), (0, 0), 2.0)[..., None]
    offset = state.offset + share * (candidate - state.offset)
    tracked = np.where(impostors(offset, believed, np.where(better, pulled, chained)), np.float32(0.0), state.tracked)
    if lost.any():
        error = match_error(guide, key, candidate, highlights=False)
        found = (
            lost
            & ((state.tracked < 0.5) | (pulled < FOUND * chained))
            & (error < FOUND * sample(key.tolerance, here + candidate))
        )
        found &= moved < FOUND_WITHIN_PX**2
        found = cv.morphologyEx(found.astype(np.uint8), cv.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
        offset = np.where(found[..., None], candidate, offset)
        tracked = np.where(found, np.float32(1.0), tracked)
        believed = np.where(found, np.float32(1.0), believed)
    known = (tracked > 0.5) & (believed > 0.5)
    wanted = key.edited_nearby(offset, known) & ~known
    offset, again = _amid(offset, wanted, known, guide, key)
    sought, found = search(detail, key.evened, offset, wanted & ~again, known | again, chained)
    offset = np.where(found[..., None], sought, offset)
    new = (found | again) & key.edited(offset)
    new &= ~key.objects.strays(state.motions, offset, state.motion, state.visible, new)
    return replace(state, offset=offset, tracked=np.where(new, np.float32(1.0), tracked))


def _amid(offset: Floats, lost: Bools, known: Bools, guide: Bytes, key: KeyView) -> tuple[Floats, Bools]:
    """(offsets, found): lost spots amid a tracked surface go on with it, where that looks the same: in flat places flow is noise."""
    if not lost.any():
        return offset, lost
    share = box(known.astype(np.float32), AMID_PX)
    mean = box(offset * known[..., None], AMID_PX) / np.maximum(share, 1e-6)[..., None]
    error = match_error(guide, key, mean, highlights=False)
    found = lost & (share > 0.5) & (error < FOUND * sample(key.tolerance, grid(*share.shape) + mean))
    return np.where(found[..., None], mean, offset), found


def looked_ahead(state: Correspondence, flow: Floats, inverse: Floats) -> Correspondence:
    """`motion` and `visible` of what has just come into sight, from the flow to the *next* frame out, taken to go on as before."""
    visible = consistent(flow, inverse)
    new = visible & ~state.visible
    return replace(state, motion=np.where(new[..., None], -flow, state.motion), visible=state.visible | visible)


def assess(state: Correspondence, guide: Bytes, detail: Bytes, key: KeyView) -> Correspondence:
    """Set `misfit`, and `confidence`: exp(-(error - tolerance)⁺ / 2 tolerance), or how well textured details agree where the light
    alone differs; a fifth of it where the chain broke, a tenth where textured details differ altogether."""
    error = match_error(guide, key, state.offset)
    tolerance = sample(key.tolerance, grid(*error.shape) + state.offset)
    alike = np.exp(-np.maximum(error - tolerance, 0.0) / (2.0 * tolerance))
    misfit = detail_error(detail, key, state.offset)
    texture = np.maximum(sample(key.texture, grid(*error.shape) + state.offset), 1.0)
    legible = texture > TEXTURED
    agree = np.clip((texture - 2.0 * misfit) / (AGREED * texture), 0.0, 1.0) * legible
    differ = np.clip((misfit - texture) / (DIFFERENT * texture), 0.0, 1.0) * legible
    confidence = np.maximum(alike, agree) * (1.0 - 0.9 * differ) * (0.2 + 0.8 * state.tracked)
    return replace(state, confidence=confidence.astype(np.float32), misfit=misfit)


def enlarge(state: Correspondence, width: int, height: int) -> Correspondence:
    """The same correspondence at another size: offsets scaled with the picture."""
    rows, columns = state.tracked.shape
    if (columns, rows) == (width, height):
        return state
    scale = np.array([width / columns, height / rows], np.float32)

    def resized(image: Floats) -> Floats:
        out: Floats = cv.resize(image, (width, height), interpolation=cv.INTER_LINEAR)
        return out

    return replace(
        state,
        offset=resized(state.offset) * scale,
        tracked=resized(state.tracked),
        confidence=resized(state.confidence),
        misfit=resized(state.misfit),
        motion=resized(state.motion) * scale,
        visible=resized(state.visible.astype(np.float32)) > 0.5,
    )
