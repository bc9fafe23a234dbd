"""Tests that need a Blender run inside one (tests/blender/test_extension.py starts it); the others run with all other tests."""

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


@pytest.fixture(autouse=True)
def _afresh(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An empty .blend, saved in a folder of the test's own; at the end nothing may have gone wrong unseen in the timer."""
    if INSIDE:
        import bpy
        from keyfollow_testkit import stage

        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        stage.enable()
        stage.scene()
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "edit.blend"))
        bpy.ops.ed.undo_push(message="start")
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
