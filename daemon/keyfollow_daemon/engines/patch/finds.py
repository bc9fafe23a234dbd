"""What was found again of an edit, in the cache: as long as a keyframe's edit keeps its shape, nothing is looked for again.

Other settings, other masks, another keyframe elsewhere: all leave it as it was. Entries hold only what was found, and that exactly, so
that the result is the same with the cache and without.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from keyfollow_daemon.engines.base import Array, Tensors

from .correspondence import Correspondence
from .inversion import Flows
from .objects import Motion
from .pixels import Bools, Floats
from .seen import Seen


class Finds:
    """Entries of one keyframe's edit.

    Args:
        shape: masks ``(h, w)`` bool of the edit, all that finding it again depends on besides the source.
    """

    def __init__(self, flows: Flows, *shape: Bools) -> None:
        self._flows = flows
        self._shape = hashlib.sha256(repr(shape[0].shape).encode() + b"".join(np.packbits(m).tobytes() for m in shape)).digest()

    def state(self, trail: str, chained: Correspondence) -> Correspondence | None:
        """`chained` with what was found, if that is known.

        Args:
            trail: the cache key of the source's own track there.
        """
        stored = self._flows.load(self._entry("found", trail))
        planes = None if stored is None else _replaced(stored, chained.offset, chained.tracked)
        motions = None if stored is None else stored.get("motions")
        if planes is None or motions is None or motions.shape[1:] != (2, 3, 3) or motions.dtype != np.float64:
            return None
        return Correspondence(planes[0], planes[1], tuple(Motion(pose, step) for pose, step in motions))

    def keep_state(self, trail: str, chained: Correspondence, found: Correspondence) -> None:
        motions = np.array([(m.pose, m.step) for m in found.motions], np.float64).reshape(-1, 2, 3, 3)
        differs = (found.offset[..., 0] != chained.offset[..., 0]) | (found.offset[..., 1] != chained.offset[..., 1])
        differs |= found.tracked != chained.tracked
        self._flows.save(self._entry("found", trail), {**_picked(differs, found.offset, found.tracked), "motions": motions})

    def placed(self, trail: str, ahead: str, seen: Seen) -> Seen | None:
        """`seen` with what `hidden` placed, if that is known.

        Args:
            ahead: the cache key of the flows that were looked ahead by, if any.
        """
        stored = self._flows.load(self._entry("placed", trail, ahead))
        planes = None if stored is None else _replaced(stored, seen.offset, np.zeros(seen.placed.shape, np.float32))
        return None if planes is None else replace(seen, offset=planes[0], placed=planes[1] > 0)

    def keep_placed(self, trail: str, ahead: str, seen: Seen) -> None:
        self._flows.save(self._entry("placed", trail, ahead), _picked(seen.placed, seen.offset, seen.placed.astype(np.float32)))

    def _entry(self, of: str, *keys: str) -> str:
        return self._flows.entry(of, [self._shape, *(bytes.fromhex(key) for key in keys)])


def _picked(where: Bools, offset: Floats, plane: Floats) -> dict[str, Array]:
    """Offsets and another plane at some pixels, as tensors."""
    places = np.flatnonzero(where).astype(np.int32)
    return {"places": places, "offset": offset.reshape(-1, 2)[places], "plane": plane.ravel()[places]}


def _replaced(tensors: Tensors, offset: Floats, plane: Floats) -> tuple[Floats, Floats] | None:
    """Copies of both with what was `_picked` in its place; None where an entry does not hold that."""
    places, offsets, values = (tensors.get(name) for name in ("places", "offset", "plane"))
    if places is None or offsets is None or values is None or places.dtype != np.int32:
        return None
    count = len(places)
    if offsets.shape != (count, 2) or values.shape != (count,) or not offsets.dtype == values.dtype == np.float32:
        return None
    if count and not 0 <= places.min() <= places.max() < plane.size:
        return None
    offset, plane = offset.copy(), plane.copy()
    offset.reshape(-1, 2)[places] = offsets
    plane.reshape(-1)[places] = values
    return offset, plane
