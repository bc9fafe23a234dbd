"""A plan survives as text; what is no plan is none."""

from __future__ import annotations

import pytest
from keyfollow.edits import Clip
from keyfollow_blender.plan import Plan, file_name, pack, unpack


def test_a_plan_survives_as_text() -> None:
    plan = Plan(Clip("/a/b.mp4", rate=None), 3, (5, 5, 4), ".png", "why", False, "edit", "draft")
    assert unpack(pack(plan)) == plan
    assert plan.needed == [4, 5]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"clip": 3}', '{"clip": {"path": "/a"}, "offset": 0}'])
def test_what_is_no_plan_is_none(text: str) -> None:
    assert unpack(text) is None


def test_pictures_are_named_by_source_frame() -> None:
    assert file_name(12, ".tif") == "000012.tif"
