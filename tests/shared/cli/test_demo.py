"""The demo is a real run on the clip that we ship."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import av
from keyfollow.media.reader import MediaReader
from keyfollow_testkit.daemons import Home


def test_it_makes_the_result_and_the_comparison(kf: Home, tmp_path: Path) -> None:
    done = kf.command("demo", "--output", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    result, both = tmp_path / "out" / "result.mp4", tmp_path / "out" / "side_by_side.mp4"
    assert str(result) in done.stdout and str(both) in done.stdout
    source = Path(str(resources.files("keyfollow") / "example" / "clip.mp4"))
    with MediaReader(source) as a, MediaReader(result) as b, MediaReader(both) as c:
        assert a.info.frames == b.info.frames == c.info.frames and c.info.width == 2 * a.info.width
        assert a.info.pts == b.info.pts
        last = a.info.frames - 1
        assert (a.read(last).pixels.astype(int) - b.read(last).pixels).any()
    with av.open(str(result)) as file:
        assert file.streams.audio


def test_the_example_is_small_and_has_sound() -> None:
    folder = Path(str(resources.files("keyfollow") / "example"))
    assert sum(p.stat().st_size for p in folder.iterdir()) < 2 << 20
    with av.open(str(folder / "clip.mp4")) as file:
        assert file.streams.video and file.streams.audio
