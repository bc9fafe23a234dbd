"""What one call of the network leaves for others: queries, keys and values of its self-attention, by layer, and where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import torch
from torch import Tensor

Triple = tuple[Tensor, ...]


@dataclass(slots=True, eq=False)
class Features:
    """Of one call. By layer: ``(rows, heads, tokens, d)``; a temporal layer's rows are pixels, its tokens frames.

    Args:
        spatial: queries and keys, left empty by `temporal_only`. temporal: queries and keys, and values where `values`.
    """

    values: bool = False
    temporal_only: bool = False
    spatial: dict[str, Triple] = field(default_factory=dict)
    temporal: dict[str, Triple] = field(default_factory=dict)

    def bytes(self) -> int:
        return sum(t.nbytes for layers in (self.spatial, self.temporal) for group in layers.values() for t in group)

    def to(self, device: torch.device, *, pinned: bool = False) -> Features:
        def moved(layers: dict[str, Triple]) -> dict[str, Triple]:
            return {name: tuple(_moved(t, device, pinned) for t in group) for name, group in layers.items()}

        return Features(self.values, self.temporal_only, moved(self.spatial), moved(self.temporal))


def _moved(tensor: Tensor, device: torch.device, pinned: bool) -> Tensor:
    out = tensor.to(device, non_blocking=True) if tensor.device != device else tensor
    return out.pin_memory() if pinned else out


class FeatureStore:
    """Features that may be asked for again. What does not fit `budget` bytes is made anew each time: with 0, everything is.

    They lie in main memory, pinned where the network is on a GPU. Whether they were kept or made anew makes no difference to a bit.
    """

    def __init__(self, device: torch.device) -> None:
        self.budget = 0
        self._device = device
        self._kept: dict[Hashable, Features] = {}
        self._bytes = 0

    @property
    def bytes(self) -> int:
        return self._bytes

    def get(self, key: Hashable, make: Callable[[], Features]) -> Features:
        """The features of that name, on the device."""
        if key in self._kept:
            return self._kept[key].to(self._device)
        made = make()
        self.offer(key, made)
        return made

    def offer(self, key: Hashable, made: Features) -> None:
        """Keep them if there is room."""
        size = made.bytes()
        if key in self._kept or self._bytes + size > self.budget:
            return
        cuda = self._device.type == "cuda"
        self._kept[key] = made.to(torch.device("cpu"), pinned=cuda) if cuda else made
        self._bytes += size

    def forget(self) -> None:
        self._kept.clear()
        self._bytes = 0
