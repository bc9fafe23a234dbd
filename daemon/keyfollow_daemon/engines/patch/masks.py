"""A person's masks on every frame: as given where given, else carried along the picture's motion from the nearest ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from keyfollow_daemon.engines.base import EditMask

from .pixels import Floats, cv, sample
from .plan import OVERLAP

SNAP = 1 / 512
"""Weights this close to 0 or 1 are 0 or 1: interpolation must not blur what was exact."""

Follow = Callable[[int, int], Floats]


class Masks:
    """Masks of a run: `edit` areas united, minus `protect` and `front`.

    Args:
        given: any number per role and frame; several on one frame are united. Read one at a time, when needed.
        follow: of (mask frame, other frame), where the other's pixels were, ``(h, w, 2)`` px.
        feather: px over which a mask fades in *inside* its border, so that 0 stays exactly 0.
        within: only masks on these frames count: those of one shot.
    """

    def __init__(self, given: Sequence[EditMask], follow: Follow, feather: float, within: range | None = None) -> None:
        self._given, self._follow, self._feather = given, follow, feather
        self._places: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for place, mask in enumerate(given):
            if within is not None and mask.frame not in within:
                continue
            self._places[mask.role][mask.frame].append(place)

    def __bool__(self) -> bool:
        return bool(self._places)

    def sources(self, frame: int) -> set[int]:
        """Frames whose masks are carried to `frame`."""
        found: set[int] = set()
        for role in self._places:
            found.update(self._shares(role, frame))
        return found - {frame}

    def at(self, frame: int) -> Floats:
        """``(h, w)`` float32: 1 where the edit applies in full, 0 where the source must stay bit for bit."""
        weight: Floats | None = None
        for role in sorted(self._places):
            area = self._carried(role, frame)
            if role != "edit":
                area = 1.0 - area
            weight = area if weight is None else weight * area
        assert weight is not None
        weight = np.where(weight < SNAP, np.float32(0.0), np.where(weight > 1 - SNAP, np.float32(1.0), weight))
        return feathered(weight, self._feather)

    def _shares(self, role: str, frame: int) -> dict[int, float]:
        frames = self._places[role]
        before = max((f for f in frames if f <= frame), default=None)
        after = min((f for f in frames if f >= frame), default=None)
        if before is None or after is None or before == after:
            return {f: 1.0 for f in {before, after} if f is not None}
        if after - before > OVERLAP:
            return {before if frame - before <= after - frame else after: 1.0}
        share = (frame - before) / (after - before)
        return {before: 1.0 - share, after: share}

    def _carried(self, role: str, frame: int) -> Floats:
        total: Floats | None = None
        for source, share in sorted(self._shares(role, frame).items()):
            part = self._united(role, source)
            if source != frame:
                part = sample(part, self._follow(source, frame))
            total = share * part if total is None else total + share * part
        assert total is not None
        return total.astype(np.float32)

    def _united(self, role: str, frame: int) -> Floats:
        weights = [self._given[place].weight for place in self._places[role][frame]]
        out: Floats = np.maximum.reduce(weights)
        return out


def feathered(weight: Floats, px: float) -> Floats:
    """`weight` faded in over `px` pixels inside the border of its zero area."""
    if px <= 0 or not (weight == 0).any():
        return weight
    distance = cv.distanceTransform((weight > 0).astype(np.uint8), cv.DIST_L2, 5)
    out: Floats = weight * np.minimum(np.float32(1.0), distance / np.float32(px + 1))
    return out
