"""What the panel's buttons do."""

# Blender reads the annotations below as objects: no `from __future__ import annotations`.

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty
from keyfollow.errors import KeyfollowError, UsageError

from . import app, bake, compat, folders, keyframes, results, runs, sources, state
from .plan import file_name

Result = set[str]


class _StripOperator:
    """An operator on the strip that is worked on. What it refuses is reported where it was pressed."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        return state.target(context) is not None

    def execute(self, context: Any) -> Result:
        scene, strip = state.target(context) or (None, None)
        if strip is None:
            return {"CANCELLED"}
        state.identify(strip)
        try:
            self.act(scene, strip)
        except KeyfollowError as e:
            self.report({"ERROR"}, str(e))  # type: ignore[attr-defined]
            return {"CANCELLED"}
        return {"FINISHED"}

    @abstractmethod
    def act(self, scene: Any, strip: Any) -> None:
        """What the button does."""


class _AskingOperator(_StripOperator):
    """One that needs the daemon: greyed, with the reason where the mouse rests on it, while there is none and none can be started."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not super().poll(context):
            return False
        error = app.bridge.error
        if app.bridge.state == "absent" and error is not None:
            cls.poll_message_set(f"{error.message} {error.remedy} Then press Try Again")  # type: ignore[attr-defined]
            return False
        return True


class _FileOperator(_StripOperator):
    """One that first asks for a file."""

    filepath: StringProperty(subtype="FILE_PATH")

    def invoke(self, context: Any, event: Any) -> Result:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def chosen(self) -> Path:
        return Path(bpy.path.abspath(self.filepath))


def _teller(strip: Any) -> Callable[[KeyfollowError], None]:
    """Shows an error in the strip's panel; it may come long after the operator, and the strip's own reference, are gone."""
    uid = strip.keyfollow.uid
    return lambda error: state.tell(state.with_uid(uid), error)


class KEYFOLLOW_OT_connect(bpy.types.Operator):
    bl_idname = "keyfollow.connect"
    bl_label = "Connect"
    bl_description = "Find the Keyfollow daemon on this machine, or start it"

    def execute(self, context: Any) -> Result:
        app.bridge.open()
        return {"FINISHED"}


class KEYFOLLOW_OT_edit_keyframe(_AskingOperator, bpy.types.Operator):
    bl_idname = "keyfollow.edit_keyframe"
    bl_label = "Edit Keyframe"
    bl_description = "Open the source frame under the playhead in the image editor; what you save there drives the edit"

    show: bpy.props.BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    def act(self, scene: Any, strip: Any) -> None:
        keyframes.edit(scene, strip, scene.frame_current, show=self.show, failed=_teller(strip))


class KEYFOLLOW_OT_keyframe_from_file(_FileOperator, _AskingOperator, bpy.types.Operator):
    bl_idname = "keyfollow.keyframe_from_file"
    bl_label = "Use Picture"
    bl_description = "Use a picture that is edited already for the source frame under the playhead"

    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    def act(self, scene: Any, strip: Any) -> None:
        _add_later(scene, strip, self.chosen())


class KEYFOLLOW_OT_keyframe_from_strip(_AskingOperator, bpy.types.Operator):
    bl_idname = "keyfollow.keyframe_from_strip"
    bl_label = "Use Strip Above"
    bl_description = "Use the picture of the image strip that lies above the source at the playhead"

    def act(self, scene: Any, strip: Any) -> None:
        _add_later(scene, strip, keyframes.picture_above(scene, strip, scene.frame_current))


def _add_later(scene: Any, strip: Any, picture: Path) -> None:
    uid, frame = strip.keyfollow.uid, scene.frame_current

    def add(ready: sources.Ready) -> None:
        found = state.with_uid(uid)
        if found is not None:
            keyframes.add(found[1], ready.frame_at(frame), picture)
            bpy.ops.ed.undo_push(message="Keyfollow: edit keyframe")
            compat.redraw()

    sources.prepare(scene, strip, add, _teller(strip))


class KEYFOLLOW_OT_open_keyframe(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.open_keyframe"
    bl_label = "Open"
    bl_description = "Open this picture in the image editor again"

    index: IntProperty()

    def act(self, scene: Any, strip: Any) -> None:
        keyframes.open_picture(folders.found(strip.keyfollow.keyframes[self.index].path), _teller(strip))


class KEYFOLLOW_OT_remove(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.remove"
    bl_label = "Remove"
    bl_description = "Take this out of the list; its file stays"
    bl_options: ClassVar[set[str]] = {"UNDO"}

    index: IntProperty()
    what: EnumProperty(items=(("keyframes", "", ""), ("masks", "", ""), ("takes", "", "")))

    def act(self, scene: Any, strip: Any) -> None:
        getattr(strip.keyfollow, self.what).remove(self.index)


class KEYFOLLOW_OT_add_mask(_FileOperator, bpy.types.Operator):
    bl_idname = "keyfollow.add_mask"
    bl_label = "Add Mask"
    bl_description = (
        "A picture for the source frame under the playhead, or a video with a mask for every frame; white is inside"
    )
    bl_options: ClassVar[set[str]] = {"UNDO"}

    role: EnumProperty(name="Role", items=state.ROLES)

    def act(self, scene: Any, strip: Any) -> None:
        ready = sources.known(scene, strip)
        path = self.chosen()
        item = strip.keyfollow.masks.add()
        item.role, item.path = self.role, folders.stored(path)
        item.video = path.is_dir() or path.suffix.lower() in bpy.path.extensions_movie
        item.frame = ready.frame_at(scene.frame_current) if ready is not None else 0


class KEYFOLLOW_OT_propagate(_AskingOperator, bpy.types.Operator):
    bl_idname = "keyfollow.propagate"
    bl_label = "Propagate"
    bl_description = "Carry the edit through the range; the result appears on a channel above"

    quality: EnumProperty(items=state.QUALITIES)

    @classmethod
    def poll(cls, context: Any) -> bool:
        found = state.target(context)
        return super().poll(context) and found is not None and not runs.busy(found[1])

    def act(self, scene: Any, strip: Any) -> None:
        runs.start(scene, strip, self.quality, _teller(strip))


class KEYFOLLOW_OT_job(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.job"
    bl_label = "Job"
    bl_description = "Steer the job of this strip"

    action: EnumProperty(items=(("cancel", "Cancel", ""), ("pause", "Pause", ""), ("resume", "Resume", "")))

    def act(self, scene: Any, strip: Any) -> None:
        run = runs.of_strip(strip)
        if run is not None:
            run.act(self.action)
        elif self.action == "cancel":
            bake.cancel(strip.keyfollow.uid)
            runs.preparing.discard(strip.keyfollow.uid)


def _take(strip: Any) -> Any:
    """The chosen one. Raises `UsageError` ``no_take``."""
    kept = strip.keyfollow
    if not 0 <= kept.take_index < len(kept.takes):
        raise UsageError("no_take", "No take is chosen.", "Choose one in the list, or propagate.")
    return kept.takes[kept.take_index]


class KEYFOLLOW_OT_show_take(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.show_take"
    bl_label = "Insert Take"
    bl_description = "Put the chosen take onto the timeline (again)"
    bl_options: ClassVar[set[str]] = {"UNDO"}

    def act(self, scene: Any, strip: Any) -> None:
        results.show(scene, strip, _take(strip))


class KEYFOLLOW_OT_compositor(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.compositor"
    bl_label = "Open Take in the Compositor"
    bl_description = "Add an image sequence node with the chosen take"
    bl_options: ClassVar[set[str]] = {"UNDO"}

    def act(self, scene: Any, strip: Any) -> None:
        item = _take(strip)
        plan = results.plan_of(item)
        first = plan.needed[0]
        image = bpy.data.images.load(str(folders.found(item.folder) / file_name(first, plan.suffix)), check_existing=True)
        image.source = "SEQUENCE"
        node = compat.compositor_nodes(scene).new("CompositorNodeImage")
        node.image, node.label = image, item.name
        node.frame_duration = len(plan.needed)
        node.frame_start = round(compat.content(strip)[0]) + plan.offset - plan.handles[0]
        node.frame_offset = first - 1


class KEYFOLLOW_OT_dismiss(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.dismiss"
    bl_label = "Dismiss"
    bl_description = "Hide this message"

    def act(self, scene: Any, strip: Any) -> None:
        strip.keyfollow.error = strip.keyfollow.remedy = ""


CLASSES = (
    KEYFOLLOW_OT_connect,
    KEYFOLLOW_OT_edit_keyframe,
    KEYFOLLOW_OT_keyframe_from_file,
    KEYFOLLOW_OT_keyframe_from_strip,
    KEYFOLLOW_OT_open_keyframe,
    KEYFOLLOW_OT_remove,
    KEYFOLLOW_OT_add_mask,
    KEYFOLLOW_OT_propagate,
    KEYFOLLOW_OT_job,
    KEYFOLLOW_OT_show_take,
    KEYFOLLOW_OT_compositor,
    KEYFOLLOW_OT_dismiss,
)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
