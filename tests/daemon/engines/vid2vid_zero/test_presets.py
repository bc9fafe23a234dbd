"""Presets fill in what was left to them."""

from __future__ import annotations

import pytest
from keyfollow.errors import UsageError
from keyfollow_daemon.engines.vid2vid_zero.options import editing
from keyfollow_daemon.engines.vid2vid_zero.presets import PRESETS, by_preset
from keyfollow_testkit.zero import settings


def test_what_was_given_stands() -> None:
    found = by_preset(settings(preset="local_change", cross_replace=0.1, local_blend="off"))
    assert found["cross_replace"] == 0.1 and found["local_blend"] == "off" and found["keep_values"] == 0.05


@pytest.mark.parametrize("preset", PRESETS)
def test_each_is_a_run_that_is_possible(preset: str) -> None:
    found = editing(settings(preset=preset), draft=False)
    assert found.blend == (preset == "local_change") and bool(found.sampling.spatial) == (preset in ("local_change", "style"))


def test_the_default_is_as_published() -> None:
    found = editing(settings(), draft=False)
    assert found.cross == (0.8, 0.4) and found.layout == 0.4 and not found.sampling.spatial and not found.blend


@pytest.mark.parametrize("name", ["keep_values", "cross_replace"])
def test_there_is_nothing_between_minus_one_and_nothing(name: str) -> None:
    with pytest.raises(UsageError, match="is not possible"):
        by_preset(settings(**{name: -0.5}))
