"""From the panel to a request."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import by_name, module, movie, pump


def ready(name: str) -> Any:
    return pump(lambda: module("sources").known(bpy.context.scene, by_name(name)))


def test_a_request_holds_what_the_panel_shows(clip: Any) -> None:
    requests, strip = module("requests"), clip
    answers: list[Any] = []
    module("sources").prepare(bpy.context.scene, strip, answers.append, answers.append)
    pump(lambda: module("engines").info("slow"))
    kept = strip.keyfollow
    kept.engine, kept.prompt, kept.seed = "slow", "a red car", 7
    next(s for s in kept.settings if s.name == "seconds").f = 0.5
    kept.range, kept.start, kept.stop = "TYPED", 12, 20
    plan = requests.plan(bpy.context.scene, strip, ready("rgb"), "draft")
    assert plan.frames == tuple(range(2, 10)) and plan.offset == 2 and not plan.baked
    pictures = requests.Pictures()
    request = requests.build(strip, plan, pictures)
    assert (request.engine, request.prompt, request.seed, request.quality) == ("slow", "a red car", 7, "draft")
    assert request.settings == {"seconds": 0.5}
    assert (request.range.start, request.range.stop) == (2, 10)
    assert [k.frame for k in request.keyframes] == [10]
    assert list(pictures.files) == [request.keyframes[0].image.sha256]


def test_duplicates_are_sent_once_and_said_to_be_baked(footage: Path) -> None:
    strip = stage.opened(footage / "numbers-25-30.blend")
    module("app").bridge.open()
    answers: list[Any] = []
    module("sources").prepare(bpy.context.scene, strip, answers.append, answers.append)
    pump(lambda: answers)
    plan = module("requests").plan(bpy.context.scene, strip, answers[0], "final")
    assert len(plan.frames) == 60 and len(plan.needed) < 60 and "frame rate" in plan.baked


def test_the_cost_of_an_hour_is_asked_without_holding_blender_up(clip: Any) -> None:
    """The panel asks twice a second."""
    scene, requests = bpy.context.scene, module("requests")
    module("compat").set_length(clip, 90_000)

    def ask() -> Any:
        return requests.build(clip, requests.plan(scene, clip, ready("rgb"), "final"), None)

    assert len(requests.plan(scene, clip, ready("rgb"), "final").frames) >= 90_000
    ask()
    began = time.thread_time()
    for _ in range(10):
        ask()
    assert (time.thread_time() - began) / 10 < 0.01


def test_a_picture_that_is_gone_is_named(clip: Any) -> None:
    Path(bpy.path.abspath(clip.keyfollow.keyframes[0].path)).unlink()
    requests, strip, answers = module("requests"), clip, list[Any]()
    module("sources").prepare(bpy.context.scene, strip, answers.append, answers.append)
    plan = requests.plan(bpy.context.scene, strip, ready("rgb"), "final")
    with pytest.raises(stage.vendored("errors").UsageError) as caught:
        requests.build(strip, plan, requests.Pictures())
    assert caught.value.code == "cannot_read"
    assert requests.build(strip, plan, None).keyframes


def test_numbers_are_held_within_the_schemas_bounds(footage: Path) -> None:
    movie(str(footage / "rgb.mkv"))
    module("app").bridge.open()
    pump(lambda: module("engines").info("slow"))
    by_name("rgb").keyfollow.engine = "slow"
    item = next(s for s in by_name("rgb").keyfollow.settings if s.name == "seconds")
    item.f = -3
    assert item.f == 0
    item.f = 1e6
    assert item.f == 600


def test_handles_are_what_a_trimmed_strip_hides_and_none_in_a_range_of_ones_own(footage: Path) -> None:
    requests, strip = module("requests"), movie(str(footage / "rgb.mkv"), start=10)
    assert requests.handles(strip, *module("compat").edges(strip)) == (0, 0)
    module("compat").trim(strip, 15, 3)
    assert requests.handles(strip, *module("compat").edges(strip)) == (12, 3)
    strip.keyfollow.range = "SCENE"
    assert requests.handles(strip, *module("compat").edges(strip)) == (0, 0)
    strip.keyfollow.range, strip.keyfollow.start, strip.keyfollow.stop = "STRIP", 0, 1
    module("app").bridge.open()
    answers: list[Any] = []
    module("sources").prepare(bpy.context.scene, strip, answers.append, answers.append)
    pump(lambda: answers)
    plan = requests.plan(bpy.context.scene, strip, answers[0], "final")
    assert (plan.frames, plan.offset, plan.handles) == (tuple(range(3, 24)), 15, (12, 3))


def test_a_kind_of_edit_sets_what_the_engine_says(footage: Path) -> None:
    movie(str(footage / "rgb.mkv"))
    module("app").bridge.open()
    pump(lambda: module("engines").info("patch"))
    kept = by_name("rgb").keyfollow
    pump(lambda: len(kept.settings))  # by themselves, for the strip that is active
    kept.preset = "style"
    assert module("state").chosen_settings(kept) == {"fill": 256.0}
    kept.preset = "local"
    assert module("state").chosen_settings(kept) == {}
    kept.preset, kept.engine = "style", "slow"
    assert kept.preset == "custom", "an engine without presets"
