"""What the panel's buttons do."""

# Blender reads the annotations below as objects: no `from __future__ import annotations`.

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty
from keyfollow.errors import KeyfollowError

from . import app, bake, compat, folders, keyframes, results, runs, sources, state
from .plan import file_name, unpack

Result = set[str]


class _StripOperator:
    """An operator on the sequencer's active strip."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        strip = compat.active_strip(context)
        return strip is not None and strip.type != "SOUND"

    def _target(self, context: Any) -> tuple[Any, Any]:
        """The scene, and the strip that is meant: of a result strip, its source."""
        strip: Any = compat.active_strip(context)
        scene, strip = state.with_uid(strip.keyfollow.of) or (compat.scene_of(context), strip)
        state.identify(strip)
        return scene, strip


def _teller(strip: Any) -> Callable[[KeyfollowError], None]:
    """Shows an error in the strip's panel; it may come long after the operator, and the strip's own reference, are gone."""
    uid = strip.keyfollow.uid

    def tell(error: KeyfollowError) -> None:
        found = state.with_uid(uid)
        if found is not None:
            found[1].keyfollow.error, found[1].keyfollow.remedy = error.message, error.remedy
        compat.redraw()

    return tell


class KEYFOLLOW_OT_connect(bpy.types.Operator):
    bl_idname = "keyfollow.connect"
    bl_label = "Connect"
    bl_description = "Find the Keyfollow daemon on this machine, or start it"

    def execute(self, context: Any) -> Result:
        app.bridge.open()
        return {"FINISHED"}


class KEYFOLLOW_OT_edit_keyframe(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.edit_keyframe"
    bl_label = "Edit Keyframe"
    bl_description = "Open the source frame under the playhead in the image editor; what you save there drives the edit"

    show: bpy.props.BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: Any) -> Result:
        scene, strip = self._target(context)
        keyframes.edit(scene, strip, scene.frame_current, show=self.show, failed=_teller(strip))
        return {"FINISHED"}


class KEYFOLLOW_OT_keyframe_from_file(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.keyframe_from_file"
    bl_label = "Use Picture"
    bl_description = "Use a picture that is edited already for the source frame under the playhead"

    filepath: StringProperty(subtype="FILE_PATH")
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context: Any, event: Any) -> Result:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> Result:
        scene, strip = self._target(context)
        _add_later(scene, strip, Path(bpy.path.abspath(self.filepath)), _teller(strip))
        return {"FINISHED"}


class KEYFOLLOW_OT_keyframe_from_strip(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.keyframe_from_strip"
    bl_label = "Use Strip Above"
    bl_description = "Use the picture of the image strip that lies above the source at the playhead"

    def execute(self, context: Any) -> Result:
        scene, strip = self._target(context)
        try:
            picture = keyframes.picture_above(scene, strip, scene.frame_current)
        except KeyfollowError as e:
            self.report({"ERROR"}, str(e))
            return {"CANCELLED"}
        _add_later(scene, strip, picture, _teller(strip))
        return {"FINISHED"}


def _add_later(scene: Any, strip: Any, picture: Path, failed: Any) -> None:
    uid, frame = strip.keyfollow.uid, scene.frame_current

    def add(ready: sources.Ready) -> None:
        found = state.with_uid(uid)
        if found is not None:
            keyframes.add(found[1], ready.frame_at(frame), picture)
            bpy.ops.ed.undo_push(message="Keyfollow: edit keyframe")
            compat.redraw()

    sources.prepare(scene, strip, add, failed)


class KEYFOLLOW_OT_open_keyframe(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.open_keyframe"
    bl_label = "Open"
    bl_description = "Open this picture in the image editor again"

    index: IntProperty()

    def execute(self, context: Any) -> Result:
        _, strip = self._target(context)
        keyframes.open_picture(folders.found(strip.keyfollow.keyframes[self.index].path), _teller(strip))
        return {"FINISHED"}


class KEYFOLLOW_OT_remove(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.remove"
    bl_label = "Remove"
    bl_description = "Take this out of the list; its file stays"
    bl_options: ClassVar[set[str]] = {"UNDO"}

    index: IntProperty()
    what: EnumProperty(items=(("keyframes", "", ""), ("masks", "", ""), ("takes", "", "")))

    def execute(self, context: Any) -> Result:
        _, strip = self._target(context)
        getattr(strip.keyfollow, self.what).remove(self.index)
        return {"FINISHED"}


class KEYFOLLOW_OT_add_mask(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.add_mask"
    bl_label = "Add Mask"
    bl_description = (
        "A picture for the source frame under the playhead, or a video with a mask for every frame; white is inside"
    )
    bl_options: ClassVar[set[str]] = {"UNDO"}

    filepath: StringProperty(subtype="FILE_PATH")
    role: EnumProperty(name="Role", items=state.ROLES)

    def invoke(self, context: Any, event: Any) -> Result:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> Result:
        scene, strip = self._target(context)
        ready = sources.known(scene, strip)
        path = Path(bpy.path.abspath(self.filepath))
        item = strip.keyfollow.masks.add()
        item.role, item.path = self.role, folders.stored(path)
        item.video = path.is_dir() or path.suffix.lower() in bpy.path.extensions_movie
        item.frame = ready.frame_at(scene.frame_current) if ready is not None else 0
        return {"FINISHED"}


class KEYFOLLOW_OT_propagate(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.propagate"
    bl_label = "Propagate"
    bl_description = "Carry the edit through the range; the result appears on a channel above"

    quality: EnumProperty(items=state.QUALITIES)

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and runs.of_strip(compat.active_strip(context)) is None

    def execute(self, context: Any) -> Result:
        scene, strip = self._target(context)
        runs.start(scene, strip, self.quality, _teller(strip))
        return {"FINISHED"}


class KEYFOLLOW_OT_job(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.job"
    bl_label = "Job"
    bl_description = "Steer the job of this strip"

    action: EnumProperty(items=(("cancel", "Cancel", ""), ("pause", "Pause", ""), ("resume", "Resume", "")))

    def execute(self, context: Any) -> Result:
        _, strip = self._target(context)
        run = runs.of_strip(strip)
        if run is not None:
            run.act(self.action)
        elif self.action == "cancel":
            bake.cancel(strip.keyfollow.uid)
        return {"FINISHED"}


class KEYFOLLOW_OT_show_take(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.show_take"
    bl_label = "Insert Take"
    bl_description = "Put the chosen take onto the timeline (again)"
    bl_options: ClassVar[set[str]] = {"UNDO"}

    def execute(self, context: Any) -> Result:
        scene, strip = self._target(context)
        kept = strip.keyfollow
        try:
            results.show(scene, strip, kept.takes[kept.take_index])
        except KeyfollowError as e:
            self.report({"ERROR"}, str(e))
            return {"CANCELLED"}
        return {"FINISHED"}


class KEYFOLLOW_OT_compositor(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.compositor"
    bl_label = "Open Take in the Compositor"
    bl_description = "Add an image sequence node with the chosen take"
    bl_options: ClassVar[set[str]] = {"UNDO"}

    def execute(self, context: Any) -> Result:
        scene, strip = self._target(context)
        kept = strip.keyfollow
        item = kept.takes[kept.take_index]
        plan = unpack(item.plan)
        if plan is None:
            return {"CANCELLED"}
        first = plan.needed[0]
        image = bpy.data.images.load(str(folders.found(item.folder) / file_name(first, plan.suffix)), check_existing=True)
        image.source = "SEQUENCE"
        node = compat.compositor_nodes(scene).new("CompositorNodeImage")
        node.image, node.label = image, item.name
        node.frame_duration = len(plan.needed)
        node.frame_start = round(compat.content(strip)[0]) + plan.offset - plan.handles[0]
        node.frame_offset = first - 1
        return {"FINISHED"}


class KEYFOLLOW_OT_dismiss(_StripOperator, bpy.types.Operator):
    bl_idname = "keyfollow.dismiss"
    bl_label = "Dismiss"
    bl_description = "Hide this message"

    def execute(self, context: Any) -> Result:
        _, strip = self._target(context)
        strip.keyfollow.error = strip.keyfollow.remedy = ""
        return {"FINISHED"}


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


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
