"""The one thing every widget looks at: the project with its history, where the person is, and the folder that keeps it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from keyfollow.atomic import storage_errors
from keyfollow.errors import KeyfollowError, UsageError
from keyfollow.paths import paths
from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal

from ..model import project_file, recovery
from ..model.history import History
from ..model.selection import Place, Seen, seen, still_there
from ..model.state import Project, new_id

AUTOSAVE_MS = 2000


class Document(QObject):
    """The open project. It always has a folder: one of our own until the person gives it a name.

    Signals: `changed` with the project, `place_changed` with the place, `kept` when saved-or-not or the folder changed, `failed` with a
    KeyfollowError of a change that was not possible.
    """

    changed = Signal(object)
    place_changed = Signal(object)
    kept = Signal()
    failed = Signal(object)
    _written = Signal(object, object)
    _called = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = History(Project())
        self.place = Place()
        self.folder = Path()
        self.untitled = True
        self.read_only = ""
        self._stamp: tuple[int, int] | None = None
        self._disk = ThreadPoolExecutor(1, "keyfollow-disk")
        self._written.connect(self._on_written, Qt.ConnectionType.QueuedConnection)
        self._called.connect(self._on_called, Qt.ConnectionType.QueuedConnection)
        self._autosave = QTimer(self, singleShot=True, interval=AUTOSAVE_MS)
        self._autosave.timeout.connect(lambda: self._keep())

    # --- changes -----------------------------------------------------------------------------------------------------------

    @property
    def project(self) -> Project:
        return self._history.project

    @property
    def dirty(self) -> bool:
        return self._history.dirty

    def do(self, label: str, project: Project, gesture: str = "") -> None:
        """Make `project` the present one, under `label` in the undo menu; steps of one `gesture` become one."""
        if project is self.project:
            return
        if self.read_only:
            self.failed.emit(UsageError("read_only", self.read_only, "Update Keyfollow to change it."))
            return
        self._history.do(label, project, gesture)
        self._moved()

    def edit(self, label: str, change: Callable[[Project], Project], gesture: str = "") -> bool:
        """`do` with what `change` makes of the project; whether it could. Why it could not goes to `failed`."""
        try:
            self.do(label, change(self.project), gesture)
        except KeyfollowError as e:
            self.failed.emit(e)
            return False
        return True

    def end_gesture(self) -> None:
        self._history.end_gesture()

    def undo(self) -> None:
        if self._history.undo():
            self._moved()

    def redo(self) -> None:
        if self._history.redo():
            self._moved()

    @property
    def undo_label(self) -> str:
        return self._history.undo_label

    @property
    def redo_label(self) -> str:
        return self._history.redo_label

    def _moved(self) -> None:
        kept = still_there(self.project, self.place)
        self.changed.emit(self.project)
        self.kept.emit()
        if kept.clips != self.place.clips:
            self.place = kept
            self.place_changed.emit(kept)
        if not self._autosave.isActive():
            self._autosave.start()

    # --- place -------------------------------------------------------------------------------------------------------------

    def go(self, frame: int) -> None:
        """Put the playhead on a record frame, within the timeline."""
        frame = min(max(0, frame), max(0, self.project.timeline.length - 1))
        if frame != self.place.playhead:
            self.place = replace(self.place, playhead=frame)
            self.place_changed.emit(self.place)

    def select(self, clips: frozenset[str]) -> None:
        if clips != self.place.clips:
            self.place = replace(self.place, clips=clips)
            self.place_changed.emit(self.place)

    def seen(self) -> Seen | None:
        """What is under the playhead."""
        return seen(self.project, self.place.playhead)

    # --- files -------------------------------------------------------------------------------------------------------------

    def new(self, project: Project | None = None) -> None:
        """Start with an empty project, or with `project`, in a folder of our own."""
        folder = untitled_folder() / f"Untitled-{new_id()}{project_file.SUFFIX}"
        empty = Project(name="Untitled")
        stamp = project_file.create(folder, empty)
        recovery.enter(folder)
        self._enter(folder, empty, stamp, untitled=True)
        if project is not None:
            self.do(self.tr("Import timeline"), project)

    def open(self, folder: Path, *, recover: bool = False) -> None:
        """Open a project; with `recover` as it was kept before a crash.

        Raises:
            UsageError, StorageError: as `read`; what was open stays open.
        """
        self.enter(read(folder, recover=recover))

    def enter(self, found: Found) -> None:
        """Make what was read the open project."""
        folder, opened = found.folder, found.opened
        self._enter(folder, opened.project, opened.stamp, untitled=folder.parent == untitled_folder(), newer=opened.newer)
        if found.recovered is not None:
            self.do(self.tr("Recover unsaved work"), found.recovered)

    def save(self) -> None:
        """Write the project to its folder, in the background. What goes wrong comes as `failed`."""
        folder, project, stamp = self.folder, self.project, self._stamp

        def write() -> None:
            try:
                written = project_file.save(folder, project, stamp)
                recovery.saved(folder)
            except KeyfollowError as e:
                self._written.emit(e, None)
            else:
                self._written.emit(written, project)

        self._autosave.stop()
        self._disk.submit(write)

    def save_as(self, folder: Path, done: Callable[[], object] = lambda: None) -> None:
        """Copy the project with its pictures and takes to a new folder, and go on there: `done`. What goes wrong comes as `failed`."""
        old, was_ours, kept = self.folder, self.untitled, self.project
        project = replace(kept, name=folder.stem)

        def copied(stamp: tuple[int, int]) -> None:
            if self.folder != old:  # another project was opened meanwhile
                return
            later, place = self.project, self.place
            self._enter(folder, project, stamp, untitled=False)
            if later is not kept:
                self.do(self.tr("Changes while saving"), replace(later, name=folder.stem))
            self.place = place
            self.place_changed.emit(place)
            if was_ours:
                shutil.rmtree(old, ignore_errors=True)
            done()

        def write() -> None:
            try:
                stamp = _copy(old, folder, project)
                recovery.enter(folder)
                self._called.emit(partial(copied, stamp))
            except KeyfollowError as e:
                self._written.emit(e, None)

        self._disk.submit(write)

    def close(self) -> None:
        """Leave the folder in order. A project that was given no name goes: whoever calls this has asked."""
        self._autosave.stop()
        self.flush()
        if self.folder != Path():
            recovery.leave(self.folder)
            if self.untitled:
                self._disk.submit(shutil.rmtree, self.folder, ignore_errors=True)
            self.folder = Path()

    def flush(self) -> None:
        """Wait for what is being written."""
        self._disk.submit(lambda: None).result()

    def settle(self) -> None:
        """Wait for what is being written, and for its consequences here. Only where a person waits for just that."""
        self.flush()
        QCoreApplication.sendPostedEvents(self)

    def shut_down(self) -> None:
        self.close()
        self._disk.shutdown()

    def _enter(self, folder: Path, project: Project, stamp: tuple[int, int], *, untitled: bool, newer: str = "") -> None:
        if self.folder not in (Path(), folder):
            self.close()
        self.folder, self.untitled, self.read_only, self._stamp = folder, untitled, newer, stamp
        self._history = History(project)
        self.place = Place()
        self.changed.emit(project)
        self.place_changed.emit(self.place)
        self.kept.emit()

    def keep(self, then: Callable[[], object]) -> None:
        """Keep unsaved changes now rather than soon; `then` is called on the thread that did, when they are safe."""
        self._autosave.stop()
        self._keep(then)

    def _keep(self, then: Callable[[], object] = lambda: None) -> None:
        folder, project = self.folder, self.project
        if not self.dirty or folder == Path():
            return

        def write() -> None:
            try:
                recovery.autosave(folder, project)
                then()
            except KeyfollowError as e:
                self._written.emit(e, None)

        self._disk.submit(write)

    def _on_called(self, call: Callable[[], object]) -> None:
        try:
            call()
        except KeyfollowError as e:
            self.failed.emit(e)

    def _on_written(self, result: object, project: Project | None) -> None:
        if isinstance(result, KeyfollowError):
            self.failed.emit(result)
            return
        assert project is not None and isinstance(result, tuple)
        self._stamp = result
        self._history.saved(project)
        self.kept.emit()


@dataclass(frozen=True, slots=True)
class Found:
    """A project as it was read; `recovered` is what a crash left unsaved, where that was asked for. `left` is the same where it was not, for
    the person to be asked, or why it cannot be read: what is kept from now on takes its place on the disk."""

    folder: Path
    opened: project_file.Opened
    recovered: Project | None = None
    left: Project | KeyfollowError | None = None


def read(folder: Path, *, recover: bool = False) -> Found:
    """Read a project and say that this process has it open; on any thread, since it may take a while.

    Raises:
        UsageError, StorageError: as `project_file.load`, `recovery.enter`.
    """
    opened = project_file.load(folder)
    recovered = recovery.recover(folder) if recover else None
    left: Project | KeyfollowError | None = None
    if not recover and recovery.offered(folder) is not None:
        try:
            left = recovery.recover(folder)
        except KeyfollowError as e:
            left = e
    recovery.enter(folder)
    return Found(folder, opened, recovered, left)


def _copy(old: Path, folder: Path, project: Project) -> tuple[int, int]:
    stamp = project_file.create(folder, project)
    with storage_errors(folder):
        for kind in ("keyframes", "masks", "takes"):
            if (old / kind).is_dir():
                shutil.copytree(old / kind, folder / kind, dirs_exist_ok=True)
    return stamp


def untitled_folder() -> Path:
    """Where projects live that have no name yet."""
    return paths().data / "desktop"


def recoverable() -> list[Path]:
    """Untitled projects that an earlier end left unsaved, the newest first."""
    found = [(when, f) for f in untitled_folder().glob(f"*{project_file.SUFFIX}") if (when := recovery.offered(f)) is not None]
    return [folder for _, folder in sorted(found, reverse=True)]
