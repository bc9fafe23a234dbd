"""Real Blenders for tests: bpy from PyPI, each version in a venv of its own in a cache folder, the built extension installed in it.

`$KEYFOLLOW_BPY_CACHE` (else ``~/.cache/keyfollow-tests``) keeps the venvs and wheels; `make blender-tests` and CI fill it while the
network is there. A version that cannot be installed is skipped, and says so.
"""

from __future__ import annotations

import importlib.util
import json
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
LONG = ("4.2.0", "5.2.0")
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
        subprocess.run([python, "-m", "pip", "install", "-q", f"bpy=={version}"], check=True, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as e:
        shutil.rmtree(folder, ignore_errors=True)
        raise RuntimeError(f"bpy {version} cannot be installed here: {e}") from e
    return python


def _has_bpy(folder: Path) -> bool:
    return any(folder.glob("[Ll]ib/**/site-packages/bpy-*.dist-info/RECORD"))


def _interpreter(version: str) -> str:
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        raise RuntimeError(f"there is no Python {version} here")
    return found


@dataclass(frozen=True)
class Blender:
    """One Blender with the extension in it.

    Args:
        resources: its BLENDER_USER_RESOURCES; nothing of the person's own is touched.
    """

    version: str
    python: Path
    resources: Path

    def run(self, script: Path, *words: str, timeout: float = 120, **environment: str) -> dict[str, object]:
        """Run a scenario (see tests/blender/stage.py) and return what it told."""
        told = self.resources.parent / f"told-{os.getpid()}.json"
        told.unlink(missing_ok=True)
        paths = os.pathsep.join([str(ROOT / "tests" / "blender")])
        done = subprocess.run(
            [str(self.python), str(script), *words],
            env={**os.environ, **self.environment, "KEYFOLLOW_TOLD": str(told), "PYTHONPATH": paths, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{script.name} in Blender {self.version}:\n{done.stdout[-4000:]}\n{done.stderr[-6000:]}"
        answer: dict[str, object] = json.loads(told.read_text()) if told.exists() else {}
        return answer

    @property
    def environment(self) -> dict[str, str]:
        return {"BLENDER_USER_RESOURCES": str(self.resources)}


def install(version: str, folder: Path, package: Path) -> Blender:
    """A Blender whose user folder lies in `folder`, with the zip `package` installed."""
    python = python_of(version)
    blender = Blender(version, python, folder / "resources")
    blender.resources.mkdir(parents=True)
    script = folder / "install.py"
    script.write_text(INSTALL)
    done = subprocess.run(
        [str(python), str(script), str(package)],
        env={**os.environ, **blender.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"installing in Blender {version}:\n{done.stdout}\n{done.stderr}"
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
