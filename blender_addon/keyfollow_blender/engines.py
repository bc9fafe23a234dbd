"""The engines that the daemon told of, in the form that Blender's menus want. Nothing is known before it answered."""

from __future__ import annotations

from zlib import crc32

from keyfollow.engine_info import PRESETS, EngineInfo, Preset, Setting

FIELDS = {"bool": "b", "int": "i", "float": "f", "text": "s", "choice": "c"}
"""Kind of a setting → the field of `state.SettingItem` that holds it."""
_known: dict[str, EngineInfo] = {}
# Blender keeps pointers to the texts of a menu, so they must outlive the call that made them.
Item = tuple[str, str, str, str, int]
DEFAULT = "patch"
_items: list[Item] = [(DEFAULT, "Patch", "The default engine", "", 0)]
CUSTOM: Item = ("custom", "Custom", "The settings below as they are", "", 0)
_presets: dict[str, list[Item]] = {}
_choices: dict[tuple[str, str], list[Item]] = {}


def _number(name: str) -> int:
    """What a .blend keeps of a choice: the same whatever else there is to choose from; 0 is what a new strip has."""
    return 0 if name == DEFAULT else crc32(name.encode()) >> 1


def learn(engines: tuple[EngineInfo, ...]) -> None:
    """Take over what the daemon says."""
    _known.clear()
    _known.update({e.id: e for e in engines})
    ordered = sorted(engines, key=lambda e: (e.id != DEFAULT, bool(e.missing), e.name))
    _items[:] = [(e.id, e.name, e.summary, "ERROR" if e.missing else "", _number(e.id)) for e in ordered]
    for engine in engines:
        _presets[engine.id] = [CUSTOM, *((p.id, PRESETS[p.id], p.help, "", _number(p.id)) for p in engine.presets)]
        for one in engine.settings:
            if one.kind == "choice":
                _choices[engine.id, one.name] = [(c, c.replace("_", " ").capitalize(), "", "", _number(c)) for c in one.choices]


def items() -> list[Item]:
    return _items


def choices(engine: str, name: str) -> list[Item]:
    return _choices.setdefault((engine, name), [("", "", "", "", 0)])


def presets(engine: str) -> list[Item]:
    """The kinds of edit that an engine has settings for; the first stands for none of them."""
    return _presets.setdefault(engine, [CUSTOM])


def preset(engine: str, name: str) -> Preset | None:
    found = _known.get(engine)
    return next((p for p in found.presets if p.id == name), None) if found else None


def info(engine: str) -> EngineInfo | None:
    return _known.get(engine)


def setting(engine: str, name: str) -> Setting | None:
    found = _known.get(engine)
    return next((s for s in found.settings if s.name == name), None) if found else None
