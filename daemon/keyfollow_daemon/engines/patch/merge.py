"""Several keyframes' edits on one frame: per pixel, the keyframe that really saw the content has the say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .pixels import Floats, box, cv, largest
from .proposal import Proposal

FLOOR = 1e-4
"""Keeps the better match in charge where no keyframe saw the content."""
UNEDITED, SILENT = 3.0, np.float32(0.05)
"""A keyframe whose colours suggest less than this (8-bit units) may not know the object at all: its word counts this much beside one that
suggests an edit."""
SHRINK = 2
LEAST_AREA, MOST_AREA = 0.25, 4.0
"""Where neighbours lie on two objects, the area between them tells nothing."""
MISFIT_NOISE, MISFIT_RADIUS = 40.0, 4
"""Misfit that noise alone makes; and how far around a pixel it is averaged."""


def _say(proposal: Proposal, share: float, offset: Floats) -> Floats:
    seen = proposal.confidence**4 + np.float32(FLOOR) * (proposal.confidence + np.float32(0.01))
    exact = np.float32(share) * _magnified(offset) / np.square(box(proposal.misfit, MISFIT_RADIUS) + np.float32(MISFIT_NOISE))
    out: Floats = seen * exact
    return out


def _magnified(offset: Floats) -> Floats:
    """``(h, w)``, how many of the keyframe's pixels a pixel shows: a surface that the keyframe shows larger was painted finer there."""
    height, width = offset.shape[:2]
    small = cv.resize(offset, (max(1, width // SHRINK), max(1, height // SHRINK)), interpolation=cv.INTER_AREA)
    across, down = (cv.Scharr(small, cv.CV_32F, *axes, scale=1 / (32 * SHRINK)) for axes in ((1, 0), (0, 1)))
    area = np.abs((1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0])
    out: Floats = cv.resize(box(np.clip(area, LEAST_AREA, MOST_AREA), 1), (width, height))
    return out


def _word(proposal: Proposal) -> Floats:
    """How much a keyframe's colours have to say about a pixel."""
    told = np.where(largest(proposal.by_colour) > UNEDITED, np.float32(1.0), SILENT)
    out: Floats = proposal.belief * proposal.allowed * told
    return out


def merge(proposals: Sequence[tuple[Proposal, float, Floats]]) -> Proposal:
    """Mix edits, never pixels, by ``time share x confidence⁴ x magnification / misfit²`` smoothed over 3 px.

    Seen by one keyframe only: that one's edit; by both: linear in time, if both lie as exactly and show it as large, else rather the
    one that does (two copies of a decal, half a pixel apart, make a blurred one); by none: the one that matches less badly. What only colours tell is
    said by the keyframe that knows the object.

    Args:
        proposals: each with its share in time (0…1], and where pixels lie in its keyframe, ``(h, w, 2)`` px off their own place.
    """
    if len(proposals) == 1:
        return proposals[0][0]
    raw = [_say(*each) for each in proposals]
    weights = [box(w, 1) for w in raw]
    total = np.maximum(np.add.reduce(weights), 1e-12)
    shares = [w / total for w in weights]

    def mixed(planes: list[Floats]) -> Floats:
        out = np.zeros_like(planes[0])
        for share, plane in zip(shares, planes, strict=True):
            out += plane * (share[..., None] if plane.ndim == 3 else share)
        return out

    parts = [p for p, _, _ in proposals]
    believed = [_word(p) * share for p, share, _ in proposals]
    belief = np.add.reduce(believed)
    by_colour = np.add.reduce([p.by_colour * b[..., None] for p, b in zip(parts, believed, strict=True)])
    return Proposal(
        edit=mixed([p.edit for p in parts]),
        reach=mixed([p.reach for p in parts]),
        confidence=mixed([p.confidence for p in parts]),
        misfit=mixed([p.misfit for p in parts]),
        by_colour=by_colour / np.maximum(belief, 1e-6)[..., None],
        belief=np.maximum.reduce([p.belief for p in parts]),
        allowed=np.maximum.reduce([p.allowed for p in parts]),
        strange=mixed([p.strange for p in parts]),
    )
