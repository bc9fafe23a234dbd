"""Where a result goes, and what a take list does; the pixels are compared in test_runs.py and test_looks.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import by_name, module, propagate, strips


def test_the_first_free_channel_above_the_source_and_its_effects(done: Any) -> None:
    strips().remove(stage.result(done))
    stage.effect("in the way", 3, 20, 5)
    stage.effect("elsewhere", 4, 500, 5)
    stage.activate(by_name("rgb"))
    bpy.ops.keyfollow.show_take()
    assert stage.result(by_name("rgb")).channel == 4


def test_pictures_that_are_gone_are_named_and_nothing_changes(done: Any) -> None:
    item = done.keyfollow.takes[0]
    (Path(bpy.path.abspath(item.folder)) / "000004.tif").unlink()
    with pytest.raises(stage.vendored("errors").UsageError) as caught:
        module("results").show(bpy.context.scene, done, item)
    assert caught.value.code == "pictures_gone" and stage.result(by_name("rgb")) is not None
    item.plan = "{}"
    with pytest.raises(stage.vendored("errors").UsageError):
        module("results").show(bpy.context.scene, by_name("rgb"), item)


def test_a_trimmed_strip_gets_handles_that_are_hidden_and_can_be_drawn_out(clip: Any, tmp_path: Path) -> None:
    compat = module("compat")
    before = stage.render(10, 33, str(tmp_path / "source"))
    compat.trim(clip, 4, 15)
    stage.effect("in the way of a handle", 3, 10, 4)
    made = propagate(by_name("rgb"))  # the keyframe lies outside and drives it all the same
    assert (compat.edges(made), made.channel) == ((14, 19), 3)
    assert (compat.content(made), len(made.elements)) == ((10, 21), 21), "four frames before, twelve after"
    strips().remove(by_name("in the way of a handle"))
    for name in ("rgb", "rgb edited"):
        compat.trim(by_name(name), -4, -12) if hasattr(made, "left_handle") else compat.trim(by_name(name), 0, 0)
    assert compat.edges(by_name("rgb edited")) == (10, 31)
    after = stage.render(10, 30, str(tmp_path / "result"))
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
    around["inner"].keyfollow.engine = "slow"
    module("runs").start(bpy.context.scene, around["inner"], "final", answers.append)
    stage.pump(lambda: module("compat").children(strips()["meta"])["inner"].keyfollow.takes)
    around = module("compat").children(strips()["meta"])
    assert sorted(s.name for s in around) == ["inner", "inner edited"] and [s.name for s in strips()] == ["meta"]
