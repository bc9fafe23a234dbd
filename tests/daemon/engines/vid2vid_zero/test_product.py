"""A tiny model through the whole product: command line, daemon, worker, take. Equals the engine called directly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.vid2vid_zero.engine import Vid2VidZeroEngine
from keyfollow_testkit import clips, diffusion
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.zero import SMALL, SOURCE_PROMPT, TARGET_PROMPT, edit, propagate
from keyfollow_testkit.zero_model import model_folder

ENVIRONMENT = {"KEYFOLLOW_EXTRA_ENGINES": "vid2vid_zero=keyfollow_daemon.engines.vid2vid_zero.info", "OMP_NUM_THREADS": "1"}
SETTINGS = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("home"), patch, **ENVIRONMENT) as made:
        yield made


def test_propagate_by_prompt_and_by_keyframe(
    kf: Home, engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, tmp_path: Path
) -> None:
    (tmp_path / "clip").mkdir()
    for n, frame in enumerate(diffusion.golden_frames()):
        clips.write_png(tmp_path / "clip" / f"{n:06d}.png", frame.pixels)
    key = clips.write_png(tmp_path / "key.png", keyframe.pixels)
    words = ["--engine", "vid2vid_zero", "--model", model_folder(), "--prompt", TARGET_PROMPT, "--source-prompt", SOURCE_PROMPT]
    for name, more, keys in (("prompt", [], None), ("keyframe", ["--keyframe", f"2={key}"], {2: keyframe})):
        out = tmp_path / name
        done = kf.command("propagate", str(tmp_path / "clip"), *words, *SETTINGS, *more, "--output", f"{out}/", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        direct = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), edit(frames, keys))}
        made = [clips.read_png(file) for file in sorted(out.glob("*.png"))]
        assert len(made) == 5 and all((made[n] == direct[n]).all() for n in direct)
    with kf.connect() as client:
        (used,) = [c for c in client.caches.list() if c.engine == "vid2vid_zero"][:1]
    assert used.entries == 2
