"""A tiny model through the whole product: command line, daemon, worker, take. Equals the engine called directly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from keyfollow.frames import FrameBuffer
from keyfollow_daemon.engines.i2vedit.engine import I2VEditEngine
from keyfollow_testkit import clips, svd
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.faults import SLOW_ENGINE
from keyfollow_testkit.memory import Memory
from keyfollow_testkit.svd_model import svd_folder
from keyfollow_testkit.trapped import VARIABLE, counted

TRAINING = 12
SETTINGS: dict[str, Any] = {**svd.SMALL, "training_steps": TRAINING}
WORDS = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("counts")


@pytest.fixture(scope="module")
def environment(counts: Path) -> dict[str, str]:
    """I2VEdit itself, its steps counted."""
    about = {
        "KEYFOLLOW_EXTRA_ENGINES": "i2vedit=keyfollow_testkit.trapped.i2vedit",
        VARIABLE: str(counts),
        "OMP_NUM_THREADS": "1",
    }
    return {**SLOW_ENGINE, **about}


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory, environment: Mapping[str, str]) -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("home"), patch, **environment) as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, frames: list[FrameBuffer]) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    for n, frame in enumerate(frames[:6]):
        clips.write_png(folder / f"{n:06d}.png", frame.pixels)
    return folder


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_propagate_a_keyframe_cold_and_warm_in_another_store(
    kf: Home,
    environment: Mapping[str, str],
    counts: Path,
    clip: Path,
    engine: I2VEditEngine,
    frames: list[FrameBuffer],
    keyframe: FrameBuffer,
    tmp_path: Path,
) -> None:
    key = clips.write_png(tmp_path / "key.png", keyframe.pixels)
    words = ["--engine", "i2vedit", "--model", svd_folder(), "--keyframe", f"0={key}", *WORDS]
    direct = svd.made(engine, Memory(frames[:6]), svd.edit(frames[:6], {0: keyframe}, **SETTINGS))

    def propagated(where: Home, name: str) -> list[dict[str, Any]]:
        out = tmp_path / name
        preview = ["--preview", str(tmp_path / f"{name}.jpg")]
        done = where.command("propagate", str(clip), *words, *preview, "--output", f"{out}/", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        made = [clips.read_png(file) for file in sorted(out.glob("*.png"))]
        assert len(made) == 6 and all((made[n] == direct[n]).all() for n in direct)
        return lines(done.stdout)

    cold = propagated(kf, "cold")
    # it learns at the size that it works at here, so the first clip is inverted once for both
    assert (counted(counts, "advance"), counted(counts, "inverted")) == (2 * TRAINING, 2)
    assert (tmp_path / "cold.jpg").read_bytes().startswith(b"\xff\xd8")
    previews = [e for e in cold if e["event"] == "progress" and e.get("preview")]
    assert previews and previews[0]["phase"].startswith("Training (loss ")
    (used,) = [e["cache"] for e in cold if e["event"] == "cache"]
    # six frames; two clips' inversions and LoRAs
    assert used["entries"] == 6 + 2 * 2
    archive = str(tmp_path / "cache.zip")
    assert kf.command("cache", "export", used["id"], "-o", archive).returncode == 0
    with pytest.MonkeyPatch.context() as patch, home(tmp_path / "home", patch, **environment) as other:
        taken = other.command("cache", "import", archive, "--json")
        assert lines(taken.stdout)[0]["cache"]["entries"] == used["entries"]
        propagated(other, "warm")
    assert (counted(counts, "advance"), counted(counts, "inverted")) == (2 * TRAINING, 2), "once, and never again"
