"""The hooked layers against attention with whole maps."""

from __future__ import annotations

import torch
from keyfollow_daemon.engines.i2vedit.attention import Call, spatial, temporal
from keyfollow_daemon.engines.i2vedit.difference import row_difference
from keyfollow_daemon.engines.i2vedit.features import Features
from keyfollow_daemon.engines.i2vedit.layers import Layer
from keyfollow_daemon.engines.i2vedit.matching import Match, Matching
from keyfollow_testkit.svd import noise
from torch import Tensor

SPATIAL, TEMPORAL = Layer("spatial", "down", 0, 1, False), Layer("temporal", "down", 0, 1, False)


def a_map(query: Tensor, key: Tensor) -> Tensor:
    return torch.softmax(query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5, dim=-1)


def close(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool((a - b).abs().max() < 1e-5)


def test_spatial_rows_are_mixed_from_both_maps() -> None:
    """Two frames, both halves of guidance: P' = M P + (1 - M) P_s in the conditional half only, values always the edit's."""
    q, k, v = (noise(4, 2, 30, 8, seed=n) for n in range(3))
    qs, ks = noise(2, 2, 30, 8, seed=3), noise(2, 2, 30, 8, seed=4)
    how = Matching((0.3, 0.4))
    out = spatial(SPATIAL, q, k, v, Call(2, match=Match(how, Features(spatial={"down.0": (qs, ks)}), 0, 5)))
    share = how.own_share(SPATIAL, 0, row_difference(q[2:], k[2:], qs, ks))[:, None, :, None]
    assert 0 < (share == 1).float().mean() < 1, "both kinds of query are here"
    mixed = share * a_map(q[2:], k[2:]) + (1 - share) * a_map(qs, ks)
    assert close(out[2:], mixed @ v[2:]) and close(out[:2], a_map(q[:2], k[:2]) @ v[:2])


def test_temporal_layers_follow_with_their_own_values_in_the_conditional_half() -> None:
    q, k, v = (noise(12, 2, 3, 8, seed=n) for n in range(3))
    qs, ks = noise(6, 2, 3, 8, seed=3), noise(6, 2, 3, 8, seed=4)
    source = Features(temporal={"down.0": (qs, ks)})
    led = temporal(TEMPORAL, q, k, v, Call(3, match=Match(Matching(), source, 0, 10)))
    assert close(led[6:], a_map(qs, ks) @ v[6:]) and close(led[:6], a_map(q[:6], k[:6]) @ v[:6])
    own = temporal(TEMPORAL, q, k, v, Call(3, match=Match(Matching(), source, 9, 10)))
    assert close(own, a_map(q, k) @ v)


def test_skip_interval_puts_the_first_clips_frames_before_the_own_ones() -> None:
    """Also beside a source, whose own anchor's keys stand before its keys; a first clip of another length is fine."""
    q, k, v = (noise(12, 2, 3, 8, seed=n) for n in range(3))
    k0, v0 = noise(12, 2, 5, 8, seed=5), noise(12, 2, 5, 8, seed=6)
    anchor = Features(True, temporal={"down.0": (k0, k0, v0)})
    keys, values = torch.cat([k0, k], dim=2), torch.cat([v0, v], dim=2)
    assert close(temporal(TEMPORAL, q, k, v, Call(3, anchor=anchor)), a_map(q, keys) @ values)
    qs, ks, ks0 = noise(6, 2, 3, 8, seed=7), noise(6, 2, 3, 8, seed=8), noise(6, 2, 5, 8, seed=9)
    match = Match(Matching(), Features(temporal={"down.0": (qs, ks)}), 0, 10)
    beside = Features(True, temporal={"down.0": (ks0, ks0, ks0)})
    led = temporal(TEMPORAL, q, k, v, Call(3, match=match, anchor=anchor, source_anchor=beside))
    assert close(led[6:], a_map(qs, torch.cat([ks0, ks], dim=2)) @ values[6:])


def test_what_is_captured() -> None:
    q, k, v = (noise(2, 2, 4, 8, seed=n) for n in range(3))
    for values, only in ((False, False), (True, True)):
        capture = Features(values, only)
        spatial(SPATIAL, q, k, v, Call(2, capture=capture))
        temporal(TEMPORAL, q, k, v, Call(2, capture=capture))
        assert len(capture.temporal["down.0"]) == (3 if values else 2) and len(capture.spatial) == (0 if only else 1)
