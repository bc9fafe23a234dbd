from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.errors import MediaError
from keyfollow_desktop.model.state import Media
from keyfollow_desktop.ui.importing import describe, importable


def test_a_source_is_described_as_it_is(described: Media, clip: Path) -> None:
    assert (described.width, described.height, described.frames, described.rate) == (96, 64, 12, (24, 1))
    assert described.sound and described.path == str(clip) and described.digest


def test_what_is_no_footage_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError):
        describe(str(tmp_path / "a.mp4"))
    assert importable([str(tmp_path / "a.mp4"), str(tmp_path), str(tmp_path / "gone")]) == [
        str(tmp_path / "a.mp4"),
        str(tmp_path),
    ]
