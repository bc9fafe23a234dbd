"""Blender's own events: the timer keeps still while Blender saves, loads or renders; jobs are found again after a load or an undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import app, bake, runs

_HOLD = {"render_init": "render", "save_pre": "save", "load_pre": "load"}
_RELEASE = {
    "render_complete": "render",
    "render_cancel": "render",
    "save_post": "save",
    "save_post_fail": "save",
    "load_post": "load",
    "load_post_fail": "load",
}
_added: list[tuple[str, Callable[..., None]]] = []


def _hold(why: str) -> Callable[..., None]:
    def handler(*_: Any) -> None:
        app.held.add(why)

    return handler


def _release(why: str) -> Callable[..., None]:
    def handler(*_: Any) -> None:
        app.held.discard(why)

    return handler


def _leave(*_: Any) -> None:
    runs.forget()
    bake.under_way.clear()


def _return(*_: Any) -> None:
    """A .blend was loaded, or a step undone: strips are others now."""
    runs.resume()


def register() -> None:
    wanted = [
        *((name, _hold(why)) for name, why in _HOLD.items()),
        *((name, _release(why)) for name, why in _RELEASE.items()),
        ("load_pre", _leave),
        ("load_post", _return),
        ("undo_post", _return),
        ("redo_post", _return),
    ]
    for name, handler in wanted:
        persistent(handler)  # others are dropped when a file is loaded
        getattr(bpy.app.handlers, name).append(handler)
        _added.append((name, handler))


def unregister() -> None:
    while _added:
        name, handler = _added.pop()
        getattr(bpy.app.handlers, name).remove(handler)
