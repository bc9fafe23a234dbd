"""Where pictures go, and that they come there whole."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import module


def test_beside_the_blend_or_where_the_preferences_say(tmp_path: Path) -> None:
    folders, preferences = module("folders"), module("preferences").get()
    assert folders.root() == tmp_path / "keyfollow"
    inside = tmp_path / "keyfollow" / "a.png"
    assert folders.stored(inside) == "//keyfollow/a.png" and folders.found("//keyfollow/a.png") == inside
    assert folders.stored(Path("/elsewhere/a.png")) == "/elsewhere/a.png"
    preferences.results = str(tmp_path / "other")
    try:
        assert folders.take("my shot:1", "2026-1") == tmp_path / "other" / "my_shot_1" / "2026-1"
    finally:
        preferences.results = ""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    stage.enable()
    assert folders.root().is_dir() and "keyfollow" in str(folders.root())


def test_an_edited_picture_is_never_written_over() -> None:
    first = module("folders").keyframe("shot", 7, ".png")
    first.parent.mkdir(parents=True)
    first.write_bytes(b"mine")
    second = module("folders").keyframe("shot", 7, ".png")
    assert first.name == "shot_000007.png" and second.name == "shot_000007_2.png"


def test_a_file_is_brought_whole_or_not_at_all(tmp_path: Path) -> None:
    folders = module("folders")
    source = tmp_path / "from"
    source.write_bytes(b"picture")
    folders.bring(source, tmp_path / "new" / "to.png")
    assert (tmp_path / "new" / "to.png").read_bytes() == b"picture" and not source.exists()
    source.write_bytes(b"picture")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(stage.vendored("errors").StorageError) as caught:
        folders.bring(source, tmp_path / "file" / "to.png")
    assert caught.value.code == "cannot_write" and not source.exists()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["to.png"]
