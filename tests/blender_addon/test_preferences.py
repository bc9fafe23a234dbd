"""The preferences: what they are when nobody chose, and that they are found."""

from __future__ import annotations

from keyfollow_testkit.stage import module


def test_nothing_is_chosen_at_first() -> None:
    chosen = module("preferences").get()
    assert chosen.form == "tiff" and chosen.results == "" and chosen.home == ""
    assert module("app")._program()[1] == ""
