from __future__ import annotations

import math

import pytest
from keyfollow.engine_info import ENDED, EngineInfo, Report, Setting, Take
from keyfollow.errors import UsageError
from keyfollow.plain import from_plain, to_plain

STRENGTH = Setting("strength", "float", 0.5, "How much.", low=0, high=1)
RADIUS = Setting("radius", "int", 3, "How far.", low=1, high=2**32 - 1)
GRAIN = Setting("grain", "bool", True, "Match the grain.")
PRESET = Setting("preset", "choice", "local", "Kind of edit.", choices=("local", "style"))
NOTE = Setting("note", "text", "", "Anything.")
FREE = Setting("free", "float", 0.0, "Unbounded.")
ENGINE = EngineInfo("patch", "Patch", "1", "Carries edits.", settings=(STRENGTH, RADIUS, GRAIN, PRESET, NOTE))


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (STRENGTH, "0.25", 0.25),
        (STRENGTH, "1", 1.0),
        (RADIUS, "12", 12),
        (GRAIN, "off", False),
        (GRAIN, "YES", True),
        (PRESET, "style", "style"),
        (NOTE, "1", "1"),
    ],
)
def test_typed_text_becomes_a_value_of_the_settings_type(setting: Setting, text: str, value: object) -> None:
    parsed = setting.parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("setting", "text", "expected"),
    [
        (STRENGTH, "1.01", "a number from 0 to 1"),
        (STRENGTH, "-1", "a number from 0 to 1"),
        (STRENGTH, "nan", "a number from 0 to 1"),
        (STRENGTH, "half", "a number from 0 to 1"),
        (RADIUS, "2.5", "a whole number from 1 to 4294967295"),
        (RADIUS, "0", "a whole number from 1"),
        (GRAIN, "maybe", "true or false"),
        (PRESET, "Style", "one of local, style"),
        (FREE, "nan", "a number"),
        (FREE, "inf", "a number"),
        (FREE, "1e999", "a number"),
    ],
)
def test_text_that_does_not_fit_is_refused_with_what_would(setting: Setting, text: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        setting.parse(text)
    assert caught.value.code == "bad_setting"
    assert setting.name in caught.value.message
    assert expected in caught.value.remedy


@pytest.mark.parametrize(
    ("setting", "value"),
    [(STRENGTH, True), (RADIUS, True), (RADIUS, 2.0), (GRAIN, 1), (PRESET, 1), (NOTE, 1), (FREE, 10**400), (FREE, -math.inf)],
)
def test_a_value_of_another_type_is_refused(setting: Setting, value: object) -> None:
    with pytest.raises(UsageError, match="is not possible"):
        setting.check(value)  # type: ignore[arg-type]


def test_one_bound_alone_is_told() -> None:
    assert Setting("n", "int", 1, "", low=1).expected() == "a whole number of at least 1"
    assert Setting("n", "float", 1.0, "", high=2.5).expected() == "a number of at most 2.5"


def test_settings_are_completed_from_the_defaults() -> None:
    assert ENGINE.resolve({"strength": 1}) == {"strength": 1.0, "radius": 3, "grain": True, "preset": "local", "note": ""}


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        ENGINE.resolve({"stength": 1})
    assert caught.value.code == "unknown_setting"
    assert "grain, note, preset, radius, strength" in caught.value.remedy


def test_what_clients_show_survives_the_wire() -> None:
    report = Report(4, {"Reading": 0.1}, changed_outside_mask=0, confidence={"3": 0.9})
    take = Take("t1", "j1", "/a.mp4", "patch", "final", 1.0, 0, 4, 100, True, report=report)
    for value in (ENGINE, take):
        assert from_plain(type(value), to_plain(value)) == value


def test_paused_jobs_have_not_ended() -> None:
    assert {"done", "failed", "cancelled"} == ENDED
