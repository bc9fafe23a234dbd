"""What every engine that can run here must do, whatever its method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.edits import SettingValue
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines import registry
from keyfollow_daemon.engines.base import Edit, EditedFrame, EditKeyframe, EditMask, Engine, InversionSpec
from keyfollow_testkit import clips
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.svd_model import svd_folder
from keyfollow_testkit.tiny_models import tiny_model
from keyfollow_testkit.zero_model import model_folder

Array = npt.NDArray[Any]
RUNNABLE = [id for id, info in registry.engines().items() if not info.missing]
SIZE = (96, 64)


@pytest.fixture(params=RUNNABLE)
def engine_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(engine_id: str) -> Engine:
    return registry.load(engine_id)


def in_form(frames: list[clips.Frame], dtype: str, alpha: bool) -> list[FrameBuffer]:
    made = []
    for frame in frames:
        pixels: Array = frame
        if dtype == "uint16":
            pixels = (frame.astype(np.uint16) << 8) + 77
        elif dtype == "float16":
            pixels = (frame.astype(np.float32) / 100 - 0.1).astype(np.float16)
        if alpha:
            opaque = np.full((*pixels.shape[:2], 1), {"uint8": 200, "uint16": 60000, "float16": 0.5}[dtype], pixels.dtype)
            pixels = np.concatenate([pixels, opaque], axis=2)
        made.append(FrameBuffer(np.ascontiguousarray(pixels), depth=8 if dtype == "uint8" else 16))
    return made


def keyframe(source: FrameBuffer, n: int) -> EditKeyframe:
    pixels = source.pixels.copy()
    inside = clips.patch_mask(n)
    pixels[inside, :3] = pixels[inside, :3][:, ::-1]
    return EditKeyframe(n, FrameBuffer(pixels, source.depth))


SMALL: dict[str, dict[str, SettingValue]] = {
    "pix2video": {"steps": 3, "size": 64, "update_weight": 4.0, "precision": "fp32"},
    "vid2vid_zero": {"steps": 2, "size": 64, "window": 4, "overlap": 1, "inversion": "direct", "precision": "fp32"},
    "i2vedit": {"steps": 2, "size": 64, "training_steps": 1, "training_size": 64, "length": 6, "rank": 4, "precision": "fp32"},
}
"""What makes an engine quick enough to be asked so often."""
ENTRIES_A_FRAME = {"patch": 2}
"""Of the source's cache, what another keyframe adds at most: a step of its track, and what that shows of the edit (ADR 12). Others add one."""
BEGINS_AT_KEYFRAMES = ("i2vedit",)
"""Engines whose whole preparation depends on which frames are keyframes, though not on what these show; of others only tracks do."""


def model_of(engine_id: str) -> str | None:
    """The tiny model of an engine that needs one."""
    if engine_id == "pix2video":
        return tiny_model("sd2-depth")
    if engine_id == "i2vedit":
        return svd_folder()
    return model_folder() if engine_id == "vid2vid_zero" else None


def spec(engine_id: str) -> InversionSpec:
    info = registry.engines()[engine_id]
    settings = info.resolve(SMALL.get(engine_id, {}))
    source_only = {s.name: settings[s.name] for s in info.settings if s.source_only}
    return InversionSpec(engine_id, info.version, source_only, model=model_of(engine_id))


def edit(engine_id: str, source: list[FrameBuffer], keys: tuple[int, ...] = (0,), **more: Any) -> Edit:
    span = more.pop("range", FrameRange(0, len(source)))
    fields: dict[str, Any] = {
        "range": span,
        "wanted": list(span),
        "keyframes": [keyframe(source[n], n) for n in keys],
        "settings": registry.engines()[engine_id].resolve(SMALL.get(engine_id, {})),
        "model": model_of(engine_id),
        "prompt": "a patch",
    }
    return Edit(**{**fields, **more})


def run(engine: Engine, memory: Memory, spec_: InversionSpec, edit_: Edit) -> Iterator[EditedFrame]:
    memory.phases.clear()
    keys = [k.frame for k in edit_.keyframes]
    span = FrameRange(min(edit_.range.start, *keys), max(edit_.range.stop, *(k + 1 for k in keys)))
    inversion = engine.invert(memory, span, spec_, memory)
    assert all(memory.load(k) is not None for k in inversion.keys)
    return engine.propagate(memory, inversion, edit_, memory)


@pytest.mark.parametrize("keys", [(0,), (3,), (5,), (0, 5), (1, 2, 4)])
def test_every_wanted_frame_once_and_keyframes_untouched(engine_id: str, engine: Engine, keys: tuple[int, ...]) -> None:
    source = in_form(clips.moving_patch(6), "uint8", False)
    memory, job = Memory(source), edit(engine_id, source, keys)
    made = {f.frame: f for f in run(engine, memory, spec(engine_id), job)}
    assert sorted(made) == list(range(6))
    for key in job.keyframes:
        assert (made[key.frame].image.pixels == key.image.pixels).all() and made[key.frame].confidence == 1
    for n, frame in made.items():
        assert 0 <= frame.confidence <= 1
        assert (frame.image.pixels != source[n].pixels).any(), "no frame is a copy of its source"
    assert memory.phases["Preparing"][0] == memory.phases["Preparing"][1]
    assert memory.phases["Propagating"][0] == memory.phases["Propagating"][1] and memory.checks >= 6


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16"])
def test_the_sources_form_is_kept(engine_id: str, engine: Engine, dtype: str, alpha: bool) -> None:
    source = in_form(clips.moving_patch(3), dtype, alpha)
    for frame in run(engine, Memory(source), spec(engine_id), edit(engine_id, source)):
        pixels = frame.image.pixels
        assert pixels.dtype.name == dtype and pixels.shape == source[0].pixels.shape
        if alpha:
            assert (pixels[..., 3] == source[0].pixels[..., 3]).all()
        far = np.s_[:, 75:]
        assert (pixels[far] == source[frame.frame].pixels[far]).all()


@pytest.mark.parametrize("role", ["edit", "protect"])
def test_outside_a_mask_every_bit_is_the_sources(engine_id: str, engine: Engine, role: str) -> None:
    source = in_form(clips.moving_patch(5), "uint8", False)
    weight = clips.patch_mask(2).astype(np.float32)
    if role == "protect":
        weight = 1 - weight
    job = edit(engine_id, source, (2,), masks=[EditMask(role, 2, weight)])
    for frame in run(engine, Memory(source), spec(engine_id), job):
        assert frame.mask is not None and frame.mask.shape == (64, 96)
        outside = frame.mask == 0
        assert outside.any() and (frame.mask > 0).any()
        assert (frame.image.pixels[outside] == source[frame.frame].pixels[outside]).all()


def test_the_second_run_computes_nothing_from_the_source_again(engine_id: str, engine: Engine) -> None:
    source = in_form(clips.moving_patch(6), "uint8", False)
    memory = Memory(source)
    list(run(engine, memory, spec(engine_id), edit(engine_id, source)))
    before = memory.saved
    assert before > 0
    list(run(engine, memory, spec(engine_id), edit(engine_id, source, seed=5)))
    list(run(engine, memory, spec(engine_id), edit(engine_id, source, range=FrameRange(1, 4))))
    assert memory.saved == before
    if engine_id not in BEGINS_AT_KEYFRAMES:
        list(run(engine, memory, spec(engine_id), edit(engine_id, source, (5,))))
        assert memory.saved - before <= 5 * ENTRIES_A_FRAME.get(engine_id, 1)


def test_the_same_request_gives_the_same_bytes(engine_id: str, engine: Engine) -> None:
    source = in_form(clips.moving_patch(5), "uint8", False)
    job = edit(engine_id, source, (0, 4))
    first = {f.frame: f.image.pixels for f in run(engine, Memory(source), spec(engine_id), job)}
    again = {f.frame: f.image.pixels for f in run(registry.load(engine_id), Memory(source), spec(engine_id), job)}
    assert all((first[n] == again[n]).all() for n in first)


def test_only_wanted_frames_are_made_and_they_are_the_same(engine_id: str, engine: Engine) -> None:
    source = in_form(clips.moving_patch(6), "uint8", False)
    whole = {f.frame: f.image.pixels for f in run(engine, Memory(source), spec(engine_id), edit(engine_id, source, (1,)))}
    rest = {
        f.frame: f.image.pixels
        for f in run(engine, Memory(source), spec(engine_id), edit(engine_id, source, (1,), wanted=[0, 4, 5]))
    }
    assert sorted(rest) == [0, 4, 5]
    assert all((rest[n] == whole[n]).all() for n in rest), "a resumed run ends as the whole one"


def test_a_keyframe_outside_the_range_drives_it(engine_id: str, engine: Engine) -> None:
    source = in_form(clips.moving_patch(6), "uint8", False)
    for keys, span in (((0,), FrameRange(3, 5)), ((5,), FrameRange(1, 3))):
        made = list(run(engine, Memory(source), spec(engine_id), edit(engine_id, source, keys, range=span)))
        assert sorted(f.frame for f in made) == list(span)
        assert all((f.image.pixels != source[f.frame].pixels).any() for f in made)


def test_it_stops_where_it_is_told_to(engine_id: str, engine: Engine) -> None:
    source = in_form(clips.moving_patch(6), "uint8", False)
    memory = Memory(source)
    memory.stop_after = 3
    with pytest.raises(InterruptedError):
        list(run(engine, memory, spec(engine_id), edit(engine_id, source)))
    assert memory.checks == 4


def test_a_draft_has_the_same_form(engine_id: str, engine: Engine) -> None:
    source = in_form(clips.moving_patch(4), "uint8", False)
    job = edit(engine_id, source, draft=True)
    draft_spec = replace(spec(engine_id), draft=True)
    made = list(run(engine, Memory(source), draft_spec, job))
    assert sorted(f.frame for f in made) == list(range(4))
    assert all(f.image.pixels.shape == (64, 96, 3) for f in made)


def test_the_schema_describes_itself(engine_id: str) -> None:
    info = registry.engines()[engine_id]
    assert info.id == engine_id and info.name and info.version and info.summary
    for preset in info.presets:
        assert preset.help.endswith(".")
        info.resolve(preset.settings)
    for setting in info.settings:
        assert setting.help and setting.check(setting.default) == setting.default
