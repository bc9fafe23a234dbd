"""Self-attention of a UNet's decoder, tapped: its input features are captured, and other frames' features can take its keys' place.

Pix2Video (Ceylan et al. 2023, § 3.1) lets a frame attend to the features of others. Those features are the input of the block's
self-attention (`attn1`), that is the output of `norm1`; the block's own weights project them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from keyfollow.errors import JobError
from torch import Tensor, nn
from torch.nn import functional

Features = Sequence[Tensor]
"""By layer, in execution order: ``(tokens, channels)`` of one sample."""


class FeatureTap:
    """The hooked layers of one UNet.

    Before a call set `references`: for every row of the batch the features that it attends to *instead of itself*, one `Features` per
    frame referred to, each row with as many, or none for a row that attends to itself. Afterwards `captured` holds every layer's
    input, ``(rows, tokens, channels)``.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.references: Sequence[Sequence[Features]] | None = None
        self.captured: list[Tensor] = []

    def context(self, layer: int, hidden: Tensor) -> Tensor:
        """Keys' and values' source for `layer`. A row without references attends to itself as often as others have references:
        duplicated tokens do not change softmax attention."""
        if self.references is None:
            return hidden
        count = max(len(row) for row in self.references)
        rows = [
            torch.cat([features[layer] for features in row]) if row else own.repeat(count, 1)
            for row, own in zip(self.references, hidden, strict=True)
        ]
        return torch.stack(rows)

    def check(self) -> None:
        """Raises JobError ``hooks_lost`` unless the last call went through every hooked layer once."""
        if len(self.captured) != len(self.names):
            raise JobError(
                "hooks_lost",
                f"{len(self.captured)} of the model's {len(self.names)} decoder attention layers answered.",
                "Something replaced their processors: load the model anew, without other add-ons.",
            )


class TappedAttention:
    """diffusers' attention processor (0.42) that reads and feeds a `FeatureTap`; scaled dot products without a stored map."""

    def __init__(self, tap: FeatureTap, layer: int) -> None:
        self._tap, self._layer = tap, layer

    def __call__(self, attn: Any, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        tap = self._tap
        if len(tap.captured) != self._layer:
            raise JobError(
                "hooks_lost", "The model's decoder attention layers ran in another order than expected.", "Report this model."
            )
        tap.captured.append(hidden_states)
        context = tap.context(self._layer, hidden_states)
        query, key, value = attn.to_q(hidden_states), attn.to_k(context), attn.to_v(context)
        rows, tokens, channels = query.shape

        def heads(t: Tensor) -> Tensor:
            return t.view(rows, -1, attn.heads, channels // attn.heads).transpose(1, 2)

        mixed = functional.scaled_dot_product_attention(heads(query), heads(key), heads(value))
        out: Tensor = attn.to_out[0](mixed.transpose(1, 2).reshape(rows, tokens, channels))
        return out


def decoder_self_attention(unet: nn.Module) -> dict[str, Any]:
    """Every `attn1` below `up_blocks`, by name, in execution order: decoder layers are known by where they are, never by number."""
    return {n: m for n, m in unet.named_modules() if n.startswith("up_blocks.") and n.endswith(".attn1")}


def is_plain(attention: Any) -> bool:
    """Whether a diffusers layer computes softmax(q k / sqrt(d)) v and its output projection, and nothing beside."""
    return (
        not attention.residual_connection
        and attention.rescale_output_factor == 1
        and attention.group_norm is None
        and attention.spatial_norm is None
        and getattr(attention, "norm_cross", None) is None
        and getattr(attention, "norm_q", None) is None
        and getattr(attention, "norm_k", None) is None
    )


def tap_decoder(unet: nn.Module) -> FeatureTap:
    """Hook the UNet's decoder self-attention.

    Raises:
        JobError: ``unknown_layers`` when a layer is not the plain self-attention that the processor computes.
    """
    layers = decoder_self_attention(unet)
    if not layers or not all(is_plain(a) and not a.is_cross_attention for a in layers.values()):
        raise JobError(
            "unknown_layers",
            f"The model has {len(layers)} decoder self-attention layers of a kind that is not known here.",
            "Use a Stable Diffusion 1, 2 or XL model.",
        )
    tap = FeatureTap(tuple(layers))
    for number, layer in enumerate(layers.values()):
        layer.set_processor(TappedAttention(tap, number))
    return tap
