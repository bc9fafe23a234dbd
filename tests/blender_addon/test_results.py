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
