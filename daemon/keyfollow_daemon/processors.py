"""Which processors the daemon, its worker and their children run on: all, or all but one while somebody edits in a program beside them."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil

log = logging.getLogger(__name__)


class Processors:
    """The processors that this process was allowed when this was made; processes that it starts inherit what it runs on.

    On two processors that both compute a window waits tens of milliseconds for its turn, however low the priority of what computes;
    with one left to it 9 at most (docs/benchmarks.md). Where there is but one, or the system lets nobody choose (macOS), nothing is done.
    """

    def __init__(self) -> None:
        self._all = _allowed()
        self._spared = False

    def spare_one(self, wanted: bool) -> None:
        """Keep off one of them, or use all again."""
        if wanted == self._spared or len(self._all) < 2:
            return
        self._spared = wanted
        use = self._all[:-1] if wanted else self._all
        _confine(psutil.Process(), use)
        log.info("%d of %d processors are used", len(use), len(self._all))


def _allowed() -> list[int]:
    if sys.platform == "darwin":
        return []
    return sorted(psutil.Process().cpu_affinity())


def _confine(process: psutil.Process, processors: list[int]) -> None:
    """The process first, then those it started: whatever it starts meanwhile inherits the processors, or is among its children by then."""
    with suppress(psutil.Error, OSError):  # it has just ended
        if sys.platform == "linux":
            _confine_threads(process.pid, processors)
        elif sys.platform == "win32":
            process.cpu_affinity(processors)
        for child in process.children():
            _confine(child, processors)


def _confine_threads(pid: int, processors: list[int]) -> None:
    """Linux knows the processors of threads only, not of processes."""
    done: set[str] = set()
    while new := {thread.name for thread in Path(f"/proc/{pid}/task").iterdir()} - done:
        for thread in new:
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread), processors)
        done |= new
