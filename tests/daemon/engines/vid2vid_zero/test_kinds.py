"""Which layer sees what."""

from __future__ import annotations

import json

import pytest
from keyfollow_daemon.engines.vid2vid_zero.kinds import MODES, layer_kinds
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from keyfollow_testkit.zero_model import CASE

PUBLISHED = {"down_blocks.0.attentions.0", "up_blocks.1.attentions.0", "mid_block.attentions.0"}


def dense(kinds: dict[str, str]) -> set[str]:
    return {n.partition(".transformer_blocks")[0] for n, k in kinds.items() if k == "dense"}


def test_the_published_setting(network: VideoNetwork) -> None:
    kinds = layer_kinds(network.self_attention, "hybrid")
    assert len(kinds) == 16 and dense(dict(kinds)) == PUBLISHED and set(kinds.values()) == {"dense", "sparse"}
    listed = json.loads((CASE / "settings.json").read_text())
    assert sorted(n for n, k in kinds.items() if k == "dense") == sorted(listed["dense_layers"])
    assert sorted(n for n, k in kinds.items() if k == "sparse") == sorted(listed["sparse_layers"])


@pytest.mark.parametrize(("mode", "usual", "some"), [("none", "frame", False), ("sparse", "sparse", False), ("dense", "dense", True), ("dense_few", "frame", True)])  # fmt: skip
def test_the_others(network: VideoNetwork, mode: str, usual: str, some: bool) -> None:
    kinds = layer_kinds(network.self_attention, mode)
    assert mode in MODES and kinds["up_blocks.3.attentions.2.transformer_blocks.0.attn1"] == usual
    assert bool(dense(dict(kinds))) == some


def test_other_blocks_and_layers_by_name(network: VideoNetwork) -> None:
    second = layer_kinds(network.self_attention, "hybrid", 1)
    assert dense(dict(second)) == {"down_blocks.1.attentions.0", "up_blocks.2.attentions.0", "mid_block.attentions.0"}
    listed = layer_kinds(network.self_attention, "hybrid", 0, ["up_blocks.3."])
    assert dense(dict(listed)) == {f"up_blocks.3.attentions.{n}" for n in range(3)}
