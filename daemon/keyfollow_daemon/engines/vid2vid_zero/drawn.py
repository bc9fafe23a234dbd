"""Frames whose latents are final: one entry a window among the job's checkpoints, so that none of them need stay in memory.

Jobs that draw several prompts together (`options.together`) find in the cache what one of them has drawn for the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from keyfollow.errors import JobError
from torch import Tensor

from keyfollow_daemon.engines.base import Array, Context
from keyfollow_daemon.engines.diffusion.arrays import from_arrays, to_arrays


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFrame:
    """`latents` ``(2, 4, h, w)`` float32: edited, and the source's; `confidence` 0…1."""

    latents: Tensor
    confidence: float


class Drawn:
    """What a run has drawn, by frame."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._window_of: dict[int, int] = {}
        self._at_hand: tuple[int, Mapping[int, DrawnFrame]] = (-1, {})

    def put(self, window: int, frames: Mapping[int, DrawnFrame]) -> None:
        self._ctx.checkpoint(_name(window), _packed(frames))
        self._note(window, frames)

    def find(self, windows: Sequence[int]) -> list[list[int]] | None:
        """The frames of each window, as an interrupted run has put them here; None unless all are whole."""
        found = []
        for window in windows:
            kept = self._ctx.restore(_name(window))
            if kept is None:
                return None
            frames = _unpacked(kept)
            self._note(window, frames)
            found.append(list(frames))
        return found

    def __getitem__(self, frame: int) -> DrawnFrame:
        window = self._window_of[frame]
        if self._at_hand[0] != window and self.find([window]) is None:
            raise JobError("checkpoint_lost", f"What was drawn of frame {frame} is damaged or gone.", "Retry the job.")
        return self._at_hand[1][frame]

    def give(self, key: str, frames: Mapping[int, DrawnFrame]) -> None:
        """For the job that looks for `key`."""
        self._ctx.cache.save(key, _packed(frames))

    def take(self, keys: Mapping[int, str]) -> list[list[int]] | None:
        """As `find`, of what another job gave, by window. It is copied here, since the cache may give entries up."""
        for window, key in keys.items():
            kept = self._ctx.cache.load(key)
            if kept is None:
                return None
            self._ctx.checkpoint(_name(window), kept)
        return self.find(list(keys))

    def _note(self, window: int, frames: Mapping[int, DrawnFrame]) -> None:
        self._window_of |= dict.fromkeys(frames, window)
        self._at_hand = (window, frames)


def _name(window: int) -> str:
    return f"drawn {window}"


def _packed(frames: Mapping[int, DrawnFrame]) -> dict[str, Array]:
    return to_arrays(
        {
            "frames": torch.tensor(list(frames), dtype=torch.int64),
            "latents": torch.stack([f.latents.cpu() for f in frames.values()]) if frames else torch.zeros(0),
            "confidence": torch.tensor([f.confidence for f in frames.values()], dtype=torch.float64),
        }
    )


def _unpacked(kept: Mapping[str, Array]) -> dict[int, DrawnFrame]:
    state = from_arrays(kept)
    numbers, sure = state["frames"].tolist(), state["confidence"].tolist()
    return {n: DrawnFrame(x, c) for n, x, c in zip(numbers, state["latents"], sure, strict=True)}
