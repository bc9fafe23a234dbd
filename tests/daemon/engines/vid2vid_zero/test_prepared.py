"""What is kept of the source, under which key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import InversionSpec
from keyfollow_daemon.engines.diffusion import ddim, loading
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.worksize import work_size
from keyfollow_daemon.engines.vid2vid_zero.kinds import layer_kinds
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from keyfollow_daemon.engines.vid2vid_zero.options import preparing
from keyfollow_daemon.engines.vid2vid_zero.prepared import Prepared
from keyfollow_daemon.engines.vid2vid_zero.windows import Window
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.zero import SOURCE_PROMPT, settings
from keyfollow_testkit.zero_model import model_folder

SPEC = InversionSpec("vid2vid_zero", "1", model_revision="r", dtype="fp32")
WINDOW = Window(0, (0, 1, 2))


@pytest.fixture(scope="module")
def opened() -> tuple[Model, VideoNetwork]:
    model = loading.load(model_folder(), torch.device("cpu"), "fp32")
    return model, VideoNetwork(model.backbone)


def prepared(
    opened: tuple[Model, VideoNetwork], memory: Memory, spec: InversionSpec = SPEC, prompt: str = SOURCE_PROMPT, **changes: Any
) -> Prepared:
    model, network = opened
    how = preparing(settings(**changes), False)
    levels = ddim.schedule(model.scheduler, how.steps, 1)
    return Prepared(memory, spec, memory, model, network, work_size(memory.size, 64), levels, how, prompt)


def test_a_windows_trajectory_and_embeddings(opened: tuple[Model, VideoNetwork], frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    p = prepared(opened, memory, inversion="null_text")
    assert p.prepare([WINDOW]) == p.keys(WINDOW) and memory.saved == 2
    found = p[WINDOW]
    assert found.trajectory.shape == (3, 3, 4, 8, 8) and found.trajectory.dtype == torch.float32
    assert torch.equal(found.trajectory[1], found.trajectory[1].half().float()), "between the ends at half the size"
    assert not torch.allclose(found.trajectory[2], found.trajectory[0], atol=0.01)
    assert found.embeddings is not None and found.embeddings.shape == (2, 77, 32) and memory.saved == 2


CHANGES: dict[str, tuple[dict[str, Any], tuple[bool, bool]]] = {
    "model": ({"spec": replace(SPEC, model_revision="s")}, (True, True)),
    "dtype": ({"spec": replace(SPEC, dtype="bf16")}, (True, True)),
    "version": ({"spec": replace(SPEC, version="2")}, (True, True)),
    "steps": ({"steps": 4}, (True, True)),
    "norms": ({"joint_group_norm": False}, (True, True)),
    "what inversion reads": ({"inversion_prompt": "source"}, (True, True)),
    "source prompt": ({"prompt": "a road"}, (False, True)),
    "guidance": ({"guidance": 3.0}, (False, True)),
    "inner steps": ({"null_inner": 2}, (False, True)),
    "a preset": ({"preset": "style", "window": 8, "null_share": 1.0}, (False, False)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_each_entry_is_known_by_what_it_depends_on(
    opened: tuple[Model, VideoNetwork], frames: list[FrameBuffer], what: str
) -> None:
    changes, differ = CHANGES[what]
    memory = Memory(frames)
    plain = prepared(opened, memory, inversion="null_text").keys(WINDOW)
    other = prepared(opened, memory, inversion="null_text", **changes).keys(WINDOW)
    assert tuple(a != b for a, b in zip(plain, other, strict=True)) == differ
    assert plain[0] != plain[1]


def test_frames_and_not_their_numbers_are_in_the_key(opened: tuple[Model, VideoNetwork], frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    p = prepared(opened, memory)
    assert p.keys(WINDOW) != p.keys(Window(0, (0, 1))) and p.keys(WINDOW) != p.keys(Window(0, (1, 2, 3)))
    assert prepared(opened, Memory(frames[1:])).keys(Window(5, (0, 1))) == p.keys(Window(0, (1, 2)))


def test_methods_share_a_trajectory_where_it_is_the_same(opened: tuple[Model, VideoNetwork], frames: list[FrameBuffer]) -> None:
    memory = Memory(frames)
    keys = {
        m: prepared(opened, memory, inversion=m).keys(WINDOW)[0]
        for m in ("direct", "negative_prompt", "fixed_point", "null_text")
    }
    assert keys["direct"] == keys["negative_prompt"] and len(set(keys.values())) == 3


def test_kinds_matter_to_embeddings_found_with_them(opened: tuple[Model, VideoNetwork], frames: list[FrameBuffer]) -> None:
    memory, (_, network) = Memory(frames), opened
    found = []
    for mode in ("hybrid", "dense"):
        network.set_kinds(layer_kinds(network.self_attention, mode))
        found.append([prepared(opened, memory, inversion="null_text", null_cross_frame=c).keys(WINDOW) for c in (False, True)])
    assert found[0][0] == found[1][0] and found[0][1][0] == found[1][1][0] and found[0][1][1] != found[1][1][1]
