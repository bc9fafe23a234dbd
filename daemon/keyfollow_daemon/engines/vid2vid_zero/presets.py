"""Settings by kind of edit; the names are the same for every engine. No torch: `info` shows them."""

from __future__ import annotations

from collections.abc import Mapping

from keyfollow.edits import SettingValue
from keyfollow.errors import UsageError

BY_PRESET = -1.0
"""A number that says "as the preset has it"."""
PRESETS: Mapping[str, Mapping[str, SettingValue]] = {
    "as_published": {
        "cross_replace": 0.8,
        "cross_refine": 0.4,
        "self_injection": 0.4,
        "keep_values": 0.0,
        "keep_gradients": 0.0,
        "local_blend": "off",
    },
    # one thing changes and the rest is held: by words where the prompts differ, and by the loss outside of what they see
    "local_change": {
        "cross_replace": 0.8,
        "cross_refine": 0.8,
        "self_injection": 0.4,
        "keep_values": 0.05,
        "keep_gradients": 0.05,
        "local_blend": "on",
    },
    # edges stay, colours are free: keep_values would pull them back
    "style": {
        "cross_replace": 0.8,
        "cross_refine": 0.8,
        "self_injection": 0.4,
        "keep_values": 0.0,
        "keep_gradients": 0.05,
        "local_blend": "off",
    },
    "shape_change": {
        "cross_replace": 0.3,
        "cross_refine": 0.2,
        "self_injection": 0.0,
        "keep_values": 0.0,
        "keep_gradients": 0.0,
        "local_blend": "off",
    },
}


def by_preset(settings: Mapping[str, SettingValue]) -> dict[str, SettingValue]:
    """`settings` with the preset's values wherever they leave the choice to it.

    Raises:
        UsageError: ``bad_setting`` for a number below 0 that is not `BY_PRESET`.
    """
    preset = PRESETS[str(settings["preset"])]
    for name in preset:
        value = settings[name]
        if not isinstance(value, str) and value < 0 and value != BY_PRESET:
            raise UsageError("bad_setting", f"{name} = {value:g} is not possible.", "Give 0 or more, or -1 for the preset's.")
    chosen = {name: preset[name] for name in preset if settings[name] in (BY_PRESET, "preset")}
    return {**settings, **chosen}
