"""Settings as the numerics read them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from keyfollow.errors import UsageError
from keyfollow_daemon.engines.vid2vid_zero.null_text import NullText
from keyfollow_daemon.engines.vid2vid_zero.options import by_word, editing, preparing, steps_of, together
from keyfollow_testkit.zero import settings


def test_the_published_way_is_the_default_and_drafts_are_quick() -> None:
    found = preparing(settings(inversion="auto", steps=50), draft=False)
    assert (
        found.method == "null_text" and found.null == NullText(1, 0.01, 7.5, False) and not found.prompted and found.joint_norm
    )
    draft = preparing(settings(inversion="auto", steps=50), draft=True)
    assert (draft.method, draft.null, draft.prompted, draft.steps) == ("direct", None, True, 20)
    assert steps_of(settings(steps=7), draft=True) == 7


def test_methods_have_what_they_need() -> None:
    fixed = preparing(settings(inversion="fixed_point", fixed_point_steps=2), draft=False)
    assert fixed.again == 2 and fixed.prompted
    assert preparing(settings(inversion="negative_prompt"), draft=False).again == 0
    assert not preparing(settings(inversion="direct", inversion_prompt="empty"), draft=False).prompted
    assert preparing(settings(inversion="null_text", inversion_prompt="source"), draft=False).prompted


def test_only_direct_inversion_matches_other_samplers() -> None:
    assert editing(settings(sampler="dpm++2m", inversion="direct"), draft=False).sampling.sampler == "dpm++2m"
    assert editing(settings(sampler="dpm++2m", inversion="auto"), draft=True).sampling.sampler == "dpm++2m"
    for method in ("null_text", "negative_prompt", "fixed_point", "auto"):
        with pytest.raises(UsageError) as error:
            editing(settings(sampler="dpm++2m", inversion=method), draft=False)
        assert error.value.code == "unmatched_sampler"


def test_prompts_that_are_drawn_together() -> None:
    def found(prompt: str, listed: str, keyframes: tuple[object, ...] = (), source: str = "a car") -> tuple[str, ...]:
        about: Any = SimpleNamespace(prompt=prompt, keyframes=keyframes, settings={"prompts": listed})
        return together(about, source)

    assert found("a jeep", "") == ("a jeep",) and found("", "") == ("a car",)
    assert found("a jeep", "a tank\na jeep\n\na tank") == found("a tank", "a tank\na jeep") == ("a tank", "a jeep")
    with pytest.raises(UsageError) as error:
        found("a jeep", "a tank\na boat")
    assert error.value.code == "prompt_not_listed"
    # with a keyframe, the source's own words go without guidance
    listed = "a jeep\na car\na tank"
    assert found("a jeep", listed, (1,)) == ("a jeep", "a tank") and found("a car", listed, (1,)) == ("a car",)


def test_words_with_numbers() -> None:
    assert by_word("snow:2, a:b:0.5,") == (("snow", 2.0), ("a:b", 0.5)) and by_word("") == ()
    for wrong in ("snow", "snow:much", ":2"):
        with pytest.raises(UsageError):
            by_word(wrong)
