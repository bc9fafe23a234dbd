"""The model store as the window knows it: `keyfollowd models …` as a child, its JSON lines as Qt signals. No daemon is needed.

One command at a time; a download that is stopped goes on from what has arrived when it is asked for again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from keyfollow import launch
from keyfollow.errors import DaemonError, KeyfollowError, from_plain
from PySide6.QtCore import QObject, QProcess, Signal

Event = dict[str, Any]
STOP_MS = 3000


@dataclass(frozen=True, slots=True)
class Model:
    """A line of ``models list``. `state` is installed, damaged, partial or available; sizes are bytes, about, until it is here."""

    id: str
    title: str
    state: str
    good_for: str
    licence: str
    licence_url: str
    size_bytes: int
    gated: bool = False
    engines: tuple[str, ...] = ()

    @property
    def here(self) -> bool:
        return self.state in ("installed", "damaged")


class ModelStore(QObject):
    """`stopped` tells whether the last command was stopped by `stop`.

    Signals: `listed` with the Models; `progress` with phase, done and total (bytes); `said` with any other event; `ended` with the
    command's words and its KeyfollowError or None.
    """

    listed = Signal(object)
    progress = Signal(str, object, object)
    said = Signal(object)
    ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child: QProcess | None = None
        self._words: tuple[str, ...] = ()
        self._models: list[Model] = []
        self._error: KeyfollowError | None = None
        self.stopped = False

    @property
    def busy(self) -> bool:
        return self._child is not None

    def run(self, *words: str) -> None:
        """Begin a command of ``keyfollowd models``; what comes of it arrives as signals. Nothing while another one runs."""
        if self.busy:
            return
        self._words, self._error, self._models, self.stopped = words, None, [], False
        try:
            line = [*launch.command(), "models", *words]
        except DaemonError as e:
            self.ended.emit(words, e)
            return
        child = self._child = QProcess(self)
        child.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        child.readyReadStandardOutput.connect(self._read)
        child.finished.connect(self._finished)
        child.errorOccurred.connect(self._not_started)
        child.start(line[0], line[1:])
        child.closeWriteChannel()

    def stop(self) -> None:
        """Stop the command that runs; what has arrived of a download stays."""
        if self._child is not None:
            self.stopped = True
            self._child.terminate()

    def close(self) -> None:
        """Stop, and wait until the child is gone."""
        child, self._child = self._child, None
        if child is not None:
            child.blockSignals(True)
            child.terminate()
            if not child.waitForFinished(STOP_MS):
                child.kill()
                child.waitForFinished(STOP_MS)

    # --- the child ---------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        while self._child is not None and self._child.canReadLine():
            self._event(json.loads(bytes(self._child.readLine().data())))

    def _event(self, event: Event) -> None:
        match event.pop("event"):
            case "model":
                fields = {name: event[name] for name in Model.__dataclass_fields__}
                self._models.append(Model(**{**fields, "engines": tuple(event["engines"]), "licence": event["licence"] or ""}))
            case "progress":
                self.progress.emit(event["phase"], event["done"], event["total"])
            case "error":
                self._error = from_plain(event)
            case name:
                self.said.emit({"event": name, **event})

    def _finished(self, status: int, how: QProcess.ExitStatus) -> None:
        self._read()
        child, self._child = self._child, None
        if child is None:
            return
        if self._error is None and not self.stopped and (status or how != QProcess.ExitStatus.NormalExit):
            last = bytes(child.readAllStandardError().data()).decode(errors="replace").strip().splitlines()
            # `verify` says with its status what it has said as an event already
            if self._words[0] != "verify" or how != QProcess.ExitStatus.NormalExit:
                self._error = DaemonError(
                    "models_failed",
                    f"The model store's program ended with {status}: {last[-1] if last else 'it said nothing'}.",
                    "Try again; `keyfollow models` on the command line says more.",
                )
        child.deleteLater()
        if self._words[0] == "list" and self._error is None and not self.stopped:
            self.listed.emit(self._models)
        self.ended.emit(self._words, None if self.stopped else self._error)

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._child is not None:
            reason, self._child = self._child.errorString(), None
            self.ended.emit(
                self._words,
                DaemonError("daemon_not_installed", f"keyfollowd cannot be started ({reason}).", "Install keyfollow again."),
            )
