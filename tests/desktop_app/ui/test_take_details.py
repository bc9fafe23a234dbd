from __future__ import annotations

from pathlib import Path

import pytest
from keyfollow.engine_info import EngineInfo, Report
from keyfollow_desktop.ui.take_details import details, request_of
from keyfollow_desktop.ui.take_store import Known

ENGINES = {"patch": EngineInfo("patch", "Patch", "1", "")}


def test_what_is_not_known_is_not_told(tmp_path: Path) -> None:
    assert details(Known(), ENGINES) == "" == details(Known(tmp_path), ENGINES)
    for damaged in ("{", "[]", '{"request": 1}', '{"request": {"settings": {}}}'):
        (tmp_path / "recipe.json").write_text(damaged)
        assert details(Known(tmp_path), ENGINES) == ""
    (tmp_path / "recipe.json").write_text('{"request": 1}')
    with pytest.raises(TypeError):
        request_of(str(tmp_path))


def test_a_recipe_is_told_in_a_line_and_the_report_below_it(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"request": {"engine": "patch", "settings": {"change_threshold": 2.0}, "seed": 7}}')
    known = Known(tmp_path, report=Report(5, changed_share=0.02, changed_outside_mask=4))
    told = details(known, ENGINES).splitlines()
    assert told[0] == "Patch  ·  Change threshold 2.0  ·  seed 7"
    assert told[1] == "5 frames  ·  2 % of the picture changed" and told[2] == "4 pixels changed where the mask protects."
