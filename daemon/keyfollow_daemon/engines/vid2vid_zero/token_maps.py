"""Which token of the target prompt takes over the attention of which token of the source prompt.

Prompt-to-prompt (Hertz et al. 2022, arXiv 2208.01626) as vid2vid-zero's published code has it (spec § 8). A map M is ``(..., tokens)``;
the edited map is M_s R diag(keep) + M_t diag(1 - keep), before any weight over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from keyfollow.errors import UsageError
from torch import Tensor

from keyfollow_daemon.engines.diffusion.text import TextEncoder

LENGTH = 77


@dataclass(frozen=True, slots=True, eq=False)
class TokenMap:
    """`across`: R, ``(77, 77)`` float32, source token by target token. `keep`: ``(77,)``, 1 where a target token follows the source."""

    across: Tensor
    keep: Tensor

    def to(self, device: torch.device) -> TokenMap:
        return TokenMap(self.across.to(device), self.keep.to(device))


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt by words and tokens.

    Args:
        words: as split by single blanks.
        ids: tokens of each word.
    """

    words: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]
    first: int = 0
    last: int = 0
    """Tokens that every sequence begins and ends with."""

    def sequence(self) -> list[int]:
        """Token ids with beginning and end, without padding."""
        return [self.first, *(i for word in self.ids for i in word), self.last]

    def spans(self) -> list[range]:
        """Where each word's tokens lie in the sequence."""
        out, at = [], 1
        for word in self.ids:
            out.append(range(at, at + len(word)))
            at += len(word)
        return out

    def tokens_of(self, chosen: Sequence[str]) -> Tensor:
        """``(77,)``: 1 at the tokens of the words in `chosen`."""
        marks = torch.zeros(LENGTH)
        for word, span in zip(self.words, self.spans(), strict=True):
            if word in chosen:
                marks[span.start : span.stop] = 1
        return marks


def replaced(source: Prompt, target: Prompt) -> TokenMap:
    """Word for word, for prompts with equally many words: those that differ follow the word in their place."""
    pairs = [
        (s, t)
        for s, t, a, b in zip(source.spans(), target.spans(), source.words, target.words, strict=True)
        if a != b and len(s) and len(t)
    ]
    across = torch.zeros(LENGTH, LENGTH)
    i = j = 0
    for s, t in pairs:
        for _ in range(s.start - i):
            across[i, j] = 1
            i, j = i + 1, j + 1
        if len(s) == len(t):
            for a, b in zip(s, t, strict=True):
                across[a, b] = 1
        else:
            across[s.start : s.stop, t.start : t.stop] = 1 / len(t)
        i, j = s.stop, t.stop
    while j < LENGTH and i < LENGTH:  # as published, the tail goes by the target's index even where words before it shifted
        across[j, j] = 1
        i, j = i + 1, j + 1
    return TokenMap(across, torch.ones(LENGTH))


def refined(source: Prompt, target: Prompt) -> TokenMap:
    """For prompts of any length: tokens found in both follow the source, new ones stand for themselves."""
    a, b = source.sequence(), target.sequence()
    across, keep = torch.zeros(LENGTH, LENGTH), torch.ones(LENGTH)
    for j, i in enumerate(alignment(a, b)):
        if i is None:
            keep[j] = 0
        else:
            across[i, j] = 1
    for j in range(len(b), LENGTH):
        across[j, j] = 1
    return TokenMap(across, keep)


def alignment(a: Sequence[int], b: Sequence[int]) -> list[int | None]:
    """For each of `b` its partner's place in `a`, or None (Needleman and Wunsch 1970).

    Match +1, mismatch -1, gap 0; of equal scores a gap in `a` is preferred to one in `b`, and that to a diagonal.
    """
    score = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]

    def diagonal(i: int, j: int) -> int:
        return score[i - 1][j - 1] + (1 if a[i - 1] == b[j - 1] else -1)

    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            score[i][j] = max(score[i][j - 1], score[i - 1][j], diagonal(i, j))
    partners: list[int | None] = [None] * len(b)
    i, j = len(a), len(b)
    while i and j:
        if score[i][j] == score[i][j - 1]:
            j -= 1
        elif score[i][j] == score[i - 1][j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            partners[j] = i
    return partners


def prompt_of(text: str, encoder: TextEncoder) -> Prompt:
    """`text` by words and tokens.

    Raises:
        UsageError: ``prompt_too_long`` above 75 tokens: what lies behind would be lost without a word.
    """
    parts = encoder.words(text)
    count = sum(len(ids) for _, ids in parts)
    if count > LENGTH - 2:
        raise UsageError(
            "prompt_too_long", f"The prompt has {count} tokens; the model reads {LENGTH - 2}.", "Say it in fewer words."
        )
    first, last = encoder.ends
    return Prompt(tuple(w for w, _ in parts), tuple(tuple(ids) for _, ids in parts), first, last)
