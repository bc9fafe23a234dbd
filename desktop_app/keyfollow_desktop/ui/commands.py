"""What the menus, keys and buttons of the window do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import keyfollow
from keyfollow.engine_info import Estimate, Report
from keyfollow.errors import KeyfollowError, StorageError, UsageError
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QGridLayout, QMessageBox, QScrollArea, QVBoxLayout, QWidget

from ..model import assets, interchange, recovery, relink, timeline_edits, work_edits
from ..model.project_file import SUFFIX
from ..model.ranges import record_frame
from ..model.selection import next_stop, previous_stop
from ..model.state import Keyframe, Marker, Mask, Media, Project
from ..model.timecode import duration
from .actions import ENTRIES, words
from .document import Document, recoverable
from .export_dialog import ExportDialog
from .importing import describe, importable
from .painter.session import About, Session
from .painting import PICTURE_FILTER
from .parts import label
from .preferences import PreferencesDialog

if TYPE_CHECKING:
    from .window import Window

MEDIA_FILTER = "*.mp4 *.mov *.mkv *.avi *.m4v *.webm *.mxf *.png *.tif *.tiff *.exr *.jpg *.dpx"


class Commands(QObject):
    """One method ``do_<name>`` per entry of `actions.ENTRIES`."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._w = window

    # --- errors ------------------------------------------------------------------------------------------------------------

    def show_error(self, error: KeyfollowError) -> None:
        """A sentence, and where there is something that helps, its button."""
        w = self._w
        helps: dict[str, tuple[str, Callable[[], object]]] = {
            "no_editor": (self.tr("Choose editor…"), self.do_preferences),
            "editor_not_started": (self.tr("Choose editor…"), self.do_preferences),
            "no_keyframe": (self.tr("Edit this frame"), self.do_edit_keyframe),
            "picture_gone": (self.tr("Edit that frame again"), self.do_edit_keyframe),
            "not_connected": (self.tr("Start again"), w.bridge.start),
            "daemon_keeps_dying": (self.tr("Start again"), w.bridge.start),
            "project_changed": (self.tr("Save as…"), self.do_save_as),
            "cannot_write": (self.tr("Save as…"), self.do_save_as),
            "disk_full": (self.tr("Show the folder"), lambda: self._show_folder(w.document.folder)),
            "media_not_found": (self.tr("Relink…"), self._relink_first),
            "empty_range": (self.tr("Clear in and out"), self.do_clear_range),
            "out_of_memory": (self.tr("Show the queue"), lambda: w.show_queue(True)),
        }
        button, action = helps.get(error.code, ("", None))
        w.notice.show_error(error, button, action)

    def _show_folder(self, folder: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    # --- projects ----------------------------------------------------------------------------------------------------------

    def start(self, folder: Path | None) -> None:
        """Open `folder`, or offer what a crash left, or begin with an empty project."""
        w = self._w
        if folder is not None and self.open_folder(folder):
            return
        left = recoverable()
        w.document.new()
        if left:
            w.notice.show_notice(
                self.tr("Keyfollow ended unexpectedly. The project you were working on can be recovered."),
                self.tr("Recover"),
                lambda: self._recover(left[0]),
            )

    def _recover(self, folder: Path) -> None:
        self._try(lambda: self._w.document.open(folder, recover=True))
        self._arrived()

    def open_folder(self, folder: Path) -> bool:
        """Open a project; whether it could."""
        if not self.may_leave():
            return False
        document = self._w.document
        left = recovery.offered(folder)
        if not self._try(lambda: document.open(folder)):
            return False
        self._w.preferences.opened(folder)
        self._arrived()
        if left is not None:
            self._offer(folder)
        elif gone := relink.missing(document.project):
            self._w.notice.show_notice(
                self.tr("{0} of this project's clips cannot be found.").format(len(gone)),
                self.tr("Relink…"),
                self._relink_first,
            )
        return True

    def _offer(self, folder: Path) -> None:
        """Offer what was not saved. It is read now: what is kept from now on takes its place on the disk."""
        document = self._w.document
        try:
            left = recovery.recover(folder)
        except KeyfollowError as e:
            self.show_error(e)
            return
        self._w.notice.show_notice(
            self.tr("{0} was not saved when it was last open.").format(folder.stem),
            self.tr("Recover unsaved work"),
            lambda: document.do(self.tr("Recover unsaved work"), left) if document.folder == folder else None,
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
            project = self._on_timeline(work_edits.add_media(document.project, media), media.id)
            name = assets.adopt(document.folder, "keyframes", folder / "keyframe.png")
            document.do(self.tr("Open example"), work_edits.set_keyframe(project, media.id, Keyframe(int(said["frame"]), name)))
            document.go(int(said["frame"]))
            self._w.timeline.fit()

        self._w.background.run(lambda: describe(str(folder / "clip.mp4")), done, self.show_error)

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
        """Save into a new folder, whose name ends in ``.kfproj`` whatever was typed."""
        folder = folder if folder.suffix == SUFFIX else folder.with_name(folder.name + SUFFIX)
        if self._try(lambda: self._w.document.save_as(folder)):
            self._w.preferences.opened(folder)
            self._w.takes.forget()
            self._w.statusBar().showMessage(self.tr("Saved as {0}").format(folder), 5000)

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
            document.flush()
            return not document.untitled
        return box.clickedButton() is drop

    def may_close(self) -> bool:
        return self.may_leave()

    def do_quit(self) -> None:
        self._w.close()

    def do_preferences(self) -> None:
        PreferencesDialog(self._w.preferences, self._w).open()

    # --- media -------------------------------------------------------------------------------------------------------------

    def do_import(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(
            self._w,
            self.tr("Import clips"),
            str(Path.home()),
            f"{self.tr('Media')} ({MEDIA_FILTER});;{self.tr('All files')} (*)",
        )
        self.import_files(files)

    def import_files(self, files: list[str], at: int | None = None) -> None:
        """Put files into the bin; the first clip of a project onto the timeline too, the others there only with `at`."""
        for path in importable(files):
            if path.endswith(SUFFIX):
                self.open_folder(Path(path))
                return
            self._w.statusBar().showMessage(self.tr("Looking at {0}…").format(Path(path).name), 3000)
            self._w.background.run(lambda p=path: describe(p), lambda media: self._imported(media, at), self.show_error)  # type: ignore[misc]

    def _imported(self, media: Media, at: int | None) -> None:
        first = not self._w.document.project.timeline.length

        def change(project: Project) -> Project:
            project = work_edits.add_media(project, media)
            if first:
                return self._on_timeline(project, media.id)
            return project if at is None else self._on_timeline(project, media.id, at)

        if self._w.document.edit(self.tr("Import {0}").format(media.name), change) and first:
            self._w.timeline.fit()
        if media.id in self._w.document.project.media:
            self._w.shot_actions.shots.look_through(media)

    def _on_timeline(self, project: Project, media: str, at: int | None = None, track: str = "") -> Project:
        """A source on a track: the lowest video track, at the end, unless said otherwise."""
        if not track:
            video = [t for t in project.timeline.tracks if t.kind == "video" and not t.locked]
            if video:
                track = video[0].id
            else:
                project, track = timeline_edits.add_track(project)
        return timeline_edits.place(project, track, media, project.timeline.length if at is None else at)

    def append(self, media: str) -> None:
        self._w.document.edit(self.tr("Add clip"), lambda p: self._on_timeline(p, media))

    def place(self, media: str, at: int, track: str) -> None:
        self._w.document.edit(self.tr("Add clip"), lambda p: self._on_timeline(p, media, at, track))

    def remove_media(self, media: str) -> None:
        self._w.document.edit(self.tr("Remove from project"), lambda p: work_edits.remove_media(p, media))

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

        self._w.background.run(lambda: relink.search(wanted, folder), done, self.show_error)

    # --- editing -----------------------------------------------------------------------------------------------------------

    def do_undo(self) -> None:
        self._undoing.undo()

    def do_redo(self) -> None:
        self._undoing.redo()

    @property
    def _undoing(self) -> Document | Session:
        """Whose changes undo takes back: the painter's while it is open."""
        painting = self._w.painting
        return painting.session if painting.active else self._w.document

    def _chosen(self) -> frozenset[str]:
        """The selected clips; the one under the playhead where none is."""
        document = self._w.document
        if document.place.clips:
            return document.place.clips
        seen = document.seen()
        return frozenset({seen.clip.id}) if seen else frozenset()

    def do_split(self) -> None:
        document = self._w.document
        chosen = document.place.clips or None
        document.edit(self.tr("Split clip"), lambda p: timeline_edits.split(p, document.place.playhead, chosen))

    def do_delete(self) -> None:
        chosen = self._chosen()
        if chosen:
            self._w.document.edit(self.tr("Remove clip"), lambda p: timeline_edits.remove(p, chosen))

    def do_ripple(self) -> None:
        chosen = self._chosen()
        if chosen:
            self._w.document.edit(self.tr("Remove clip and close the gap"), lambda p: timeline_edits.ripple_delete(p, chosen))

    def do_marker(self) -> None:
        document = self._w.document
        at = document.place.playhead
        if any(m.frame == at for m in document.project.timeline.markers):
            document.edit(self.tr("Remove marker"), lambda p: timeline_edits.remove_marker(p, at))
        else:
            document.edit(self.tr("Add marker"), lambda p: timeline_edits.set_marker(p, Marker(at)))

    def do_in(self) -> None:
        document = self._w.document
        at, marked = document.place.playhead, document.project.timeline.marked
        stop = marked[1] if marked and marked[1] > at else None
        document.edit(self.tr("Set in"), lambda p: timeline_edits.mark(p, at, stop))

    def do_out(self) -> None:
        document = self._w.document
        at, marked = document.place.playhead + 1, document.project.timeline.marked
        start = marked[0] if marked and marked[0] < at else None
        document.edit(self.tr("Set out"), lambda p: timeline_edits.mark(p, start, at))

    def do_clear_range(self) -> None:
        self._w.document.edit(self.tr("Clear in and out"), lambda p: timeline_edits.mark(p, None, None))

    # --- keyframes and runs ------------------------------------------------------------------------------------------------

    def do_edit_keyframe(self) -> None:
        """In the image editor that was chosen; where none is, in the painter."""
        self._w.transport.stop()
        if self._w.preferences.editor:
            self._w.painting.session.finish()
            self._w.round_trip.edit()
        else:
            self.do_paint()

    def do_paint(self) -> None:
        self._paint("keyframe")

    def do_retouch(self) -> None:
        self._paint("retouch")

    def paint_mask(self, mask: Mask) -> None:
        self._paint("mask", mask)

    def _paint(self, about: About, mask: Mask | None = None) -> None:
        self._w.transport.stop()
        if self._w.document.seen() is None:
            self.show_error(
                UsageError("no_clip_here", "There is no clip under the playhead.", "Move the playhead onto a clip.")
            )
            return
        self._w.painting.session.open(about, mask)
        self._w.viewer.setFocus()

    def editor_opened(self, path: Path) -> None:
        self._w.statusBar().showMessage(self.tr("Edit the picture and save it; it comes back by itself."), 15000)

    def keyframe_adopted(self, media: str, frame: int) -> None:
        """A picture came back. A draft follows by itself where that is wanted and the frame is still in view."""
        seen = self._w.document.seen()
        if self._w.preferences.draft_on_save and seen is not None and seen.clip.media == media:
            self.do_draft()
            return
        self._w.statusBar().showMessage(self.tr("Frame {0} is edited. Press Enter for a draft.").format(frame), 8000)

    def do_use_picture(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._w, self.tr("A picture of this frame, edited"), str(Path.home()), f"{self.tr('Pictures')} ({PICTURE_FILTER})"
        )
        if path:
            self._w.round_trip.use(Path(path))

    def do_remove_keyframe(self) -> None:
        seen = self._w.document.seen()
        if seen is not None:
            self._w.document.edit(
                self.tr("Remove edit keyframe"), lambda p: work_edits.remove_keyframe(p, seen.clip.media, seen.frame)
            )

    def do_remove_retouch(self) -> None:
        document = self._w.document
        seen = document.seen()
        if seen is None or not any(r.frame == seen.frame for r in document.project.work_of(seen.clip.media).retouches):
            self._w.statusBar().showMessage(self.tr("This frame has no fix of its own."), 5000)
            return
        document.edit(self.tr("Remove this frame's fix"), lambda p: work_edits.remove_retouch(p, seen.clip.media, seen.frame))

    def do_shot(self) -> None:
        self._w.shot_actions.toggle()

    def do_copy_look(self) -> None:
        self._w.shot_actions.copy_look()

    def do_extend_take(self) -> None:
        self._w.shot_actions.extend_take()

    def do_draft(self) -> None:
        self._w.runs.start("draft")

    def do_auto_draft(self) -> None:
        self._w.preferences.draft_on_save = not self._w.preferences.draft_on_save

    def do_final(self) -> None:
        self._w.runs.start("final")

    def ask_long_final(self, estimate: Estimate, go: Callable[[], object]) -> None:
        self._w.notice.show_notice(
            self.tr("This final will take about {0}.").format(duration(estimate.seconds)), self.tr("Start it"), go
        )

    def run_finished(self, take: str, report: Report) -> None:
        text = self.tr("{0} frames made.").format(report.frames)
        if report.suggested_keyframe is not None:
            text += " " + self.tr("Press N for the frame most worth painting next.")
        self._w.statusBar().showMessage(text, 10000)

    def do_suggested(self) -> None:
        """Go to the frame whose edit would help the take in view most."""
        document = self._w.document
        seen = document.seen()
        frame = self._w.takes.get(seen.clip.take).suggested if seen and seen.clip.take else None
        if seen is None or frame is None:
            self._w.statusBar().showMessage(self.tr("No frame stands out: the take looks even."), 5000)
            return
        media = document.project.source(seen.clip.media)
        at = record_frame(seen.clip, media, document.project.timeline, frame)
        if at is None:
            self._w.statusBar().showMessage(self.tr("The suggested frame {0} is trimmed away.").format(frame), 5000)
        else:
            document.go(at)

    # --- playing and looking -----------------------------------------------------------------------------------------------

    def do_play(self) -> None:
        self._w.transport.toggle()

    def do_back(self) -> None:
        self._w.transport.shuttle(-1)

    def do_stop(self) -> None:
        self._w.transport.stop()

    def do_forward(self) -> None:
        self._w.transport.shuttle(1)

    def do_previous_frame(self) -> None:
        self._w.transport.step(-1)

    def do_next_frame(self) -> None:
        self._w.transport.step(1)

    def do_previous_stop(self) -> None:
        self._w.document.go(previous_stop(self._w.document.project, self._w.document.place.playhead))

    def do_next_stop(self) -> None:
        self._w.document.go(next_stop(self._w.document.project, self._w.document.place.playhead))

    def do_start(self) -> None:
        self._w.document.go(0)

    def do_end(self) -> None:
        self._w.document.go(self._w.document.project.timeline.length)

    def do_loop(self) -> None:
        self._w.bar.loop.click()

    def do_escape(self) -> None:
        if self._w.isFullScreen():
            self.do_fullscreen()
        elif self._w.transport.playing:
            self._w.transport.stop()
        else:
            self._w.runs.stop_draft()

    def do_wipe(self) -> None:
        self._w.viewer.set_mode("take" if self._w.viewer.mode == "wipe" else "wipe")

    def do_onion(self) -> None:
        self._w.overlays.set(onion=not self._w.overlays.shown.onion)

    def do_changes(self) -> None:
        self._w.overlays.set(changes=not self._w.overlays.shown.changes)

    def do_safe(self) -> None:
        self._w.overlays.set(safe=not self._w.overlays.shown.safe)

    def do_zoom_out(self) -> None:
        self._w.timeline.zoom(1 / 1.5)

    def do_zoom_in(self) -> None:
        self._w.timeline.zoom(1.5)

    def do_fit(self) -> None:
        self._w.timeline.fit()

    def do_queue(self) -> None:
        self._w.show_queue(not self._w.queue.isVisible())

    def do_fullscreen(self) -> None:
        self._w.fill_screen(not self._w.isFullScreen())

    # --- out ---------------------------------------------------------------------------------------------------------------

    def do_export(self) -> None:
        document = self._w.document
        if not document.project.timeline.length:
            self._w.notice.show_notice(
                self.tr("There is nothing on the timeline to export."), self.tr("Import clips…"), self.do_import
            )
            return
        where = Path.home() if document.untitled else document.folder.parent
        chosen = sorted(document.place.clips)
        dialog = ExportDialog(document.project, chosen[0] if len(chosen) == 1 else None, self._w.takes.folder, where, self._w)
        dialog.pictures = document.folder
        dialog.written.connect(self._written)
        dialog.open()

    def _written(self, path: Path) -> None:
        self._w.notice.show_notice(
            self.tr("Exported {0}.").format(path), self.tr("Show the folder"), lambda: self._show_folder(path.parent)
        )

    def do_export_timeline(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self._w,
            self.tr("Export timeline"),
            str(Path.home() / f"{self._w.document.project.name or 'Untitled'}.otio"),
            "OpenTimelineIO (*.otio);;EDL (*.edl);;Final Cut Pro 7 XML (*.xml)",
        )
        if path:
            self._try(lambda: interchange.export(self._w.document.project, Path(path)))

    def do_shortcuts(self) -> None:
        dialog = QDialog(self._w)
        dialog.setWindowTitle(self.tr("Keyboard shortcuts"))
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setHorizontalSpacing(32)
        for row, entry in enumerate(e for e in ENTRIES if e.keys):
            grid.addWidget(label(words(entry.text)), row, 0)
            keys = [s.toString() for s in self._w.actions_by_name[entry.name].shortcuts()]
            grid.addWidget(label("  ".join(keys), "dim"), row, 1)
        extra = grid.rowCount()
        grid.addWidget(label(self.tr("Show the source while held")), extra, 0)
        grid.addWidget(label("\\", "dim"), extra, 1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setWidget(inside)
        QVBoxLayout(dialog).addWidget(scroll)
        dialog.resize(520, 640)
        dialog.open()

    def _try(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except KeyfollowError as e:
            self.show_error(e)
            return False
        except OSError as e:
            self.show_error(StorageError("cannot_write", f"{e.filename or 'A file'}: {e.strerror}.", "Choose another place."))
            return False
        return True
