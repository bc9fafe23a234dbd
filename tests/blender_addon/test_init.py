"""Disabled, the add-on leaves nothing behind: no timer, handler, property, panel, socket or thread, and no module under a global name."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import bpy
from keyfollow_testkit import stage
from keyfollow_testkit.stage import module, pump


def handlers() -> dict[str, int]:
    kinds = ("pre", "post", "init", "complete", "cancel", "fail")
    return {name: len(getattr(bpy.app.handlers, name)) for name in dir(bpy.app.handlers) if name.endswith(kinds)}


def sockets() -> set[str]:
    kinds = (str(f.readlink()) for f in Path("/proc/self/fd").iterdir() if f.is_symlink())
    return {k for k in kinds if k.startswith("socket:")}


def test_disabled_and_enabled_twice_nothing_stays_behind() -> None:
    app, strip_class = module("app"), module("compat").strip_class()
    bpy.ops.preferences.addon_disable(module=stage.PACKAGE)
    clean = handlers(), sockets(), threading.active_count()
    for _ in range(2):
        stage.enable()
        assert bpy.app.timers.is_registered(app.tick) and hasattr(strip_class, "keyfollow")
        bpy.ops.keyfollow.connect()
        pump(lambda: app.bridge.state == "open")
        assert handlers() != clean[0] and sockets() != clean[1]
        bpy.ops.preferences.addon_disable(module=stage.PACKAGE)
        assert not bpy.app.timers.is_registered(app.tick) and not hasattr(strip_class, "keyfollow")
        assert not hasattr(bpy.types, "KEYFOLLOW_PT_main")
        assert (handlers(), sockets(), threading.active_count()) == clean
    stage.enable()
    assert not [n for n in sys.modules if n.split(".")[0] in ("keyfollow", "keyfollow_blender", "_vendor")]
