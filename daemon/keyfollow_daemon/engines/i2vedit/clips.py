"""The clips that a video model makes one after the other: chains that begin at keyframes and run forward or, reversed, backward.

Clips belong to the source, not to a run's range: they are as long as the footage lets them be, so that ranges share them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Clip:
    """`frames` in the order in which the model sees them: descending where the chain runs backward."""

    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Clips that follow from one keyframe; neighbours share `overlap` frames.

    Args:
        fade: frames by number with what this chain counts there, where another one makes them too; 1 elsewhere.
    """

    key: int
    clips: tuple[Clip, ...]
    fade: tuple[tuple[int, float], ...] = ()

    def weight(self, frame: int) -> float:
        return dict(self.fade).get(frame, 1.0)


def shared_frames(length: int, overlap: int) -> int:
    """How many frames neighbours share: at most half a clip, so that none is in three."""
    return min(overlap, length // 2)


def cut(frames: Sequence[int], length: int, overlap: int, reach: int | None = None) -> tuple[Clip, ...]:
    """`frames` in clips of `length`; the last one may be shorter. Only those that are needed to get as far as `reach`."""
    step, out, start = length - overlap, [], 0
    while len(frames) - start >= SHORTEST and (start == 0 or len(frames) - start > overlap):
        clip = frames[start : start + length]
        out.append(Clip(tuple(clip)))
        if start + length >= len(frames) or (reach is not None and abs(clip[-1] - frames[0]) >= abs(reach - frames[0])):
            break
        start += step
    return tuple(out)


def chains(
    keys: Sequence[int],
    count: int,
    wanted: Iterable[int],
    *,
    length: int,
    overlap: int,
    stride: int = 1,
    both_ways: bool = True,
    fade: int = 6,
) -> list[Chain]:
    """All that is needed for the frames `wanted` of a source of `count` frames.

    Between two keyframes a chain comes from either, and they are faded into each other in the middle, over about `fade` frames;
    without `both_ways` only the earlier keyframe's. Every `stride`-th frame of the source is made.
    """
    keys, wanted = sorted(keys), sorted(set(wanted) - set(keys))
    out: list[Chain] = []
    for gap in range(len(keys) + 1):
        left, right = (keys[gap - 1] if gap else None), (keys[gap] if gap < len(keys) else None)
        low, high = (-1 if left is None else left), (count if right is None else right)
        asked = wanted[bisect_left(wanted, low + 1) : bisect_left(wanted, high)]
        if not asked:
            continue
        grid = [f for f in range(low + 1, high) if f % stride == 0] or asked[:1]
        fading: dict[int, float] = {}
        if left is not None and right is not None:
            fading = {f: _share(f, left, right, fade, both_ways) for f in grid}
        if left is not None:
            frames = [f for f in grid if fading.get(f, 1.0) > 0]
            out += _chain(left, frames, _reach(grid, asked[-1], 1), fading, length, overlap)
        if right is not None:
            frames = [f for f in reversed(grid) if fading.get(f, 0.0) < 1]
            opposite = {f: 1 - share for f, share in fading.items()}
            out += _chain(right, frames, _reach(grid, asked[0], -1), opposite, length, overlap)
    return out


def _reach(grid: Sequence[int], asked: int, way: int) -> int:
    """The frame of the grid that a chain has to get to: the first at or beyond `asked`."""
    beyond = [f for f in grid if (f - asked) * way >= 0]
    return (min(beyond) if way > 0 else max(beyond)) if beyond else (grid[-1] if way > 0 else grid[0])


def _chain(key: int, frames: Sequence[int], reach: int, fade: dict[int, float], length: int, overlap: int) -> list[Chain]:
    clips = cut([key, *frames], length, overlap, reach)
    mixed = tuple((f, share) for f, share in sorted(fade.items()) if 0 < share < 1)
    return [Chain(key, clips, mixed)] if clips else []


def _share(frame: int, left: int, right: int, fade: int, both_ways: bool) -> float:
    """What the earlier keyframe's chain counts at `frame`."""
    if not both_ways:
        return 1.0
    width = max(1, min(fade, right - left))
    return min(1.0, max(0.0, 0.5 + ((left + right) / 2 - frame) / width))


def following_share(overlap: int, place: int) -> float:
    """What the later of two clips counts at the `place`-th of the frames they share: the earlier one's last word on the first."""
    return place / overlap
