"""Which keys do what: a preset, and over it what a person chose. Pure data; the window and the page in the preferences use it."""

from __future__ import annotations

from collections.abc import Mapping

from .actions import ENTRIES, HELD, Entry

Keys = tuple[str, ...]
REMAPPABLE = (*ENTRIES, *HELD)
OWN = "Keyfollow"
PRESETS: dict[str, dict[str, Keys]] = {
    OWN: {},
    "DaVinci Resolve": {
        "split": ("Ctrl+B", "Ctrl+\\"),
        "ripple": ("Del",),
        "delete": ("Backspace",),
        "previous_stop": ("Up", "Alt+Left"),
        "next_stop": ("Down", "Alt+Right"),
        "fit": ("Shift+Z", "0"),
        "zoom_in": ("Ctrl+=", "="),
        "zoom_out": ("Ctrl+-", "-"),
        "fullscreen": ("Ctrl+F", "F11"),
        "loop": ("Ctrl+/",),
        "redo": ("Ctrl+Shift+Z",),
    },
    "Premiere Pro": {
        "split": ("Ctrl+K",),
        "previous_stop": ("Up", "Alt+Left"),
        "next_stop": ("Down", "Alt+Right"),
        "fit": ("\\",),
        "hold_source": ("F8",),
        "clear_range": ("Ctrl+Shift+X",),
        "export": ("Ctrl+M",),
        "fullscreen": ("Ctrl+`", "F11"),
        "loop": ("Ctrl+L",),
    },
}
"""Where other editors' keys differ from ours. Their names are their makers'."""


def effective(preset: str = OWN, chosen: Mapping[str, Keys] | None = None) -> dict[str, Keys]:
    """The keys of every action: those a person chose, else the preset's, else ours."""
    given = {**PRESETS.get(preset, {}), **(chosen or {})}
    return {entry.name: given.get(entry.name, entry.keys) for entry in REMAPPABLE}


def assign(keys: Mapping[str, Keys], name: str, wanted: Keys) -> tuple[dict[str, Keys], list[str]]:
    """Give an action these keys, and take them from whatever had them: the new map, and the actions that lost one."""
    changed = {other: tuple(k for k in had if other == name or k not in wanted) for other, had in keys.items()}
    lost = [other for other, had in keys.items() if other != name and changed[other] != had]
    return {**changed, name: wanted}, lost


def entry(name: str) -> Entry:
    return next(e for e in REMAPPABLE if e.name == name)
