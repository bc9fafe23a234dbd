"""The timer's turn: quick when there is nothing to do, still while Blender works, and never long while 500 frames arrive."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import by_name, module, pump


def test_it_keeps_still_while_blender_works(footage: Path) -> None:
    app = module("app")
    app.bridge.open()
    pump(lambda: app.bridge.state == "open")
    called: list[int] = []

    def work() -> bool:
        called.append(1)
        return False

    app.work["test"] = work
    try:
        for why in ("render", "save", "load"):
            app.held.add(why)
            assert app.tick() == app.IDLE_S and not called
            app.held.discard(why)
        app.tick()
        assert called
    finally:
        del app.work["test"]


def test_it_comes_back_soon_while_something_is_on_its_way() -> None:
    app = module("app")
    app.bridge.ask(stage.vendored("wire").Status(), lambda _: None, lambda _: None)
    assert app.tick() == app.BUSY_S


def test_idle_ticks_cost_next_to_nothing() -> None:
    app = module("app")
    app.bridge.open()
    pump(lambda: app.bridge.state == "open" and not app.bridge.busy)
    began = time.perf_counter()
    for _ in range(200):
        app.tick()
    assert (time.perf_counter() - began) / 200 < 0.005


@pytest.mark.once
def test_no_tick_is_long_while_many_frames_arrive(clip: Any) -> None:
    """Here with 24 small frames; benchmarks/blender_ticks.py does it with 500 of 1080p."""
    bpy.ops.keyfollow.propagate(quality="draft")
    app, spent = module("app"), []

    def turn() -> Any:
        began = time.thread_time()
        app.tick()
        spent.append(time.thread_time() - began)
        return by_name("rgb").keyfollow.takes or by_name("rgb").keyfollow.error

    while not turn():
        time.sleep(0.005)
    assert np.sort(spent)[-2] < 0.02, "all but the one that inserts the strip"


def test_what_is_known_of_a_clip_is_asked_once(footage: Path) -> None:
    app, clip = module("app"), stage.vendored("edits").Clip(str(footage / "rgb.mkv"))
    answers: list[Any] = []
    app.clip_is(clip, answers.append, answers.append)
    pump(lambda: answers)
    app.clip_is(clip, answers.append, answers.append)
    assert len(answers) == 2 and answers[0] is answers[1] is app.known_clip(clip)
