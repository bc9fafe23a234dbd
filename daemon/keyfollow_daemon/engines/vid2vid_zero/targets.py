"""A target prompt as the denoiser reads it: its embedding, and what follows from comparing it with the source prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from keyfollow.errors import UsageError
from torch import Tensor

from keyfollow_daemon.engines.diffusion.text import TextEncoder

from .denoise import Target
from .injection import Injection
from .local_blend import LocalBlend
from .options import Editing
from .token_maps import LENGTH, Prompt, prompt_of, refined, replaced


def embedding(text: TextEncoder, prompt: str, device: torch.device) -> Tensor:
    """``(1, 77, D)`` float32, of a prompt that is not too long."""
    prompt_of(prompt, text)
    return text(prompt).tokens.to(device).clone()


def target(text: TextEncoder, source: str, prompt: str, how: Editing, steps: int, device: torch.device) -> Target:
    """Without a source prompt there are no words to follow: then the embedding alone.

    Raises:
        UsageError: ``prompt_too_long``; ``unequal_words`` where words shall be replaced one by one and are not equally many;
            ``unknown_word`` for a word of the settings that is not in the prompts.
    """
    found = embedding(text, prompt, device)
    if not source:
        return Target(found)
    a, b = prompt_of(source, text), prompt_of(prompt, text)
    return Target(found, _injection(a, b, how, steps, device), _blend(a, b, how, device))


def _injection(source: Prompt, target: Prompt, how: Editing, steps: int, device: torch.device) -> Injection | None:
    if how.words == "none":
        return None
    equal = len(source.words) == len(target.words)
    if how.words == "replace" and not equal:
        raise UsageError(
            "unequal_words",
            f"The source prompt has {len(source.words)} words, the target prompt {len(target.words)}.",
            "Give both equally many, or use --set words=refine.",
        )
    by_place = equal and how.words != "refine"
    tokens = (replaced if by_place else refined)(source, target)
    share = how.cross[0] if by_place else how.cross[1]
    weights = _at_words(target, how.weights, 1.0) if how.weights else None
    shares = _at_words(target, how.shares, float("nan")) if how.shares else None
    return Injection(tokens.to(device), steps, share, how.layout, weights, shares)


def _at_words(prompt: Prompt, values: Iterable[tuple[str, float]], otherwise: float) -> Tensor:
    out = torch.full((LENGTH,), otherwise)
    for word, value in values:
        out[_known(prompt.tokens_of([word]), word).bool()] = value
    return out


def _blend(source: Prompt, target: Prompt, how: Editing, device: torch.device) -> LocalBlend | None:
    if not how.blend:
        return None
    if how.blend_words:
        both = [source.tokens_of(how.blend_words), target.tokens_of(how.blend_words)]
        _known(both[0] + both[1], " ".join(how.blend_words))
    else:
        both = [_differing(source, target.words), _differing(target, source.words)]
    if not any(bool(marks.any()) for marks in both):
        return None
    return LocalBlend(both[0].to(device), both[1].to(device), how.steady)


def _differing(prompt: Prompt, others: Sequence[str]) -> Tensor:
    return prompt.tokens_of([word for word in prompt.words if word not in others])


def _known(marks: Tensor, word: str) -> Tensor:
    if not marks.any():
        raise UsageError("unknown_word", f"There is no {word!r} in the prompts.", "Write the word as it stands in the prompt.")
    return marks
