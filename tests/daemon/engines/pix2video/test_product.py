"""The golden case through the whole product: command line, daemon, worker, take. Equals the engine called directly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow.frames import FrameBuffer, FrameRange
from keyfollow_daemon.engines.pix2video.engine import Pix2VideoEngine
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.diffusion import GOLDEN, MODEL, SOURCE_PROMPT, TARGET_PROMPT, edit, golden_frames, propagate
from keyfollow_testkit.memory import Memory

ENVIRONMENT = {"KEYFOLLOW_EXTRA_ENGINES": "pix2video=keyfollow_daemon.engines.pix2video.info", "OMP_NUM_THREADS": "1"}
SETTINGS = [word for name, value in GOLDEN.items() for word in ("--set", f"{name}={value}")]
WORDS = ["--engine", "pix2video", "--prompt", TARGET_PROMPT, "--source-prompt", SOURCE_PROMPT, *SETTINGS]
CASE: dict[str, Any] = {**GOLDEN, "model": MODEL}


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("home"), patch, **ENVIRONMENT) as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("clip")
    for n, frame in enumerate(golden_frames()):
        clips.write_png(folder / f"{n:06d}.png", frame.pixels)
    return str(folder)


def written(folder: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return [clips.read_png(file) for file in sorted(folder.glob("*.png"))]


@pytest.fixture(scope="module")
def stored(kf: Home) -> str:
    """The golden model in the store, under the name of the catalogue's best for this engine."""
    done = kf.command("models", "add", MODEL, "--as", "sd15-depth")
    assert done.returncode == 0, done.stdout + done.stderr
    return "sd15-depth"


def test_propagate_by_prompt(kf: Home, clip: str, engine: Pix2VideoEngine, tmp_path: Path) -> None:
    done = kf.command("propagate", clip, *WORDS, "--model", MODEL, "--output", f"{tmp_path}/out/", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    frames = golden_frames()
    direct = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), edit(frames, **CASE))}
    made = written(tmp_path / "out")
    assert len(made) == 5 and all((made[n] == direct[n]).all() for n in direct)


def test_propagate_a_keyframe_with_a_model_of_the_store_on_a_warm_cache(
    kf: Home, clip: str, stored: str, engine: Pix2VideoEngine, keyframe: FrameBuffer, tmp_path: Path
) -> None:
    """Warm, because a model is known by what it is, not by where it lies."""
    key = clips.write_png(tmp_path / "key.png", keyframe.pixels)
    words = ["--model", stored, "--keyframe", f"2={key}", "--output", f"{tmp_path}/out/", "--json"]
    done = kf.command("propagate", clip, *WORDS, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    frames = golden_frames()
    direct = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), edit(frames, {2: keyframe}, **CASE))}
    made = written(tmp_path / "out")
    assert all((made[n] == direct[n]).all() for n in direct) and (made[2] == keyframe.pixels).all()
    with kf.connect() as client:
        used = [c for c in client.caches.list() if c.engine == "pix2video"]
        (first, second) = sorted(client.takes.list(), key=lambda t: t.created)
        revisions = {client.takes.recipe(t.id)["model_revision"] for t in (first, second)}
    assert used and used[0].size_bytes > 0 and used[0].entries == 5
    assert first.report and second.report and first.report.cache_misses == 5 and second.report.cache_misses == 0
    assert len(revisions) == 1 and len(revisions.pop()) == 64


def test_a_keyframe_from_a_prompt_by_the_best_model_that_is_here(
    kf: Home, clip: str, stored: str, engine: Pix2VideoEngine, tmp_path: Path
) -> None:
    done = kf.command("frame", clip, "3", *WORDS, "--output", str(tmp_path / "key.png"))
    assert done.returncode == 0, done.stdout + done.stderr
    frames = golden_frames()
    (direct,) = propagate(engine, Memory(frames), edit(frames, span=FrameRange(3, 4), **CASE))
    assert (clips.read_png(tmp_path / "key.png") == direct.image.pixels).all()


@pytest.mark.parametrize(
    ("words", "said", "status"),
    [
        (["--engine", "pix2video", "--model", "sdxl-depth", "--prompt", "x"], "keyfollow models pull sdxl-depth", 5),
        (["--engine", "pix2video", "--model", "owner/name", "--prompt", "x"], "keyfollow models pull owner/name", 5),
        (["--engine", "pix2video", "--model", os.devnull, "--prompt", "x"], "model_not_found", 5),
        (["--engine", "pix2video", "--model", MODEL], "no_edit", 2),
    ],
)
def test_what_is_missing_is_said(kf: Home, clip: str, tmp_path: Path, words: list[str], said: str, status: int) -> None:
    done = kf.command("propagate", clip, *words, "--output", f"{tmp_path}/out/", "--json")
    assert done.returncode == status and said in done.stdout, done.stdout + done.stderr
