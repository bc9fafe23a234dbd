"""Any schedule evaluates every pair once, after all it depends on."""

from __future__ import annotations

import pytest
from keyfollow_daemon.engines.pix2video.graph import Graph, keyframe_driven, prompt_driven
from keyfollow_daemon.engines.pix2video.options import Options
from keyfollow_daemon.engines.pix2video.order import order

OPTIONS = Options()
GRAPHS = [prompt_driven(range(9), OPTIONS), keyframe_driven([0, 1, 3, 4, 6, 7], [2, 5], OPTIONS)]


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize(
    ("schedule", "width", "lag"), [("frame", 8, 1), ("step", 8, 1), ("wave", 3, 1), ("wave", 99, 1), ("wave", 4, 3)]
)
def test_once_and_in_time(graph: Graph, schedule: str, width: int, lag: int) -> None:
    steps = 5
    done: set[tuple[int, int]] = set()
    for batch in order(schedule, graph, steps, width, lag):
        assert batch.pairs and len(batch.pairs) <= (width if schedule == "wave" else 1)
        for node, step in batch.pairs:
            assert step == 0 or (node, step - 1) in done
            for other in graph[node].follows:
                assert (other, min(steps - 1, step + lag - 1)) in done
        done.update(batch.pairs)
    assert len(done) == len(graph) * steps


def test_the_wave_is_as_short_as_the_paper_allows() -> None:
    graph = prompt_driven(range(20), OPTIONS)
    assert len(list(order("wave", graph, 50, 20, 1))) == 20 + 50 - 1
    narrow = list(order("wave", graph, 50, 5, 1))
    assert len(narrow) == 20 * 50 / 5 + 5 - 1, "all slots are busy but at the ends"


def test_step_order_goes_by_frames_where_it_must() -> None:
    graph = prompt_driven(range(3), OPTIONS)
    assert [b.pairs[0] for b in order("step", graph, 2, 1, 1)] == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert [b.pairs[0] for b in order("step", graph, 2, 1, 2)] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]


def test_settled_is_after_a_step_or_a_frame() -> None:
    graph = prompt_driven(range(3), OPTIONS)
    assert [b.settled for b in order("step", graph, 2, 1, 1)] == [False, False, True] * 2
    assert [b.settled for b in order("frame", graph, 2, 1, 1)] == [False, True] * 3
