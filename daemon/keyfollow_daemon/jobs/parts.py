"""In which order a draft's frames are made where someone looks at one of them: those around it first, then ever further out.

An engine prepares a range before it propagates through it. Given the whole range it would prepare all of it before anyone sees a
frame; given a few frames at a time, those that are looked at are there after a moment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from keyfollow.frames import FrameRange

from keyfollow_daemon.engines.base import Edit

NEAREST = 2
"""How far to either side the first part reaches."""
WIDER = 4
"""How many times as far the next part reaches: work that every part does anew (a keyframe's model, the way out to the part) stays small."""


@dataclass(frozen=True, slots=True)
class Part:
    """Frames made in one go: the edit with those `wanted`, and the span that has to be prepared for them.

    `left` frames come in later parts; None where there is but one.
    """

    edit: Edit
    span: FrameRange
    left: int | None = None


def whole(edit: Edit) -> FrameRange:
    """What must be prepared for all of an edit: its range, and its keyframes beyond it."""
    numbers = [edit.range.start, edit.range.stop - 1, *(k.frame for k in edit.keyframes)]
    return FrameRange(min(numbers), max(numbers) + 1)


def parts(edit: Edit, near: int | None) -> Iterator[Part]:
    """The edit in parts, each frame of `edit.wanted` in one of them; the last part is prepared whole. One part without `near`.

    A frame comes out the same in any part. So what has a say in it must be in its part: the keyframes on both sides, and one more on either,
    which helps where a shot ends, or the keyframes do. A mask has a say everywhere, so with masks there is one part.
    """
    rest = list(edit.wanted)
    left = None
    reach = NEAREST
    if near is not None and edit.keyframes and not len(edit.masks):
        while any(abs(n - near) > reach for n in rest):
            here, rest = [n for n in rest if abs(n - near) <= reach], [n for n in rest if abs(n - near) > reach]
            if here:
                yield _part(edit, here, len(rest))
                left = 0
            reach *= WIDER
    yield Part(replace(edit, wanted=rest), whole(edit), left)


def _part(edit: Edit, wanted: Sequence[int], left: int) -> Part:
    at = [k.frame for k in edit.keyframes]
    first, last = bisect_right(at, wanted[0]) - 1, bisect_left(at, wanted[-1])
    keyframes = edit.keyframes[max(0, first - 1) : last + 2]
    numbers = [*wanted, *(k.frame for k in keyframes)]
    return Part(replace(edit, wanted=wanted, keyframes=keyframes), FrameRange(min(numbers), max(numbers) + 1), left)
