"""Attention across the frames of a video, and cross-attention that follows another video's, as diffusers processors (0.42).

Scaled dot products only: no map is stored but for LocalBlend. K and V of a dense layer are used where they lie: one call of
F N queries and F N keys. A sparse layer gathers two frames' keys for each frame, which no strided view can express.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .call import Call, Hooks, Pair, WordMaps
from .kinds import Kind

LAYOUT_TOKENS = 256
"""Self-attention follows the source's only in layers with at most as many tokens."""


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """``(batch, tokens, heads, d)`` each; softmax(q k / sqrt(d)) v."""
    out = functional.scaled_dot_product_attention(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
    return out.transpose(1, 2)


class VideoSelfAttention:
    """`attn1` of one layer of kind `kind`."""

    def __init__(self, hooks: Hooks, kind: Kind) -> None:
        self._hooks, self._kind = hooks, kind

    def __call__(self, attn: Any, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        self._hooks.visited += 1
        call = self._hooks.call
        query, key, value = (
            f(hidden_states).unflatten(-1, (attn.heads, -1)) for f in (attn.to_q, attn.to_k, attn.to_v)
        )  # (rows, tokens, heads, d)
        if self._kind == "frame" or not call.cross_frame:
            mixed = within_frames(query, key, value, call)
        elif self._kind == "dense":
            mixed = dense(query, key, value, call.videos, call.slots, call.dense_every)
        else:
            mixed = sparse(query, key, value, call.videos, call.slots)
        out: Tensor = attn.to_out[0](mixed.reshape(hidden_states.shape))
        return out


def within_frames(query: Tensor, key: Tensor, value: Tensor, call: Call) -> Tensor:
    """Every frame by itself; a pair's target with its source's queries and keys, where the layer is small enough."""
    layouts = {p.target: p.source for p in call.pairs if p.layout} if query.shape[1] <= LAYOUT_TOKENS else {}
    if layouts:
        chosen = [layouts.get(v, v) for v in range(call.videos)]
        query, key = (t.unflatten(0, (call.videos, -1))[chosen].flatten(0, 1) for t in (query, key))
    return attend(query, key, value)


def dense(query: Tensor, key: Tensor, value: Tensor, videos: int, slots: int, every: int = 1) -> Tensor:
    """All frames of a video see all of its frames and slots. A slot sees itself only: what is given is not to be led astray.

    Of the frames only every `every`-th is seen, from the first on: then keys and values are gathered, once for all frames.
    """
    tokens = query.shape[1]
    q, k, v = (t.unflatten(0, (videos, -1)) for t in (query, key, value))
    if every > 1:
        k, v = (torch.cat([t[:, :slots], t[:, slots::every]], dim=1) for t in (k, v))
    mixed = attend(q[:, slots:].flatten(1, 2), k.flatten(1, 2), v.flatten(1, 2)).unflatten(1, (-1, tokens))
    return _with_slots(mixed, query, key, value, videos, slots)


def sparse(query: Tensor, key: Tensor, value: Tensor, videos: int, slots: int) -> Tensor:
    """Each frame sees the anchor and the frame before (the first: itself). The anchor is the first frame, or the slots."""

    def seen(t: Tensor) -> Tensor:
        rows = t.unflatten(0, (videos, -1))
        frames = rows[:, slots:]
        before = torch.cat([frames[:, :1], frames[:, :-1]], dim=1)
        anchor = (rows[:, :slots] if slots else frames[:, :1]).flatten(1, 2)
        return torch.cat([anchor[:, None].expand(-1, frames.shape[1], -1, -1, -1), before], dim=2).flatten(0, 1)

    own = query.unflatten(0, (videos, -1))[:, slots:].flatten(0, 1)
    mixed = attend(own, seen(key), seen(value)).unflatten(0, (videos, -1))
    return _with_slots(mixed, query, key, value, videos, slots)


def _with_slots(mixed: Tensor, query: Tensor, key: Tensor, value: Tensor, videos: int, slots: int) -> Tensor:
    """``(videos, frames, tokens, heads, d)`` with the slots' own before them, as rows."""
    if not slots:
        return mixed.flatten(0, 1)
    q, k, v = (t.unflatten(0, (videos, -1))[:, :slots].flatten(0, 1) for t in (query, key, value))
    return torch.cat([attend(q, k, v).unflatten(0, (videos, -1)), mixed], dim=1).flatten(0, 1)


class VideoCrossAttention:
    """`attn2` of one layer: text ``(videos, 77, D)``, one for all frames of a video; keys and values are made once a video.

    Args:
        mapped: this is one of the layers that LocalBlend reads.
    """

    def __init__(self, hooks: Hooks, mapped: bool) -> None:
        self._hooks, self._mapped = hooks, mapped

    def __call__(self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        self._hooks.visited += 1
        call = self._hooks.call
        query = attn.to_q(hidden_states).unflatten(0, (call.videos, -1)).flatten(1, 2).unflatten(-1, (attn.heads, -1))
        key, value = (f(encoder_hidden_states).unflatten(-1, (attn.heads, -1)) for f in (attn.to_k, attn.to_v))
        mixed = following(query, key, value, call.pairs)
        if self._mapped and call.maps is not None:
            record(query, key, call, call.maps)
        out: Tensor = attn.to_out[0](mixed.reshape(hidden_states.shape))
        return out


def following(query: Tensor, key: Tensor, value: Tensor, pairs: tuple[Pair, ...]) -> Tensor:
    """Cross-attention ``(videos, tokens, heads, d)``, that of a pair's target made of both videos' maps; see `Pair`."""
    pairs = tuple(p for p in pairs if p.across is not None)
    if not pairs:
        return attend(query, key, value)
    kept = value.clone()
    for p in pairs:
        assert p.own is not None
        kept[p.target] = p.own.to(value)[:, None, None] * value[p.target]
    out = attend(query, key, kept)
    for p in pairs:
        assert p.across is not None
        led = torch.einsum("ij,jhd->ihd", p.across.to(value), value[p.target])
        out[p.target] += attend(query[p.source, None], key[p.source, None], led[None])[0]
    return out


def record(query: Tensor, key: Tensor, call: Call, maps: WordMaps) -> None:
    """Add this layer's attention to chosen words, averaged over heads, to `maps`."""
    for video, words in enumerate(maps.words):
        if words is None:
            continue
        scores = torch.einsum("nhd,lhd->hnl", query[video].float(), key[video].float()) / query.shape[-1] ** 0.5
        found = (scores.softmax(dim=-1) @ words.to(scores)).mean(dim=0).unflatten(0, (call.slots + call.frames, -1))
        maps.sums[video] = maps.sums[video] + found if video in maps.sums else found
