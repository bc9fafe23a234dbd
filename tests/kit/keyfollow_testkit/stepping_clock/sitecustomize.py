"""First on PYTHONPATH, this makes the wall clock of every Python process jump back and forth by days at every look."""

from __future__ import annotations

import itertools
import time

DAY_S = 86_400.0
_true_time = time.time
_steps = itertools.cycle((0.0, 3 * DAY_S, -3 * DAY_S, 30 * DAY_S, -30 * DAY_S))


def _stepping() -> float:
    return _true_time() + next(_steps)


time.time = _stepping
time.time_ns = lambda: int(_stepping() * 1e9)
