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
from keyfollow_testkit import clips, diffusion, svd, zero
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.faults import SLOW_ENGINE, ended, eventually
from keyfollow_testkit.svd_model import svd_folder
from keyfollow_testkit.tiny_models import tiny_model
from keyfollow_testkit.trapped import VARIABLE, counted
from keyfollow_testkit.zero_model import model_folder

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
TRAINING = 40
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
    "i2vedit": {
        "model": svd_folder(),
        "keyframes": {0: diffusion.with_red_square(diffusion.golden_frames()[0]).pixels},
        "settings": {**svd.SMALL, "steps": 16, "training_steps": TRAINING, "source_features": "rerun"},
    },
}
CLIPS = 2
"""That I2VEdit learns from and draws one by one: frames 0 to 3, 3 and 4."""
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
    assert rows(traps) - before < 1.1 * undisturbed.rows, "no more than the step that was cut off is done again"


@pytest.fixture(scope="module")
def learned(kf: Home, clip: str, traps: Path) -> Pictures:
    """What I2VEdit makes of a clip that it has learned from undisturbed."""
    with kf.connect() as client:
        forget(client)
        return pictures(client.propagate(clip, engine="i2vedit", **ENGINES["i2vedit"]))


def forget(client: Client) -> None:
    """Nothing is prepared for I2VEdit."""
    for cache in client.caches.list():
        if cache.engine == "i2vedit":
            client.caches.delete(cache.id)


@pytest.mark.parametrize("deed", ["SIGKILL", "memory", "cancel", "pause"])
def test_training_goes_on_from_its_last_checkpoint_and_ends_the_same(
    kf: Home, clip: str, learned: Pictures, traps: Path, deed: str
) -> None:
    """Out of memory it learns on with activations made again, which gives the same numbers, and says so."""
    with kf.connect() as client:
        forget(client)
        before = counted(traps, "advance")
        run = client.propagate(clip, engine="i2vedit", **ENGINES["i2vedit"])

        def halfway_through_the_second_clip() -> bool:
            progress = client.jobs.get(run.id).progress
            return progress is not None and progress.phase.startswith("Training") and progress.done >= 1.5 * TRAINING

        eventually(halfway_through_the_second_clip, 300, "it has learned for a while")
        shown = client.jobs.get(run.id).progress
        assert shown is not None and shown.total == CLIPS * TRAINING and shown.phase.startswith("Training (loss ")
        assert shown.preview is not None and shown.preview.startswith(b"\xff\xd8") and shown.eta_s is not None
        if deed in ("cancel", "pause"):
            state = {"cancel": "cancelled", "pause": "paused"}[deed]
            began = time.monotonic()
            getattr(client.jobs, deed)(run.id)
            eventually(lambda: client.jobs.get(run.id).state == state, 10, f"it is {state}")
            assert time.monotonic() - began < 10
            steps = counted(traps, "advance")
            time.sleep(0.5)
            assert counted(traps, "advance") == steps, "nothing is learned meanwhile"
            (client.jobs.retry if deed == "cancel" else client.jobs.resume)(run.id)
        else:
            (traps / "trap").write_text(deed)
            eventually(lambda: not (traps / "trap").exists(), 60, "the trap is sprung")
        made = pictures(client.jobs.attach(run.id))
        job = client.jobs.get(run.id)
    assert job.state == "done" and any("works smaller" in note for note in job.notes) == (deed == "memory")
    assert sorted(made) == sorted(learned) and all((made[n] == learned[n]).all() for n in learned)
    assert 0 <= counted(traps, "advance") - before - CLIPS * TRAINING <= 2, (
        "no more than the step that was cut off is done again"
    )
