"""Where a result goes, and what a take list does; the pixels are compared in test_runs.py and test_looks.py."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import by_name, edit_keyframe, module, movie, propagate, strips


def test_the_first_free_channel_above_the_source_and_its_effects(footage: Path) -> None:
    strip = movie(str(footage / "rgb.mkv"), channel=1)
    stage.effect("in the way", 2, 10, 5)
    stage.effect("elsewhere", 3, 500, 5)
    edit_keyframe(strip, 3, stage.warm)
    assert propagate(by_name("rgb")).channel == 3


def test_pictures_that_are_gone_are_named_and_nothing_changes(footage: Path) -> None:
    edit_keyframe(movie(str(footage / "rgb.mkv")), 3, stage.warm)
    propagate(by_name("rgb"))
    item = by_name("rgb").keyfollow.takes[0]
    (Path(bpy.path.abspath(item.folder)) / "000004.tif").unlink()
    with pytest.raises(stage.vendored("errors").UsageError) as caught:
        module("results").show(bpy.context.scene, by_name("rgb"), item)
    assert caught.value.code == "pictures_gone" and stage.result(by_name("rgb")) is not None
    item.plan = "{}"
    with pytest.raises(stage.vendored("errors").UsageError):
        module("results").show(bpy.context.scene, by_name("rgb"), item)


def test_a_trimmed_strip_gets_handles_that_are_hidden_and_can_be_drawn_out(footage: Path, tmp_path: Path) -> None:
    compat = module("compat")
    strip = movie(str(footage / "rgb.mkv"), start=1)
    before = stage.render(1, 24, str(tmp_path / "source"))
    compat.trim(strip, 4, 15)
    stage.effect("in the way of a handle", 2, 1, 4)
    edit_keyframe(strip, 7, stage.warm)
    made = propagate(by_name("rgb"))
    assert (compat.edges(made), made.channel) == ((5, 10), 2)
    assert (compat.content(made), len(made.elements)) == ((1, 21), 21), "four frames before, twelve after"
    strips().remove(by_name("in the way of a handle"))
    for name in ("rgb", "rgb edited"):
        compat.trim(by_name(name), -4, -12) if hasattr(made, "left_handle") else compat.trim(by_name(name), 0, 0)
    assert compat.edges(by_name("rgb edited")) == (1, 22)
    after = stage.render(1, 21, str(tmp_path / "result"))
    assert all((a[:, 75:] == b[:, 75:]).all() for a, b in zip(before, after, strict=False))
    assert all(abs(a - b)[20:44, 12:36].max() > 20 for a, b in zip(before, after, strict=False))


def test_in_a_meta_strip_the_result_lies_beside_its_source(footage: Path) -> None:
    meta = strips().new_meta("meta", 3, 1)
    around = module("compat").children(meta)
    inner = around.new_movie("inner", str(footage / "rgb.mkv"), 1, 1)
    module("state").identify(inner)
    app = module("app")
    app.bridge.open()
    answers: list[object] = []
    module("sources").prepare(bpy.context.scene, inner, answers.append, answers.append)
    stage.pump(lambda: answers)
    module("keyframes").edit(bpy.context.scene, inner, 4, show=False, failed=answers.append)
    stage.pump(lambda: around["inner"].keyfollow.keyframes)
    path = bpy.path.abspath(around["inner"].keyfollow.keyframes[0].path)
    stage.write(path, stage.warm(stage.read(path)))
    module("runs").start(bpy.context.scene, around["inner"], "final", answers.append)
    stage.pump(lambda: module("compat").children(strips()["meta"])["inner"].keyfollow.takes)
    around = module("compat").children(strips()["meta"])
    assert sorted(s.name for s in around) == ["inner", "inner edited"] and [s.name for s in strips()] == ["meta"]
