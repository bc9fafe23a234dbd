"""Blender's own events hold the timer, and every one of them lets it go again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import bpy
from keyfollow_testkit import stage
from keyfollow_testkit.stage import module, movie


def test_a_render_a_save_and_a_load_hold_the_timer_and_let_it_go(footage: Path, tmp_path: Path) -> None:
    app, seen = module("app"), []
    movie(str(footage / "rgb.mkv"))

    def note(*_: object) -> None:
        seen.append(sorted(app.held))

    for name in ("render_write", "save_pre", "load_pre"):
        getattr(bpy.app.handlers, name).append(note)
    try:
        stage.render(1, 1, str(tmp_path / "out"))
        assert seen == [["render"]] and not app.held
        bpy.ops.wm.save_mainfile()
        assert seen[-1] == ["save"] and not app.held
        bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
        assert not app.held
    finally:
        for name in ("render_write", "save_pre", "load_pre"):
            if note in getattr(bpy.app.handlers, name):
                getattr(bpy.app.handlers, name).remove(note)


def test_they_stay_when_a_file_is_loaded() -> None:
    handlers = module("handlers")
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    for name, handler in handlers._added:
        assert handler in getattr(bpy.app.handlers, name), name


def test_a_save_that_fails_lets_go(tmp_path: Path) -> None:
    with suppress(RuntimeError):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "none" / "x" / "a.blend"), copy=True)
    assert not module("app").held
