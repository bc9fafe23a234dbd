"""What starts quickly stays light: importing a module leaves the heavy packages that it has no use for out of `sys.modules`."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TORCH = {"torch", "diffusers", "transformers", "peft"}
MEDIA = {"av", "cv2"}
VENDORED = [
    f"keyfollow.{file.stem}"
    for file in sorted((ROOT / "shared/keyfollow").glob("*.py"))
    if file.stem not in ("__init__", "client")
]
INFOS = [
    f"keyfollow_daemon.engines.{file.parent.name}.info"
    for file in sorted((ROOT / "daemon/keyfollow_daemon/engines").glob("*/info.py"))
]
PROGRAMS = [
    name
    for name, file in (
        ("keyfollow_daemon.cli", "daemon/keyfollow_daemon/cli.py"),
        ("keyfollow_desktop.app", "desktop_app/keyfollow_desktop/app.py"),
        ("keyfollow.client", "shared/keyfollow/client.py"),
        ("keyfollow.cli", "shared/keyfollow/cli/__init__.py"),
    )
    if (ROOT / file).exists()
]


def loaded_by(module: str) -> set[str]:
    """Top-level names in `sys.modules` of a fresh process that imported `module`."""
    code = f"import json, sys, {module}; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


@pytest.mark.parametrize("module", ["keyfollow", *VENDORED])
def test_what_blender_vendors_is_light(module: str) -> None:
    assert loaded_by(module).isdisjoint(TORCH | MEDIA | {"zmq", "sqlite3", "PySide6"})


@pytest.mark.parametrize("module", INFOS)
def test_an_engine_is_described_without_its_numerics(module: str) -> None:
    assert loaded_by(module).isdisjoint(TORCH | MEDIA | {"numba"})


@pytest.mark.parametrize("module", PROGRAMS)
def test_no_program_starts_with_torch(module: str) -> None:
    assert loaded_by(module).isdisjoint(TORCH)


def test_a_package_that_is_loaded_is_seen() -> None:
    assert importlib.util.find_spec("av") is not None
    assert "av" in loaded_by("av")
