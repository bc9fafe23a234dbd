"""Strips without a file of their own: rendered alone, then edited like any other; the person's scene stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from keyfollow_testkit import stage
from keyfollow_testkit.stage import activate, by_name, edit_keyframe, module, propagate, pump, strips


def meta(footage: Path) -> Any:
    """A meta strip with a scaled movie in it, above a colour strip that must not show in its pictures."""
    stage.effect("ground", 1, 1, 12).color = (1, 0, 0)
    made = strips().new_meta("meta", 3, 1)
    inner = module("compat").children(made).new_movie("inner", str(footage / "rgb.mkv"), 1, 1)
    inner.frame_final_duration = 12
    inner.transform.scale_x = 1.5
    module("compat").set_length(made, 12)
    activate(made)
    return made


def test_a_meta_strip_is_rendered_alone_and_its_result_shows_the_same(footage: Path, tmp_path: Path) -> None:
    meta(footage)
    scenes = list(bpy.data.scenes)
    before = stage.render(1, 12, str(tmp_path / "before"))
    edit_keyframe(by_name("meta"), 4, stage.warm)
    made = propagate(by_name("meta"))
    by_name("meta").mute = True
    after = stage.render(1, 12, str(tmp_path / "after"))
    assert list(bpy.data.scenes) == scenes
    assert (made.frame_final_start, made.frame_final_end) == (1, 13)
    assert "rendered" in by_name("meta").keyfollow.takes[0].note
    for a, b in zip(before, after, strict=True):
        assert abs(a[:, 85:] - b[:, 85:]).max() <= 1
    assert abs(before[3] - after[3])[20:44, 12:36].max() > 20


def test_it_is_rendered_once(footage: Path) -> None:
    strip = meta(footage)
    edit_keyframe(strip, 2)
    images = module("bake").there(by_name("meta"))
    assert images is not None and images.offset == 0
    folder = Path(images.clip.path).parent
    marks = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    edit_keyframe(by_name("meta"), 5)
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == marks and len(marks) == 12
    assert np.isclose(stage.read(str(folder / "000000.png"))[..., 3], 1).all()


def test_cancel_leaves_nothing(footage: Path, tmp_path: Path) -> None:
    activate(meta(footage))
    bpy.ops.keyfollow.edit_keyframe(show=False)
    bake = module("bake")
    pump(lambda: bake.under_way and next(iter(bake.under_way.values())).done > 1)
    bpy.ops.keyfollow.job(action="cancel")
    pump(lambda: not bake.under_way)
    assert "cancelled" in by_name("meta").keyfollow.error
    assert not list(tmp_path.glob("**/rendered-*"))


def test_a_strip_removed_meanwhile_ends_it(footage: Path, tmp_path: Path) -> None:
    activate(meta(footage))
    bpy.ops.keyfollow.edit_keyframe(show=False)
    pump(lambda: module("bake").under_way)
    strips().remove(by_name("meta"))
    pump(lambda: not module("bake").under_way)
    assert not list(tmp_path.glob("**/rendered-*"))
