"""The daemon, as the windows know it: questions go to threads, answers and events come back as Qt signals. Nothing here blocks the UI.

If the daemon dies it is started again and what was under way goes on; `state_changed` says so meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from keyfollow.engine_info import ENDED, EngineInfo, Job, Report
from keyfollow.errors import Cancelled, DaemonError, KeyfollowError
from PySide6.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from keyfollow import session
    from keyfollow.client import Client

T = TypeVar("T")
CONNECTING, CONNECTED, LOST, FAILED = "connecting", "connected", "lost", "failed"


class Bridge(QObject):
    """One client of the daemon for the whole window.

    Signals:
        state_changed: one of this module's four words, and the error behind ``failed``.
        engines_changed: `EngineInfo` by id.
        jobs_changed: `jobs` is another; also jobs of other clients.
        take_placed: a take's id and the folder where the daemon writes it.
        frame_done: take, source frame, confidence 0…1.
        run_ended: take, its `Report` or None, the error that ended it or None.
    """

    state_changed = Signal(str, object)
    engines_changed = Signal(object)
    jobs_changed = Signal()
    take_placed = Signal(str, object)
    frame_done = Signal(str, int, float)
    run_ended = Signal(str, object, object)
    _call = Signal(object)
    _event = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = CONNECTING
        self.engines: dict[str, EngineInfo] = {}
        self.jobs: dict[str, Job] = {}
        self._client: Client | None = None
        self._pool = ThreadPoolExecutor(6, "keyfollow-bridge")
        self._leave: Callable[[], object] = lambda: None
        self._closing = False
        self._following: set[str] = set()
        self._call.connect(self._on_call, Qt.ConnectionType.QueuedConnection)
        self._event.connect(self._on_event, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Find or start the daemon, and stay in touch with it. Again after ``failed``."""
        self._set_state(CONNECTING, None)
        self._pool.submit(self._connect)

    def close(self) -> None:
        """End the session; jobs go on in the daemon."""
        self._closing = True
        client, self._client = self._client, None
        if client is not None:
            self._leave()
            client.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def call(
        self,
        work: Callable[[Client], T],
        done: Callable[[T], object],
        failed: Callable[[KeyfollowError], object],
    ) -> None:
        """Ask on another thread; `done` or `failed` is called on this one."""
        if self._closing:
            return

        def run() -> None:
            try:
                if self._client is None:
                    raise DaemonError(
                        "not_connected", "Keyfollow's daemon is not connected yet.", "Wait a moment, or start it again."
                    )
                result = work(self._client)
            except KeyfollowError as e:
                error = e
                self._say(self._call, lambda: failed(error))
            else:
                self._say(self._call, lambda: done(result))

        self._pool.submit(run)

    def follow(self, job: str) -> None:
        """Tell of a job's frames and of its end. Once per job, however often it is asked for."""
        if job not in self._following and not self._closing:
            self._following.add(job)
            threading.Thread(target=self._follow, args=(job,), name=f"keyfollow-run-{job[:6]}", daemon=True).start()

    def tell_size(self, sha256: str, size: tuple[int, int]) -> None:
        """The (width, height) of a picture that was decoded here, by its bytes: runs with it need not look again."""
        if self._client is not None:
            self._client.looked.tell_size(sha256, size)

    def refresh_jobs(self) -> None:
        self.call(lambda client: client.jobs.list(), self._got_jobs, lambda _: None)

    def refresh_engines(self) -> None:
        """Look again at what can run here: a model came or went."""

        def got(engines: dict[str, EngineInfo]) -> None:
            self.engines = engines
            self.engines_changed.emit(engines)

        self.call(lambda client: client.engines(), got, lambda _: None)

    # --- other threads -----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        # ZeroMQ and the protocol: the window is there before them
        from keyfollow.client import connect

        try:
            old, self._client = self._client, None
            if old is not None:
                old.close()
            client = connect(name="desktop")
            watching = client.watching(None, lambda event: self._say(self._event, event))
            watching.__enter__()
            engines, jobs = client.engines(), client.jobs.list()
        except KeyfollowError as e:
            error = e
            self._say(self._call, lambda: self._set_state(FAILED, error))
            return
        if self._closing:
            client.close()
            return
        self._client, self._leave = client, lambda: watching.__exit__(None, None, None)
        self._say(self._call, lambda: self._opened(engines, jobs))

    def _follow(self, job: str) -> None:
        from keyfollow import wire
        from keyfollow.run import EditedFrame

        take, report, error = "", None, None
        try:
            client = self._client
            if client is None:
                return
            run = client.jobs.attach(job)
            take = run.take
            placed = False
            for event in run.events():
                if isinstance(event, EditedFrame):
                    if not placed:
                        # a take is there with its first frame
                        folder = client.ask(wire.TakeAction(take, "get"), wire.TakeIs).folder
                        self._say(self.take_placed, take, Path(folder))
                        placed = True
                    self._say(self.frame_done, take, event.number, event.confidence)
            report = run.report
        except KeyfollowError as e:
            error = e
        self._say(self._call, lambda: self._ended(job, take, report, error))

    def _say(self, signal: Any, *what: object) -> None:
        with suppress(RuntimeError):  # the window is gone meanwhile
            if not self._closing:
                signal.emit(*what)

    # --- this thread -------------------------------------------------------------------------------------------------------

    def _on_call(self, call: Callable[[], object]) -> None:
        call()

    def _set_state(self, state: str, error: KeyfollowError | None) -> None:
        self.state = state
        self.state_changed.emit(state, error)

    def _opened(self, engines: dict[str, EngineInfo], jobs: list[Job]) -> None:
        self.engines = engines
        self.engines_changed.emit(engines)
        self._got_jobs(jobs)
        self._set_state(CONNECTED, None)

    def _got_jobs(self, jobs: list[Job]) -> None:
        self.jobs = {j.id: j for j in jobs}
        self.jobs_changed.emit()

    def _ended(self, job: str, take: str, report: Report | None, error: KeyfollowError | None) -> None:
        self._following.discard(job)
        self.run_ended.emit(take, report, error)

    def _on_event(self, event: session.Event) -> None:
        from keyfollow import session

        match event:
            case session.JobEvent(id, None):
                self.jobs.pop(id, None)
                self.jobs_changed.emit()
            case session.JobEvent(id, job) if job is not None:
                self.jobs[id] = job
                self.jobs_changed.emit()
            case session.Lost():
                self._set_state(LOST, None)
            case session.Opened():
                self._set_state(CONNECTED, None)
                self.refresh_jobs()
            case session.Failed(0, error):
                self._set_state(FAILED, error)


def active(jobs: dict[str, Job]) -> list[Job]:
    """The jobs that have not ended, in queue order."""
    return sorted((j for j in jobs.values() if j.state not in ENDED), key=lambda j: j.position)


def was_cancelled(error: KeyfollowError | None) -> bool:
    return isinstance(error, Cancelled)
