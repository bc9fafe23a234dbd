"""How commands speak: tables and bars for people, one JSON object a line for programs. Data on stdout, all else on stderr."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from ..atomic import write_atomic
from ..engine_info import Job
from ..errors import KeyfollowError, StorageError
from ..plain import to_plain

people = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
_json_mode = False


def use_json(on: bool) -> None:
    """From here on errors too are JSON lines on stdout."""
    global _json_mode
    _json_mode = on


def event(name: str, **fields: Any) -> None:
    """One event as one line of JSON."""
    sys.stdout.write(_json({"event": name, **fields}) + "\n")
    sys.stdout.flush()


def say_error(e: KeyfollowError) -> None:
    """The sentence, then what to do next."""
    if _json_mode:
        event("error", **e.to_plain())
    people.print("Error", style="bold red", end="")
    people.print(f" ({e.code}): {e.message}")
    if e.remedy:
        people.print(f"  {e.remedy}")


def show(items: Sequence[Any], columns: Sequence[str], rows: Iterable[Sequence[object]], as_json: bool, empty: str) -> None:
    """A list of dataclasses: as JSON objects one a line, or as a table of `rows`."""
    if as_json:
        for item in items:
            sys.stdout.write(_json(item) + "\n")
        return
    if not items:
        people.print(empty)
        return
    table = Table(box=None, pad_edge=False)
    for n, column in enumerate(columns):
        table.add_column(column, no_wrap=n == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    # what goes into a pipe is read by programs and must not be cut
    Console(highlight=False, width=None if sys.stdout.isatty() else 1000).print(table)


def _json(value: Any) -> str:
    """Bytes (`Progress.preview`) become base64."""
    return json.dumps(to_plain(value), default=lambda found: base64.b64encode(found).decode())


def size(bytes_: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if bytes_ < 1024 or unit == "GiB":
            return f"{bytes_:.0f} {unit}" if unit == "B" else f"{bytes_:.1f} {unit}"
        bytes_ /= 1024
    return ""


class Follower(Protocol):
    """What hears of a run's course."""

    def job(self, job: Job) -> None: ...

    def frame(self, number: int, confidence: float) -> None: ...


class JsonFollower:
    """Events for programs."""

    def __init__(self) -> None:
        self._last: tuple[str, str, int] | None = None
        self._seen: bytes | None = None
        self._noted = 0

    def job(self, job: Job) -> None:
        for note in job.notes[self._noted :]:
            event("note", job=job.id, text=note)
        self._noted = len(job.notes)
        progress = job.progress
        key = (job.state, progress.phase if progress else "", progress.done if progress else 0)
        if key != self._last:
            self._last = key
            if progress is not None and progress.preview == self._seen:
                # it changes once a second at most, and is longer than all the rest
                progress = replace(progress, preview=None)
            elif progress is not None:
                self._seen = progress.preview
            event("progress", job=job.id, state=job.state, **(to_plain(progress) if progress else {}))

    def frame(self, number: int, confidence: float) -> None:
        event("frame", frame=number, confidence=round(confidence, 4))


class LineFollower:
    """Lines where there is no terminal: each phase, and every `EVERY_S` how far it is."""

    EVERY_S = 10.0

    def __init__(self) -> None:
        self._phase = ""
        self._said = time.monotonic()
        self._noted = 0

    def job(self, job: Job) -> None:
        for note in job.notes[self._noted :]:
            people.print(note)
        self._noted = len(job.notes)
        phase = job.progress.phase if job.state == "running" and job.progress else job.state.capitalize()
        if phase != self._phase or time.monotonic() - self._said > self.EVERY_S:
            far = f" {job.progress.done}/{job.progress.total}" if job.progress and phase == self._phase else ""
            people.print(f"{phase}{far}")
            self._phase, self._said = phase, time.monotonic()

    def frame(self, number: int, confidence: float) -> None:
        pass


class BarFollower:
    """A progress bar on a terminal."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task = bars.add_task("Queued", total=None)
        self._noted = 0

    def job(self, job: Job) -> None:
        for note in job.notes[self._noted :]:
            people.print(note)
        self._noted = len(job.notes)
        if job.state == "running" and job.progress is not None:
            p = job.progress
            self._bars.update(self._task, description=p.phase, completed=p.done, total=p.total)
        elif job.state in ("queued", "paused"):
            self._bars.update(self._task, description=job.state.capitalize())

    def frame(self, number: int, confidence: float) -> None:
        pass


class PreviewFollower:
    """Keeps the latest preview of a run as a file, whole at any moment; all else is another's. A run does not end for want of a place."""

    def __init__(self, other: Follower, path: Path) -> None:
        self._other, self._path = other, path
        self._seen: bytes | None = None
        self._writes = True
        self.frame = other.frame

    def job(self, job: Job) -> None:
        preview = job.progress.preview if job.progress else None
        if self._writes and preview is not None and preview != self._seen:
            self._seen = preview
            try:
                write_atomic(self._path, preview)
            except StorageError as e:
                people.print(f"There is no preview: {e.message}")
                self._writes = False
        self._other.job(job)


@contextmanager
def follower(as_json: bool, preview: str | None = None) -> Iterator[Follower]:
    """What fits the way this command speaks; `preview` is where the run's previews go."""
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = people.is_terminal and not as_json
    with Bars(*columns, console=people, transient=True, disable=not bar) as bars:
        follow = BarFollower(bars) if bar else JsonFollower() if as_json else LineFollower()
        yield follow if preview is None else PreviewFollower(follow, Path(preview))
