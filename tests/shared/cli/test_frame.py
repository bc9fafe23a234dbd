"""`keyfollow frame` defines the decoded source."""

from __future__ import annotations

import json
from pathlib import Path

from keyfollow.media.reader import MediaReader
from keyfollow_testkit import clips
from keyfollow_testkit.daemons import Home


def test_it_writes_exactly_what_runs_are_measured_against(kf: Home, clip: Path, tmp_path: Path) -> None:
    done = kf.command("frame", str(clip), "7", "--output", str(tmp_path / "f.png"))
    assert done.returncode == 0 and done.stdout.strip() == str(tmp_path / "f.png")
    with MediaReader(clip) as reader:
        assert (clips.read_png(tmp_path / "f.png") == reader.read(7).pixels).all()


def test_it_needs_no_daemon(kf: Home, clip: Path, tmp_path: Path) -> None:
    kf.stop()
    assert kf.command("frame", str(clip), "0", "-o", str(tmp_path / "f.png")).returncode == 0
    assert kf.running() is None


def test_a_frame_that_is_not_there(kf: Home, clip: Path, tmp_path: Path) -> None:
    done = kf.command("frame", str(clip), "12", "-o", str(tmp_path / "f.png"), "--json")
    error = json.loads(done.stdout)
    assert done.returncode == 2 and error["code"] == "frame_out_of_range" and "11" in error["remedy"]
    assert not list(tmp_path.iterdir())
    words = kf.command("frame", str(clip), "abc", "-o", str(tmp_path / "f.png"))
    assert words.returncode == 2 and "abc is not the number of a frame" in words.stderr


def test_a_suffix_that_is_no_picture(kf: Home, clip: Path, tmp_path: Path) -> None:
    assert kf.command("frame", str(clip), "0", "-o", str(tmp_path / "f.doc")).returncode == 2
