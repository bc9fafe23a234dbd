"""Which frame follows which: the frames of a run as nodes of an acyclic graph, each attending to earlier ones.

Prompt-driven (the paper): one chain, its first frame the anchor. Keyframe-driven: every keyframe is a root whose latents are given,
chains go outward from it; between two keyframes one chain starts from either and the frame's two latents are blended.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from .options import Options


@dataclass(frozen=True, slots=True)
class Node:
    """One way of making one frame.

    Args:
        frame: source frame.
        references: nodes whose features it attends to at the same step, instead of its own; empty attends to itself.
        target: node whose x0 it is pulled towards.
        given: its latents are the trajectory of an inverted keyframe.
        share: what this node's latent counts in the frame's result; a frame's shares add up to 1.
    """

    frame: int
    references: tuple[int, ...] = ()
    target: int | None = None
    given: bool = False
    share: float = 1.0

    @property
    def follows(self) -> tuple[int, ...]:
        return self.references if self.target is None else (*self.references, self.target)


Graph = tuple[Node, ...]
"""Nodes in an order in which each follows earlier ones only."""


def prompt_driven(frames: Sequence[int], options: Options) -> Graph:
    """The paper's chain through `frames` (ascending), or from the last to the first when `reverse`."""
    order = list(reversed(frames)) if options.reverse else list(frames)
    return tuple(_free(options, f, (0,), i - 1) if i else Node(f) for i, f in enumerate(order))


def keyframe_driven(frames: Sequence[int], keys: Sequence[int], options: Options) -> Graph:
    """Chains outward from each of `keys` through `frames` (both ascending; keys need not be among the frames)."""
    keys = sorted(keys)
    nodes: list[Node] = []
    roots: dict[int, int] = {}

    def root(key: int) -> int:
        if key not in roots:
            roots[key] = len(nodes)
            nodes.append(Node(key, given=True))
        return roots[key]

    def chain(inside: Sequence[int], start: int, others: Sequence[int]) -> None:
        first = root(start)
        anchors = tuple(root(key) for key in (start, *others))
        previous = first
        for frame in inside:
            share = 1.0 if not others else 1 - abs(frame - start) / abs(others[0] - start)
            nodes.append(_free(options, frame, anchors, previous, share))
            previous = len(nodes) - 1

    for gap in range(len(keys) + 1):
        left, right = (keys[gap - 1] if gap else None), (keys[gap] if gap < len(keys) else None)
        low = 0 if left is None else bisect_left(frames, left + 1)
        inside = frames[low : len(frames) if right is None else bisect_left(frames, right)]
        if not inside:
            continue
        if left is not None:
            chain(inside, left, () if right is None else (right,))
        if right is not None:
            chain(inside[::-1], right, () if left is None else (left,))
    for key in keys:
        root(key)
    return tuple(nodes)


def _free(options: Options, frame: int, anchors: tuple[int, ...], previous: int, share: float = 1.0) -> Node:
    references = (anchors if options.anchor_only else (*anchors, previous)) if options.injection else ()
    return Node(frame, references, previous if options.guided_steps else None, share=share)
