"""A tiny model through the whole product: command line, daemon, worker, take. Equals the engine called directly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow.requests import for_prompts
from keyfollow_daemon.engines.vid2vid_zero.engine import Vid2VidZeroEngine
from keyfollow_testkit import clips, diffusion
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.zero import SMALL, SOURCE_PROMPT, TARGET_PROMPT, edit, propagate
from keyfollow_testkit.zero_model import model_folder

ENVIRONMENT = {"KEYFOLLOW_EXTRA_ENGINES": "vid2vid_zero=keyfollow_daemon.engines.vid2vid_zero.info", "OMP_NUM_THREADS": "1"}
WORDS = ["--engine", "vid2vid_zero", "--model", model_folder(), "--source-prompt", SOURCE_PROMPT]
SETTINGS = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("home"), patch, **ENVIRONMENT) as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("clip")
    for n, frame in enumerate(diffusion.golden_frames()):
        clips.write_png(folder / f"{n:06d}.png", frame.pixels)
    return str(folder)


def test_propagate_by_a_keyframe(
    kf: Home, clip: str, engine: Vid2VidZeroEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, tmp_path: Path
) -> None:
    key = clips.write_png(tmp_path / "key.png", keyframe.pixels)
    words = [*WORDS, *SETTINGS, "--prompt", TARGET_PROMPT, "--keyframe", f"2={key}"]
    done = kf.command("propagate", clip, *words, "--output", f"{tmp_path}/out/", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    direct = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), edit(frames, {2: keyframe}))}
    made = [clips.read_png(file) for file in sorted((tmp_path / "out").glob("*.png"))]
    assert len(made) == 5 and all((made[n] == direct[n]).all() for n in direct)
    with kf.connect() as client:
        (used,) = [c for c in client.caches.list() if c.engine == "vid2vid_zero"][:1]
    assert used.entries == 2


def test_several_prompts_are_jobs_with_takes_of_their_own(
    kf: Home, clip: str, engine: Vid2VidZeroEngine, frames: list[FrameBuffer], tmp_path: Path
) -> None:
    prompts = [TARGET_PROMPT, "a tank is moving on the snow"]
    named = [word for prompt in prompts for word in ("--prompt", prompt)]
    done = kf.command("propagate", clip, *WORDS, *named, *SETTINGS, "--output", f"{tmp_path}/out/", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["prompt"] for e in said if e["event"] == "submitted"] == prompts
    assert [e["output"] for e in said if e["event"] == "done"] == [f"{tmp_path}/out-{n}/" for n in (1, 2)]
    for prompt, folder in zip(prompts, ("out-1", "out-2"), strict=True):
        job = edit(frames, prompt=prompt, prompts="\n".join(prompts))
        direct = {f.frame: f.image.pixels for f in propagate(engine, Memory(frames), job)}
        made = [clips.read_png(file) for file in sorted((tmp_path / folder).glob("*.png"))]
        assert len(made) == 5 and all((made[n] == direct[n]).all() for n in direct)
    with kf.connect() as client:
        recipes = [client.takes.recipe(e["take"])["request"] for e in said if e["event"] == "submitted"]
        assert for_prompts(client, prompts, "patch", {"strength": 1.0}) == {"strength": 1.0}, "an engine that cannot"
    assert [r["prompt"] for r in recipes] == prompts and {r["settings"]["prompts"] for r in recipes} == {"\n".join(prompts)}
