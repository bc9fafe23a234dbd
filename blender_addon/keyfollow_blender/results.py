"""Takes on the timeline: an image strip exactly over the range, on the first free channel above the source.

Each image of the strip is the picture of the source frame that the source strip shows there, so that trims, speed, reversal and other
frame rates need no copying: the same file may stand for several scene frames.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from keyfollow.errors import UsageError

from . import compat, folders, looks, state
from .plan import Plan, file_name, pack, unpack

_showing = False


def insert(scene: Any, strip: Any, plan: Plan, folder: Path, take: str, note: str) -> Any:
    """Add a take to the strip's list and show it; one step for Ctrl+Z. Returns the result strip."""
    kept = strip.keyfollow
    kept.job, kept.plan = "", ""
    item = kept.takes.add()
    item.name = f"Take {len(kept.takes)}" + (" (draft)" if plan.quality == "draft" else "")
    item.take, item.folder, item.plan, item.note = take, folders.stored(folder), pack(plan), note
    global _showing
    _showing = True
    try:
        kept.take_index = len(kept.takes) - 1
    finally:
        _showing = False
    shown = show(scene, strip, item)
    bpy.ops.ed.undo_push(message="Keyfollow: insert the result")
    return shown


def show_chosen(kept: Any) -> None:
    """The person chose another take in the list."""
    found = state.with_uid(kept.uid)
    if not _showing and found is not None and 0 <= kept.take_index < len(kept.takes):
        show(*found, kept.takes[kept.take_index])


def plan_of(item: Any) -> Plan:
    """Raises `UsageError` ``unknown_plan``."""
    plan = unpack(item.plan)
    if plan is None:
        raise UsageError("unknown_plan", "This take was made by another version.", "Propagate again.")
    return plan


def show(scene: Any, strip: Any, item: Any) -> Any:
    """Put a take where its plan says: into the result strip that lies there, else into a new one.

    Raises:
        UsageError: ``unknown_plan``, ``pictures_gone``.
    """
    plan = plan_of(item)
    folder = folders.found(item.folder)
    names = [file_name(n, plan.suffix) for n in plan.frames]
    there = folders.names(folder)
    gone = next((n for n in names if n not in there), None)
    if gone is not None:
        raise UsageError("pictures_gone", f"{folder / gone} is not there.", "Restore the folder, or propagate again.")
    before, after = plan.handles
    start = round(compat.content(strip)[0]) + plan.offset
    stop = start + len(names) - before - after
    for _, other in list(state.results_of(state.identify(strip))):
        left, right = compat.edges(other)
        # by its content: its edges may have been moved within the handles
        if other.type == "IMAGE" and (round(compat.content(other)[0]), len(other.elements)) == (start - before, len(names)):
            _exchange(other, folder, names)
            return other
        if left < stop and start < right:
            compat.siblings(scene, other).remove(other)
    return _new(scene, strip, plan, start, [str(folder / n) for n in names])


def _new(scene: Any, strip: Any, plan: Plan, start: int, files: list[str]) -> Any:
    around = compat.siblings(scene, strip)
    before, after = plan.handles
    stop = start + len(files) - before - after
    channel = _free_channel(around, strip, start, stop)
    made = around.new_image(f"{strip.name} edited", folders.stored(Path(files[0])), channel, start - before)
    for file in files[1:]:
        made.elements.append(Path(file).name)
    if len(files) > 1:
        compat.set_length(made, len(files))
    if before or after:
        compat.trim(made, before, after)
        made.channel = channel  # while its handles showed, it may have been moved out of a neighbour's way
    made.keyfollow.of = strip.keyfollow.uid
    if plan.looks:
        missing = looks.copy(scene, strip, made)
        if missing:
            strip.keyfollow.error = f"The result strip has all of the source's look but {', '.join(missing)}."
            strip.keyfollow.remedy = "Set that on the result strip yourself."
    else:
        made.blend_type, made.blend_alpha = strip.blend_type, strip.blend_alpha
    if plan.show == "edit":
        if strip.blend_type == "REPLACE":
            made.blend_type = "ALPHA_OVER"
    elif strip.blend_type == "REPLACE" and start <= compat.edges(strip)[0] and compat.edges(strip)[1] <= stop:
        strip.mute = True
    return made


def _exchange(made: Any, folder: Path, names: list[str]) -> None:
    made.directory = folders.stored(folder) + "/"
    for element, name in zip(made.elements, names, strict=True):
        element.filename = name


def _free_channel(around: Any, strip: Any, start: int, stop: int) -> int:
    """The first above the source, and above the effects that are made of it, with nothing between `start` and `stop`.

    Raises:
        UsageError: ``no_free_channel``.
    """
    lowest = max([strip.channel, *(s.channel for s in around if strip in compat.inputs(s))]) + 1
    taken = {s.channel for s in around if compat.edges(s)[0] < stop and start < compat.edges(s)[1]}
    for channel in range(lowest, compat.MAX_CHANNEL + 1):
        if channel not in taken:
            return channel
    raise UsageError("no_free_channel", "There is no free channel above the strip.", "Move a strip away, then choose the take.")
