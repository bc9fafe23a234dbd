"""Small pictures: there when their file is, made anew when it was saved."""

from __future__ import annotations

from pathlib import Path

from keyfollow_testkit.stage import module


def test_an_icon_for_a_picture_and_none_for_nothing(footage: Path, tmp_path: Path) -> None:
    thumbnails, keyframes = module("thumbnails"), module("keyframes")
    picture = footage / "images" / "shot_0103.png"
    icon = thumbnails.icon(picture)
    assert icon and thumbnails.icon(picture) == icon
    assert thumbnails.icon(tmp_path / "none.png") == 0
    keyframes._saved[str(picture)] = 1
    assert thumbnails.icon(picture) and thumbnails._versions[str(picture)] == 1
