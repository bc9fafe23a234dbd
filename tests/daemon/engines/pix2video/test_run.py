"""What one run hands out, with masks, several keyframes."""

from __future__ import annotations

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import EditMask
from keyfollow_daemon.engines.pix2video.engine import Pix2VideoEngine
from keyfollow_testkit.diffusion import edit, propagate
from keyfollow_testkit.memory import Memory


@pytest.mark.parametrize("role", ["edit", "protect"])
def test_outside_the_persons_mask_every_bit_is_the_sources(
    engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, role: str
) -> None:
    weight = np.zeros((64, 64), np.float32)
    weight[8:48, 8:48] = 1
    masks = [EditMask(role, 2, weight if role == "edit" else 1 - weight)]
    for keys in ({2: keyframe}, None):
        for made in propagate(engine, Memory(frames), edit(frames, keys, masks=masks)):
            assert made.mask is not None and (made.mask == 0).any() and (made.mask > 0).any()
            outside = made.mask == 0
            assert (made.image.pixels[outside] == frames[made.frame].pixels[outside]).all()
            assert (made.image.pixels[~outside] != frames[made.frame].pixels[~outside]).any()


def test_two_keyframes_and_one_outside_the_range(
    engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    two = list(propagate(engine, Memory(frames), edit(frames, {0: keyframe, 4: keyframe})))
    assert sorted(f.frame for f in two) == list(range(5)) and {two[0].frame, two[1].frame} == {0, 4}
    outside = list(propagate(engine, Memory(frames), edit(frames, {0: keyframe}, FrameRange(3, 5))))
    assert [f.frame for f in outside] == [3, 4]


def test_finished_frames_are_not_made_again_and_the_others_are_the_same(
    engine: Pix2VideoEngine, frames: list[FrameBuffer]
) -> None:
    whole = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), edit(frames))}
    rest = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), edit(frames, wanted=[1, 4]))}
    assert sorted(rest) == [1, 4] and all((rest[n] == whole[n]).all() for n in rest)


def test_a_finished_run_that_was_killed_while_writing_only_decodes(
    engine: Pix2VideoEngine, frames: list[FrameBuffer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfollow_daemon.engines.diffusion.pace.SHARE", 1e9)
    memory = Memory(frames)
    whole = {f.frame: f.image.pixels for f in propagate(engine, memory, edit(frames))}
    job = propagate(engine, memory, edit(frames, wanted=[3]), resumed=True)
    assert engine._open is not None
    before = engine._open[1].backbone.samples
    (again,) = list(job)
    assert (again.image.pixels == whole[3]).all() and engine._open[1].backbone.samples == before


def test_confidence_falls_with_what_is_found_again(engine: Pix2VideoEngine, frames: list[FrameBuffer]) -> None:
    sure = {f.frame: f.confidence for f in propagate(engine, Memory(frames), edit(frames))}
    assert sure[0] == 1 and all(0 <= c <= 1 for c in sure.values()) and sure[1] > sure[4]
