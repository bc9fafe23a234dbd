"""The engine as a whole, on the tiny golden model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from keyfollow.errors import ModelMissing, UsageError
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.cache.store import InversionStore
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.diffusion.backbone import Backbone
from keyfollow_daemon.engines.diffusion.memory import Plan, ladder
from keyfollow_daemon.engines.pix2video import engine as engine_module
from keyfollow_daemon.engines.pix2video.engine import Pix2VideoEngine, grid
from keyfollow_testkit import diffusion
from keyfollow_testkit.diffusion import CASE, GOLDEN, MODEL, edit, golden_frames, propagate
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.tiny_models import KINDS, tiny_model
from safetensors.numpy import load_file

CASE_SETTINGS: dict[str, Any] = {**GOLDEN, "model": MODEL}


def pixels(engine: Pix2VideoEngine, memory: Memory, job: object) -> dict[int, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return {f.frame: f.image.pixels for f in propagate(engine, memory, job)}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def golden() -> tuple[Pix2VideoEngine, Memory]:
    """An engine that gives the case's raw depth in place of the model folder's random depth network, and a warm cache."""
    engine, memory = diffusion.cpu_engine(), Memory(golden_frames())
    job = edit(golden_frames(), **CASE_SETTINGS)
    diffusion.with_depth(engine, memory, job, load_file(CASE / "inputs.safetensors")["depth_raw"])
    return engine, memory


@pytest.mark.parametrize("schedule", ["frame", "step", "wave"])
def test_the_golden_pictures_come_out_of_the_whole_engine(
    golden: tuple[Pix2VideoEngine, Memory], frames: list[FrameBuffer], schedule: str
) -> None:
    engine, memory = golden
    made = pixels(engine, memory, edit(frames, **CASE_SETTINGS, deliver="picture", schedule=schedule))
    want = load_file(CASE / "expected_full.safetensors")["frames_u8"]
    difference = np.abs(np.stack([made[n] for n in range(5)]).astype(int) - want)
    assert difference.max() <= 1 and (difference > 0).mean() <= 0.005


def test_a_warm_run_inverts_nothing_and_a_longer_one_only_what_is_missing(
    engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    memory = Memory(frames)
    short = edit(frames, span=FrameRange(1, 4))
    list(propagate(engine, memory, short))
    assert memory.saved == 3
    list(propagate(engine, memory, replace(short, prompt="a glass swan")))
    list(propagate(engine, memory, edit(frames, {2: keyframe}, FrameRange(1, 4), local=False)))
    assert memory.saved == 3, "another prompt, and a keyframe, are no business of the inversion"
    list(propagate(engine, memory, edit(frames)))
    assert memory.saved == 5
    backbone = diffusion.backbone(engine)
    before = backbone.samples
    again = propagate(engine, memory, edit(frames))
    assert backbone.samples == before, "a warm inversion calls no network"
    list(again)
    assert backbone.samples - before == 5 * 3 * 2


def test_inversion_takes_one_half_and_no_idle_step(engine: Pix2VideoEngine, frames: list[FrameBuffer]) -> None:
    memory, job = Memory(frames), edit(frames, steps=50, span=FrameRange(0, 2))
    propagate(engine, memory, edit(frames, span=FrameRange(0, 1)))
    before = diffusion.backbone(engine).samples
    propagate(engine, memory, job)
    assert diffusion.backbone(engine).samples - before == 2 * 49


def test_keyframes_come_back_untouched_and_first(
    engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    made = list(propagate(engine, Memory(frames), edit(frames, {2: keyframe})))
    assert made[0].frame == 2 and (made[0].image.pixels == keyframe.pixels).all() and made[0].confidence == 1
    assert sorted(f.frame for f in made) == list(range(5))


@pytest.mark.parametrize("schedule", ["frame", "step", "wave"])
def test_an_unedited_keyframe_gives_the_source_back(engine: Pix2VideoEngine, frames: list[FrameBuffer], schedule: str) -> None:
    """Where the source is followed; otherwise to within the error of inversion and of reading other frames' features."""
    memory, source = Memory(frames), diffusion.SOURCE_PROMPT
    for keys in ({2: frames[2]}, {0: frames[0], 4: frames[4]}):
        job = edit(frames, keys, prompt=source, local=False, schedule=schedule, width=3)
        made = pixels(engine, memory, job)
        assert max(np.abs(made[n].astype(int) - frames[n].pixels).max() for n in made) <= 1


def test_following_the_source_costs_one_row(engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    memory, spent = Memory(frames), []
    for follow in (True, False):
        run = propagate(engine, memory, edit(frames, {0: keyframe}, local=False, follow_source=follow))
        before = diffusion.backbone(engine).samples
        made = {f.frame: f.image.pixels for f in run}
        spent.append(diffusion.backbone(engine).samples - before - 3)
        assert all((made[n] != frames[n].pixels).any() for n in made), "an edit gets through"
    assert spent == [5 * 3 * 3, 5 * 3 * 2]


def test_a_local_edit_leaves_the_rest_alone(engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    for made in propagate(engine, Memory(frames), edit(frames, {2: keyframe})):
        changed = (made.image.pixels != frames[made.frame].pixels).any(axis=2)
        assert 0.02 < changed.mean() < 0.6 and made.traced is not None and made.mask is None
        assert not (changed & ~made.traced).any()


@pytest.mark.parametrize("schedule", ["frame", "step", "wave"])
def test_a_killed_run_goes_on_from_its_last_step_and_ends_the_same(
    engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, schedule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfollow_daemon.engines.diffusion.pace.SHARE", 1e9)
    job = edit(frames, {1: keyframe}, schedule=schedule, local=False, width=2)
    memory = Memory(frames)
    run = propagate(engine, memory, job)
    checks, samples = memory.checks, diffusion.backbone(engine).samples
    whole = {f.frame: f.image.pixels for f in run}
    checks, samples = memory.checks - checks, diffusion.backbone(engine).samples - samples
    run = propagate(engine, memory, job)
    memory.stop_after = memory.checks + round(0.7 * checks)
    with pytest.raises(InterruptedError):
        list(run)
    assert "edit pass" in memory.kept
    memory.stop_after = None
    before = diffusion.backbone(engine).samples
    again = {f.frame: f.image.pixels for f in propagate(engine, memory, job, resumed=True)}
    assert all((again[n] == whole[n]).all() for n in whole)
    assert 0 < diffusion.backbone(engine).samples - before < 0.7 * samples, "it did not start anew"


def test_a_damaged_entry_is_made_again(engine: Pix2VideoEngine, frames: list[FrameBuffer]) -> None:
    """The store drops what fails its checksum, so the engine sees it as absent."""
    memory = Memory(frames)
    whole = pixels(engine, memory, edit(frames))
    del memory.entries[next(iter(memory.entries))]
    assert all((p == whole[n]).all() for n, p in pixels(engine, memory, edit(frames)).items())
    assert memory.saved == 6


def test_stride_leaves_the_frames_between_to_the_patch_engine(
    engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    memory = Memory(frames)
    propagate(engine, memory, edit(frames, stride=2))
    before = diffusion.backbone(engine).samples
    made = list(propagate(engine, memory, edit(frames, stride=2)))
    assert sorted(f.frame for f in made) == list(range(5))
    assert diffusion.backbone(engine).samples - before == 3 * 3 * 2
    made = list(propagate(engine, memory, edit(frames, {1: keyframe}, stride=2)))
    assert sorted(f.frame for f in made) == list(range(5))
    assert grid(FrameRange(3, 9), {"stride": 4}) == [4, 8] and grid(FrameRange(5, 7), {"stride": 4}) == [5]


def test_drafts_have_the_same_form_and_are_shown_while_they_are_drawn(
    engine: Pix2VideoEngine, frames: list[FrameBuffer]
) -> None:
    memory = Memory(frames)
    made = list(propagate(engine, memory, edit(frames, steps=50, draft=True, span=FrameRange(0, 2))))
    assert [f.image.pixels.shape for f in made] == [(64, 64, 3)] * 2
    assert {p.shape for p in memory.previews["Propagating"]} == {(8, 8, 3)} and memory.previews.keys() == {"Propagating"}


def test_a_smaller_plan_gives_the_frames_as_well(engine: Pix2VideoEngine, frames: list[FrameBuffer]) -> None:
    whole, memory = pixels(engine, Memory(frames), edit(frames)), Memory(frames)
    memory.plan = 1
    small = pixels(diffusion.cpu_engine(), memory, edit(frames))
    assert memory.notes[0].startswith("There is less memory than this run would like, so it works smaller: one frame prepared")
    assert max(np.abs(small[n].astype(int) - whole[n]).max() for n in whole) <= 1


def test_what_cannot_run_says_why(engine: Pix2VideoEngine, frames: list[FrameBuffer]) -> None:
    memory = Memory(golden_frames())
    with pytest.raises(ModelMissing, match="No model was named"):
        propagate(engine, memory, edit(frames, model=None))
    with pytest.raises(UsageError, match="neither a keyframe nor a prompt"):
        list(propagate(engine, memory, edit(frames, prompt="")))


def test_out_of_memory_in_the_middle_goes_on_smaller_from_the_last_step(
    frames: list[FrameBuffer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `executors.attempt` does around a run, with an engine that finds no memory for its 8th call."""
    monkeypatch.setattr("keyfollow_daemon.engines.diffusion.pace.SHARE", 1e9)
    engine, memory, job = diffusion.cpu_engine(), Memory(frames), edit(frames, span=FrameRange(0, 3))
    whole = pixels(engine, Memory(frames), job)
    propagate(engine, memory, job)
    right, calls = Backbone.__call__, 0

    def scarce(self: Backbone, *args: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 8:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return right(self, *args)

    monkeypatch.setattr(Backbone, "__call__", scarce)
    with pytest.raises(torch.OutOfMemoryError):
        list(propagate(engine, memory, job))
    memory.plan = 1
    again = {f.frame: f.image.pixels for f in propagate(engine, memory, job, resumed=True)}
    assert all((again[n] == whole[n]).all() for n in whole) and calls - 8 == 3, "two of three steps were kept"


def test_a_bit_flip_on_disk_is_noticed_and_mended(engine: Pix2VideoEngine, frames: list[FrameBuffer], tmp_path: Path) -> None:
    store = InversionStore(tmp_path, 1 << 30)

    class OnDisk(Memory):
        @property
        def cache(self) -> InversionStore:  # type: ignore[override]
            return store

    job = edit(frames, span=FrameRange(0, 2))
    whole = pixels(engine, OnDisk(frames), job)
    for entry in sorted(tmp_path.rglob("*.kfi"))[:1]:
        data = bytearray(entry.read_bytes())
        data[len(data) // 2] ^= 4
        entry.write_bytes(data)
    missed = store.misses
    again = pixels(engine, OnDisk(frames), job)
    assert store.misses == missed + 1 and all((again[n] == whole[n]).all() for n in whole)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_carries_an_edit(frames: list[FrameBuffer], keyframe: FrameBuffer, kind: str) -> None:
    """Loaded from its folder; depth reaches the network as a channel, or through the ControlNet in every call."""
    engine, memory = diffusion.cpu_engine(), Memory(frames)
    job = edit(frames, {1: keyframe}, FrameRange(0, 3), local=False, steps=3, model=tiny_model(kind))
    run = propagate(engine, memory, job)
    backbone, read = diffusion.backbone(engine), []
    assert (backbone.controlnet is None) == (kind == "sd2-depth") and backbone.needs_depth
    if backbone.controlnet is not None:
        backbone.controlnet.register_forward_pre_hook(lambda _, inputs: read.append(inputs[3]))
    calls = backbone.calls
    made = {f.frame: f.image.pixels for f in run}
    if backbone.controlnet is not None:
        assert len(read) == backbone.calls - calls > 0
        assert all(p.shape[1:] == (3, 64, 64) and 0 <= p.min() < p.max() <= 1 for p in read), "a picture of depth, 0 to 1"
    assert sorted(made) == [0, 1, 2] and (made[1] == keyframe.pixels).all()
    assert all((made[n] != frames[n].pixels).any() for n in (0, 2))
    other = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), replace(job, prompt="a duck of lead"))}
    assert any((made[n] != other[n]).any() for n in (0, 2)), "its words are read"


@pytest.mark.parametrize("down", range(5))
def test_every_step_of_the_ladder_is_applied(frames: list[FrameBuffer], down: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever `fitting` finds: the plan's network, autoencoder and order are those of the run."""
    first = Plan(batch=2, width=3, precision="fp32")
    monkeypatch.setattr(engine_module, "plans", lambda *_: ladder(first))
    monkeypatch.setattr(engine_module, "fitting", lambda *_: down)
    opened: list[dict[str, Any]] = []
    right = loading.load

    def load(folder: str, device: torch.device, precision: str, **how: Any) -> loading.Model:
        opened.append({"precision": precision, **how})
        return right(folder, device, precision, **how)

    monkeypatch.setattr(loading, "load", load)
    engine, rows = diffusion.cpu_engine(), []
    run = propagate(engine, Memory(frames), edit(frames, span=FrameRange(0, 4)))
    backbone = diffusion.backbone(engine)
    backbone.unet.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    assert len(list(run)) == 4
    assert opened == [{"precision": "bf16" if down == 4 else "fp32", "offload": down >= 3, "tiled": down >= 2}]
    assert max(rows) == (2 * 3 if down == 0 else 2), "both halves of the frames in flight"
    assert str(backbone.dtype) == ("torch.bfloat16" if down == 4 else "torch.float32")
