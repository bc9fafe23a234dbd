"""Who follows whom."""

from __future__ import annotations

from dataclasses import replace

import pytest
from keyfollow_daemon.engines.pix2video.graph import Graph, keyframe_driven, prompt_driven
from keyfollow_daemon.engines.pix2video.options import Options

OPTIONS = Options()


def followed(graph: Graph) -> list[tuple[int, list[int]]]:
    return [(n.frame, [graph[r].frame for r in n.references]) for n in graph]


def test_the_papers_chain() -> None:
    assert followed(prompt_driven([3, 4, 5, 6], OPTIONS)) == [(3, []), (4, [3, 3]), (5, [3, 4]), (6, [3, 5])]
    assert followed(prompt_driven([3, 4, 5], replace(OPTIONS, reverse=True))) == [(5, []), (4, [5, 5]), (3, [5, 4])]


def test_its_options() -> None:
    assert followed(prompt_driven([0, 1, 2], replace(OPTIONS, anchor_only=True))) == [(0, []), (1, [0]), (2, [0])]
    without = prompt_driven([0, 1, 2], replace(OPTIONS, injection=False))
    assert followed(without) == [(0, []), (1, []), (2, [])] and [n.target for n in without] == [None, 0, 1]
    assert all(n.target is None for n in prompt_driven([0, 1], replace(OPTIONS, guided_steps=0)))


def test_one_keyframe_leads_both_ways() -> None:
    graph = keyframe_driven([0, 1, 3, 4], [2], OPTIONS)
    assert sorted(followed(graph)) == [(0, [2, 1]), (1, [2, 2]), (2, []), (3, [2, 2]), (4, [2, 3])]
    assert [n.frame for n in graph if n.given] == [2]


def test_between_two_keyframes_both_sides_draw_and_shares_add_up() -> None:
    graph = keyframe_driven([1, 2, 3], [0, 4], OPTIONS)
    two = [n for n in graph if n.frame == 2]
    assert len(two) == 2 and {graph[n.references[0]].frame for n in two} == {0, 4}
    for frame in (1, 2, 3):
        assert sum(n.share for n in graph if n.frame == frame) == pytest.approx(1)
    from_left = next(n for n in graph if n.frame == 1 and graph[n.references[0]].frame == 0)
    assert from_left.share == 0.75 and len(from_left.references) == 3


def test_a_keyframe_outside_the_frames_and_one_without_any() -> None:
    assert followed(keyframe_driven([5, 6], [2], OPTIONS)) == [(2, []), (5, [2, 2]), (6, [2, 5])]
    assert followed(keyframe_driven([], [2], OPTIONS)) == [(2, [])]


@pytest.mark.parametrize("keys", [[0], [3], [0, 6], [1, 2, 5]])
def test_everyone_follows_earlier_nodes_only(keys: list[int]) -> None:
    graph = keyframe_driven([f for f in range(7) if f not in keys], keys, OPTIONS)
    assert all(n < i for i, node in enumerate(graph) for n in node.follows)
    assert {n.frame for n in graph} == set(range(7))
