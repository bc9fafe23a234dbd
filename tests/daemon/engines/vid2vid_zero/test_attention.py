"""Attention across frames and across prompts, against maps that are written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from keyfollow_daemon.engines.vid2vid_zero import attention
from keyfollow_daemon.engines.vid2vid_zero.attention import dense, following, record, sparse, within_frames
from keyfollow_daemon.engines.vid2vid_zero.call import Call, Pair, WordMaps
from keyfollow_daemon.engines.vid2vid_zero.injection import Injection
from keyfollow_daemon.engines.vid2vid_zero.token_maps import Prompt, TokenMap, refined, replaced
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

HEADS, D, TOKENS = 2, 8, 16


def maps(query: Tensor, key: Tensor) -> Tensor:
    """``(batch, heads, queries, keys)``, written out."""
    return torch.einsum("bnhd,bmhd->bhnm", query, key).div(D**0.5).softmax(dim=-1)


def applied(found: Tensor, value: Tensor) -> Tensor:
    return torch.einsum("bhnm,bmhd->bnhd", found, value)


def three(rows: int, tokens: int = TOKENS) -> tuple[Tensor, Tensor, Tensor]:
    dice = torch.Generator().manual_seed(rows)
    return tuple(torch.randn(rows, tokens, HEADS, D, generator=dice) for _ in range(3))  # type: ignore[return-value]


@pytest.mark.parametrize("slots", [0, 2])
def test_dense_is_every_frame_of_the_video(slots: int) -> None:
    q, k, v = three(2 * (slots + 3))
    out = dense(q, k, v, 2, slots).unflatten(0, (2, slots + 3))
    for video in range(2):
        mine = slice(video * (slots + 3), (video + 1) * (slots + 3))
        keys, values = (t[mine].flatten(0, 1)[None] for t in (k, v))
        for frame in range(slots, slots + 3):
            row = mine.start + frame
            assert torch.allclose(out[video, frame], applied(maps(q[row, None], keys), values)[0], atol=1e-5)
        for slot in range(slots):
            row = mine.start + slot
            alone = applied(maps(q[row, None], k[row, None]), v[row, None])[0]
            assert torch.allclose(out[video, slot], alone, atol=1e-5), "a given frame sees itself only"


@pytest.mark.parametrize("slots", [0, 1])
def test_dense_can_see_every_second_frame_only(slots: int) -> None:
    q, k, v = three(slots + 5)
    out = dense(q, k, v, 1, slots, every=2)
    seen = [*range(slots), slots, slots + 2, slots + 4]
    keys, values = (t[seen].flatten(0, 1)[None] for t in (k, v))
    for frame in range(slots, slots + 5):
        assert torch.allclose(out[frame], applied(maps(q[frame, None], keys), values)[0], atol=1e-5)
    alone = applied(maps(q[:slots], k[:slots]), v[:slots])
    assert torch.allclose(out[:slots], alone, atol=1e-5)


@pytest.mark.parametrize("slots", [0, 2])
def test_sparse_is_the_anchor_and_the_frame_before(slots: int) -> None:
    q, k, v = three(slots + 4)
    out = sparse(q, k, v, 1, slots)
    for frame in range(4):
        anchors = list(range(slots)) if slots else [0]
        seen = [*anchors, slots + max(frame - 1, 0)]
        keys, values = (t[seen].flatten(0, 1)[None] for t in (k, v))
        want = applied(maps(q[slots + frame, None], keys), values)[0]
        assert torch.allclose(out[slots + frame], want, atol=1e-5)


def prompt(words: str) -> Prompt:
    known = {
        w: (10 + n, 30 + n) if w.startswith("long") else (10 + n,)
        for n, w in enumerate(["a", "cat", "sits", "longer", "there", "dog"])
    }
    parts = words.split()
    return Prompt(tuple(parts), tuple(known[w] for w in parts), 1, 2)


SOURCE = prompt("a cat sits there")
WEIGHTS = torch.linspace(0.2, 3.0, 77)
EDITS: dict[str, tuple[TokenMap, Tensor | None]] = {
    "replace": (replaced(SOURCE, prompt("a dog longer there")), None),
    "refine": (refined(SOURCE, prompt("a longer cat sits dog")), None),
    "reweight": (replaced(SOURCE, SOURCE), WEIGHTS),
    "refine and reweight": (refined(SOURCE, prompt("a longer cat sits dog")), WEIGHTS),
}


@pytest.mark.parametrize("step", [0, 3])
@pytest.mark.parametrize("name", EDITS)
def test_following_is_the_materialised_edit(name: str, step: int) -> None:
    """M = (w M_s R keep + (1 - w keep) M_t) weights, word by word, as maps."""
    tokens, weights = EDITS[name]
    shares = torch.full((77,), float("nan"))
    shares[:5] = 0.9
    injection = Injection(tokens, 4, 0.5, 0.0, weights, shares)
    w = injection.following(step)
    assert 0 < w.sum() < 77 or step == 0
    q, _, _ = three(3)
    _, k, v = three(3, 77)
    pair = injection.pair(step, 0, 2)
    assert pair is not None
    out = following(q, k, v, (pair,))
    own, source = maps(q[2, None], k[2, None]), maps(q[0, None], k[0, None])
    led = torch.einsum("bhni,ij->bhnj", source, tokens.across) * tokens.keep + own * (1 - tokens.keep)
    edited = w * led + (1 - w) * own
    want = applied(edited if weights is None else edited * weights, v[2, None])[0]
    assert torch.allclose(out[2], want, atol=1e-5)
    assert torch.allclose(out[:2], applied(maps(q[:2], k[:2]), v[:2]), atol=1e-5), "nobody else changes"


def test_layout_is_the_sources_map_on_the_targets_values() -> None:
    q, k, v = three(6)
    call = Call(videos=3, frames=2, pairs=(Pair(0, 2, layout=True),))
    out = within_frames(q, k, v, call)
    assert torch.allclose(out[4:], applied(maps(q[:2], k[:2]), v[4:]), atol=1e-5)
    assert torch.allclose(out[:4], applied(maps(q[:4], k[:4]), v[:4]), atol=1e-5)


def test_layout_stops_above_256_tokens() -> None:
    q, k, v = three(2, attention.LAYOUT_TOKENS + 1)
    call = Call(videos=2, frames=1, pairs=(Pair(0, 1, layout=True),))
    assert torch.allclose(within_frames(q, k, v, call), within_frames(q, k, v, Call(videos=2)), atol=1e-6)


class Largest(TorchDispatchMode):
    """The largest tensor that any operation made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for t in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(t, Tensor):
                self.elements = max(self.elements, t.numel())
        return out


def test_no_map_is_ever_allocated() -> None:
    """4 frames of 1024 tokens: the largest tensor is as large as what goes in; maps would be 77 / d and 4096 / d times that."""
    rows, tokens = 3 * 4, 1024
    q, k, v = three(rows, tokens)
    tokens_map, _ = EDITS["replace"]
    pair = Injection(tokens_map, 4).pair(0, 0, 2)
    assert pair is not None
    with torch.no_grad(), Largest() as seen:
        dense(q, k, v, 3, 0)
        dense(q, k, v, 3, 1)
    assert seen.elements <= q.numel()
    with torch.no_grad(), Largest() as seen:
        within_frames(q, k, v, Call(videos=3, frames=4, pairs=(pair,)))
    assert seen.elements <= q.numel()
    query = q.unflatten(0, (3, 4)).flatten(1, 2)
    _, key, value = three(3, 77)
    with torch.no_grad(), Largest() as seen:
        following(query, key, value, (pair,))
    assert seen.elements <= q.numel()
    with torch.no_grad(), Largest() as seen:
        sparse(q, k, v, 3, 0)
    assert seen.elements <= 2 * q.numel(), "two frames' keys for each"


def test_dense_keys_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    right = attention.attend

    def spied(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        given.append((key.data_ptr(), value.data_ptr()))
        return right(query, key, value)

    monkeypatch.setattr(attention, "attend", spied)
    q, k, v = three(8)
    dense(q, k, v, 2, 0)
    assert given == [(k.data_ptr(), v.data_ptr())], "one call, on what the projections left"


def test_words_are_recorded_per_frame() -> None:
    q = three(2, 3 * TOKENS)[0]
    _, k, _ = three(2, 77)
    words = torch.zeros(77, 2)
    words[4, 0] = words[7, 1] = 1
    found = WordMaps([None, words])
    for _ in range(2):
        record(q, k, Call(videos=2, frames=3), found)
    want = maps(q[1, None], k[1, None])[0].mean(dim=0)[:, [4, 7]].view(3, TOKENS, 2)
    assert set(found.sums) == {1} and torch.allclose(found.sums[1], 2 * want, atol=1e-6)
