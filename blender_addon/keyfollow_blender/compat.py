"""The one place that knows how Blender 4.2 to 5.2 differ. Everything else speaks to these functions.

4.2 and 4.3 call strips sequences, 4.4 and 4.5 know both words, 5.0 has its sequencer's scene in the workspace, and 5.2 renames a
strip's edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import bpy

Strip = Any
"""A bpy.types.Strip (4.4 and later) or bpy.types.Sequence."""
Scene = Any
MAX_CHANNEL = 128


FIVE = bpy.app.version >= (5, 0, 0)
"""5.0 changed how a retimed strip and a slowed one choose their frames (see `timing.Timing`)."""


def strip_class() -> Any:
    return getattr(bpy.types, "Strip", None) or bpy.types.Sequence


def scene_of(context: Any) -> Scene:
    """The scene that the sequencer shows."""
    return getattr(context, "sequencer_scene", None) or context.scene


def active_strip(context: Any) -> Strip | None:
    editor = getattr(scene_of(context), "sequence_editor", None)
    return editor.active_strip if editor is not None else None


def _members(owner: Any) -> Any:
    # never `a or b`: an empty collection is falsy
    return owner.strips if hasattr(owner, "strips") else owner.sequences


def siblings(scene: Scene, strip: Strip | None = None) -> Any:
    """The collection that `strip` lies in: the editor's, or that of its meta strip."""
    meta = strip.parent_meta() if strip is not None else None
    return _members(meta if meta is not None else scene.sequence_editor)


def children(meta: Strip) -> Any:
    return _members(meta)


def all_strips(scene: Scene) -> list[Strip]:
    """Every strip of a scene, those in meta strips too."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    return list(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)


def every_strip() -> Iterator[tuple[Scene, Strip]]:
    for scene in bpy.data.scenes:
        for strip in all_strips(scene):
            yield scene, strip


def edges(strip: Strip) -> tuple[int, int]:
    """First scene frame that shows the strip, and the first that does not any more."""
    if hasattr(strip, "left_handle"):
        return int(strip.left_handle), int(strip.right_handle)
    return int(strip.frame_final_start), int(strip.frame_final_end)


def content(strip: Strip) -> tuple[float, int]:
    """Scene frame at which the strip's content begins, hidden parts included, and its length in scene frames."""
    if hasattr(strip, "content_start"):
        return float(strip.content_start), int(strip.content_duration)
    # frame_duration counts frames of the media in 4.2
    left, right = edges(strip)
    return float(strip.frame_start), round(right - left + strip.frame_offset_start + strip.frame_offset_end)


def trims(strip: Strip) -> tuple[int, int]:
    """Frames of the media that are cut off for good at its beginning and its end."""
    if hasattr(strip, "content_trim_start"):
        return int(strip.content_trim_start), int(strip.content_trim_end)
    return int(strip.animation_offset_start), int(strip.animation_offset_end)


def set_length(strip: Strip, frames: int) -> None:
    if hasattr(strip, "right_handle"):
        strip.right_handle = strip.left_handle + frames
    else:
        strip.frame_final_duration = frames


def trim(strip: Strip, before: int, after: int) -> None:
    """Hide frames at the beginning and at the end."""
    if hasattr(strip, "right_handle"):
        strip.left_handle += before
        strip.right_handle -= after
    else:
        strip.frame_offset_start, strip.frame_offset_end = before, after


def inputs(strip: Strip) -> list[Strip]:
    """The strips that an effect is made of."""
    return [s for s in (getattr(strip, name, None) for name in ("input_1", "input_2")) if s is not None]


def curves(scene: Scene) -> Any | None:
    """The collection of animation curves that belong to `scene`, None when nothing is animated."""
    animated = scene.animation_data
    if animated is None or animated.action is None:
        return None
    if hasattr(animated.action, "fcurves"):
        return animated.action.fcurves
    for layer in animated.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(animated.action_slot)
            if bag is not None:
                return bag.fcurves
    return None


@contextmanager
def shown(scene: Scene) -> Iterator[bool]:
    """Some window shows this scene in its sequencer while the block runs; False where there is none to do so.

    Without one 5.0 crashes when a modifier is added to a strip, and a timer has no window of its own.
    """
    windows = bpy.context.window_manager.windows
    if not FIVE or not windows:
        yield not FIVE
        return
    workspace = windows[0].workspace
    before = workspace.sequencer_scene
    workspace.sequencer_scene = scene
    try:
        with bpy.context.temp_override(window=windows[0]):
            yield True
    finally:
        workspace.sequencer_scene = before


def compositor_nodes(scene: Scene) -> Any:
    """The nodes of the scene's compositor, made if there are none."""
    if hasattr(scene, "compositing_node_group"):
        if scene.compositing_node_group is None:
            scene.compositing_node_group = bpy.data.node_groups.new("Compositor", "CompositorNodeTree")
        return scene.compositing_node_group.nodes
    scene.use_nodes = True
    return scene.node_tree.nodes


def redraw(spaces: Iterable[str] = ("SEQUENCE_EDITOR",)) -> None:
    """Let the panels show what is new."""
    wanted = set(spaces)
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in wanted:
                area.tag_redraw()
