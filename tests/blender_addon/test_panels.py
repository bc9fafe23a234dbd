"""The panels draw in every state. What they look like is seen in a real window (tests/blender/ui)."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pytest
from keyfollow_testkit import stage
from keyfollow_testkit.stage import activate, by_name, edit_keyframe, module, movie, pump


class Paper:
    """A layout that notes what is written on it."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def label(self, text: str = "", **_: Any) -> None:
        self.lines.append(text)

    def progress(self, text: str = "", **_: Any) -> None:
        self.lines.append(f"<{text}>")

    def operator(self, name: str, text: str | None = None, **_: Any) -> Any:
        self.lines.append(f"[{text if text is not None else name}]")
        return type("Properties", (), {})()

    def prop(self, owner: Any, name: str, **_: Any) -> None:
        getattr(owner, name)
        self.lines.append(f"{name}=")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_, **__: Paper(self.lines)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def drawn() -> str:
    """Everything that the panels show now."""
    panels, lines = module("panels"), []
    for cls in panels.CLASSES:
        if not hasattr(cls, "poll") or cls.poll(bpy.context):
            lines.append(f"== {cls.bl_label}")
            panel = type("Panel", (), {"layout": Paper(lines)})()
            if hasattr(cls, "draw_header_preset"):
                cls.draw_header_preset(panel, bpy.context)
            cls.draw(panel, bpy.context)
    return "\n".join(lines)


def test_every_state_is_told(footage: Path) -> None:
    app = module("app")
    app.bridge.open()
    pump(lambda: app.bridge.state == "open")
    assert "Select a movie or image strip." in drawn()
    activate(movie(str(footage / "rgb.mkv")))
    text = drawn()
    assert "Edit a keyframe first." in text and "[Propagate]" in text and "== Takes" not in text
    edit_keyframe(by_name("rgb"), 3)
    assert "Not edited yet" in drawn() and "Source frame 2" in drawn()
    path = bpy.path.abspath(by_name("rgb").keyfollow.keyframes[0].path)
    stage.write(path, stage.warm(stage.read(path)))
    assert "Edited" in drawn().split("Not edited yet")[-1]
    pump(lambda: "for 24 frames" in drawn())
    stage.use_slow_engine(by_name("rgb"), 0.1)
    activate(by_name("rgb"))
    by_name("rgb").keyfollow.range = "TYPED"
    bpy.ops.keyfollow.propagate(quality="final")
    run = pump(lambda: module("runs").of_strip(by_name("rgb")))
    pump(lambda: run.shown)
    assert "[Pause]" in drawn() and "[Cancel]" in drawn() and "%" in drawn() and "[Propagate]" not in drawn()
    pump(lambda: by_name("rgb").keyfollow.takes)
    assert "[Re-run]" in drawn() and "== Takes" in drawn()
    by_name("rgb").keyfollow.error, by_name("rgb").keyfollow.remedy = "It went wrong.", "Do this."
    assert "It went wrong." in drawn() and "Do this." in drawn()


def connect_again() -> Any:
    """End the connection and look for a daemon anew, as after Blender's start; the bridge."""
    bridge = module("app").bridge
    after = list(bridge.opened)
    bridge.close()
    bridge.opened.extend(after)
    assert "[keyfollow.connect]" in drawn()
    bpy.ops.keyfollow.connect()
    assert "Connecting…" in drawn()
    return bridge


def test_a_daemon_of_another_version_and_none_at_all_are_told_and_what_needs_one_is_greyed(clip: Any) -> None:
    connection, preferences = stage.vendored("connection"), module("preferences").get()
    home, program = Path(os.environ["KEYFOLLOW_HOME"]) / "run" / "connection.json", preferences.program
    running = connection.read(home)
    pump(lambda: "for 24 frames" in drawn())

    def told_and_greyed(words: str) -> None:
        bridge = connect_again()
        pump(lambda: bridge.state == "absent")
        text = drawn()
        assert words in text and "[Try Again]" in text and "for 24 frames" not in text
        for name in ("propagate", "edit_keyframe", "keyframe_from_file", "keyframe_from_strip"):
            assert not getattr(bpy.ops.keyfollow, name).poll(), name
        with pytest.raises(RuntimeError, match=f"{words}.*Try Again"):
            bpy.ops.keyfollow.propagate(quality="draft")

    connection.write(home, replace(running, protocol=(running.protocol[0] + 1, 0)))
    told_and_greyed(f"protocol {running.protocol[0] + 1}.0")
    connection.write(home, running)
    os.kill(running.pid, signal.SIGKILL)
    preferences.program = "/none"
    told_and_greyed("/none cannot be started")
    preferences.program = program
    bpy.ops.keyfollow.connect()
    pump(lambda: module("app").bridge.state == "open")
    assert bpy.ops.keyfollow.propagate.poll() and "[Try Again]" not in drawn()


def test_settings_are_drawn_from_the_schema(footage: Path) -> None:
    app, engines = module("app"), module("engines")
    app.bridge.open()
    pump(lambda: engines.info("slow"))
    activate(movie(str(footage / "rgb.mkv")))
    kept = by_name("rgb").keyfollow
    kept.engine = "slow"
    assert {s.name for s in kept.settings} == {s.name for s in engines.info("slow").settings}
    assert "f=" in drawn() and "b=" in drawn() and "s=" in drawn()
    kept.engine = "patch"
    text = drawn()
    assert "preset=" in text and "prompt=" not in text and text.index("== Advanced") < text.rindex("f=")


def test_an_engine_says_what_it_lacks(footage: Path) -> None:
    app, engines, requests = module("app"), module("engines"), module("requests")
    app.bridge.open()
    pump(lambda: engines.info("pix2video"))
    activate(movie(str(footage / "rgb.mkv")))
    kept = by_name("rgb").keyfollow
    kept.engine = "pix2video"
    weights = engines.info("pix2video")
    engines.learn(
        (*(e for e in engines._known.values() if e.id != "pix2video"), replace(weights, missing=("It needs a GPU.",)))
    )
    assert "It needs a GPU." in drawn()
    engines.learn((*(e for e in engines._known.values() if e.id != "pix2video"), replace(weights, missing=())))
    assert "say in the prompt" in requests.lacks(kept)
    kept.prompt = "a red car"
    assert "model" in requests.lacks(kept) and "model=" in drawn() and "prompt=" in drawn()
    kept.model = "/models/sd"
    assert requests.lacks(kept) == ""
