"""The person's own pixels lead: an anchor's latents and features come from the edited picture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.base import EditedFrame, EditKeyframe, InversionSpec
from keyfollow_daemon.engines.diffusion import ddim, loading
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.vae import from_bytes
from keyfollow_daemon.engines.diffusion.worksize import work_size
from keyfollow_daemon.engines.pix2video import anchors as module
from keyfollow_daemon.engines.pix2video.anchors import Anchors
from keyfollow_daemon.engines.pix2video.engine import Pix2VideoEngine
from keyfollow_daemon.engines.pix2video.prepared import Prepared
from keyfollow_daemon.engines.pix2video.run import Run
from keyfollow_testkit.diffusion import edit, propagate, settings
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.tiny_models import tiny_model
from torch import Tensor

SPEC = InversionSpec("pix2video", "1", settings(), model_revision="r", dtype="fp32")


@pytest.fixture(scope="module")
def model() -> Model:
    return loading.load(tiny_model("sd2-depth"), torch.device("cpu"), "fp32")


def anchors(model: Model, memory: Memory, own_depth: bool = False) -> Anchors:
    prepared = Prepared(memory, SPEC, memory, model, work_size((64, 64), 64), ddim.schedule(model.scheduler, 6), "a swan", 2)
    return Anchors(prepared, model, "a blue swan", own_depth, memory)


def test_it_starts_at_the_edited_pictures_latent(model: Model, frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    memory = Memory(frames)
    found = anchors(model, memory)
    found.invert(EditKeyframe(2, keyframe))
    assert 2 in found and 1 not in found
    assert torch.allclose(found.level(2, 0), model.vae.encode(from_bytes(keyframe.pixels)[None])[0], atol=1e-5)
    (kept,) = memory.kept
    assert kept.startswith("anchor") and memory.saved == 1, "a checkpoint of the job; the cache holds the source only"


def test_it_is_taken_up_after_an_interruption(model: Model, frames: list[FrameBuffer], keyframe: FrameBuffer) -> None:
    memory = Memory(frames)
    first, second = anchors(model, memory), anchors(model, memory)
    first.invert(EditKeyframe(2, keyframe))
    before = model.backbone.samples
    second.invert(EditKeyframe(2, keyframe))
    assert model.backbone.samples == before and torch.equal(first.level(2, 6), second.level(2, 6))


def test_depth_is_the_sources_unless_the_edit_changes_shapes(
    model: Model, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    depths: list[Tensor] = []
    for own in (False, True):
        found = anchors(model, Memory(frames), own)
        found.invert(EditKeyframe(2, keyframe))
        depth = found.depth(2)
        assert depth is not None
        depths.append(depth)
    assert not torch.equal(*depths)


def test_other_frames_attend_to_the_edited_picture(
    engine: Pix2VideoEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the anchor's features come from the source: then the edit would not matter to other frames."""

    def finals(key: FrameBuffer) -> dict[int, Tensor]:
        kept: list[Run] = []
        right = Run.frames
        with monkeypatch.context() as patch:

            def watched(run: Run) -> Iterator[EditedFrame]:
                kept.append(run)
                return right(run)

            patch.setattr(Run, "frames", watched)
            list(propagate(engine, Memory(frames), edit(frames, {2: key}, local=False, no_guidance=True)))
        return kept[0]._finals

    edited, plain = finals(keyframe), finals(frames[2])
    assert all((edited[f] - plain[f]).abs().max() > 1e-3 for f in (0, 1, 3, 4))
    with monkeypatch.context() as patch:
        patch.setattr(module, "guide", lambda image: frames[2].pixels)
        wrong = finals(keyframe)
    assert all(torch.allclose(wrong[f], plain[f], atol=1e-5) for f in plain), "this is what the test above would catch"
