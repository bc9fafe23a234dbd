"""When a run keeps what it has done so far, and how it knows again that this was its own."""

from __future__ import annotations

import hashlib
import time

import torch
from torch import Tensor


def identity(text: str) -> Tensor:
    """SHA-256 of `text`, ``(32,)`` uint8, to lie in a checkpoint: all that a run's state depends on."""
    return torch.tensor(list(hashlib.sha256(text.encode()).digest()), dtype=torch.uint8)


SHARE = 0.05
"""Checkpoints may take this share of a run's time."""


class Pace:
    """Says when the next checkpoint is due, so that all of them together take no more than `SHARE` of the time."""

    def __init__(self) -> None:
        self._next = self._began = 0.0

    def due(self) -> bool:
        return time.monotonic() >= self._next

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        now = time.monotonic()
        self._next = now + (now - self._began) / SHARE
