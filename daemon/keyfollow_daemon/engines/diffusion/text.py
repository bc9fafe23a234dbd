"""Prompts as the denoising network reads them; each is encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .backbone import TextState


class TextEncoder:
    """CLIP text encoders: one (Stable Diffusion 1 and 2: last hidden state) or two (SDXL: the last but one of both, side by side; no
    prompt is all zeros there, as it was in training)."""

    def __init__(self, tokenizers: Sequence[Any], encoders: Sequence[Any]) -> None:
        self._pairs = list(zip(tokenizers, encoders, strict=True))
        self._known: dict[str, TextState] = {}

    def __call__(self, prompt: str) -> TextState:
        """``(1, 77, channels)`` float32."""
        if prompt not in self._known:
            self._known[prompt] = self._encode(prompt)
        return self._known[prompt]

    def ids(self, prompt: str) -> torch.Tensor:
        """The first tokenizer's ``(1, 77)``, padded to its length."""
        return _ids(self._pairs[0][0], prompt)

    def words(self, prompt: str) -> list[tuple[str, list[int]]]:
        """The prompt split by blanks, each word with its tokens of the first tokenizer; CLIP's never span words."""
        tokenizer = self._pairs[0][0]
        return [(word, list(tokenizer(word, add_special_tokens=False).input_ids)) for word in prompt.split(" ")]

    @property
    def ends(self) -> tuple[int, int]:
        """The tokens that every prompt begins and ends with."""
        tokenizer = self._pairs[0][0]
        return tokenizer.bos_token_id, tokenizer.eos_token_id

    @torch.inference_mode()
    def _encode(self, prompt: str) -> TextState:
        if len(self._pairs) == 1:
            tokenizer, encoder = self._pairs[0]
            return TextState(encoder(_ids(tokenizer, prompt).to(encoder.device)).last_hidden_state.float())
        parts, pooled = [], None
        for tokenizer, encoder in self._pairs:
            out = encoder(_ids(tokenizer, prompt).to(encoder.device), output_hidden_states=True)
            parts.append(out.hidden_states[-2].float())
            pooled = getattr(out, "text_embeds", None)
        assert pooled is not None
        known = 1.0 if prompt else 0.0
        return TextState(known * torch.cat(parts, dim=-1), known * pooled.float())


def _ids(tokenizer: Any, prompt: str) -> torch.Tensor:
    out = tokenizer(prompt, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt")
    ids: torch.Tensor = out.input_ids
    return ids
