"""What the fault tests share: a clip, a request for it, and a home whose daemon has the slow engine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from keyfollow.media.reader import MediaReader
from keyfollow_testkit import clips
from keyfollow_testkit.counts import count
from keyfollow_testkit.daemons import Home, home
from keyfollow_testkit.faults import SLOW_ENGINE
from keyfollow_testkit.kills import Aftermath, kill_again_and_again


@pytest.fixture
def kf(tmp_path: Path) -> Iterator[Home]:
    """A home of the test's own; whatever daemon runs in it is ended."""
    with pytest.MonkeyPatch.context() as patch, home(tmp_path / "home", patch, **SLOW_ENGINE) as made:
        yield made


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """96x64, 12 frames."""
    return clips.write_clip(tmp_path_factory.mktemp("footage") / "clip.mp4", clips.moving_patch())


@pytest.fixture(scope="session")
def edit(footage: Path) -> dict[str, Any]:
    """`Client.propagate`'s arguments but for the engine: frame 0 with its patch recoloured."""
    return {"source": footage, "keyframes": {0: edited_frame(footage)}}


def edited_frame(clip: Path) -> npt.NDArray[np.uint8]:
    with MediaReader(clip) as reader:
        return clips.recoloured(reader.read(0).pixels, clips.patch_mask(0))


@pytest.fixture(scope="session")
def after_kills(tmp_path_factory: pytest.TempPathFactory, edit: dict[str, Any]) -> Aftermath:
    """One series of kill -9, looked at by the promises about jobs and about the cache."""
    slow = {**edit, "settings": {"seconds": 0.03}}
    with pytest.MonkeyPatch.context() as patch, home(tmp_path_factory.mktemp("killed"), patch, **SLOW_ENGINE) as made:
        return kill_again_and_again(made, count("kills"), {"patch": edit, "slow": slow}, random.Random(1))
