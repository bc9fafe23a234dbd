"""A tiny model through the whole product: command line, daemon, worker, take. Equals the engine called directly."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.i2vedit.engine import I2VEditEngine
from keyfollow_testkit import clips, svd
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.svd_model import svd_folder

ENVIRONMENT = {"KEYFOLLOW_EXTRA_ENGINES": "i2vedit=keyfollow_daemon.engines.i2vedit.info", "OMP_NUM_THREADS": "1"}
SETTINGS = [word for name, value in svd.SMALL.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("home"), patch, **ENVIRONMENT) as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, frames: list[FrameBuffer]) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    for n, frame in enumerate(frames[:6]):
        clips.write_png(folder / f"{n:06d}.png", frame.pixels)
    return folder


def test_propagate_a_keyframe_cold_and_warm(
    kf: Home, clip: Path, engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer, tmp_path: Path
) -> None:
    key = clips.write_png(tmp_path / "key.png", keyframe.pixels)
    words = ["--engine", "i2vedit", "--model", svd_folder(), "--keyframe", f"0={key}", *SETTINGS]
    direct = svd.made(engine, Memory(frames[:6]), svd.edit(frames[:6], {0: keyframe}))
    with kf.connect() as client:
        for name in ("cold", "warm"):
            out = tmp_path / name
            done = kf.command("propagate", str(clip), *words, "--output", f"{out}/", "--json")
            assert done.returncode == 0, done.stdout + done.stderr
            made = [clips.read_png(file) for file in sorted(out.glob("*.png"))]
            assert len(made) == 6 and all((made[n] == direct[n]).all() for n in direct)
        # six frames; two clips' trajectories and LoRAs
        (used,) = [c for c in client.caches.list() if c.engine == "i2vedit"]
        assert used.entries == 6 + 2 * 2


@pytest.mark.faults
def test_a_worker_killed_while_it_learns_goes_on_and_ends_the_same(
    kf: Home, clip: Path, engine: I2VEditEngine, frames: list[FrameBuffer], keyframe: FrameBuffer
) -> None:
    many: dict[str, Any] = {**svd.SMALL, "training_steps": 40}
    with kf.connect() as client:
        run = client.propagate(str(clip), engine="i2vedit", model=svd_folder(), keyframes={0: keyframe.pixels}, settings=many)
        deadline = time.monotonic() + 240
        while (
            (job := client.jobs.get(run.id)).progress is None
            or not job.progress.phase.startswith("Training (loss ")
            or job.progress.done < 50
        ):
            assert time.monotonic() < deadline and job.state in ("queued", "running")
            time.sleep(0.02)
        os.kill(int(client.status().worker.split()[1].rstrip(",")), signal.SIGKILL)
        made = {f.number: f.image.pixels for f in run}
        assert client.jobs.get(run.id).attempts > 0
    direct = svd.made(engine, Memory(frames[:6]), svd.edit(frames[:6], {0: keyframe}, **many))
    assert sorted(made) == list(range(6)) and all((made[n] == direct[n]).all() for n in direct)
