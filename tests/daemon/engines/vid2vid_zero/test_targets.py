"""A target prompt against the source's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from keyfollow.errors import UsageError
from keyfollow_daemon.engines.diffusion import loading
from keyfollow_daemon.engines.diffusion.text import TextEncoder
from keyfollow_daemon.engines.vid2vid_zero.denoise import Target
from keyfollow_daemon.engines.vid2vid_zero.options import editing
from keyfollow_daemon.engines.vid2vid_zero.targets import target
from keyfollow_daemon.engines.vid2vid_zero.token_maps import prompt_of
from keyfollow_testkit.zero import SOURCE_PROMPT, TARGET_PROMPT, settings
from keyfollow_testkit.zero_model import CASE

LONGER = "a jeep car is moving on the desert"


@pytest.fixture(scope="module")
def text() -> TextEncoder:
    return loading.load(str(CASE / "model"), torch.device("cpu"), "fp32").text


def made(text: TextEncoder, prompt: str, source: str = SOURCE_PROMPT, **changes: Any) -> Target:
    return target(text, source, prompt, editing(settings(**changes), False), 5, torch.device("cpu"))


def test_equally_many_words_are_replaced_and_others_refined(text: TextEncoder) -> None:
    by_place, by_alignment = made(text, TARGET_PROMPT).injection, made(text, LONGER).injection
    assert by_place is not None and by_place.cross == 0.8 and by_place.tokens.keep.all()
    assert by_alignment is not None and by_alignment.cross == 0.4 and not by_alignment.tokens.keep.all()
    asked = made(text, TARGET_PROMPT, words="refine").injection
    assert asked is not None and asked.cross == 0.4
    with pytest.raises(UsageError, match="7 words, the target prompt 8"):
        made(text, LONGER, words="replace")


def test_without_words_to_follow_there_is_the_prompt_alone(text: TextEncoder) -> None:
    for alone in (made(text, TARGET_PROMPT, source=""), made(text, TARGET_PROMPT, words="none")):
        assert alone.injection is None and alone.blend is None and alone.text.shape == (1, 77, 32)
    assert not alone.text.is_inference(), "gradients may pass"


def test_single_words(text: TextEncoder) -> None:
    spans = dict(zip(TARGET_PROMPT.split(), prompt_of(TARGET_PROMPT, text).spans(), strict=True))
    found = made(text, TARGET_PROMPT, reweight="snow:2", word_shares="jeep:0.2").injection
    assert found is not None and found.weights is not None and found.shares is not None
    assert found.weights.nonzero().numel() == 77 and (found.weights == 2).nonzero().flatten().tolist() == list(spans["snow"])
    assert (~found.shares.isnan()).nonzero().flatten().tolist() == list(spans["jeep"])
    with pytest.raises(UsageError, match="no 'sand'"):
        made(text, TARGET_PROMPT, reweight="sand:2")


def test_blends_by_the_words_that_differ_or_by_those_named(text: TextEncoder) -> None:
    source, ours = (prompt_of(p, text) for p in (SOURCE_PROMPT, TARGET_PROMPT))
    blend = made(text, TARGET_PROMPT, local_blend="on").blend
    assert blend is not None and blend.steady
    assert torch.equal(blend.source, source.tokens_of(["car", "road"])) and torch.equal(
        blend.target, ours.tokens_of(["jeep", "snow"])
    )
    named = made(text, TARGET_PROMPT, local_blend="on", blend_words="car jeep").blend
    assert named is not None and torch.equal(named.source, source.tokens_of(["car"]))
    assert made(text, SOURCE_PROMPT, local_blend="on").blend is None, "nothing differs"
    with pytest.raises(UsageError, match="no 'boat'"):
        made(text, TARGET_PROMPT, local_blend="on", blend_words="boat")


def test_a_target_is_plain_data(text: TextEncoder) -> None:
    assert replace(made(text, TARGET_PROMPT), injection=None).injection is None
