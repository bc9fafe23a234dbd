"""Kills a child process that somebody waits for and that has been silent too long."""

from __future__ import annotations

import subprocess
import threading
from types import TracebackType

TICK_S = 0.25


class Watchdog:
    """A context: inside it, `progress` must be called at least every `seconds`, else the process is killed and `fired` is set.

    Silence is counted in ticks of this process, not on a clock: a laptop's sleep or a SIGSTOP of this very process costs one tick.
    """

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.fired = False
        self._process = process
        self._limit = max(1, round(seconds / TICK_S))
        self._silent = 0
        self._armed = False
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="keyfollow-media-watchdog", daemon=True)
        self._thread.start()

    def progress(self) -> None:
        self._silent = 0

    def __enter__(self) -> Watchdog:
        self._silent = 0
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
                self._changed.wait(TICK_S)
                self._silent += 1
                if self._armed and self._silent > self._limit:
                    self.fired = True
                    self._process.kill()
                    return
