"""The frame to edit is the decoded source's own; it is opened, watched, and never written over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from keyfollow_testkit import stage
from keyfollow_testkit.stage import activate, by_name, edit_keyframe, module, movie, pump, strips


def test_the_picture_is_the_frame_under_the_playhead(footage: Path, tmp_path: Path) -> None:
    strip = movie(str(footage / "rgb.mkv"), start=10)
    shown = stage.render(17, 17, str(tmp_path / "out"))[0]
    item = edit_keyframe(strip, 17)
    assert item.frame == 7 and item.path.startswith("//")
    pixels = np.rint(stage.read(bpy.path.abspath(item.path))[..., :3] * 255).astype(int)
    assert (pixels == shown).all()
    assert not module("keyframes").edited(item)


def test_a_save_by_rename_is_noticed(footage: Path) -> None:
    keyframes = module("keyframes")
    item = edit_keyframe(movie(str(footage / "rgb.mkv")), 3)
    path = Path(bpy.path.abspath(item.path))
    pump(lambda: str(path) in keyframes._seen)
    before = keyframes.version(path)
    stage.write(str(path), stage.warm(stage.read(str(path))))
    pump(lambda: keyframes.version(path) == before + 1)
    assert keyframes.edited(by_name("rgb").keyfollow.keyframes[0])


def test_pressed_again_it_opens_what_is_there(footage: Path, tmp_path: Path) -> None:
    log = tmp_path / "opened"
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\necho "$1" >> "{log}"\n')
    editor.chmod(0o755)
    module("preferences").get().editor = str(editor)
    strip = movie(str(footage / "rgb.mkv"))
    bpy.context.scene.frame_set(4)
    for count in (1, 2):
        activate(by_name("rgb"))
        bpy.ops.keyfollow.edit_keyframe()
        pump(lambda count=count: log.exists() and len(log.read_text().splitlines()) == count)  # type: ignore[misc]
    assert len(by_name("rgb").keyfollow.keyframes) == 1 and len(set(log.read_text().split())) == 1
    bpy.ops.keyfollow.open_keyframe(index=0)
    pump(lambda: len(log.read_text().splitlines()) == 3)
    module("preferences").get().editor = str(tmp_path / "none")
    bpy.ops.keyfollow.open_keyframe(index=0)
    assert "could not be opened" in by_name("rgb").keyfollow.error
    assert strip is not None


def test_an_edited_file_or_the_strip_above_will_do(footage: Path, tmp_path: Path) -> None:
    strip = movie(str(footage / "rgb.mkv"), start=1, channel=2)
    picture = footage / "images" / "shot_0103.png"
    bpy.context.scene.frame_set(3)
    activate(strip)
    bpy.ops.keyfollow.keyframe_from_file(filepath=str(picture))
    pump(lambda: by_name("rgb").keyfollow.keyframes)
    item = by_name("rgb").keyfollow.keyframes[0]
    assert item.frame == 2 and Path(bpy.path.abspath(item.path)) == picture and module("keyframes").edited(item)
    above = strips().new_image("above", str(footage / "images" / "shot_0107.png"), 4, 7)
    above.frame_final_duration = 1
    bpy.context.scene.frame_set(7)
    activate(by_name("rgb"))
    bpy.ops.keyfollow.keyframe_from_strip()
    pump(lambda: len(by_name("rgb").keyfollow.keyframes) == 2)
    assert by_name("rgb").keyfollow.keyframes[1].path.endswith("shot_0107.png")
    assert by_name("rgb").keyfollow.keyframes[1].frame == 6


def test_outside_the_strip_it_says_so(footage: Path) -> None:
    activate(movie(str(footage / "rgb.mkv"), start=100))
    bpy.context.scene.frame_set(5)
    bpy.ops.keyfollow.edit_keyframe(show=False)
    assert "playhead" in by_name("rgb").keyfollow.error and by_name("rgb").keyfollow.remedy


def test_undo_takes_the_keyframe_away_and_leaves_the_file(footage: Path) -> None:
    strip: Any = movie(str(footage / "rgb.mkv"))
    bpy.ops.ed.undo_push(message="strip")
    path = Path(bpy.path.abspath(edit_keyframe(strip, 3).path))
    bpy.ops.ed.undo()
    assert [s.name for s in strips()] == ["rgb"] and not by_name("rgb").keyfollow.keyframes and path.is_file()
