"""Several keyframes' edits on one frame: per pixel, the keyframe that really saw the content has the say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .kernels import kernel, rows
from .pixels import Floats, largest
from .proposal import Proposal
from .shares import shares

UNEDITED, SILENT = 3.0, np.float32(0.05)
"""A keyframe whose colours suggest less than this (8-bit units) may not know the object at all: its word counts this much beside one that
suggests an edit."""


def _word(proposal: Proposal) -> Floats:
    """How much a keyframe's colours have to say about a pixel."""
    told = np.where(largest(proposal.by_colour) > UNEDITED, np.float32(1.0), SILENT)
    out: Floats = proposal.belief * proposal.allowed * told
    return out


def merge(proposals: Sequence[tuple[Proposal, float, Floats]], apart: Sequence[Floats] | None = None) -> Proposal:
    """Mix edits, never pixels, by each keyframe's `shares`.

    Seen by one keyframe only: that one's edit; by both: their mean where they agree, for two copies have less noise than one, else rather the one
    that is nearer in time, lies more exactly and shows it larger (two copies of a decal, half a pixel apart, make a blurred one); by none: the one
    that matches less badly. What only colours tell is said by the keyframe that knows the object.

    Args:
        proposals: each with its share in time (0…1], and where pixels lie in its keyframe, ``(h, w, 2)`` px off their own place.
        apart: as `shares` takes it.
    """
    if len(proposals) == 1:
        return proposals[0][0]
    weights = shares(proposals, apart)
    parts = [p for p, _, _ in proposals]
    believed = [_word(p) * share for p, share, _ in proposals]
    belief = np.maximum(np.add.reduce(believed), 1e-6)

    def mixed(planes: Iterable[Floats]) -> Floats:
        out: Floats = np.add.reduce([share * plane for share, plane in zip(weights, planes, strict=True)])
        return out

    return Proposal(
        edit=_mixed([p.edit for p in parts], weights),
        reach=mixed(p.reach for p in parts),
        confidence=mixed(p.confidence for p in parts),
        misfit=mixed(p.misfit for p in parts),
        by_colour=_mixed([p.by_colour for p in parts], [word / belief for word in believed]),
        belief=np.maximum.reduce([p.belief for p in parts]),
        allowed=np.maximum.reduce([p.allowed for p in parts]),
        strange=mixed(p.strange for p in parts),
    )


def _mixed(pictures: Sequence[Floats], weights: Sequence[Floats]) -> Floats:
    """``(h, w, c)``, the sum of `pictures` by their `weights` ``(h, w)``; numpy is slow over so short an axis."""
    out = np.zeros_like(pictures[0])
    for picture, weight in zip(pictures, weights, strict=True):
        rows(_added, len(out), picture, weight, out)
    return out


@kernel
def _added(first: int, end: int, picture: Floats, weight: Floats, out: Floats) -> None:
    for y in range(first, end):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                out[y, x, c] += weight[y, x] * picture[y, x, c]
