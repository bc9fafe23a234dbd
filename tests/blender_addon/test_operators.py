"""Buttons: when they can be pressed, and what those do that no other test presses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import activate, by_name, edit_keyframe, module, propagate, strips


def test_without_a_strip_nothing_can_be_pressed() -> None:
    for name in ("edit_keyframe", "propagate", "add_mask", "show_take"):
        assert not getattr(bpy.ops.keyfollow, name).poll(), name
    assert bpy.ops.keyfollow.connect() == {"FINISHED"}


def test_masks_drive_a_run_and_can_be_removed(clip: Any, footage: Path, tmp_path: Path) -> None:
    white = np.zeros((64, 96, 3), np.float32)
    white[20:44, 12:24] = 1
    stage.write(str(tmp_path / "mask.png"), white)
    activate(by_name("rgb"))
    bpy.ops.keyfollow.add_mask(filepath=str(tmp_path / "mask.png"), role="edit")
    mask = by_name("rgb").keyfollow.masks[0]
    assert (mask.role, mask.frame, mask.video) == ("edit", 10, False)
    stage.only(by_name("rgb"), 24, 30)
    propagate(by_name("rgb"))
    take = Path(bpy.path.abspath(by_name("rgb").keyfollow.takes[0].folder))
    source = stage.read(bpy.path.abspath(edit_keyframe(by_name("rgb"), 29).path))
    result = stage.read(str(take / "000019.tif"))
    assert np.array_equal(source[:, 80:], result[:, 80:])
    bpy.ops.keyfollow.add_mask(filepath=str(footage / "clip.mp4"), role="protect")
    assert by_name("rgb").keyfollow.masks[1].video
    bpy.ops.keyfollow.remove(what="masks", index=0)
    assert [m.role for m in by_name("rgb").keyfollow.masks] == ["protect"]


def test_a_take_is_inserted_again_and_its_source_is_worked_on_through_it(done: Any) -> None:
    strips().remove(stage.result(done))
    activate(by_name("rgb"))
    bpy.ops.keyfollow.show_take()
    made = stage.result(by_name("rgb"))
    assert made is not None
    activate(made)
    bpy.context.scene.frame_set(10)
    bpy.ops.keyfollow.edit_keyframe(show=False)
    stage.pump(lambda: len(by_name("rgb").keyfollow.keyframes) == 2)
    assert not made.keyfollow.keyframes


def test_where_there_is_no_take_the_buttons_say_so(clip: Any) -> None:
    for button in (bpy.ops.keyfollow.show_take, bpy.ops.keyfollow.compositor):
        with pytest.raises(RuntimeError, match="No take is chosen"):
            button()


def test_the_compositor_gets_an_image_sequence(done: Any) -> None:
    bpy.ops.keyfollow.compositor()
    nodes = module("compat").compositor_nodes(bpy.context.scene)
    (node,) = [n for n in nodes if n.bl_idname == "CompositorNodeImage"]
    assert node.image.source == "SEQUENCE" and (node.frame_duration, node.frame_start) == (24, 10)
