"""Work on several cores at once, a frame at a time: what must be done in order on the caller's thread, the rest of each frame beside it.

Sharing out the loops over one small picture takes longer than it saves; whole frames do not wait for each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

import cv2

Result = TypeVar("Result")
Step = Callable[[], Result]

MOST = 2
"""Steps of `results` that are under way at most, beside what the caller does."""
LARGE = 1 << 20
"""Pixels of a picture from which on it is worth sharing out its loops instead; two of them at once would take twice the memory."""


class Begin(Protocol):
    """`Pipeline.begin`."""

    def __call__(self, step: Step[Result]) -> Step[Result]: ...


def later(step: Step[Result]) -> Step[Result]:
    """`Pipeline.begin` without a pipeline: `step` itself, done when its result is asked for."""
    return step


class Pipeline:
    """The threads of a run, as many as OpenCV may use; with one, everything is done on the caller's. To be used in a ``with``, whose end waits for
    what is under way and gives up what is not; until then OpenCV's own loops have one thread each, unless pictures are `LARGE`.

    Args:
        pixels: of the pictures that are worked on.
    """

    def __init__(self, pixels: int) -> None:
        self._threads = cv2.getNumThreads()
        self._large = pixels >= LARGE
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="keyfollow-frames") if self._threads > 1 else None

    def __enter__(self) -> Pipeline:
        if not self._large:
            cv2.setNumThreads(1)
        return self

    def __exit__(self, *error: object) -> None:
        cv2.setNumThreads(self._threads)
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(self, step: Step[Result]) -> Step[Result]:
        """Begin `step` on a thread of its own; what is returned waits for its result. What it raises is raised there."""
        return step if self._pool is None else self._pool.submit(step).result

    def results(self, steps: Iterator[Step[Result]]) -> Iterator[Result]:
        """The results of `steps`, in order. The iterator is advanced on the caller's thread; what it yields is called on another while it goes
        on to the next. What a step raises is raised where its result would come."""
        under_way: deque[Future[Result]] = deque()
        for step in steps:
            if self._pool is None or self._large:
                yield step()
                continue
            under_way.append(self._pool.submit(step))
            while under_way and (under_way[0].done() or len(under_way) > MOST):
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
