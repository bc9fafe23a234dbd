"""The hooked self-attention layers of a spatio-temporal UNet: what they are called, where they stand, how coarse they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from keyfollow.errors import JobError
from torch import nn

from keyfollow_daemon.engines.diffusion.attention import is_plain

Kind = Literal["spatial", "temporal"]
Place = Literal["down", "mid", "up"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One `attn1`.

    Args:
        position: counts layers of that kind within the place, from 0.
        factor: how many times smaller than the latent its map is.
        last: the last of its block.
    """

    kind: Kind
    place: Place
    position: int
    factor: int
    last: bool

    @property
    def name(self) -> str:
        return f"{self.place}.{self.position}"


def hooked_layers(unet: nn.Module) -> list[tuple[Layer, Any]]:
    """Every spatial and temporal self-attention, in execution order.

    Raises:
        JobError: ``unknown_layers`` when the network is not built as Stable Video Diffusion is.
    """
    found: list[tuple[Layer, Any]] = []
    blocks: list[tuple[Place, int, Any]] = []
    parts: Any = unet
    down, up = list(parts.down_blocks), list(parts.up_blocks)
    blocks += [("down", 2**n, block) for n, block in enumerate(down)]
    blocks += [("mid", 2 ** (len(down) - 1), parts.mid_block)]
    blocks += [("up", 2 ** (len(up) - 1 - n), block) for n, block in enumerate(up)]
    counts: dict[tuple[Place, Kind], int] = {}
    for place, factor, block in blocks:
        inside = [m for m in getattr(block, "attentions", None) or () if m is not None]
        pairs = [(n == len(inside) - 1, pair) for n, m in enumerate(inside) for pair in _pairs(m)]
        for last, (kind, attention) in pairs:
            position = counts.get((place, kind), 0)
            counts[place, kind] = position + 1
            found.append((Layer(kind, place, position, factor, last), attention))
    if not found or not all(is_plain(a) and not a.is_cross_attention for _, a in found):
        raise JobError(
            "unknown_layers",
            f"The model has {len(found)} self-attention layers of a kind that is not known here.",
            "Use a Stable Video Diffusion image-to-video model.",
        )
    return found


def _pairs(transformer: Any) -> list[tuple[Kind, Any]]:
    out: list[tuple[Kind, Any]] = []
    for spatial, temporal in zip(transformer.transformer_blocks, transformer.temporal_transformer_blocks, strict=True):
        out += [("spatial", spatial.attn1), ("temporal", temporal.attn1)]
    return out


def coarse(layer: Layer, published: bool) -> bool:
    """Whether the temporal selector's second stage still follows the source there: at a quarter of the latent and below.

    The published code leaves out the last layer of the decoder's block at a quarter.
    """
    return layer.factor >= 4 and not (published and layer.place == "up" and layer.last)
