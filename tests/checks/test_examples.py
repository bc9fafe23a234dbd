"""The examples in the documentation run as they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import home

ROOT = Path(__file__).parents[2]


def test_the_sdk_in_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = clips.moving_patch(4)
    clip = clips.write_clip(tmp_path / "clip.mkv", frames, codec="ffv1", pixel_format="bgr0")
    key = clips.write_png(tmp_path / "key.png", clips.recoloured(frames[0], clips.patch_mask(0)))
    with home(tmp_path / "home", monkeypatch) as kf:
        line = [sys.executable, str(ROOT / "examples" / "propagate.py"), str(clip), "0", str(key), str(tmp_path / "out")]
        done = subprocess.run(line, env=kf.environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [f"{n:06d}.png" for n in range(4)]
    assert (clips.read_png(tmp_path / "out" / "000000.png") == clips.read_png(key)).all()
