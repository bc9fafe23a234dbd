"""Prompts. (Against the reference's numbers: tests/golden/test_replay.py.)"""

from __future__ import annotations

from typing import Any

import torch
from keyfollow_daemon.engines.diffusion.loading import Model
from keyfollow_daemon.engines.diffusion.text import TextEncoder
from keyfollow_testkit.diffusion import MODEL


def test_a_prompt_is_encoded_once(model: Model) -> None:
    first = model.text("a swan")
    assert first.tokens.shape == (1, 77, 32) and first.pooled is None and model.text("a swan") is first
    assert not torch.equal(first.tokens, model.text("a duck").tokens) and model.text.ids("a swan").shape == (1, 77)


def test_a_prompt_that_is_too_long_is_cut(model: Model) -> None:
    assert model.text("swan " * 200).tokens.shape == (1, 77, 32)


def test_two_encoders_side_by_side() -> None:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    tokenizer: Any = CLIPTokenizer.from_pretrained(MODEL + "/tokenizer")
    about: dict[str, Any] = {"vocab_size": 514, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    one = CLIPTextModel(CLIPTextConfig(hidden_size=8, **about))
    two = CLIPTextModelWithProjection(CLIPTextConfig(hidden_size=16, projection_dim=12, eos_token_id=513, **about))
    encode = TextEncoder([tokenizer, tokenizer], [one, two])
    state, none = encode("a swan"), encode("")
    assert state.tokens.shape == (1, 77, 24) and state.pooled is not None and state.pooled.shape == (1, 12)
    assert none.pooled is not None and not none.tokens.any() and not none.pooled.any() and state.tokens.any()
