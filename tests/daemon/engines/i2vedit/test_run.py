"""One edit pass: chained clips, hand-over, blending, and where an interrupted one goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.base import EditMask
from keyfollow_daemon.engines.i2vedit.edit import ClipEdit
from keyfollow_daemon.engines.i2vedit.engine import I2VEditEngine
from keyfollow_testkit import clips, svd
from keyfollow_testkit.memory import Memory
from torch import Tensor

Pixels = dict[int, Any]
QUICK: dict[str, Any] = {"training_steps": 1, "steps": 2}


def same(a: Pixels, b: Pixels) -> bool:
    return a.keys() == b.keys() and all((a[n] == b[n]).all() for n in a)


@pytest.fixture(scope="module")
def whole(engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer) -> tuple[Memory, Pixels]:
    """Nine frames in three chained clips, and what is cached of them."""
    memory = Memory(frames)
    return memory, svd.made(engine, memory, svd.edit(frames, {0: keyframe}, **QUICK))


def test_three_clips_are_chained(whole: tuple[Memory, Pixels], keyframe: FrameBuffer) -> None:
    memory, pixels = whole
    assert sorted(pixels) == list(range(9)) and (pixels[0] == keyframe.pixels).all()
    assert memory.phases["Propagating"] == (3 * 2, 3 * 2)


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "checks", [pytest.param(25, marks=LONG), pytest.param(33, marks=LONG), 40, pytest.param(46, marks=LONG)]
)
def test_an_interrupted_run_ends_the_same(
    engine: I2VEditEngine,
    frames: list[FrameBuffer],
    keyframe: FrameBuffer,
    whole: tuple[Memory, Pixels],
    checks: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Wherever it stops: frames that came out are kept, the others are the same as in one go."""
    monkeypatch.setattr("keyfollow_daemon.engines.diffusion.pace.SHARE", 1e9)
    memory, job = whole[0], svd.edit(frames, {0: keyframe}, **QUICK)
    made: Pixels = {}
    memory.checks, memory.stop_after = 0, checks
    try:
        for frame in svd.propagate(engine, memory, job):
            made[frame.frame] = frame.image.pixels
    except InterruptedError:
        pass
    finally:
        memory.stop_after = None
    assert len(made) < 9
    rest = replace(job, wanted=[n for n in job.range if n not in made])
    steps: list[int] = []
    advance = ClipEdit.advance

    def counted(self: ClipEdit) -> Tensor:
        steps.append(self.step)
        return advance(self)

    monkeypatch.setattr(ClipEdit, "advance", counted)
    made |= svd.made(engine, memory, rest, resumed=True)
    assert same(made, whole[1])
    if memory.kept:
        assert len(steps) < 6, "it went on from its checkpoint"


def test_kept_and_rerun_source_features_give_the_same_bits(
    engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, whole: tuple[Memory, Pixels]
) -> None:
    """Kept on the way, when inversion meets them, and not at all."""
    for how, memory in (("rerun", whole[0]), ("keep", Memory(frames))):
        assert same(svd.made(engine, memory, svd.edit(frames, {0: keyframe}, source_features=how, **QUICK)), whole[1])


def test_skip_interval_changes_later_clips_only(
    engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, whole: tuple[Memory, Pixels]
) -> None:
    alone = svd.made(engine, whole[0], svd.edit(frames, {0: keyframe}, skip_interval=False, **QUICK))
    assert all((alone[n] == whole[1][n]).all() for n in range(4))
    assert any((alone[n] != whole[1][n]).any() for n in range(4, 9))


def test_outside_a_mask_every_bit_is_the_sources(
    engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    mask = EditMask("edit", 0, clips.patch_mask(0, 64, 64).astype(np.float32))
    job = svd.edit(frames[:6], {0: keyframe}, masks=[mask], **QUICK)
    for frame in svd.propagate(engine, Memory(frames[:6]), job):
        assert frame.mask is not None
        outside = frame.mask == 0
        assert outside.any() and (frame.image.pixels[outside] == frames[frame.frame].pixels[outside]).all()


@LONG
def test_more_overlap_is_blended_and_a_stride_is_filled(
    engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    memory = Memory(frames)
    blended = svd.made(engine, memory, svd.edit(frames, {0: keyframe}, overlap=2, length=5, **QUICK))
    assert sorted(blended) == list(range(9))
    strided = svd.made(engine, memory, svd.edit(frames, {0: keyframe}, stride=3, **QUICK))
    assert sorted(strided) == list(range(9)) and all((strided[n] != frames[n].pixels).any() for n in range(9))


def test_a_later_keyframe_anchors_anew_and_is_carried_backward(
    engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, whole: tuple[Memory, Pixels]
) -> None:
    """Between two keyframes both are carried to the middle; what is near the first does not know of the second."""
    second = svd.recoloured(frames, 8)
    made = svd.made(engine, whole[0], svd.edit(frames, {0: keyframe, 8: second}, fade=2, length=14, **QUICK))
    one = svd.made(engine, whole[0], svd.edit(frames[:9], {8: second}, span=FrameRange(5, 9), length=14, **QUICK))
    assert sorted(made) == list(range(9)) and (made[8] == second.pixels).all() and (made[0] == keyframe.pixels).all()
    assert sorted(one) == [5, 6, 7, 8]
    assert all((made[n] != whole[1][n]).any() for n in (5, 6, 7))
