"""Promises 14 to 16 for engines that work step by step: what breaks in the middle of a step goes on from the last checkpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keyfollow.client import Client
from keyfollow.run import Run
from keyfollow_testkit import clips, diffusion, zero
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.faults import SLOW_ENGINE, ended, eventually
from keyfollow_testkit.tiny_models import tiny_model
from keyfollow_testkit.trapped import VARIABLE
from keyfollow_testkit.zero_model import model_folder

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
ENGINES: dict[str, dict[str, Any]] = {
    "pix2video": {
        "model": tiny_model("sd2-depth"),
        "prompt": diffusion.TARGET_PROMPT,
        "source_prompt": diffusion.SOURCE_PROMPT,
        "settings": {**diffusion.GOLDEN, "steps": 24},
    },
    "vid2vid_zero": {
        "model": model_folder(),
        "prompt": zero.TARGET_PROMPT,
        "source_prompt": zero.SOURCE_PROMPT,
        "settings": {**zero.SMALL, "steps": 16},
    },
}
TRAPPED = ",".join(f"{name}=keyfollow_testkit.trapped.{name}" for name in ENGINES)
Pictures = dict[int, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traps")


@pytest.fixture(scope="module")
def kf(tmp_path_factory: pytest.TempPathFactory, traps: Path) -> Iterator[Home]:
    about = {**SLOW_ENGINE, "KEYFOLLOW_EXTRA_ENGINES": TRAPPED, VARIABLE: str(traps), "OMP_NUM_THREADS": "1"}
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("home"), patch, **about) as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("clip")
    for n, frame in enumerate(diffusion.golden_frames()):
        clips.write_png(folder / f"{n:06d}.png", frame.pixels)
    return str(folder)


@dataclass(frozen=True, slots=True, eq=False)
class Undisturbed:
    """A run that nothing happened to, on a warm cache: its frames, and the rows that it computed."""

    frames: Pictures
    rows: int


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def undisturbed(kf: Home, clip: str, engine: str, traps: Path) -> Undisturbed:
    with kf.connect() as client:
        client.propagate(clip, engine=engine, **ENGINES[engine]).wait()
        before = rows(traps)
        frames = pictures(client.propagate(clip, engine=engine, **ENGINES[engine]))
    return Undisturbed(frames, rows(traps) - before)


def rows(traps: Path) -> int:
    return (traps / "trace").stat().st_size


def pictures(run: Run) -> Pictures:
    return {f.number: f.image.pixels for f in run}


def well_under_way(client: Client, run: Run) -> bool:
    progress = client.jobs.get(run.id).progress
    return progress is not None and progress.phase == "Propagating" and progress.done >= 0.7 * progress.total


@pytest.mark.parametrize("deed", ["SIGKILL", "memory", "cancel"])
def test_it_goes_on_from_its_last_checkpoint_and_ends_the_same(
    kf: Home, clip: str, engine: str, undisturbed: Undisturbed, traps: Path, deed: str
) -> None:
    """Out of memory it goes on with a smaller plan, whose sums are taken in another order."""
    before = rows(traps)
    with kf.connect() as client:
        run = client.propagate(clip, engine=engine, **ENGINES[engine])
        eventually(lambda: well_under_way(client, run), 300, "it is well under way")
        if deed == "cancel":
            began = time.monotonic()
            run.cancel()
            assert ended(client, run.id) == "cancelled" and time.monotonic() - began < 10
            client.jobs.retry(run.id)
        else:
            (traps / "trap").write_text(deed)
            eventually(lambda: not (traps / "trap").exists(), 60, "the trap is sprung")
        made = pictures(client.jobs.attach(run.id))
        assert client.jobs.get(run.id).state == "done"
    assert sorted(made) == sorted(undisturbed.frames)
    worst = max(np.abs(made[n].astype(int) - p).max() for n, p in undisturbed.frames.items())
    assert worst <= (1 if deed == "memory" else 0)
    assert rows(traps) - before < 1.5 * undisturbed.rows, "it did not start anew"
