"""A long clip in windows of a few frames, which share their outer frames with their neighbours.

Windows belong to the clip, not to a run's range: ranges share what was prepared for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """`frames` of the clip, ascending; `number` counts windows from 0."""

    number: int
    frames: tuple[int, ...]

    def distance(self, frames: Sequence[int]) -> int:
        """From the nearest of `frames`."""
        return min(max(self.frames[0] - f, f - self.frames[-1], 0) for f in frames)


def windows(count: int, stride: int, size: int, overlap: int) -> list[Window]:
    """Every `stride`-th frame of a clip of `count`, in windows of nearly equal length, at most `size`.

    Neighbours share `overlap` frames, at most a third of `size`; no frame is in three windows.
    """
    frames = range(0, count, stride)
    shared = min(overlap, size // 3)
    number = 1 if len(frames) <= size else -(-(len(frames) - shared) // (size - shared))
    length, longer = divmod(len(frames) + (number - 1) * shared, number)
    out, start = [], 0
    for n in range(number):
        stop = start + length + (n < longer)
        out.append(Window(n, tuple(frames[start:stop])))
        start = stop - shared
    return out


def touching(all_windows: Sequence[Window], start: int, stop: int) -> list[Window]:
    """Those with a frame in ``start <= f < stop``; where a stride leaves none, the one whose frame is last before."""
    found = [w for w in all_windows if any(start <= f < stop for f in w.frames)]
    return found or [[w for w in all_windows if w.frames[0] <= start][-1]]


def order(chosen: Sequence[Window], keyframes: Sequence[int]) -> list[Window]:
    """As they are made: from the first on, or outward from the keyframes."""
    if not keyframes:
        return list(chosen)
    return sorted(chosen, key=lambda w: (w.distance(keyframes), w.number))


def fading(shared: int, before: bool) -> tuple[float, ...]:
    """How much of the neighbour's latents its `shared` frames keep, in the order of frames: less with every frame away from it."""
    weights = tuple((shared - n) / (shared + 1) for n in range(shared))
    return weights if before else weights[::-1]
