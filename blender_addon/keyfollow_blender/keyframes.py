"""Edit keyframes: the source's own frame as a picture, opened in an image editor, picked up when it is saved."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from keyfollow import wire
from keyfollow.errors import KeyfollowError, UsageError

from . import app, compat, folders, preferences, sources, state

WATCH_S = 0.5
_seen: dict[str, tuple[int, int]] = {}
"""By path: time of change and size when it was looked at last."""
_saved: dict[str, int] = {}
"""By path: how often it was seen to change; a picture is shown anew when this grows."""
_looked = 0.0


def edit(scene: Any, strip: Any, scene_frame: int, *, show: bool, failed: Callable[[KeyfollowError], None]) -> None:
    """Write the source's frame under the playhead as a picture, add it to the strip's keyframes, and open it if `show`.

    A frame that has a picture already is opened, not written again.
    """
    left, right = compat.edges(strip)
    if not left <= scene_frame < right:
        failed(UsageError("outside", "The playhead is not over the strip.", "Move it there, to the frame you want to edit."))
        return
    uid = state.identify(strip)
    strip.keyfollow.error = strip.keyfollow.remedy = ""

    def write(ready: sources.Ready) -> None:
        found = state.with_uid(uid)
        if found is None:
            failed(sources.gone())
            return
        frame = ready.frame_at(scene_frame)
        there = next((k for k in found[1].keyfollow.keyframes if k.frame == frame), None)
        if there is not None and folders.found(there.path).is_file():
            if show:
                open_picture(folders.found(there.path), failed)
            return
        target = folders.keyframe(found[1].name, frame, ready.keyframe_suffix)
        form = "exr" if ready.keyframe_suffix == ".exr" else "png"
        app.bridge.ask(wire.PictureAsk(ready.clip, frame, form=form), lambda answer: put(answer, target), failed)  # type: ignore[arg-type]

    def put(answer: wire.PictureIs, target: Path) -> None:
        try:
            folders.bring(Path(answer.path), target)
        except KeyfollowError as e:
            failed(e)
            return
        found = state.with_uid(uid)
        if found is None:
            failed(sources.gone())
            return
        add(found[1], answer.frame, target, pristine=True)
        bpy.ops.ed.undo_push(message="Keyfollow: edit keyframe")
        compat.redraw()
        if show:
            open_picture(target, failed)

    sources.prepare(scene, strip, write, failed)


def add(strip: Any, frame: int, picture: Path, *, pristine: bool = False) -> Any:
    """The keyframe of a source frame, with this picture; a frame has one."""
    kept = strip.keyfollow
    item = next((k for k in kept.keyframes if k.frame == frame), None) or kept.keyframes.add()
    item.frame, item.path = frame, folders.stored(picture)
    item.pristine = _digest(picture) if pristine else ""
    kept.keyframe_index = list(kept.keyframes).index(item)
    return item


def picture_above(scene: Any, strip: Any, scene_frame: int) -> Path:
    """The file that the lowest image strip above `strip` shows at a scene frame.

    Raises:
        UsageError: ``no_strip_above``.
    """
    above = [
        s
        for s in compat.siblings(scene, strip)
        if s.type == "IMAGE" and s.channel > strip.channel and not s.keyfollow.of
        and compat.edges(s)[0] <= scene_frame < compat.edges(s)[1]
    ]  # fmt: skip
    if not above:
        raise UsageError(
            "no_strip_above", "No image strip lies above the source here.", "Put the edited picture there as an image strip."
        )
    nearest = min(above, key=lambda s: s.channel)
    element = nearest.strip_elem_from_frame(scene_frame) or nearest.elements[0]
    return Path(bpy.path.abspath(nearest.directory), element.filename)


def edited(item: Any) -> bool:
    """Was the picture changed since it was written?"""
    path = folders.found(item.path)
    if not item.pristine:
        return path.is_file()
    found = digest(path)
    return bool(found) and found != str(item.pristine)


def digest(path: Path) -> str:
    """SHA-256 of a file, worked out once for each version of it; empty when it cannot be read."""
    mark, key = _mark(path), str(path)
    if mark is None:
        return ""
    if _digests.get(key, (None, ""))[0] != mark:
        _digests[key] = (mark, _digest(path))
    return _digests[key][1]


_digests: dict[str, tuple[tuple[int, int] | None, str]] = {}


def version(path: Path) -> int:
    """Grows with every save that was seen."""
    return _saved.get(str(path), 0)


def watch() -> bool:
    """Look, now and then, whether a picture was saved; True when one was. Editors save by rename, so the name is watched."""
    global _looked
    now = time.monotonic()
    if now - _looked < WATCH_S:
        return False
    _looked = now
    changed = False
    for _, strip in compat.every_strip():
        for item in strip.keyfollow.keyframes:
            path = folders.found(item.path)
            mark = _mark(path)
            key = str(path)
            if mark is not None and _seen.get(key) != mark:
                if key in _seen:
                    _saved[key] = _saved.get(key, 0) + 1
                    changed = True
                _seen[key] = mark
    return changed


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def open_picture(path: Path, failed: Callable[[KeyfollowError], None]) -> None:
    """Open a picture in the image editor of the preferences, or in the system's; ``failed`` hears ``no_editor``."""
    editor = preferences.get().editor
    try:
        if editor:
            subprocess.Popen([bpy.path.abspath(editor), str(path)], stdin=subprocess.DEVNULL)
        elif sys.platform == "win32":
            os.startfile(path)
        else:
            subprocess.Popen(["open" if sys.platform == "darwin" else "xdg-open", str(path)], stdin=subprocess.DEVNULL)
    except OSError as e:
        failed(
            UsageError(
                "no_editor",
                f"The image editor could not be opened ({e.strerror}). The picture is {path}.",
                "Name an editor in the add-on's preferences, or open the picture yourself.",
            )
        )


def register() -> None:
    app.chores["keyframes"] = watch


def unregister() -> None:
    app.chores.pop("keyframes", None)
    _seen.clear()
    _saved.clear()
    _digests.clear()
