"""Tests that need a Blender run inside one (tests/blender starts it); the others run with all other tests."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
INSIDE = importlib.util.find_spec("bpy") is not None
_of_blender = {p.name for p in HERE.glob("test_*.py") if "keyfollow_testkit.stage" in p.read_text()}
collect_ignore = [p.name for p in HERE.glob("test_*.py") if (p.name in _of_blender) != INSIDE]


@pytest.fixture
def footage() -> Path:
    return Path(os.environ["KEYFOLLOW_TEST_FOOTAGE"])


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with edit.blend: the strip `rgb` from scene frame 10 on channel 2, with one edited keyframe, of its frame 10."""
    from keyfollow_testkit import stage

    folder = tmp_path_factory.mktemp("keyed")
    stage.fresh(folder)
    stage.edit_keyframe(stage.movie(f"{os.environ['KEYFOLLOW_TEST_FOOTAGE']}/rgb.mkv", start=10, channel=2), 20, stage.warm)
    stage.save()
    return folder


@pytest.fixture(scope="session")
def propagated(keyed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after Propagate: one take, its result strip on channel 3."""
    from keyfollow_testkit import stage

    folder = tmp_path_factory.mktemp("propagated")
    stage.load_copy(keyed, folder / "of")
    stage.use_slow_engine(stage.by_name("rgb"), 0.0)
    stage.propagate(stage.by_name("rgb"))
    stage.save()
    return folder / "of"


@pytest.fixture
def clip(keyed: Path, _afresh: None, tmp_path: Path) -> Any:
    """A strip with one edited keyframe (`keyed`)."""
    from keyfollow_testkit import stage

    stage.load_copy(keyed, tmp_path)
    return stage.by_name("rgb")


@pytest.fixture
def quick(clip: Any) -> Any:
    """The same, with an engine that takes no time."""
    from keyfollow_testkit import stage

    stage.use_slow_engine(clip, 0.0)
    return stage.by_name("rgb")


@pytest.fixture
def slow(clip: Any) -> Any:
    """The same, with an engine that takes its time."""
    from keyfollow_testkit import stage

    stage.use_slow_engine(clip, 0.06)
    return stage.by_name("rgb")


@pytest.fixture
def done(propagated: Path, _afresh: None, tmp_path: Path) -> Any:
    """A strip with a take (`propagated`)."""
    from keyfollow_testkit import stage

    stage.load_copy(propagated, tmp_path)
    return stage.by_name("rgb")


@pytest.fixture(autouse=True)
def _afresh(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An empty .blend, saved in a folder of the test's own; at the end nothing may have gone wrong unseen in the timer."""
    if INSIDE:
        from keyfollow_testkit import stage

        stage.fresh(tmp_path)
    yield
    assert not [r for r in caplog.records if r.exc_info], caplog.text


def pytest_unconfigure(config: Any) -> None:
    """Some Blenders hang or crash at a natural exit after a file was opened."""
    if INSIDE:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)


_status = 1


def pytest_sessionfinish(session: Any, exitstatus: int) -> None:
    global _status
    _status = int(exitstatus)
