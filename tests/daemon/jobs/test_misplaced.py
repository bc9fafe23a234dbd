"""A picture that was given for the wrong frame."""

from __future__ import annotations

import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import EditKeyframe
from keyfollow_daemon.jobs.misplaced import Misplaced
from keyfollow_testkit import clips

FRAMES = [FrameBuffer(f) for f in clips.moving_patch(12)]


class Clip:
    count, size = len(FRAMES), (96, 64)

    def __getitem__(self, frame: int) -> FrameBuffer:
        return FRAMES[frame]

    def digest(self, frame: int) -> bytes:
        return FRAMES[frame].digest()


def edited(frame: int) -> FrameBuffer:
    return FrameBuffer(clips.recoloured(FRAMES[frame].pixels, clips.patch_mask(frame)))


def said(keys: list[EditKeyframe]) -> list[str]:
    found = Misplaced(keys, Clip())
    return [sentence for n in range(12) for sentence in found.told(n, FRAMES[n])]


def test_a_picture_in_its_place_is_not_spoken_of() -> None:
    assert (
        said([EditKeyframe(2, edited(2)), EditKeyframe(9, FrameBuffer(255 - FRAMES[9].pixels)), EditKeyframe(4, FRAMES[4])])
        == []
    )


def test_a_picture_of_another_frame_is_told_once_with_where_it_may_belong() -> None:
    (sentence,) = said([EditKeyframe(2, edited(2)), EditKeyframe(11, FRAMES[3])])
    assert "frame 11" in sentence
    assert any(f"around frame {n}:" in sentence for n in range(6))


def test_depth_does_not_matter() -> None:
    deep = FrameBuffer(FRAMES[3].pixels.astype(np.uint16) << 8, 16)
    (sentence,) = said([EditKeyframe(11, deep)])
    assert "frame 11" in sentence
