"""The built extension, and Blenders that it is installed in, once a run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from keyfollow_testkit import blenders
from keyfollow_testkit.blenders import NORMAL, ROOT, Blender
from keyfollow_testkit.clips import Frame, moving_patch, write_clip, write_png
from keyfollow_testkit.daemons import Home, home

RATES = {"23.976": Fraction(24000, 1001), "25": Fraction(25), "29.97": Fraction(30000, 1001)}


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The zips; the one for all platforms first."""
    return blenders.zips(tmp_path_factory.mktemp("extension"))


@pytest.fixture(scope="module")
def blender(request: pytest.FixtureRequest, extension: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Blender:
    """The Blender that the test, or else its file, names, with the extension installed."""
    version = getattr(request, "param", None) or request.module.VERSION
    try:
        return blenders.install(version, tmp_path_factory.mktemp("blender"), extension[0])
    except RuntimeError as e:  # no wheel of bpy for this machine, or no registry in reach: it cannot be installed
        pytest.skip(str(e))


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A daemon's home of the test's own; whatever daemon the add-on starts there is ended."""
    with home(tmp_path / "home", monkeypatch, KEYFOLLOW_EXTRA_ENGINES="slow=keyfollow_testkit.slow_engine.info") as made:
        yield made


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """keyfollowd as a person would have it on PATH."""
    path = tmp_path / "keyfollowd"
    paths = os.pathsep.join(str(ROOT / f) for f in ("shared", "daemon", "tests/kit"))
    # Blender's own environment must not reach the daemon's Python
    path.write_text(f'#!/bin/sh\nunset PYTHONHOME\nPYTHONPATH="{paths}" exec "{sys.executable}" -m keyfollow_daemon "$@"\n')
    path.chmod(0o755)
    return path


def numbered(count: int) -> list[Frame]:
    """Flat frames whose grey tells their number: 8 + 4 n."""
    return [np.full((64, 96, 3), 8 + 4 * n, np.uint8) for n in range(count)]


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips by name: ``clip.mp4`` as cameras make it, ``rgb.mkv`` lossless, ``numbers-RATE.mp4``, ``patch-RATE.mkv``,
    ``large.mp4`` of 1080p, ``many.mp4`` with 500 frames, ``images/``.
    """
    folder = tmp_path_factory.mktemp("footage")
    write_clip(folder / "clip.mp4", moving_patch(24))
    write_clip(folder / "rgb.mkv", moving_patch(24), codec="ffv1", pixel_format="bgr0", options={})
    for name, rate in RATES.items():
        write_clip(folder / f"numbers-{name}.mp4", numbered(50), rate=rate)
        write_clip(folder / f"patch-{name}.mkv", moving_patch(18), rate=rate, codec="ffv1", pixel_format="bgr0", options={})
    pts = list(
        accumulate((40 if n % 7 else 200 for n in range(1, 50)), initial=0)
    )  # every seventh picture lasts five times as long
    for kind in ("mp4", "mkv"):
        write_clip(folder / f"varies.{kind}", numbered(50), rate=Fraction(25), pts=pts, time_base=Fraction(1, 1000))
    large = moving_patch(1, 240, 135)[0].repeat(8, axis=0).repeat(8, axis=1)
    write_clip(folder / "large.mp4", [np.roll(large, 8 * n, axis=1) for n in range(8)], options={"preset": "ultrafast"})
    write_clip(folder / "many.mp4", [np.full((48, 64, 3), n // 2, np.uint8) for n in range(500)])
    (folder / "images").mkdir()
    for n, frame in enumerate(moving_patch(12)):
        write_png(folder / "images" / f"shot_{n + 101:04d}.png", frame)
    rated = [(clip, fps) for fps in (24, 30) for name in RATES for clip in (f"numbers-{name}.mp4", f"patch-{name}.mkv")]
    _save_adapted(
        *(_wish(folder, clip, fps) for clip, fps in rated),
        _wish(folder, "numbers-25.mp4", 30, base=1.001),
        _wish(folder, "numbers-25.mp4", 24, fast=True),
        _wish(folder, "rgb.mkv", 24, fast=True),
    )
    return folder


Wish = tuple[str, int, float, bool, str]
"""What `stage.write_adapted` is given."""


def _wish(folder: Path, clip: str, fps: int, base: float = 1.0, fast: bool = False) -> Wish:
    kind = f"{'fast' if fast else fps}{'' if base == 1 else '-base'}"
    return str(folder / clip), fps, base, fast, str(folder / f"{Path(clip).stem}-{kind}.blend")


def _save_adapted(*wishes: Wish) -> None:
    """By one Blender for all: the operators that adapt a strip's speed crash in 5.0 without a window."""
    try:
        python = blenders.python_of(NORMAL[0])
    except RuntimeError as e:  # no wheel of bpy for this machine, or no registry in reach: it cannot be installed
        pytest.skip(str(e))
    script = f"""
import os, sys
from keyfollow_testkit import stage
for wish in {wishes!r}:
    stage.write_adapted(*wish)
sys.stdout.flush(); os._exit(0)
"""
    subprocess.run(
        [str(python), "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT / "tests/kit")}, check=True, timeout=120
    )
