"""The whole loop in a real window under Xvfb, by real clicks and keys, against the real daemon; killed in the middle, and gone on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from keyfollow.frames import FrameRange
from keyfollow.media.mixing import read_sound
from keyfollow.media.probe import probe
from keyfollow.media.reader import MediaReader
from keyfollow_desktop.model.project_file import load
from keyfollow_testkit.clips import moving_patch, write_clip
from keyfollow_testkit.daemons import Home, home

EDITOR = """
import os, sys
import cv2
picture = sys.argv[1]
edited = cv2.imread(picture)
edited[..., 0] = 40
cv2.imwrite(picture + ".saving.png", edited)
os.replace(picture + ".saving.png", picture)
"""
"""Takes the blue away, from the source as from what a take made of it; saves as image editors do, by a rename."""
DRIVER = Path(__file__).with_name("window_driver.py")
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        sys.platform != "linux" or not (shutil.which("Xvfb") and shutil.which("xdotool")),
        reason="needs Xvfb and xdotool (.ci/run installs them)",
    ),
]


@pytest.fixture
def display() -> Iterator[str]:
    """A screen of 1600 x 1000 of the test's own."""
    read, write = os.pipe()
    line = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    server = subprocess.Popen(line, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(30)


def drive(part: str, folder: Path, here: Home, display: str, within: float = 280) -> subprocess.CompletedProcess[str]:
    environment = {**here.environment, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "HOME": str(folder), "LANG": "C.UTF-8"}
    line = [sys.executable, str(DRIVER), part, str(folder)]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=within, check=False)


@pytest.mark.timeout(600)
def test_the_loop_with_mouse_and_keys_through_a_kill(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "editor.py").write_text(EDITOR)
    clip = write_clip(tmp_path / "clip.mp4", moving_patch(24, 192, 128), tone=True)
    with home(tmp_path / "home", monkeypatch) as here:
        killed = drive("first", tmp_path, here, display)
        assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
        saved = load(tmp_path / "Film.kfproj").project
        assert [k.frame for k in next(iter(saved.work.values())).keyframes] == [6, 15] and not saved.timeline.markers
        ended = drive("second", tmp_path, here, display)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    project = load(tmp_path / "Film.kfproj").project
    assert [m.frame for m in project.timeline.markers] == [15]
    out = tmp_path / "Film.mkv"
    info = probe(out)
    assert info.frames == 20 and info.rate == (24, 1) and info.audio
    sound = np.concatenate(list(read_sound(out, Fraction(0), Fraction(2))))
    assert abs(len(sound) - 40_000) <= 48 and np.abs(sound).max() > 0.1
    with MediaReader(clip) as source, MediaReader(out) as made:
        for before, after in zip(source.frames(FrameRange(0, 20)), made.frames(FrameRange(0, 20)), strict=True):
            apart = np.abs(after.pixels[..., :3].astype(int) - before.pixels).mean(axis=(0, 1))
            assert abs(after.pixels[..., 2].mean() - 40) < 12 and apart[:2].max() < 8


@pytest.mark.timeout(1300)
def test_the_page_followed_to_the_letter(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh home, the first run, the example, and the steps of docs/desktop.md with its keys alone."""
    with home(tmp_path / "home", monkeypatch) as here:
        ended = drive("book", tmp_path, here, display, within=1200)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    info = probe(tmp_path / "Untitled.mp4")
    assert info.frames == 84 and (info.width, info.height) == (640, 360)
