"""Small pictures: there when their file is, made anew when it was saved."""

from __future__ import annotations

from pathlib import Path

from keyfollow_testkit.stage import module


def test_an_icon_for_a_picture_and_none_for_nothing(footage: Path, tmp_path: Path) -> None:
    thumbnails, keyframes = module("thumbnails"), module("keyframes")
    picture = footage / "images" / "shot_0103.png"
    # without a window Blender gives every icon the number 0
    first = thumbnails.icon(picture)
    assert str(picture) in thumbnails._previews and thumbnails.icon(picture) == first
    assert thumbnails.icon(tmp_path / "none.png") == 0
    keyframes._saved[str(picture)] = 1
    thumbnails.icon(picture)
    assert thumbnails._versions[str(picture)] == (picture, 1)


def test_a_place_keeps_only_its_newest_picture(footage: Path) -> None:
    thumbnails = module("thumbnails")
    for number in (103, 104):
        thumbnails.icon(footage / "images" / f"shot_0{number}.png", "job")
    assert thumbnails._versions["job"][0].name == "shot_0104.png" and "job" in thumbnails._previews
    assert not any("shot_0104" in key for key in thumbnails._previews)
