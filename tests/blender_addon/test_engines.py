"""What the daemon tells of its engines, as Blender's menus want it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from keyfollow.engine_info import EngineInfo, Preset, Setting
from keyfollow_blender import engines

STYLE = Setting("look", "choice", "warm", "How.", choices=("warm", "very_cold"))
PATCH = EngineInfo("patch", "Patch", "1", "No weights.", (STYLE,))
OTHER = EngineInfo("other", "Another", "1", "Weights.", missing=("It needs a GPU.",))


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    engines.learn(())


def test_the_default_comes_first_and_what_cannot_run_is_marked() -> None:
    engines.learn((OTHER, PATCH))
    first, second = engines.items()
    assert (first[0], first[3], first[4]) == ("patch", "", 0)
    assert (second[0], second[3]) == ("other", "ERROR")


def test_a_choice_keeps_its_number_whatever_else_there_is() -> None:
    engines.learn((PATCH, OTHER))
    number = engines.items()[1][4]
    engines.learn((OTHER,))
    assert engines.items()[0][4] == number != 0


def test_kinds_of_edit_have_the_same_words_and_custom_comes_first() -> None:
    engines.learn((replace(PATCH, presets=(Preset("style", "All of it.", {"look": "very_cold"}),)), OTHER))
    assert [p[:2] for p in engines.presets("patch")] == [("custom", "Custom"), ("style", "Style")]
    chosen = engines.preset("patch", "style")
    assert chosen is not None and chosen.settings == {"look": "very_cold"}
    assert [p[0] for p in engines.presets("other")] == ["custom"] and engines.preset("other", "style") is None


def test_settings_are_found_by_name() -> None:
    engines.learn((PATCH,))
    assert engines.info("patch") == PATCH and engines.info("gone") is None
    assert engines.setting("patch", "look") == STYLE
    assert engines.setting("patch", "gone") is None and engines.setting("gone", "look") is None
    assert [c[:2] for c in engines.choices("patch", "look")] == [("warm", "Warm"), ("very_cold", "Very cold")]
    assert engines.choices("patch", "gone")[0][0] == ""
