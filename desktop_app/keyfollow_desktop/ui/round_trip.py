"""A frame goes to the image editor and comes back, each time it is saved, as an edit keyframe.

Editors save by writing another file and renaming it over the first, so the file is looked at by name. One that was put in its place is whole
and need only be the same at the next look; one that is written where it lies must stay the same for `STILL` looks. When it decodes it is adopted.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keyfollow.errors import KeyfollowError, MediaError, UsageError
from keyfollow.media.images import make_ready
from PySide6.QtCore import QObject, QTimer, Signal

from ..model import work_edits
from ..model.state import Keyframe
from .background import Background
from .document import Document
from .preferences import editor_line
from .take_store import TakeStore

if TYPE_CHECKING:
    from .editor_files import Returned

EDITING = "editing"
LOOK_MS = 50
STILL = 4
UNREADABLE_S = 1.0
"""A file that was touched no longer ago may be readable a moment later: some programs put an empty one in place and write it then."""
CALM_MS = 3000
"""After so long the draft of what was saved is on its way: time to get ready for the next save."""
Stamp = tuple[int, int, int]


@dataclass(slots=True)
class _Watched:
    media: str
    frame: int
    adopted: Stamp | None
    last: Stamp | None = None
    still: int = 0
    busy: bool = False
    wrote: bool = False
    """It is changing, or has changed and is about to be adopted."""
    program: str = ""
    child: subprocess.Popen[bytes] | None = None


class RoundTrip(QObject):
    """Signals: `opened` with the file an editor was started on; `saving` when it begins to change; `decoded` with SHA-256 and (width,
    height) of what came back, before `adopted` with media id and frame; `calm` some time after it; `failed` with the error;
    `warned` with a sentence, and the words and the function of a button where something can be done; `editing_changed` when `editing` is
    another."""

    opened = Signal(object)
    saving = Signal()
    decoded = Signal(str, object)
    adopted = Signal(str, int)
    calm = Signal()
    failed = Signal(object)
    warned = Signal(str, str, object)
    editing_changed = Signal()

    def __init__(
        self,
        document: Document,
        takes: TakeStore,
        background: Background,
        editor: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._takes, self._background, self._editor = document, takes, background, editor
        self.editing: tuple[str, int] | None = None
        """The program that has a frame open, and the frame; None where none has, or it handed the frame on to a window of its own."""
        self._watched: dict[Path, _Watched] = {}
        self._children: list[subprocess.Popen[bytes]] = []
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self._rest)

    def edit(self) -> None:
        """Open the frame under the playhead as it is seen: its keyframe where it has one, else the take, else the source."""
        seen = self._document.seen()
        if seen is None:
            self.failed.emit(
                UsageError("no_clip_here", "There is no clip under the playhead.", "Move the playhead onto a clip.")
            )
            return
        if not self._editor():
            self.failed.emit(
                UsageError("no_editor", "No image editor is chosen yet.", "Choose the program that edits your pictures.")
            )
            return
        project, folder = self._document.project, self._document.folder
        media = project.source(seen.clip.media)
        there = next((k for k in project.work_of(media.id).keyframes if k.frame == seen.frame), None)
        take = self._takes.folder(seen.clip.take)
        stem = f"{Path(media.name).stem}-{media.id}-{seen.frame:06d}"
        editor = self._editor()
        names = (self.tr("Paint"), self.tr("Result"), self.tr("Source"))

        def write() -> Path:
            # FFmpeg and the forms of layered files, which the window's start must not wait for
            from .editor_files import layers_for, write_out

            target = folder / "keyframes" / EDITING / stem
            target.parent.mkdir(parents=True, exist_ok=True)
            return write_out(target, media, seen.frame, take, folder, there, names, layers_for(editor))

        self._background.run(write, lambda path: self._open(path, media.id, seen.frame), self.failed.emit)

    def _open(self, path: Path, media: str, frame: int) -> None:
        line = editor_line(self._editor(), path)
        # before the editor starts: what we wrote ourselves is not an edit
        watched = self._watched[path] = _Watched(media, frame, stamp(path), program=Path(line[0]).stem)
        try:
            child = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError as e:
            self.failed.emit(
                UsageError(
                    "editor_not_started", f"{line[0]} cannot be started ({e.strerror or e}).", "Choose another image editor."
                )
            )
            return
        watched.child = child
        self._children = [c for c in self._children if c.poll() is None] + [child]
        self._timer.start()
        self._rest()
        self.opened.emit(path)

    def use(self, picture: Path) -> None:
        """Take a picture that is edited already as the keyframe of the frame under the playhead."""
        seen = self._document.seen()
        if seen is not None:
            self._adopt(picture, seen.clip.media, seen.frame, lambda: None, lambda _: False)

    def look(self) -> None:
        """Look whether an editor has saved. Called by a timer."""
        for path, watched in self._watched.items():
            now = stamp(path)
            if now is None or watched.busy or now == watched.adopted:
                watched.still = 0
            elif now != watched.last:
                watched.still = 0
                if not watched.wrote:
                    watched.wrote = True
                    self.saving.emit()
            else:
                watched.still += 1
                replaced = watched.adopted is not None and now[2] != watched.adopted[2]
                if watched.still >= (1 if replaced else STILL):
                    self._take_over(path, watched, now)
            watched.last = now
        self._tell_editing()

    def _take_over(self, path: Path, watched: _Watched, now: Stamp) -> None:
        before, watched.busy, watched.adopted = watched.adopted, True, now

        def free() -> None:
            watched.busy = watched.wrote = False
            self._calm.start()

        def failed(error: KeyfollowError) -> bool:
            """Whether it is worth another look rather than a word."""
            watched.busy = False
            again = isinstance(error, MediaError) and (stamp(path) != now or time.time() - now[0] / 1e9 < UNREADABLE_S)
            if again:
                watched.adopted = before
            return again

        self._adopt(path, watched.media, watched.frame, free, failed)

    def _rest(self) -> None:
        """Nothing is being saved: get ready for what will be."""
        if self._watched:
            self._background.run(make_ready, lambda _: None, lambda _: None)
            self.calm.emit()

    def _tell_editing(self) -> None:
        open_ones = (w for w in self._watched.values() if w.child is not None and w.child.poll() is None)
        now = next(((w.program, w.frame) for w in open_ones), None)
        if now != self.editing:
            self.editing = now
            self.editing_changed.emit()

    def _set(self, media: str, keyframe: Keyframe) -> None:
        if self._document.edit(self.tr("Edit keyframe"), lambda p: work_edits.set_keyframe(p, media, keyframe)):
            self.adopted.emit(media, keyframe.frame)

    def forget(self) -> None:
        """Another project was opened: what is still being edited belongs to the one before."""
        self._watched.clear()
        self._timer.stop()
        self._calm.stop()
        self._tell_editing()

    def _adopt(
        self, path: Path, media: str, frame: int, after: Callable[[], object], again: Callable[[KeyfollowError], bool]
    ) -> None:
        folder, source = self._document.folder, self._document.project.source(media)

        def work() -> Returned:
            from .editor_files import read_back

            return read_back(path, source, frame, folder)

        def done(found: Returned) -> None:
            after()
            if self._document.folder == folder and media in self._document.project.media:
                self.decoded.emit(found.sha256, found.size)
                self._set(media, Keyframe(frame, found.image, found.layers))
                if found.unshifted:
                    self.warned.emit(
                        self.tr("Your editor changed the whole picture slightly. It is kept as a grade."),
                        self.tr("Remove the shift"),
                        lambda: self._set(media, Keyframe(frame, found.unshifted, found.layers)),
                    )
                elif path.suffix.lower() in (".jpg", ".jpeg"):
                    self.warned.emit(
                        self.tr(
                            "JPEG changes every pixel a little, so more than you painted will count as edited. PNG does not."
                        ),
                        "",
                        None,
                    )

        def failed(error: KeyfollowError) -> None:
            if not again(error):
                after()
                self.failed.emit(error)

        self._background.run(work, done, failed)


def stamp(path: Path) -> Stamp | None:
    """What changes when a file is saved, by rename too; None while it is not there."""
    with suppress(OSError):
        seen = path.stat()
        return seen.st_mtime_ns, seen.st_size, seen.st_ino
    return None
