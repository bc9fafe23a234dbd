"""The panels: everything they show is read from the active strip, the daemon's answers, and the job under way."""

from __future__ import annotations

import textwrap
from typing import Any, ClassVar

import bpy

from . import app, bake, engines, estimate, folders, keyframes, preferences, requests, runs, state, thumbnails

LETTER_PX, MARGINS_PX = 5.7, 80
"""A letter's width in the panel's font, and what boxes and icons take from a line, at a scale of 1: labels do not wrap by themselves."""
_WAITING = {"starting": "Starting the daemon…", "connecting": "Connecting…"}


class _Panel:
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Keyfollow"


class _StripPanel(_Panel):
    bl_parent_id = "KEYFOLLOW_PT_main"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return _kept(context) is not None


def _kept(context: Any) -> Any:
    """What is kept with the strip that is worked on; None where there is none."""
    found = state.target(context)
    return found[1].keyfollow if found else None


class KEYFOLLOW_PT_main(_Panel, bpy.types.Panel):
    bl_label = "Keyfollow"

    def draw_header_preset(self, context: Any) -> None:
        # in the header, so that no button moves when the connection is made, or lost for a moment
        if app.bridge.state == "closed":
            self.layout.operator("keyfollow.connect", emboss=False, icon="LINKED")
        elif app.bridge.state in _WAITING:
            self.layout.label(text=_WAITING[app.bridge.state])

    def draw(self, context: Any) -> None:
        layout = self.layout
        _draw_daemon(layout)
        _, strip = state.target(context) or (None, None)
        if strip is None:
            layout.label(text="Select a movie or image strip.", icon="INFO")
            return
        kept = strip.keyfollow
        layout.label(text=strip.name, icon="SEQUENCE")
        _draw_error(layout, kept)
        baking = bake.under_way.get(kept.uid)
        run = runs.of_strip(strip)
        if baking is not None:
            layout.progress(factor=baking.done / baking.total, text=f"Rendering the strip: {baking.done} of {baking.total}")
            layout.operator("keyfollow.job", text="Cancel", icon="X").action = "cancel"
        elif run is not None:
            _draw_run(layout, run)
        elif runs.busy(strip):
            layout.progress(factor=0, text="Reading the source")
            layout.operator("keyfollow.job", text="Cancel", icon="X").action = "cancel"
        else:
            _draw_start(layout, kept)


def _draw_daemon(layout: Any) -> None:
    error = app.bridge.error
    if error is not None:
        box = layout.box()
        _text(box, error.message, "ERROR")
        _text(box, error.remedy, "BLANK1")
        row = box.row()
        row.operator("keyfollow.connect", text="Try Again", icon="FILE_REFRESH")
        row.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = preferences.__package__


def _draw_error(layout: Any, kept: Any) -> None:
    if kept.error:
        box = layout.box()
        _text(box, kept.error, "ERROR")
        _text(box, kept.remedy, "BLANK1")
        box.operator("keyfollow.dismiss", icon="X")


def _draw_run(layout: Any, run: runs.Run) -> None:
    progress = run.shown.progress if run.shown else None
    share = runs.share(run)
    left = runs.eta(run)
    layout.progress(factor=share, text=f"{run.phase} {share:.0%}" + (f", {_time(left)} left" if left else ""))
    if progress is not None and progress.total > 1:
        layout.label(text=f"{progress.done} of {progress.total}")
    row = layout.row(align=True)
    if run.shown is not None and run.shown.state == "paused":
        row.operator("keyfollow.job", text="Resume", icon="PLAY").action = "resume"
    else:
        row.operator("keyfollow.job", text="Pause", icon="PAUSE").action = "pause"
    row.operator("keyfollow.job", text="Cancel", icon="X").action = "cancel"
    # below the buttons, so that they do not move when it appears
    if run.latest is not None and (icon := thumbnails.icon(run.latest, run.job)):
        layout.template_icon(icon, scale=5)


def _draw_start(layout: Any, kept: Any) -> None:
    lacking = requests.lacks(kept)
    column = layout.column(align=True)
    column.enabled = not lacking
    row = column.row(align=True)
    row.scale_y = 1.4
    row.operator("keyfollow.propagate", text="Re-run" if kept.takes else "Propagate", icon="PLAY").quality = "final"
    row.operator("keyfollow.propagate", text="Draft").quality = "draft"
    # below the buttons, so that they do not move when it becomes known
    cost, refused = estimate.of(kept.uid) if app.bridge.state != "absent" else (None, None)
    if lacking:
        _text(layout, lacking, "INFO")
    elif cost is not None:
        prepared = f", {cost.frames_prepared} prepared" if cost.frames_prepared else ""
        layout.label(text=f"{_time(cost.seconds)} for {cost.frames} frames{prepared}", icon="TIME")
        layout.label(text=f"Memory {_size(cost.ram_bytes)}, disk {_size(cost.disk_bytes)}", icon="MEMORY")
    elif refused is not None:
        _text(layout, str(refused), "INFO")


class KEYFOLLOW_PT_keyframes(_StripPanel, bpy.types.Panel):
    bl_label = "Edit Keyframes"

    def draw(self, context: Any) -> None:
        layout, kept = self.layout, _kept(context)
        layout.operator("keyfollow.edit_keyframe", icon="BRUSH_DATA")
        row = layout.row(align=True)
        row.operator("keyfollow.keyframe_from_file", icon="FILE_IMAGE")
        row.operator("keyfollow.keyframe_from_strip", icon="RENDERLAYERS")
        for index, item in enumerate(kept.keyframes):
            box = layout.box().row()
            path = folders.found(item.path)
            if icon := thumbnails.icon(path):
                box.template_icon(icon, scale=3)
            column = box.column()
            column.label(text=f"Source frame {item.frame}")
            if not path.is_file():
                column.label(text="The picture is missing", icon="ERROR")
            else:
                column.label(text="Edited" if keyframes.edited(item) else "Not edited yet", icon="NONE")
            buttons = box.row(align=True)
            buttons.operator("keyfollow.open_keyframe", text="", icon="GREASEPENCIL").index = index
            remove = buttons.operator("keyfollow.remove", text="", icon="X")
            remove.index, remove.what = index, "keyframes"


class KEYFOLLOW_PT_range(_StripPanel, bpy.types.Panel):
    bl_label = "Range and Result"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout, kept = self.layout, _kept(context)
        layout.row().prop(kept, "range", expand=True)
        if kept.range == "TYPED":
            row = layout.row(align=True)
            row.prop(kept, "start")
            row.prop(kept, "stop")
        layout.prop(kept, "deliver")


class KEYFOLLOW_PT_masks(_StripPanel, bpy.types.Panel):
    bl_label = "Masks"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout, kept = self.layout, _kept(context)
        layout.operator_menu_enum("keyfollow.add_mask", "role", icon="MOD_MASK")
        for index, item in enumerate(kept.masks):
            box = layout.box()
            row = box.row()
            row.prop(item, "role", text="")
            remove = row.operator("keyfollow.remove", text="", icon="X")
            remove.index, remove.what = index, "masks"
            box.prop(item, "path", text="")
            row = box.row()
            row.prop(item, "video")
            if not item.video:
                row.prop(item, "frame")


class KEYFOLLOW_PT_engine(_StripPanel, bpy.types.Panel):
    bl_label = "Engine"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout, kept = self.layout, _kept(context)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(kept, "engine")
        info = engines.info(kept.engine)
        if info is None:
            return
        if info.needs_weights:
            layout.prop(kept, "model")
        if len(engines.presets(kept.engine)) > 1:
            layout.prop(kept, "preset")
            chosen = engines.preset(kept.engine, kept.preset)
            if chosen is not None and dict(chosen.settings) != state.chosen_settings(kept):
                layout.label(text="Changed below", icon="INFO")
        if info.needs_weights or info.needs_prompt:
            layout.prop(kept, "prompt")
            if info.needs_prompt:
                layout.prop(kept, "source_prompt")
            layout.prop(kept, "seed")
        _draw_settings(layout, kept, advanced=False)


class KEYFOLLOW_PT_advanced(_StripPanel, bpy.types.Panel):
    bl_label = "Advanced"
    bl_parent_id = "KEYFOLLOW_PT_engine"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        kept = _kept(context)
        info = engines.info(kept.engine) if kept is not None else None
        return info is not None and any(s.advanced for s in info.settings)

    def draw(self, context: Any) -> None:
        self.layout.use_property_split = True
        self.layout.use_property_decorate = False
        _draw_settings(self.layout, _kept(context), advanced=True)


def _draw_settings(layout: Any, kept: Any, *, advanced: bool) -> None:
    for item in kept.settings:
        setting = engines.setting(item.engine, item.name)
        if setting is not None and item.engine == kept.engine and setting.advanced == advanced:
            layout.prop(item, engines.FIELDS[setting.kind], text=setting.name.replace("_", " ").capitalize())


class KEYFOLLOW_PT_takes(_StripPanel, bpy.types.Panel):
    bl_label = "Takes"

    @classmethod
    def poll(cls, context: Any) -> bool:
        kept = _kept(context)
        return kept is not None and len(kept.takes) > 0

    def draw(self, context: Any) -> None:
        layout, kept = self.layout, _kept(context)
        layout.template_list("UI_UL_list", "keyfollow_takes", kept, "takes", kept, "take_index", rows=2)
        if 0 <= kept.take_index < len(kept.takes):
            note = kept.takes[kept.take_index].note
            if note:
                _text(layout, note, "INFO")
        layout.operator("keyfollow.show_take", icon="SEQ_SEQUENCER")
        layout.operator("keyfollow.compositor", icon="NODE_COMPOSITING")


def _text(layout: Any, text: str, icon: str) -> None:
    column = layout.column(align=True)
    for n, line in enumerate(textwrap.wrap(text, _letters(bpy.context))):
        column.label(text=line, icon=icon if n == 0 else "BLANK1")


def _letters(context: Any) -> int:
    """How many letters a line of the sidebar holds."""
    width = context.region.width / context.preferences.system.ui_scale if context.region else 330.0
    return max(16, int((width - MARGINS_PX) / LETTER_PX))


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{max(1, round(count / 2**20))} MB"


CLASSES = (
    KEYFOLLOW_PT_main,
    KEYFOLLOW_PT_keyframes,
    KEYFOLLOW_PT_range,
    KEYFOLLOW_PT_masks,
    KEYFOLLOW_PT_engine,
    KEYFOLLOW_PT_advanced,
    KEYFOLLOW_PT_takes,
)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
