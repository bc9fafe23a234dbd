"""Self-attention of the video UNet, hooked: captured, led by another call's, joined with another clip's frames. diffusers 0.42 processors.

Only scaled dot products; no map is stored. Values always come from the call itself, so following the source is
softmax(q_s k_s) v, and a mixture by rows of the two maps is the same mixture of two such products.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as attend

from .difference import row_difference
from .features import Features
from .layers import Layer
from .matching import Match, Watch


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """What the hooked layers are told about the call that they are in. Rows are videos x frames; the last video is the conditional one.

    Args:
        capture: takes up what the layers compute.
        match: the conditional rows follow a source.
        anchor: with values; temporal layers see these frames too, before their own (skip-interval attention, § 3.5; spec § 6).
        source_anchor: the same for the source's temporal keys, where both are in use.
        watch: is shown what matching did.
    """

    frames: int = 1
    capture: Features | None = None
    match: Match | None = None
    anchor: Features | None = None
    source_anchor: Features | None = None
    watch: Watch | None = None


@dataclass(slots=True)
class Hooks:
    """Shared by all hooked layers of one UNet. `visited` counts those that the last call went through."""

    call: Call = field(default_factory=Call)
    visited: int = 0


class HookedAttention:
    """An `attn1`'s processor."""

    def __init__(self, hooks: Hooks, layer: Layer) -> None:
        self._hooks, self._layer = hooks, layer

    def __call__(self, attn: Any, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        self._hooks.visited += 1
        query, key, value = (
            f(hidden_states).unflatten(-1, (attn.heads, -1)).transpose(1, 2) for f in (attn.to_q, attn.to_k, attn.to_v)
        )
        mix = spatial if self._layer.kind == "spatial" else temporal
        mixed = mix(self._layer, query, key, value, self._hooks.call)
        out: Tensor = attn.to_out[0](mixed.transpose(1, 2).reshape(hidden_states.shape))
        return out


def spatial(layer: Layer, query: Tensor, key: Tensor, value: Tensor, call: Call) -> Tensor:
    """``(rows, heads, N, d)`` each, a row for each frame."""
    if call.capture is not None and not call.capture.temporal_only:
        call.capture.spatial[layer.name] = (query, key)
    out = attend(query, key, value)
    if call.match is None:
        return out
    first = len(query) - call.frames
    source_query, source_key = call.match.source.spatial[layer.name]
    difference = row_difference(query[first:], key[first:], source_query, source_key)
    share = call.match.how.own_share(layer, call.match.step, difference)
    led = attend(source_query, source_key, value[first:])
    mixed = torch.lerp(led, out[first:], share[:, None, :, None].to(out))
    out = torch.cat([out[:first], mixed])
    if call.watch is not None:
        seen = {"q": query, "k": key, "v": value, "q_src": source_query, "k_src": source_key, "diff": difference, "out": out}
        call.watch(layer, seen)
    return out


def temporal(layer: Layer, query: Tensor, key: Tensor, value: Tensor, call: Call) -> Tensor:
    """``(videos N, heads, F, d)`` each, a row for each pixel."""
    if call.capture is not None:
        call.capture.temporal[layer.name] = (query, key, value) if call.capture.values else (query, key)
    if call.anchor is not None:
        _, anchor_key, anchor_value = call.anchor.temporal[layer.name]
        key, value = torch.cat([anchor_key, key], dim=2), torch.cat([anchor_value, value], dim=2)
    match = call.match
    if match is None:
        return attend(query, key, value)
    first = len(query) - len(match.source.temporal[layer.name][0])
    source_query, source_key = match.source.temporal[layer.name][:2]
    if call.source_anchor is not None:
        source_key = torch.cat([call.source_anchor.temporal[layer.name][1], source_key], dim=2)
    follows = match.how.follows(layer, match.step, match.steps)
    if call.watch is not None:
        seen = {"q": query[first:], "k": key[first:], "q_src": source_query, "k_src": source_key}
        call.watch(layer, {**seen, "follows": torch.tensor(follows)})
    if not follows:
        return attend(query, key, value)
    led = attend(source_query, source_key, value[first:])
    return torch.cat([attend(query[:first], key[:first], value[:first]), led]) if first else led
