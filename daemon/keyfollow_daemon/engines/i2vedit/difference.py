"""How differently two attentions look around, per query, without either map in memory (I2VEdit, § 3.4; spec § 5a).

    D[n] = 1/2 clamp( sum_m mean_h |P_s[h, n, m] - P[h, n, m]|, 0, 2 )     P = softmax(q k / sqrt(d))

A row of P is exp(S - L) with S the row's scores and L their log-sum-exp, so a chunk of queries needs its own scores only.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

CHUNK_BYTES = 256 << 20
"""Of the scores of one chunk, float32; two such chunks and their difference are in flight."""


def row_difference(query: Tensor, key: Tensor, source_query: Tensor, source_key: Tensor, limit: int = CHUNK_BYTES) -> Tensor:
    """D, ``(frames, N)`` float32 in 0…1, one value for a query's every head.

    Args:
        query, key, source_query, source_key: ``(frames, heads, N, d)``, of any float dtype; scores are float32.
        limit: bytes of a chunk's scores.
    """
    frames, heads, tokens, _ = query.shape
    chunk = max(1, limit // (4 * heads * key.shape[2]))
    out = torch.empty(frames, tokens, dtype=torch.float32, device=query.device)
    for frame in range(frames):
        for start in range(0, tokens, chunk):
            at = slice(start, start + chunk)
            gap = _rows(query[frame, :, at], key[frame]) - _rows(source_query[frame, :, at], source_key[frame])
            out[frame, at] = gap.abs_().sum(dim=-1).mean(dim=0)
    return out.clamp_(0, 2) / 2


def _rows(query: Tensor, key: Tensor) -> Tensor:
    """Softmax rows ``(heads, chunk, N)`` float32."""
    scores = (query.float() @ key.float().transpose(1, 2)) / math.sqrt(query.shape[-1])
    return scores.sub_(torch.logsumexp(scores, dim=-1, keepdim=True)).exp_()
