"""The worker process: runs one task after another for the `process` executor.

It dies with the daemon (end of its input), beats from a thread of its own so that long native calls do not look like death, and
counts `steps` whenever the task checks for a stop, so that a wedged task can be told from a slow one.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from keyfollow.errors import JobError, KeyfollowError

from .attempt import run_entry
from .base import Stopped, Why
from .channel import Channel

BEAT_S = 0.5
NICE = 10
"""What a window does in 4 ms took it 11 beside work at 5, 4.4 at 10 (docs/benchmarks.md); beside programs that keep every processor
busy a tenth of them is left to the worker."""
log = logging.getLogger(__name__)


class WorkerLink:
    """`base.Link` over the channel."""

    def __init__(self, channel: Channel, task: str) -> None:
        self.task = task
        self.plan = 0
        self.steps = 0
        self.why: Why | None = None
        self._channel = channel

    def stop_asked(self) -> Why | None:
        self.steps += 1
        return self.why

    def say(self, data: Mapping[str, Any]) -> None:
        self._channel.send({"op": "event", "task": self.task, "data": dict(data)})


class Worker:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._link: WorkerLink | None = None
        self._links: dict[str, WorkerLink] = {}
        self._tasks: list[dict[str, Any]] = []
        self._ready = threading.Condition()

    def run(self) -> None:
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()
        self._channel.send({"op": "ready", "pid": os.getpid()})
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._tasks)
                message = self._tasks.pop(0)
            self._run_task(message)

    def _run_task(self, message: dict[str, Any]) -> None:
        link = self._link = self._links[message["task"]]
        answer: dict[str, Any]
        try:
            answer = {"op": "done", "result": run_entry(message["entry"], message["payload"], link)}
        except Stopped as stopped:
            answer = {"op": "stopped", "why": stopped.why}
        except KeyfollowError as e:
            answer = {"op": "failed", "error": e.to_plain()}
        except Exception as e:
            log.exception("task %s failed", link.task)
            error = JobError(
                "engine_failed", f"The engine failed: {type(e).__name__}: {e}", "See worker.log in the log folder."
            )
            answer = {"op": "failed", "error": error.to_plain()}
        self._link = None
        del self._links[link.task]
        try:
            self._channel.send({**answer, "task": link.task})
        except (TypeError, ValueError, OverflowError) as e:
            log.exception("task %s gave a result that cannot be sent", link.task)
            error = JobError("engine_failed", f"The engine gave a result that cannot be sent: {e}", "Report this.")
            self._channel.send({"op": "failed", "error": error.to_plain(), "task": link.task})

    def _listen(self) -> None:
        while (message := self._channel.receive()) is not None:
            if message["op"] == "run":
                with self._ready:
                    # a stop may come before the task has begun: its link is there from here on
                    self._links[message["task"]] = WorkerLink(self._channel, message["task"])
                    self._tasks.append(message)
                    self._ready.notify()
            elif message["op"] == "stop" and (link := self._links.get(message["task"])) is not None:
                link.why = message["why"]
        os._exit(0)  # the daemon is gone; a task in the middle resumes from disk when the next one starts

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_S)
            link = self._link
            try:
                self._channel.send({"op": "beat", "steps": link.steps if link else 0, "peak": _peak_memory()})
            except OSError:
                os._exit(0)


def _peak_memory() -> int:
    """Most resident bytes so far; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _die_with_the_daemon() -> None:
    """Even while stopped, or in native code that holds the interpreter, when the end of input is not seen. Linux only."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _give_way() -> None:
    """Let the programs that a person works in go first: on two cores their windows would wait for this process otherwise."""
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), subprocess.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICE)


def main() -> None:
    """Take over stdin and stdout for the channel; whatever a library prints goes to the log."""
    _die_with_the_daemon()
    _give_way()
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the daemon's terminal is the daemon's to handle
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    Worker(Channel(reader, writer)).run()


if __name__ == "__main__":
    main()
