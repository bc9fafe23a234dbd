"""What is kept with a strip: keyframes, masks, settings, the job under way, takes. All of it survives save, load and undo.

The group hangs on the strip itself, so that splitting or copying a strip keeps what belongs to its source. Keyframes and masks are in
frames of the source, never of the timeline.
"""

# Blender reads the annotations below as objects, so they must not become strings: no `from __future__ import annotations`.

import uuid
from collections.abc import Iterator
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)
from keyfollow.edits import SettingValue
from keyfollow.engine_info import EngineInfo, Setting
from keyfollow.errors import KeyfollowError

from . import app, compat, engines

RANGES = (
    ("STRIP", "Strip", "All that the strip shows"),
    ("SCENE", "In/Out", "What the strip shows between the scene's start and end"),
    ("TYPED", "Typed", "Scene frames, the last one not included"),
)
ROLES = (
    ("edit", "Edit here", "The edit may change only what is white"),
    ("protect", "Protect", "What is white stays the source's own"),
    ("front", "In front", "What is white passes before the edit"),
)
DELIVERIES = (
    ("full", "Full Picture", "The result strip is complete in itself"),
    ("edit", "Edit Only", "The result strip holds what changed; everything else is the source strip below, pixel for pixel"),
)
QUALITIES = (("final", "Final", "Full quality"), ("draft", "Draft", "Quick and rougher"))


class KeyframeItem(bpy.types.PropertyGroup):
    """An edited picture of one source frame."""

    frame: IntProperty(name="Source frame")
    path: StringProperty(name="Picture")
    pristine: StringProperty()  # SHA-256 of the picture as it was written; empty for one that a person brought


class MaskItem(bpy.types.PropertyGroup):
    role: EnumProperty(name="Role", items=ROLES)
    frame: IntProperty(name="Source frame", min=0)
    path: StringProperty(name="Mask")
    video: BoolProperty(name="Moving", description="A video or image sequence with a mask for every frame")


def _choices(item: Any, context: Any) -> list[engines.Item]:
    return engines.choices(item.engine, item.name)


def _bounded(item: Any, context: Any) -> None:
    setting = engines.setting(item.engine, item.name)
    for field in ("i", "f"):
        value = getattr(item, field)
        low = setting.low if setting and setting.low is not None else value
        high = setting.high if setting and setting.high is not None else value
        inside = type(value)(min(max(value, low), high))
        if inside != value:
            setattr(item, field, inside)


class SettingItem(bpy.types.PropertyGroup):
    """One engine setting; which of the values counts is the schema's to say."""

    engine: StringProperty()
    b: BoolProperty(name="")
    i: IntProperty(name="", update=_bounded)
    f: FloatProperty(name="", update=_bounded, precision=3)
    s: StringProperty(name="")
    c: EnumProperty(name="", items=_choices)

    def value(self, setting: Setting) -> SettingValue:
        value: SettingValue = getattr(self, engines.FIELDS[setting.kind])
        return value


class TakeItem(bpy.types.PropertyGroup):
    """A take whose pictures lie in `folder`; `plan` says where on the timeline (`plan.Plan`)."""

    take: StringProperty()
    folder: StringProperty()
    plan: StringProperty()
    note: StringProperty()


def _engines(item: Any, context: Any) -> list[engines.Item]:
    return engines.items()


def _engine_chosen(item: Any, context: Any) -> None:
    fill_settings(item)
    if engines.preset(item.engine, item.preset) is None:
        item.preset = engines.CUSTOM[0]
    _preset_chosen(item, context)


def _presets(item: Any, context: Any) -> list[engines.Item]:
    return engines.presets(item.engine)


def _preset_chosen(item: Any, context: Any) -> None:
    chosen = engines.preset(item.engine, item.preset)
    if chosen is None:
        return
    for one in item.settings:
        setting = engines.setting(item.engine, one.name)
        if setting is not None:
            setattr(one, engines.FIELDS[setting.kind], chosen.settings.get(setting.name, setting.default))


def _take_chosen(item: Any, context: Any) -> None:
    from . import results

    results.show_chosen(item)


class StripState(bpy.types.PropertyGroup):
    uid: StringProperty()
    of: StringProperty()  # a result strip: the uid of its source strip
    keyframes: CollectionProperty(type=KeyframeItem)
    keyframe_index: IntProperty()
    masks: CollectionProperty(type=MaskItem)
    mask_index: IntProperty()
    range: EnumProperty(name="Range", items=RANGES)
    start: IntProperty(name="Start", default=1)
    stop: IntProperty(name="Stop", default=100)
    deliver: EnumProperty(name="Result", items=DELIVERIES)
    engine: EnumProperty(name="Engine", items=_engines, update=_engine_chosen)
    preset: EnumProperty(name="Kind of edit", items=_presets, update=_preset_chosen)
    settings: CollectionProperty(type=SettingItem)
    prompt: StringProperty(name="Prompt", description="What the result shows")
    source_prompt: StringProperty(name="Source", description="What the source shows")
    model: StringProperty(name="Model", description="A folder with the engine's weights", subtype="DIR_PATH")
    seed: IntProperty(name="Seed", min=0)
    job: StringProperty()
    plan: StringProperty()
    takes: CollectionProperty(type=TakeItem)
    take_index: IntProperty(name="Take", update=_take_chosen)
    baked: StringProperty()
    error: StringProperty()
    remedy: StringProperty()


CLASSES = (KeyframeItem, MaskItem, SettingItem, TakeItem, StripState)


_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    _register()
    compat.strip_class().keyfollow = PointerProperty(type=StripState)
    app.chores["settings"] = complete


def unregister() -> None:
    app.chores.pop("settings", None)
    del compat.strip_class().keyfollow
    _unregister()


def target(context: Any) -> tuple[Any, Any] | None:
    """The scene and the strip that is worked on: the active one, of a result strip its source; None where there is none."""
    strip = compat.active_strip(context)
    if strip is None or strip.type == "SOUND":
        return None
    return with_uid(strip.keyfollow.of) or (compat.scene_of(context), strip)


def tell(found: tuple[Any, Any] | None, error: KeyfollowError) -> None:
    """Show an error in the panel of a strip, if it is still there; one of the connection is shown above all strips anyway."""
    if found is not None and error is not app.bridge.error:
        found[1].keyfollow.error, found[1].keyfollow.remedy = error.message, error.remedy
    compat.redraw()


def identify(strip: Any) -> str:
    """The strip's id; a copy of a strip that has one gets its own."""
    state = strip.keyfollow
    twins = [s for _, s in compat.every_strip() if s.keyfollow.uid == state.uid and s != strip]
    if not state.uid or twins:
        state.uid = uuid.uuid4().hex
    return str(state.uid)


def with_job(job: str) -> tuple[Any, Any] | None:
    """The scene and strip whose job this is."""
    return next(((scene, s) for scene, s in compat.every_strip() if s.keyfollow.job == job), None)


def with_uid(uid: str) -> tuple[Any, Any] | None:
    return next(((scene, s) for scene, s in compat.every_strip() if s.keyfollow.uid == uid), None) if uid else None


def results_of(uid: str) -> Iterator[tuple[Any, Any]]:
    """The result strips of a source strip."""
    return ((scene, s) for scene, s in compat.every_strip() if uid and s.keyfollow.of == uid)


def complete() -> bool:
    """The timer's turn: give strips that are worked on their engine's settings, which a panel may not do while it draws.

    No step for Ctrl+Z: what is written is what holds anyway, and comes back by itself.
    """
    active = [scene.sequence_editor.active_strip for scene in bpy.data.scenes if scene.sequence_editor is not None]
    filled = [fill_settings(s.keyfollow) for s in active if s is not None and s.type != "SOUND" and not s.keyfollow.of]
    return any(filled)


def fill_settings(state: Any) -> bool:
    """One item for each setting of the engine, with its default, unless they are there; True when they were not."""
    info: EngineInfo | None = engines.info(state.engine)
    if info is None or [(s.engine, s.name) for s in state.settings] == [(info.id, s.name) for s in info.settings]:
        return False
    state.settings.clear()
    for setting in info.settings:
        item = state.settings.add()
        item.engine, item.name = info.id, setting.name
        setattr(item, engines.FIELDS[setting.kind], setting.default)
    return True


def chosen_settings(state: Any) -> dict[str, SettingValue]:
    """Settings that differ from their default."""
    values = {}
    for item in state.settings:
        setting = engines.setting(item.engine, item.name)
        if setting is not None and item.engine == state.engine:
            value = item.value(setting)
            if value != setting.default and not (setting.kind == "float" and abs(float(value) - float(setting.default)) < 1e-6):
                values[setting.name] = value
    return values
