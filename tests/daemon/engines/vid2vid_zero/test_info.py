"""Listed without torch, estimated before anything runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from keyfollow.edits import Blob, Clip, EditRequest, Keyframe
from keyfollow.frames import FrameRange
from keyfollow.media.info import MediaInfo
from keyfollow_daemon.engines.diffusion import offer
from keyfollow_daemon.engines.vid2vid_zero import info
from keyfollow_testkit.zero_model import model_folder


def media(frames: int = 100) -> MediaInfo:
    return MediaInfo("video", 3840, 2160, frames, (24, 1), (1, 24), tuple(range(frames)), "uint8", 3, 8)


def seconds(quality: str = "final", keys: int = 0, **settings: object) -> float:
    request = EditRequest(
        Clip(path="clip"),
        engine="vid2vid_zero",
        range=FrameRange(0, 20),
        prompt="x",
        keyframes=tuple(Keyframe(n, Blob("0" * 64, 1)) for n in range(keys)),
        settings=dict(settings),  # type: ignore[arg-type]
        quality=quality,  # type: ignore[arg-type]
    )
    found = info.estimate(request, media(), "cuda")
    assert found.works_at == (704, 384) and found.delivers == (3840, 2160) and found.frames == 20
    assert found.disk_bytes > 0 and found.vram_bytes > 1 << 30
    return found.seconds


def test_quicker_ways_cost_less() -> None:
    faithful = seconds()
    assert seconds(inversion="direct") < 0.6 * faithful and seconds("draft") < 0.3 * faithful
    assert seconds(steps=25) == pytest.approx(faithful / 2) and seconds(stride=4) < faithful / 2
    assert seconds(null_inner=10) > 2 * faithful and seconds(keys=2) > faithful
    assert faithful < seconds(prompts="a\nb\nc") < 2 * faithful, "the source's part once"


def test_a_models_own_size_counts() -> None:
    request = EditRequest(Clip(path="clip"), engine="vid2vid_zero", range=FrameRange(0, 20), prompt="x")
    usual, tiny = (info.estimate(replace(request, model=m), media(), "cuda") for m in (None, model_folder()))
    assert tiny.seconds < usual.seconds / 100 and tiny.vram_bytes < usual.vram_bytes - (2 << 30)


def test_the_specs_table() -> None:
    """Frame-forwards of 50 steps of one window of 8: faithful 8F, one with its gradient; direct 1F + 3F."""
    settings = info.describe().resolve({"inversion": "null_text"})
    assert info.forwards(settings, False, 8, 0) == pytest.approx(50 * 8 * (7 + info.GRADIENT))
    assert info.forwards({**settings, "inversion": "direct"}, False, 8, 0) == 50 * 8 * 4
    direct = 50 * 8 * 4 * (info.FORWARD_FLOP + 8 * info.DENSE_FLOP)
    assert direct == pytest.approx(1.59e15, rel=0.1)
    assert info.forwards({**settings, "inversion": "direct", "guidance": 1.0}, False, 8, 1) == 50 * (8 + 2 * 9)


def test_what_is_missing_is_a_sentence_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offer, "find_spec", lambda name: None)
    (missing,) = info.describe().missing
    assert "pip install 'keyfollow[diffusion]'" in missing
