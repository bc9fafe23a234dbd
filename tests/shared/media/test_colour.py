from __future__ import annotations

import pytest
from keyfollow.frames import Colour
from keyfollow.media import colour


def test_numbers_become_ffmpegs_names_and_unknown_ones_empty() -> None:
    assert colour.from_numbers(9, 1, 9, 18) == Colour("bt2020nc", "tv", "bt2020", "arib-std-b67")
    assert colour.from_numbers(2, 0, 2, 2) == Colour()
    assert colour.from_numbers(99, 9, 99, 99) == Colour()


@pytest.mark.parametrize("table", [colour.MATRICES, colour.RANGES, colour.PRIMARIES, colour.TRANSFERS])
def test_names_go_back_to_their_numbers(table: dict[int, str]) -> None:
    assert all(colour.number(table, name) == n for n, name in table.items())
    assert colour.number(table, "") == (0 if table is colour.RANGES else 2)


def test_untagged_footage_is_bt601_below_720_lines() -> None:
    assert colour.effective_matrix("", 719) == "smpte170m"
    assert colour.effective_matrix("", 720) == "bt709"
    assert colour.effective_matrix("bt2020nc", 480) == "bt2020nc"
    assert colour.effective_matrix("ictcp", 1080) == "bt709"
