"""Runs inside Blender's own window (see window.py): sets the stage, then only reports what it sees. All pressing is done from outside."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import bpy

FOLDER = Path(os.environ["KEYFOLLOW_UI"])
PACKAGE = "bl_ext.user_default.keyfollow"


def prepare() -> None:
    """One window that is all sequencer, its sidebar open at Keyfollow's tab, a movie strip selected."""
    view = bpy.context.preferences.view
    view.show_splash = False
    view.ui_scale = 1.0
    bpy.ops.extensions.package_install_files(filepath=os.environ["KEYFOLLOW_ZIP"], repo="user_default", enable_on_install=True)
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.editor = os.environ["KEYFOLLOW_EDITOR"]
    scene = bpy.context.scene
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_movie("balloon", str(FOLDER / "balloon.mp4"), 2, 1)
    scene.frame_start, scene.frame_end = 1, int(strip.frame_final_end) - 1
    scene.render.resolution_x, scene.render.resolution_y = 640, 360
    scene.frame_set(1 + json.loads((FOLDER / "example.json").read_text())["frame"])
    editor.active_strip = strip
    strip.select = True
    window = bpy.context.window_manager.windows[0]
    area = max(window.screen.areas, key=lambda a: a.width * a.height)
    area.type = "SEQUENCE_EDITOR"
    area.spaces[0].view_type = "SEQUENCER_PREVIEW"
    with bpy.context.temp_override(window=window, area=area, region=area.regions[0]):
        bpy.ops.screen.screen_full_area()
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "edit.blend"))  # results lie beside it


def open_tab() -> float | None:
    """The sidebar's tabs exist only after it was drawn once."""
    for area in bpy.context.window_manager.windows[0].screen.areas:
        area.spaces[0].show_region_ui = True
        for region in area.regions:
            if area.type == "SEQUENCE_EDITOR" and region.type == "UI":
                try:
                    region.active_panel_category = "Keyfollow"
                except (AttributeError, TypeError):
                    return 0.3
    return None


def report() -> float:
    """What is going on, for the script outside."""
    app, runs, estimate = (sys.modules[f"{PACKAGE}.{name}"] for name in ("app", "runs", "estimate"))
    windows = bpy.context.window_manager.windows
    regions: dict[str, Any] = {}
    for area in windows[0].screen.areas:
        for region in area.regions:
            regions[f"{area.type} {region.type}"] = [
                region.x,
                windows[0].height - region.y - region.height,
                region.width,
                region.height,
            ]
    strip = bpy.context.scene.sequence_editor.active_strip
    facts = {
        "bridge": app.bridge.state,
        "error": strip.keyfollow.error if strip else "",
        "keyframes": [bpy.path.abspath(k.path) for k in strip.keyfollow.keyframes] if strip else [],
        "cost": estimate._shown.estimate is not None,
        "preview": any(r.latest for r in runs.runs.values()),
        "takes": len(strip.keyfollow.takes) if strip else 0,
        "pressable": bpy.ops.keyfollow.propagate.poll(),
        "runs": [r.phase for r in runs.runs.values()],
        "regions": regions,
    }
    part = FOLDER / "report.part"
    part.write_text(json.dumps(facts))
    part.replace(FOLDER / "report.json")
    return 0.2


prepare()
bpy.app.timers.register(open_tab, first_interval=1.0)
bpy.app.timers.register(report, first_interval=0.5)
