"""Small pictures for the panel, loaded by Blender when they are first drawn, anew when their file was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy.utils.previews

from . import keyframes

_previews: Any = None
_versions: dict[str, tuple[Path, int]] = {}


def icon(path: Path, place: str = "") -> int:
    """The icon's number; 0 while there is no such file.

    Args:
        place: where one picture after the other is shown; only the newest of them is kept.
    """
    if _previews is None or not path.is_file():
        return 0
    key, version = place or str(path), (path, keyframes.version(path))
    if key in _previews and _versions.get(key) != version:
        del _previews[key]
    if key not in _previews:
        _previews.load(key, str(path), "IMAGE")
        _versions[key] = version
    return int(_previews[key].icon_id)


def register() -> None:
    global _previews
    _previews = bpy.utils.previews.new()


def unregister() -> None:
    global _previews
    bpy.utils.previews.remove(_previews)
    _previews = None
    _versions.clear()
