from __future__ import annotations

import pytest
from keyfollow_desktop.ui.actions import ENTRIES
from keyfollow_desktop.ui.shortcuts import OWN, PRESETS, REMAPPABLE, assign, effective, entry
from PySide6.QtGui import QKeySequence


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_knows_its_actions_and_claims_no_key_twice(preset: str) -> None:
    assert set(PRESETS[preset]) <= {e.name for e in REMAPPABLE}
    keys = [k for had in effective(preset).values() for k in had]
    assert sorted(keys) == sorted(set(keys))
    assert all(QKeySequence(k).toString() for k in keys)


def test_what_a_person_chose_goes_over_the_preset_and_that_over_ours() -> None:
    assert effective()["split"] == ("S", "Ctrl+K")
    assert effective("DaVinci Resolve")["split"] == ("Ctrl+B", "Ctrl+\\") and effective("DaVinci Resolve")["play"] == ("Space",)
    assert effective("DaVinci Resolve", {"split": ("X",)})["split"] == ("X",)
    assert effective("a preset of a newer version") == effective(OWN)
    assert set(effective()) == {e.name for e in ENTRIES} | {"hold_source"}


def test_a_key_has_one_action() -> None:
    keys, lost = assign(effective(), "split", ("E",))
    assert lost == ["edit_keyframe"] and keys["edit_keyframe"] == () and keys["split"] == ("E",)
    keys, lost = assign(effective(), "redo", ("Ctrl+Y",))
    assert lost == [] and keys["redo"] == ("Ctrl+Y",)
    assert entry("hold_source").keys == ("\\",)
