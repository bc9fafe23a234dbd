"""Which keyframes drive which frames, with what weight in time, and in what order frames are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

KEEP_BYTES = 256 << 20
"""What a keyframe's correspondences may take in memory where two keyframes have a say."""
OVERLAP = 250
"""Between two keyframes, both have a say in at most this many frames around the middle; it bounds what a run remembers."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames between neighbouring keyframes, or beyond the outermost (then one side is None).

    `frames` are those to be made, nearest keyframe outward: first those on the left keyframe's half, then the right one's.
    """

    left: int | None
    right: int | None
    frames: Sequence[int]

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
            return {key: 1.0 for key in (self.left, self.right) if key is not None}
        first, last = self.right - self.reach, self.left + self.reach
        if frame < first:
            return {self.left: 1.0}
        if frame > last:
            return {self.right: 1.0}
        share = (frame - first + 1) / (last - first + 2)
        return {self.left: 1.0 - share, self.right: share}


def gaps(keys: Sequence[int], wanted: Sequence[int]) -> Iterator[Gap]:
    """Every frame of `wanted` that is no keyframe, in exactly one gap; gaps without any are left out.

    From the first keyframe on, then what lies before a keyframe that is alone: who looks at one frame plays on from there.
    """
    bounds: list[int | None] = [None, *sorted(keys), None]
    between = list(pairwise(bounds))
    for left, right in between if len(between) > 2 else reversed(between):
        inside = sorted(f for f in wanted if (left is None or f > left) and (right is None or f < right))
        if not inside:
            continue
        if left is None:
            inside.reverse()
        elif right is not None:
            near_left = [f for f in inside if f - left <= right - f]
            inside = near_left + inside[len(near_left) :][::-1]
        yield Gap(left, right, inside)
