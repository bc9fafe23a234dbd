"""What the File menu does: projects, archives, timelines from and for other programs, exports, models."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import keyfollow
from keyfollow.errors import KeyfollowError, StorageError
from PySide6.QtCore import QObject, QProcess, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from ..model import archive, assets, interchange, relink, timeline_edits, work_edits
from ..model.project_file import SUFFIX
from ..model.state import Keyframe, Media, Project, Rate
from .document import Found, read, recoverable
from .importing import describe
from .worker import go_on

if TYPE_CHECKING:
    from .sending import Program
    from .window import Window

TIMELINES = "*.otio *.edl *.xml"
RATES: dict[str, Rate] = {
    "23.976": (24000, 1001),
    "24": (24, 1),
    "25": (25, 1),
    "29.97": (30000, 1001),
    "30": (30, 1),
    "50": (50, 1),
    "59.94": (60000, 1001),
    "60": (60, 1),
}


class ProjectCommands(QObject):
    """`Commands` adds everything else."""

    failed = Signal(object)
    """A KeyfollowError, to be shown with what helps."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._w = window

    # --- open and save -----------------------------------------------------------------------------------------------------

    def start(self, folder: Path | None) -> None:
        """Begin with an empty project; open `folder`, or offer what a crash left."""
        w = self._w
        left = recoverable()
        w.document.new()
        if folder is not None:
            self.open_folder(folder)
        elif left:
            w.notice.show_notice(
                self.tr("Keyfollow ended unexpectedly. The project you were working on can be recovered."),
                self.tr("Recover"),
                lambda: self._read(left[0], recover=True),
            )

    def welcome(self) -> None:
        """The first run's questions, once."""
        from .first_run import FirstRun

        w = self._w
        dialog = FirstRun(w.preferences, w.bridge, w)
        dialog.example_asked.connect(self.do_example)
        dialog.failed.connect(self.failed)
        dialog.open()

    def open_folder(self, folder: Path) -> None:
        """Open a project; it is read in the background."""
        if self.may_leave():
            self._read(folder)

    def _read(self, folder: Path, *, recover: bool = False) -> None:
        self._w.statusBar().showMessage(self.tr("Opening {0}…").format(folder.stem))
        self._w.background.run(partial(read, folder, recover=recover), partial(self._entered, folder), self._not_read)

    def _not_read(self, error: KeyfollowError) -> None:
        self._w.statusBar().clearMessage()
        self.failed.emit(error)

    def _entered(self, folder: Path, found: Found) -> None:
        document = self._w.document
        document.enter(found)
        self._w.statusBar().clearMessage()
        self._arrived()
        if not document.untitled:
            self._w.preferences.opened(folder)
        if isinstance(found.left, KeyfollowError):
            self.failed.emit(found.left)
            return
        if found.left is not None:
            self._offer(folder, found.left)
            return
        self._w.painting.session.recover()
        if gone := relink.missing(document.project):
            self._w.notice.show_notice(
                self.tr("{0} of this project's clips cannot be found.").format(len(gone)),
                self.tr("Relink…"),
                self._relink_first,
            )

    def _offer(self, folder: Path, left: Project) -> None:
        """Offer what was not saved."""
        document = self._w.document

        def take_up() -> None:
            if document.folder == folder:
                document.do(self.tr("Recover unsaved work"), left)
                self._w.painting.session.recover()

        self._w.notice.show_notice(
            self.tr("{0} was not saved when it was last open.").format(folder.stem),
            self.tr("Recover unsaved work"),
            take_up,
        )

    def _arrived(self) -> None:
        """Another project is open: forget what belonged to the one before."""
        w = self._w
        w.takes.forget()
        w.round_trip.forget()
        w.pictures.forget()
        w.runs.follow_again()
        w.timeline.fit()
        w.viewer.refresh()

    def do_new(self) -> None:
        if self.may_leave():
            self._w.document.new()
            self._arrived()

    def do_open(self) -> None:
        path = QFileDialog.getExistingDirectory(self._w, self.tr("Open a project folder"), str(Path.home()))
        if path:
            self.open_folder(Path(path))

    def do_example(self) -> None:
        """The clip that we ship, with its edited frame: everything can be tried on it, without a download."""
        if not self.may_leave():
            return
        folder = Path(keyfollow.__file__).parent / "example"
        said = json.loads((folder / "example.json").read_text("utf-8"))
        document = self._w.document

        def done(media: Media) -> None:
            document.new()
            self._arrived()
            project = timeline_edits.lay(work_edits.add_media(document.project, media), media.id)
            name = assets.adopt(document.folder, "keyframes", folder / "keyframe.png")
            document.do(self.tr("Open example"), work_edits.set_keyframe(project, media.id, Keyframe(int(said["frame"]), name)))
            document.go(int(said["frame"]))
            self._w.timeline.fit()

        self._w.background.run(lambda: describe(str(folder / "clip.mp4")), done, self.failed.emit)

    def do_save(self) -> None:
        if self._w.document.untitled:
            self.do_save_as()
        else:
            self._w.document.save()

    def do_save_as(self) -> None:
        suggested = Path.home() / f"{self._w.document.project.name or 'Untitled'}{SUFFIX}"
        path, _ = QFileDialog.getSaveFileName(self._w, self.tr("Save project as"), str(suggested), f"*{SUFFIX}")
        if path:
            self.save_as(Path(path))

    def save_as(self, folder: Path) -> None:
        """Save into a new folder, whose name ends in ``.kfproj`` whatever was typed. Its takes are copied in the background."""
        folder = folder if folder.suffix == SUFFIX else folder.with_name(folder.name + SUFFIX)

        def done() -> None:
            self._w.preferences.opened(folder)
            self._w.takes.forget()
            self._w.statusBar().showMessage(self.tr("Saved as {0}").format(folder), 5000)

        self._w.statusBar().showMessage(self.tr("Saving…"))
        self._w.document.save_as(folder, done)

    def may_leave(self) -> bool:
        """Ask what to do with unsaved changes; whether to go on."""
        self._w.painting.session.finish(now=True)
        document = self._w.document
        if document.folder == Path() or not document.dirty or (document.untitled and not document.project.media):
            return True
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            self.tr("Keyfollow"),
            self.tr("Save the changes to {0}?").format(document.project.name or self.tr("Untitled")),
            parent=self._w,
        )
        save = box.addButton(self.tr("Save"), QMessageBox.ButtonRole.AcceptRole)
        drop = box.addButton(self.tr("Don't save"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.exec()
        if box.clickedButton() is save:
            self.do_save()
            document.settle()
            return not document.untitled and not document.dirty
        return box.clickedButton() is drop

    def may_close(self) -> bool:
        return self.may_leave()

    # --- archives ----------------------------------------------------------------------------------------------------------

    def do_export_archive(self) -> None:
        """One file with keyframes and takes, and with the footage if that is wanted, for another machine."""
        document = self._w.document
        suggested = str(Path.home() / f"{document.project.name or 'Untitled'}.zip")
        path, _ = QFileDialog.getSaveFileName(self._w, self.tr("Export project as an archive"), suggested, "*.zip")
        if not path:
            return
        size = sum(Path(m.path).stat().st_size for m in document.project.media.values() if Path(m.path).is_file())
        asked = QMessageBox.question(
            self._w,
            self.tr("Export archive"),
            self.tr("Put the footage into it too ({0} MB)? Without it, the archive opens where the footage is.").format(
                max(1, size >> 20)
            ),
        )
        self.export_archive(Path(path), footage=asked == QMessageBox.StandardButton.Yes)

    def export_archive(self, path: Path, *, footage: bool) -> None:
        folder, project = self._w.document.folder, self._w.document.project

        def work(progress: Callable[[int, int], object], cancelled: Callable[[], bool]) -> Path:
            archive.pack(folder, project, path, footage=footage, step=lambda: go_on(cancelled))
            return path

        self._long(self.tr("Export archive"), self.tr("Writing {0}…").format(path.name), work, self._written)

    def do_open_archive(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._w, self.tr("Open a project's archive"), str(Path.home()), "*.zip")
        if not path or not self.may_leave():
            return
        suggested = str(Path(path).with_suffix(SUFFIX))
        folder, _ = QFileDialog.getSaveFileName(self._w, self.tr("Unpack the project as"), suggested, f"*{SUFFIX}")
        if folder:
            self.open_archive(Path(path), Path(folder).with_suffix(SUFFIX))

    def open_archive(self, path: Path, folder: Path) -> None:
        """Unpack an archive into a new project folder and open it."""

        def work() -> Found:
            archive.unpack(path, folder)
            return read(folder)

        self._w.background.run(work, partial(self._entered, folder), self.failed.emit)

    # --- other programs ----------------------------------------------------------------------------------------------------

    def do_import_timeline(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._w,
            self.tr("Import a timeline"),
            str(Path.home()),
            f"{self.tr('Timelines')} ({TIMELINES});;{self.tr('All files')} (*)",
        )
        if not path or not self.may_leave():
            return
        rate: Rate = (24, 1)
        if Path(path).suffix.lower() == ".edl":
            name, good = QInputDialog.getItem(
                self._w,
                self.tr("Import a timeline"),
                self.tr("An EDL does not say its frame rate. It is:"),
                list(RATES),
                1,
                False,
            )
            if not good:
                return
            rate = RATES[name]
        self.import_timeline(Path(path), rate)

    def import_timeline(self, path: Path, rate: Rate = (24, 1)) -> None:
        """Make a new project of another editor's timeline; footage that is not found can be relinked."""

        def done(project: Project) -> None:
            self._w.document.new(project)
            self._arrived()
            gone = relink.missing(project)
            if gone:
                self._w.notice.show_notice(
                    self.tr("{0} of this timeline's clips cannot be found.").format(len(gone)),
                    self.tr("Relink…"),
                    self._relink_first,
                )

        self._w.statusBar().showMessage(self.tr("Reading {0}…").format(path.name), 5000)
        self._w.background.run(lambda: interchange.read(path, describe, rate), done, self.failed.emit)

    def do_export_timeline(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self._w,
            self.tr("Export timeline"),
            str(Path.home() / f"{self._w.document.project.name or 'Untitled'}.otio"),
            "OpenTimelineIO (*.otio);;EDL (*.edl);;Final Cut Pro 7 XML (*.xml)",
        )
        if path:
            self._try(lambda: interchange.export(self._w.document.project, Path(path)))

    def do_send_resolve(self) -> None:
        self._send("Resolve")

    def do_send_premiere(self) -> None:
        self._send("Premiere")

    def do_send_blender(self) -> None:
        self._send("Blender")

    def _send(self, program: Program) -> None:
        document = self._w.document
        if not document.project.timeline.length:
            self._nothing_there()
            return
        where = Path.home() if document.untitled else document.folder.parent
        folder = QFileDialog.getExistingDirectory(
            self._w, self.tr("Where shall the media for {0} lie?").format(program), str(where)
        )
        if folder:
            self.send(program, Path(folder))

    def send(self, program: Program, folder: Path) -> None:
        """Write media and timelines for `program` below `folder`; Blender is started with them where it is installed."""
        from .sending import send  # imports OpenCV, which the window's start must not wait for

        project, pictures = self._w.document.project, self._w.document.folder
        takes = {t.id: self._w.takes.folder(t.id) for w in project.work.values() for t in w.takes}
        self._long(
            self.tr("Send to {0}").format(program),
            self.tr("Writing the takes as ProRes…"),
            lambda progress, cancelled: send(project, takes, pictures, folder, program, progress, cancelled),
            partial(self._sent, program),
        )

    def _sent(self, program: Program, opened: Path) -> None:
        if program == "Blender" and QProcess.startDetached("blender", ["--python", str(opened)])[0]:
            self._w.statusBar().showMessage(self.tr("Blender opens with the same frames."), 8000)
            return
        hint = {
            "Resolve": self.tr("Import {0} in Resolve (File ▸ Import ▸ Timeline)."),
            "Premiere": self.tr("Import {0} in Premiere (File ▸ Import)."),
            "Blender": self.tr("Blender was not found. Open it with: blender --python {0}"),
        }[program]
        self._w.notice.show_notice(
            hint.format(opened), self.tr("Show the folder"), lambda: self._show_folder(opened.parent), "sent"
        )

    # --- out ---------------------------------------------------------------------------------------------------------------

    def do_export(self) -> None:
        document = self._w.document
        if not document.project.timeline.length:
            self._nothing_there()
            return
        from .export_dialog import ExportDialog  # imports OpenCV, which the window's start must not wait for

        where = Path.home() if document.untitled else document.folder.parent
        chosen = sorted(document.place.clips)
        clip = chosen[0] if len(chosen) == 1 else None
        dialog = ExportDialog(document.project, clip, self._w.takes.folder, document.folder, where, self._w)
        dialog.written.connect(self._written)
        dialog.open()

    def _nothing_there(self) -> None:
        self._w.notice.show_notice(
            self.tr("There is nothing on the timeline to export."),
            self.tr("Import clips…"),
            self._w.actions_by_name["import"].trigger,
        )

    def _written(self, path: Path) -> None:
        self._w.notice.show_notice(
            self.tr("Exported {0}.").format(path), self.tr("Show the folder"), lambda: self._show_folder(path.parent)
        )

    def _show_folder(self, folder: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    # --- models ------------------------------------------------------------------------------------------------------------

    def do_models(self) -> None:
        from .model_store import ModelStore
        from .models_dialog import ModelsDialog

        store = ModelStore(self._w)
        dialog = ModelsDialog(store, self._w.bridge.refresh_engines, self._w)
        dialog.finished.connect(store.deleteLater)
        dialog.open()

    # --- parts -------------------------------------------------------------------------------------------------------------

    def _relink_first(self) -> None:
        gone = relink.missing(self._w.document.project)
        if gone:
            self.relink(gone[0].id)

    def relink(self, media: str) -> None:
        folder = QFileDialog.getExistingDirectory(self._w, self.tr("Where is the footage now?"), str(Path.home()))
        if folder:
            self.relink_in(media, Path(folder))

    def relink_in(self, media: str, folder: Path) -> None:
        """Look for a source, and all others that are missing, below a folder, by content."""
        project = self._w.document.project
        wanted = [project.source(media), *(m for m in relink.missing(project) if m.id != media)]

        def done(found: dict[str, str]) -> None:
            if found:
                self._w.document.edit(self.tr("Relink"), lambda p: relink.relink(p, found))
                self._w.pictures.forget()
                self._w.thumbnails.forget()
                self._w.viewer.refresh()
            else:
                self._w.notice.show_notice(
                    self.tr("No file below {0} holds this clip.").format(folder),
                    self.tr("Look elsewhere…"),
                    lambda: self.relink(media),
                )

        self._w.background.run(lambda: relink.search(wanted, folder), done, self.failed.emit)

    def _long(self, title: str, saying: str, work: Callable[..., object], done: Callable[[Path], object]) -> None:
        from .progress_dialog import ProgressDialog

        dialog = ProgressDialog(title, saying, work, done, self._w)
        dialog.open()

    def _try(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except KeyfollowError as e:
            self.failed.emit(e)
            return False
        except OSError as e:
            self.failed.emit(StorageError("cannot_write", f"{e.filename or 'A file'}: {e.strerror}.", "Choose another place."))
            return False
        return True
