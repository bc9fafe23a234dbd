"""In which order the (frame, step) pairs of a run are evaluated, and which of them in one call of the network.

A pair depends on the frame's step before, and at the same step on the frames it follows. Any order that respects this gives the same
numbers (spec § 12); they differ in memory and in how much one call does:

    frame   all steps of a frame, then the next         features of all steps of a frame and its anchor
    step    one step of all frames, then the next       features of one step, of an anchor and one frame, for any length
    wave    up to `width` frames in flight, each behind the one it follows; one call for all of them
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .graph import Graph

Pair = tuple[int, int]
"""(node, step)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs for one call. After a `settled` batch little is in flight: a good place for a checkpoint."""

    pairs: tuple[Pair, ...]
    settled: bool = False


def step_order(graph: Graph, steps: int) -> Iterator[Batch]:
    last = len(graph) - 1
    for step in range(steps):
        for node in range(len(graph)):
            yield Batch(((node, step),), settled=node == last)


def wave_order(graph: Graph, steps: int, width: int, lag: int = 1) -> Iterator[Batch]:
    """Node i starts when all it follows are `lag` steps ahead and the slot of node i - width is free. `width` 1 is frame order."""
    starts: list[int] = []
    waiting: dict[int, int] = {}
    wave, upcoming = 0, 0
    while upcoming < len(graph) or waiting:
        while upcoming < len(graph):
            start = max([0, *(starts[n] + lag for n in graph[upcoming].follows)])
            if upcoming >= width:
                start = max(start, starts[upcoming - width] + steps)
            if upcoming:
                start = max(start, starts[-1])
            if start > wave:
                break
            starts.append(start)
            waiting[upcoming] = start
            upcoming += 1
        pairs = tuple((node, wave - start) for node, start in waiting.items())
        finished = [node for node, step in pairs if step == steps - 1]
        for node in finished:
            del waiting[node]
        yield Batch(pairs, settled=bool(finished))
        wave += 1


def order(schedule: str, graph: Graph, steps: int, width: int, lag: int) -> Iterator[Batch]:
    """The batches of ``frame``, ``step`` or ``wave``. A fixed target needs whole frames ahead, so ``step`` then goes by frames."""
    if schedule == "step" and lag == 1:
        return step_order(graph, steps)
    return wave_order(graph, steps, width if schedule == "wave" else 1, lag)
