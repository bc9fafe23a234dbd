"""Which keyframes drive which frames, with what weight in time, and in what order frames are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

KEEP_BYTES = 256 << 20
"""What a keyframe's correspondences may take in memory where two keyframes have a say."""
OVERLAP = 250
"""Between two keyframes, both have a say in at most this many frames around the middle; it bounds what a run remembers. Keyframes further apart than
that do not help each other beyond the outermost either: what is followed from them through all the frames between would take its time."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames between neighbouring keyframes, or beyond the outermost (then one side is None).

    `frames` are those to be made, nearest keyframe outward: first those on the left keyframe's half, then the right one's. Beyond the outermost
    its neighbour has a say as well (`beside`), if there is one: it may show sharp what the nearer one has blurred, hidden or not at all. But what turns
    is the less itself the further away it was painted: it counts by the square of the distance.
    """

    left: int | None
    right: int | None
    frames: Sequence[int]
    beside: int | None = None

    @property
    def keys(self) -> Sequence[int]:
        """The keyframes that have a say."""
        return [key for key in (self.left, self.right, self.beside) if key is not None]

    @property
    def reach(self) -> int:
        """How far from a keyframe its edit has a say."""
        if self.left is None or self.right is None:
            return max(abs(f - k) for f in self.frames for k in (self.left, self.right) if k is not None)
        length = self.right - self.left
        return length - 1 if length <= OVERLAP else (length + OVERLAP) // 2

    @property
    def revisited(self) -> range:
        """Distances from either keyframe that are visited twice: where both have a say."""
        if self.left is None or self.right is None:
            return range(0)
        return range(max(1, self.right - self.left - self.reach), self.reach + 1)

    def weights(self, frame: int) -> dict[int, float]:
        """Keyframes that drive `frame` and their share in time; shares add up to 1."""
        if self.left is None or self.right is None:
            near = {key: 1.0 / (frame - key) ** 2 for key in self.keys}
            return {key: share / sum(near.values()) for key, share in near.items()}
        first, last = self.right - self.reach, self.left + self.reach
        if frame < first:
            return {self.left: 1.0}
        if frame > last:
            return {self.right: 1.0}
        share = (frame - first + 1) / (last - first + 2)
        return {self.left: 1.0 - share, self.right: share}


def gaps(keys: Sequence[int], wanted: Sequence[int]) -> Iterator[Gap]:
    """Every frame of `wanted` that is no keyframe, in exactly one gap; gaps without any are left out.

    First what follows the first keyframe, for who looks at one frame plays on from there; then what lies before it, where the second one goes on
    with what it has followed so far; then the others.
    """
    keys = sorted(keys)
    bounds: list[int | None] = [None, *keys, None]
    between = list(pairwise(bounds))
    for left, right in (between[1], between[0], *between[2:]):
        inside = sorted(f for f in wanted if (left is None or f > left) and (right is None or f < right))
        if not inside:
            continue
        if left is None:
            inside.reverse()
        elif right is not None:
            near_left = [f for f in inside if f - left <= right - f]
            inside = near_left + inside[len(near_left) :][::-1]
        yield Gap(left, right, inside, _beside(left, keys) if right is None else _beside(right, keys) if left is None else None)


def _beside(outermost: int | None, keys: Sequence[int]) -> int | None:
    """The keyframe next to the outermost one, if it is near enough."""
    assert outermost is not None
    near = [key for key in keys if 0 < abs(key - outermost) <= OVERLAP]
    return min(near, key=lambda key: abs(key - outermost), default=None)
