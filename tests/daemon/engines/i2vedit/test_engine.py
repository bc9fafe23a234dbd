"""The engine as a whole, on a tiny model."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow.errors import ModelMissing, UsageError
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.i2vedit import prepared
from keyfollow_daemon.engines.i2vedit.conditioning import ImageEncoder
from keyfollow_daemon.engines.i2vedit.engine import I2VEditEngine
from keyfollow_daemon.engines.i2vedit.training import Trainer
from keyfollow_daemon.engines.i2vedit.vae import VideoVae
from keyfollow_testkit import clips, svd
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.svd_model import svd_folder


def counted(calls: list[str], name: str, right: Any) -> Any:
    def call(*given: Any) -> Any:
        calls.append(name)
        return right(*given)

    return call


QUICK: dict[str, Any] = {"training_steps": 2, "steps": 2}


def test_another_edit_of_the_same_range_trains_and_inverts_nothing(
    engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(frames[:4])
    first = svd.made(engine, memory, svd.edit(frames[:4], {0: keyframe}, **QUICK))
    before = memory.saved
    done: list[str] = []
    monkeypatch.setattr(Trainer, "advance", lambda self: done.append("trained"))
    monkeypatch.setattr(prepared, "inverted", lambda *_, **__: done.append("inverted"))
    encoded: list[str] = []
    for kind, call in ((VideoVae, "_posterior"), (ImageEncoder, "__call__")):
        monkeypatch.setattr(kind, call, counted(encoded, call, getattr(kind, call)))
    pixels = keyframe.pixels.copy()
    pixels[20:40, 10:30] = 255
    other = svd.made(engine, memory, svd.edit(frames[:4], {0: FrameBuffer(pixels)}, guidance=3.0, **QUICK))
    assert done == [] and memory.saved == before and "Training" not in memory.phases
    assert sorted(encoded) == ["__call__", "_posterior"], "the edited keyframe alone is read"
    assert any((first[n] != other[n]).any() for n in (1, 2, 3))


@pytest.mark.parametrize("at", [pytest.param(1, marks=pytest.mark.long), 3])
def test_training_goes_on_from_its_checkpoint(
    engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Killed after `at` steps: a worker that knows nothing but the checkpoint ends with the same bytes, in the steps that were left."""
    monkeypatch.setattr("keyfollow_daemon.engines.diffusion.pace.SHARE", 1e9)
    job = svd.edit(frames[:4], {0: keyframe}, **{**QUICK, "training_steps": 4})
    whole = svd.made(engine, Memory(frames[:4]), job)
    memory, advance, count = Memory(frames[:4]), Trainer.advance, [0]

    def counted(self: Trainer) -> float:
        if count[0] == at:
            raise InterruptedError
        count[0] += 1
        return advance(self)

    monkeypatch.setattr(Trainer, "advance", counted)
    with pytest.raises(InterruptedError):
        svd.made(engine, memory, job)
    count[0] = -100
    rest = svd.made(svd.cpu_engine(), memory, job, resumed=True)
    assert count[0] == -100 + 4 - at
    assert all((rest[n] == whole[n]).all() for n in whole)


@pytest.mark.parametrize("size", [(64, 96), (90, 70)])
def test_portrait_and_odd_sizes(engine: I2VEditEngine, size: tuple[int, int]) -> None:
    width, height = size
    source = [FrameBuffer(np.ascontiguousarray(f)) for f in clips.moving_patch(3, width, height)]
    memory = Memory(source)
    made = svd.made(engine, memory, svd.edit(source, {0: svd.recoloured(source, 0)}, **QUICK, size=128))
    assert sorted(made) == [0, 1, 2] and made[2].shape == (height, width, 3) and (made[2] != source[2].pixels).any()
    # one pixel for eight, without the padding, as soon as a step has been made
    assert [p.shape for p in memory.previews["Propagating"]] == [(-(-height // 8), -(-width // 8), 3)]


def test_a_whole_picture_edit_with_colours_held(engine: I2VEditEngine, frames: list[FrameBuffer]) -> None:
    pixels = (255 - frames[0].pixels).astype(np.uint8)
    job = svd.edit(frames[:6], {0: FrameBuffer(pixels)}, **QUICK, local=False)
    held = svd.made(engine, memory := Memory(frames[:6]), job)
    free = svd.made(engine, memory, replace(job, settings={**job.settings, "hold_colours": False}))
    assert all((held[n] == free[n]).all() for n in range(4)), "the first clip knows of no hand-over"
    assert any((held[n] != free[n]).any() for n in (4, 5))


def test_low_memory_takes_a_smaller_plan(frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    engine, memory = svd.cpu_engine(), Memory(frames[:3])
    memory.plan = 2
    made = svd.made(engine, memory, svd.edit(frames[:3], {0: keyframe}, **QUICK))
    plan = svd.opened(engine).plan
    assert sorted(made) == [0, 1, 2] and plan.checkpointed and plan.together == 4
    (note,) = set(memory.notes)
    assert note.startswith("There is less memory than this run would like, so it works smaller: activations computed again")


def test_half_precision(frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    made = svd.made(svd.cpu_engine(), Memory(frames[:3]), svd.edit(frames[:3], {0: keyframe}, **{**QUICK, "precision": "bf16"}))
    assert sorted(made) == [0, 1, 2]


def test_what_is_wrong_is_said(engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, tmp_path: Path) -> None:
    memory = Memory(frames[:3])
    with pytest.raises(UsageError, match="no keyframe"):
        list(svd.propagate(engine, memory, svd.edit(frames[:3], {}, **QUICK)))
    with pytest.raises(ModelMissing, match="No model"):
        svd.propagate(engine, memory, svd.edit(frames[:3], {0: keyframe}, model=None))
    folder = shutil.copytree(svd_folder(), tmp_path / "m")
    shutil.rmtree(folder / "vae")
    with pytest.raises(ModelMissing, match="vae"):
        svd.propagate(engine, memory, svd.edit(frames[:3], {0: keyframe}, model=str(folder)))
