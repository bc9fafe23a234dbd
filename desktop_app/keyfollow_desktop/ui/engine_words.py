"""What engines say of themselves, in the person's language: the English of their schema is the key, as for any text of the window.

An engine that someone else made says it in English.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyfollow.engine_info import EngineInfo

from .actions import words


def title(setting: str) -> str:
    """A setting's name as a label: ``change_threshold`` is "Change threshold"."""
    return words(_english_title(setting))


def summary(info: EngineInfo) -> tuple[str, str]:
    """What an engine does: its first sentence, and all of it."""
    said = words(info.summary)
    return said.partition(". ")[0].removesuffix(".") + ".", said


def english(info: EngineInfo) -> Iterator[str]:
    """Every text of a schema that is looked up."""
    yield info.summary
    yield from (preset.help for preset in info.presets)
    for setting in info.settings:
        yield _english_title(setting.name)
        yield setting.help


def _english_title(setting: str) -> str:
    return setting.replace("_", " ").capitalize()
