"""A network that is a formula, for tests of what stands around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class FormulaNetwork:
    """In place of a `VideoNetwork`: `noise(x, timestep, text)` is its answer. It records what it was asked."""

    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self, noise: Callable[[Tensor, int, Tensor], Tensor]) -> None:
        self._noise = noise
        self.asked: list[dict[str, Any]] = []

    def __call__(self, x: Tensor, timestep: int, text: Tensor, **more: Any) -> Tensor:
        self.asked.append({"x": x.clone(), "timestep": timestep, "text": text, **more})
        if more.get("maps") is not None:
            for at, words in enumerate(more["maps"].words):
                if words is not None:
                    tokens = -(-x.shape[-2] // 4) * -(-x.shape[-1] // 4)
                    more["maps"].sums[at] = torch.ones(x.shape[1], tokens, words.shape[1])
        return self._noise(x, timestep, text)

    @property
    def rows(self) -> list[int]:
        """Videos of each call."""
        return [len(call["x"]) for call in self.asked]
