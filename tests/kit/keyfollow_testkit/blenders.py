"""Real Blenders for tests: bpy from PyPI, each version in a venv of its own in a cache folder, the built extension installed in it.

`$KEYFOLLOW_BPY_CACHE` (else ``~/.cache/keyfollow-tests``) keeps the venvs and wheels. `python -m keyfollow_testkit.blenders` fills it
while the network is there (`make blenders`, which CI runs before it goes offline); else the first test does. A version that
cannot be installed is skipped, and says so.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
NORMAL = ("4.5.15", "5.0.1")
PYTHONS = {"5.2": "3.13"}
"""Blender version → the Python that its bpy is built for, where that is not 3.11."""
INSTALL = """
import bpy, os, sys
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=True)
bpy.ops.wm.save_userpref()
sys.stdout.flush()
os._exit(0 if "bl_ext.user_default.keyfollow" in bpy.context.preferences.addons else 1)
"""


def cache() -> Path:
    return Path(os.environ.get("KEYFOLLOW_BPY_CACHE") or Path.home() / ".cache" / "keyfollow-tests")


def builder() -> ModuleType:
    """installers/build_blender_extension.py as a module."""
    spec = importlib.util.spec_from_file_location("build_blender_extension", ROOT / "installers/build_blender_extension.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def python_of(version: str) -> Path:
    """The interpreter that has bpy `version`, installed now if it is not there yet.

    Raises:
        RuntimeError: it cannot be installed here.
    """
    folder = cache() / f"bpy-{version}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if _has_bpy(folder):
        return python
    base = _interpreter(PYTHONS.get(version.rpartition(".")[0], "3.11"))
    shutil.rmtree(folder, ignore_errors=True)
    try:
        subprocess.run([base, "-m", "venv", folder], check=True, capture_output=True, timeout=120)
        subprocess.run(
            [python, "-m", "pip", "install", "-q", f"bpy=={version}", "pytest>=8"], check=True, capture_output=True, timeout=600
        )
    except (OSError, subprocess.SubprocessError) as e:
        shutil.rmtree(folder, ignore_errors=True)
        raise RuntimeError(f"bpy {version} cannot be installed here: {e}") from e
    return python


def _has_bpy(folder: Path) -> bool:
    return any(folder.glob("[Ll]ib/**/site-packages/bpy-*.dist-info/RECORD"))


def _interpreter(version: str) -> str:
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    own = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob(f"versions/{version}.*/bin/python{version}")
    for found in (*map(str, own), shutil.which(f"python{version}")):  # pyenv's program on PATH runs chosen versions only
        if found is not None:
            return found
    raise RuntimeError(f"there is no Python {version} here")


@dataclass(frozen=True)
class Blender:
    """One Blender with the extension in it.

    Args:
        resources: its BLENDER_USER_RESOURCES; nothing of the person's own is touched.
    """

    version: str
    python: Path
    resources: Path

    def run(self, *words: str, timeout: float = 240, **environment: str) -> str:
        """Run this Blender's Python to its end; what it said."""
        done = subprocess.run(
            [str(self.python), *words],
            env={**os.environ, **self.environment, **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        said = f"{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, f"Blender {self.version}, status {done.returncode}:\n{said[-12000:]}"
        return said

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BLENDER_USER_RESOURCES": str(self.resources),
            "PYTHONPATH": str(ROOT / "tests" / "kit"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def install(version: str, folder: Path, package: Path) -> Blender:
    """A Blender whose user folder lies in `folder`, with the zip `package` installed."""
    python = python_of(version)
    blender = Blender(version, python, folder / "resources")
    blender.resources.mkdir(parents=True, exist_ok=True)
    blender.run("-c", INSTALL, str(package))
    return blender


def zips(folder: Path) -> list[Path]:
    """The built extension: the zip for all platforms, then the others. Skips the test where the wheels cannot be fetched."""
    made = builder()
    try:
        wheels = made.fetch(cache() / "wheels")
    except subprocess.SubprocessError as e:
        pytest.skip(f"the extension's wheels cannot be fetched here: {e}")
    paths: list[Path] = made.build(folder, wheels)
    return paths


if __name__ == "__main__":
    for wanted in sys.argv[1:] or NORMAL:
        print(python_of(wanted))
    builder().fetch(cache() / "wheels")
