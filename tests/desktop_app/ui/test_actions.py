from __future__ import annotations

from keyfollow_desktop.ui.actions import ENTRIES, MENUS, Entry, clashes, words
from keyfollow_desktop.ui.commands import Commands


def test_no_key_is_claimed_twice() -> None:
    assert clashes() == []
    twice = (Entry("a", "File", "A", ("S",)), Entry("b", "File", "B", ("S",)))
    assert clashes(twice) == [("S", "a", "b")]


def test_every_entry_stands_in_a_menu_and_does_something() -> None:
    for entry in ENTRIES:
        assert entry.menu in MENUS and words(entry.text) and callable(getattr(Commands, f"do_{entry.name}"))


def test_the_keys_that_people_know() -> None:
    keys = {e.name: e.keys for e in ENTRIES}
    assert keys["edit_keyframe"] == ("E",) and keys["suggested"] == ("N",) and keys["wipe"] == ("W", "F6")
    assert keys["split"] == ("S", "Ctrl+K") and keys["redo"][0] == "Ctrl+Shift+Z" and keys["play"] == ("Space",)
