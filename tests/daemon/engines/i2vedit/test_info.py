"""Listed without torch, estimated before anything runs."""

from __future__ import annotations

import pytest
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe
from keyfollow.engine_info import Estimate
from keyfollow.frames import FrameRange
from keyfollow.media.info import MediaInfo
from keyfollow_daemon.engines.diffusion import offer
from keyfollow_daemon.engines.i2vedit import info


def cost(quality: str = "final", stop: int = 14, **settings: object) -> Estimate:
    media = MediaInfo("video", 1920, 1080, 14 if stop == 14 else 100, (24, 1), (1, 24), tuple(range(100)), "uint8", 3, 8)
    request = EditRequest(
        Clip(path="clip"),
        engine="i2vedit",
        range=FrameRange(0, stop),
        keyframes=(Keyframe(0, Blob("0" * 64, 1)),),
        settings=dict(settings),  # type: ignore[arg-type]
        quality=quality,  # type: ignore[arg-type]
    )
    return info.estimate(request, media, "cuda")


def test_one_clip_costs_what_is_counted() -> None:
    """25 steps of inversion 44.8 TFLOP, edit 107.0, source again 44.8; 250 of training 71.4 at 512 x 896 (benchmarks/i2vedit.py)."""
    found = cost()
    assert found.works_at == (1024, 576) and found.delivers == (1920, 1080) and found.frames == 14
    flop = found.seconds * offer.FLOPS["cuda"]
    assert flop == pytest.approx((25 * (44.8 + 107.0 + 44.8) + 250 * 71.4) * 1e12, rel=0.001)
    assert found.disk_bytes < (200 << 20) + 14 * 1920 * 1080 * 3 and found.vram_bytes > 8 << 30


def test_what_makes_it_quicker() -> None:
    whole = cost().seconds
    assert cost("draft").seconds < 0.3 * whole and cost(training_steps=0).seconds < 0.3 * whole
    assert cost(size=384, training_size=336).seconds == pytest.approx(whole / 4, rel=0.2)
    assert cost(attention_matching=False).seconds < 0.95 * whole
    assert cost(stop=30).seconds > 2 * whole and cost(stop=30, skip_interval=False).seconds < cost(stop=30).seconds


def test_what_is_missing_is_a_sentence_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offer, "find_spec", lambda name: None)
    (missing,) = info.describe().missing
    assert "pip install 'keyfollow[diffusion]'" in missing and "peft" in missing
