"""Runs tasks in one supervised worker process: spawned when first needed, heart-beaten, killable, replaced when it dies."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, cast

from .base import Outcome, Post, Report, Task, TaskDone, TaskEvent, TaskFailed, TaskStopped, Why, WorkerDied
from .channel import Channel

log = logging.getLogger(__name__)


class ProcessExecutor:
    """See `base.Executor`.

    Args:
        report: called on the loop's thread with every outcome.
        post: hands work to the loop's thread.
        log_path: where the worker's own output goes.
        silence_s: no beat for so long means dead (a stopped process, a frozen machine part).
        stall_s: beats, but no step for so long means wedged.
        grace_s: how long a task may take to obey a stop.
    """

    def __init__(
        self,
        report: Report,
        post: Post,
        log_path: Path,
        *,
        silence_s: float = 4.0,
        stall_s: float = 600.0,
        grace_s: float = 5.0,
    ) -> None:
        self._report = report
        self._post = post
        self._log_path = log_path
        self._silence_s, self._stall_s, self._grace_s = silence_s, stall_s, grace_s
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._task: Task | None = None
        self._why: Why | None = None
        self._deadline: float | None = None
        self._killed_because = ""
        self._heard = self._moved = self._ticked = 0.0
        self._steps = -1
        self._phase = ""
        self._peak = 0

    @property
    def busy(self) -> str | None:
        return self._task.id if self._task else None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, task: Task) -> None:
        if self._process is None:
            self._spawn()
        self._task, self._why, self._deadline = task, None, None
        self._phase, self._steps = "", -1
        self._heard = self._moved = time.monotonic()
        self._outbox.put({"op": "run", "task": task.id, "entry": task.entry, "payload": task.payload})

    def stop(self, why: Why) -> None:
        if self._task is not None:
            self._why = why
            self._deadline = self._deadline or time.monotonic() + self._grace_s
            self._outbox.put({"op": "stop", "task": self._task.id, "why": why})

    def tick(self, now: float) -> None:
        """The watchdog. After a pause of the daemon itself (stopped, suspended) clocks start anew before anyone is judged."""
        if now - self._ticked > self._silence_s / 2:
            self._heard = self._moved = now
            if self._deadline is not None:
                self._deadline = now + self._grace_s
        self._ticked = now
        if self._process is None:
            return
        if now - self._heard > self._silence_s:
            self._kill(f"it had not answered for {now - self._heard:.0f} s")
        elif self._task is None:
            return
        elif now - self._moved > self._stall_s:
            self._kill(f"its work had not moved for {now - self._moved:.0f} s")
        elif self._deadline is not None and now > self._deadline:
            self._kill(f"it had not stopped {self._grace_s:.0f} s after it was asked")

    def describe(self) -> str:
        if self._process is None:
            return "no worker yet"
        return f"worker {self._process.pid}, " + (f"busy ({self._phase or 'starting'})" if self._task else "idle")

    def close(self) -> None:
        process, self._process = self._process, None
        self._task = None
        if process is not None:
            process.kill()
            process.wait()
            self._outbox.put(None)

    def _spawn(self) -> None:
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("ab") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "keyfollow_daemon.executors.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env={**os.environ, "HF_HUB_OFFLINE": "1"},  # weights come by `keyfollow models pull` alone
            )
        assert process.stdin is not None and process.stdout is not None
        channel = Channel(cast(Any, process.stdout), cast(Any, process.stdin))
        self._process, self._killed_because, self._peak = process, "", 0
        self._outbox = queue.SimpleQueue()
        self._heard = time.monotonic()
        threading.Thread(target=_talk, args=(channel, self._outbox), name="keyfollow-talk", daemon=True).start()
        threading.Thread(target=self._listen, args=(process, channel), name="keyfollow-worker", daemon=True).start()

    def _listen(self, process: subprocess.Popen[bytes], channel: Channel) -> None:
        while (message := channel.receive()) is not None:
            self._post(lambda m=message: self._receive(process, m))  # type: ignore[misc]
        process.wait()
        self._post(lambda: self._ended(process))

    def _receive(self, process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
        if process is not self._process:
            return
        now = time.monotonic()
        self._heard = now
        op, task = message["op"], self._task
        if op == "beat":
            self._peak = message["peak"]
            if message["steps"] != self._steps:
                self._steps, self._moved = message["steps"], now
        elif task is not None and message.get("task") == task.id:
            self._moved = now
            if op == "event":
                self._phase = str(message["data"].get("phase", self._phase))
                self._report(TaskEvent(task.id, message["data"]))
            elif op == "done":
                self._end(TaskDone(task.id, message["result"]))
            elif op == "stopped":
                self._end(TaskStopped(task.id, message["why"]))
            elif op == "failed":
                self._end(TaskFailed(task.id, message["error"]))

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        if process is not self._process:
            return
        how = self._killed_because or _exit_words(process.returncode)
        log.warning("worker %d ended: %s", process.pid, how)
        self._process = None
        self._outbox.put(None)
        task, why = self._task, self._why
        if task is None:
            return
        if why is not None:
            self._end(TaskStopped(task.id, why))
        else:
            phase = f" while {self._phase.lower()}" if self._phase else ""
            self._end(WorkerDied(task.id, f"The worker process ended{phase}: {how} (peak memory {self._peak >> 20} MiB)."))

    def _end(self, outcome: Outcome) -> None:
        self._task, self._why, self._deadline = None, None, None
        self._report(outcome)

    def _kill(self, because: str) -> None:
        assert self._process is not None
        self._killed_because = f"killed because {because}"
        log.warning("killing worker %d because %s", self._process.pid, because)
        self._process.kill()  # SIGKILL ends a stopped process too, which SIGTERM does not


def _talk(channel: Channel, outbox: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    """Send on a thread: a stopped worker must not stop the loop when its pipe is full."""
    with contextlib.suppress(OSError, ValueError):  # it died just now: `_ended` follows with how
        while (message := outbox.get()) is not None:
            channel.send(message)
    channel.close_writer()


def _exit_words(code: int) -> str:
    if code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}" if code else "it left without a reason"
