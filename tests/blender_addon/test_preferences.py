"""The preferences: what they are when nobody chose, and that they are found."""

from __future__ import annotations

from keyfollow_testkit.stage import module


def test_nothing_is_chosen_at_first() -> None:
    chosen = module("preferences").get()
    assert chosen.form == "tiff" and chosen.results == "" and chosen.home == ""
    assert module("app")._program()[1] == ""


def test_a_processor_is_left_to_blender_until_somebody_chooses_otherwise_and_the_daemon_hears_of_it() -> None:
    chosen, app = module("preferences").get(), module("app")
    assert app._spare()
    greeted: list[bool] = []
    app.bridge.greet, own = (lambda: greeted.append(app._spare())), app.bridge.greet
    try:
        chosen.spare = False
        assert greeted == [False]
    finally:
        app.bridge.greet = own
        chosen.spare = True
