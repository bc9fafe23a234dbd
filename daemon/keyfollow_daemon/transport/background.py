"""A few threads beside the loop, for what waits for a disk or a child process. They never hold up the end of the daemon."""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)
NICE = 8
"""Work beside the loop gives way to the windows that people work in, yet not to the worker: somebody waits for these pictures."""


class Background:
    """Runs work in the order it came, `threads` at a time. Unlike `ThreadPoolExecutor` it is not joined when Python exits: an
    archive of gigabytes that is half written when the daemon is told to stop is a temporary file, and goes with it."""

    def __init__(self, threads: int = 2) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._run, name="keyfollow-background", daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], None]) -> None:
        self._work.put(work)

    def close(self) -> None:
        """Take nothing more; what runs is left to run."""
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        if sys.platform == "linux":  # elsewhere it would be the whole process that gives way
            os.nice(NICE)
        while (work := self._work.get()) is not None:
            try:
                work()
            except Exception:
                log.exception("unexpected error beside the loop")
