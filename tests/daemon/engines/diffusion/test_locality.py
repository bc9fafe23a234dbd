"""Where a run may change frames."""

from __future__ import annotations

import numpy as np
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import EditMask
from keyfollow_daemon.engines.diffusion.locality import Locality
from keyfollow_daemon.engines.diffusion.worksize import work_size
from keyfollow_testkit.diffusion import edit
from keyfollow_testkit.memory import Memory

SIZE = work_size((64, 64), 64)


def locality(frames: list[FrameBuffer], *args: object, **more: object) -> Locality:
    memory = Memory(frames)
    return Locality(memory, edit(frames, *args, **more), memory, SIZE)  # type: ignore[arg-type]


def test_a_local_keyframe_bounds_its_edit(frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    found = locality(frames, {2: keyframe})
    assert found and not found.person
    mask, latent = found.at(2), found.latent(2)
    assert mask is not None and latent is not None and latent.shape == (1, 8, 8)
    assert (mask[20:36, 20:36] == 1).all() and (mask[:8] == 0).all()
    assert (latent[0, 2:5, 2:5] == 1).all() and (latent[0, 7] == 0).all()
    elsewhere = found.at(0)
    assert elsewhere is not None and 0.05 < (elsewhere > 0).mean() < 0.6, "carried along"


def test_a_style_is_not_bounded_and_neither_is_a_prompt(frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    inverse = FrameBuffer(255 - frames[2].pixels)
    for found in (locality(frames, {2: inverse}), locality(frames), locality(frames, {2: keyframe}, local=False)):
        assert not found and found.at(1) is None and found.latent(1) is None


def test_the_persons_mask_decides(frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    weight = np.zeros((64, 64), np.float32)
    weight[:, :32] = 1
    found = locality(frames, {2: keyframe}, masks=[EditMask("edit", 2, weight)], feather=0.0)
    mask = found.at(2)
    assert found.person and mask is not None and (mask == weight).all()
