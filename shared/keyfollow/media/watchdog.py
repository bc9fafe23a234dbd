"""Kills a child process that somebody waits for and that has been silent too long."""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

TICK_S = 0.25
CLOCK_HZ = 100
"""In which Linux states processor times to programs, whatever its own."""
MOST = 10
"""However busy the machine is: after so many times the limit the process is killed all the same."""


class Watchdog:
    """A context: inside it, `progress` must be called at least every `seconds`, else the process is killed and `fired` is set.

    Silence is counted in ticks of this process, not on a clock: a laptop's sleep or a SIGSTOP of this very process costs one tick.
    Time in which the child was ready to run and other programs had the cores is not its silence (Linux; elsewhere it counts).
    """

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.fired = False
        self._process = process
        self._limit = max(1, round(seconds / TICK_S))
        self._silent = 0.0
        self._ticks = 0
        self._armed = False
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="keyfollow-media-watchdog", daemon=True)
        self._thread.start()

    def progress(self) -> None:
        self._silent, self._ticks = 0.0, 0

    def __enter__(self) -> Watchdog:
        self.progress()
        with self._changed:
            self._armed = True
            self._changed.notify()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._armed = False

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                if not self._armed:
                    self._changed.wait()
                    continue
                before, _ = _at_work(self._process.pid)
                self._changed.wait(TICK_S)
                used, ready = _at_work(self._process.pid)
                self._silent += min(1.0, (used - before) / TICK_S) if ready else 1.0
                self._ticks += 1
                if self._armed and (self._silent > self._limit or self._ticks > MOST * self._limit):
                    self.fired = True
                    self._process.kill()
                    return


def _at_work(pid: int) -> tuple[float, bool]:
    """(seconds of processor that a process has used, whether one of its threads could use more now); (0, False) where /proc says nothing."""
    used, ready = 0, False
    for thread in Path("/proc", str(pid), "task").glob("*/stat"):
        # a thread may end meanwhile
        with suppress(OSError, ValueError, IndexError):
            # the name, in parentheses, may hold anything; then come the state, and the times as fields 14 and 15
            fields = thread.read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
            ready |= fields[0] == "R"
    return used / CLOCK_HZ, ready
