"""Listed without torch, estimated before anything runs."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
from keyfollow.edits import Clip, EditRequest
from keyfollow.frames import FrameRange
from keyfollow.media.info import MediaInfo
from keyfollow_daemon.engines.diffusion import offer
from keyfollow_daemon.engines.diffusion.worksize import work_size
from keyfollow_daemon.engines.pix2video import info
from keyfollow_testkit.tiny_models import tiny_model


def media(width: int = 3840, height: int = 2160, frames: int = 100) -> MediaInfo:
    return MediaInfo("video", width, height, frames, (24, 1), (1, 24), tuple(range(frames)), "uint8", 3, 8)


def request(**settings: object) -> EditRequest:
    return EditRequest(Clip(path="clip"), engine="pix2video", range=FrameRange(0, 20), prompt="x", settings=dict(settings))  # type: ignore[arg-type]


def test_it_says_at_what_size_it_works_and_what_it_delivers() -> None:
    found = info.estimate(request(), media(), "cuda")
    assert found.delivers == (3840, 2160) and found.works_at == (704, 384)
    assert found.seconds > 0 and found.disk_bytes > 0 and found.vram_bytes > 1 << 30 and found.frames == 20


@pytest.mark.parametrize("size", [(3840, 2160), (64, 64), (96, 64), (1080, 1920), (511, 513)])
def test_the_estimates_size_is_the_runs(size: tuple[int, int]) -> None:
    assert info.latent_size(*size, 512) == work_size(size, 512).latent


def test_a_stride_and_a_draft_cost_less() -> None:
    whole = info.estimate(request(), media(), "cuda").seconds
    assert info.estimate(request(stride=4), media(), "cuda").seconds < whole / 3
    assert info.estimate(request(steps=25), media(), "cuda").seconds == pytest.approx(whole / 2)
    assert info.estimate(request(guidance=1.0), media(), "cuda").seconds == pytest.approx(whole * 2 / 3)


def test_the_step_schedule_takes_least_memory() -> None:
    step, wave = (info.estimate(request(schedule=s), media(), "cuda").vram_bytes for s in ("step", "wave"))
    assert step < wave


def test_on_a_cpu_it_is_what_a_run_there_takes_and_goes_down_with_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row at a time, step by step; a network that is lower in precision before the run is refused."""
    asked: list[int] = []
    for free in (64 << 30, 8 << 30):
        monkeypatch.setattr("psutil.virtual_memory", lambda free=free: SimpleNamespace(available=free))
        asked.append(info.estimate(request(), media(), "cpu").ram_bytes)
    assert asked[1] < asked[0] < 20 << 30
    exact = info.estimate(request(precision="fp32"), media(), "cpu").ram_bytes
    assert asked[1] < exact < asked[0], "in less memory, but not in another precision than was asked for"


def test_the_models_own_size_counts() -> None:
    small = dataclasses.replace(request(), model=tiny_model("sd2-depth"))
    for device in ("cpu", "cuda"):
        less, usual = info.estimate(small, media(), device), info.estimate(request(), media(), device)
        assert less.seconds < usual.seconds / 100 and less.ram_bytes + less.vram_bytes < usual.ram_bytes + usual.vram_bytes - (
            3 << 29
        )


def test_what_is_missing_is_a_sentence_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offer, "find_spec", lambda name: None)
    (missing,) = info.describe().missing
    assert "pip install 'keyfollow[diffusion]'" in missing
