"""The add-on's preferences."""

# Blender reads the annotations below as objects: no `from __future__ import annotations`.

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

FORMS = (("tiff", "TIFF", "Quick to write and to read"), ("png", "PNG", "Smaller; slower to write"))


def _greet(preferences: Any, context: Any) -> None:
    from . import app  # which reads these preferences

    app.bridge.greet()


class KeyfollowPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    program: StringProperty(
        name="Daemon", subtype="FILE_PATH", description="Path of keyfollowd; empty: the one on PATH, or the one that runs"
    )
    home: StringProperty(
        name="Daemon's home",
        subtype="DIR_PATH",
        description="The folder that KEYFOLLOW_HOME names, where the daemon's address lies; empty: this user's own",
    )
    editor: StringProperty(
        name="Image editor", subtype="FILE_PATH", description="Opens the frames to edit; empty: the system's own choice"
    )
    results: StringProperty(
        name="Results", subtype="DIR_PATH", description="Where results go; empty: a folder beside the .blend"
    )
    form: EnumProperty(name="Files", items=FORMS)
    spare: BoolProperty(
        name="Leave a processor to Blender",
        default=True,
        update=_greet,
        description="Nothing of Keyfollow runs on one of the processors, so that Blender does not stutter while frames are made. "
        "Without, jobs of engines that compute on processors take seven tenths of the time with two of them, hardly less with many",
    )

    def draw(self, context: Any) -> None:
        for name in ("program", "home", "editor", "results", "form", "spare"):
            self.layout.prop(self, name)


def get() -> Any:
    return bpy.context.preferences.addons[__package__].preferences


def register() -> None:
    bpy.utils.register_class(KeyfollowPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(KeyfollowPreferences)
