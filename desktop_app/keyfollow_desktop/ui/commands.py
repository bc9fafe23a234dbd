"""What the menus, keys and buttons of the window do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keyfollow.engine_info import Estimate, Report
from keyfollow.errors import KeyfollowError, UsageError
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QGridLayout, QInputDialog, QScrollArea, QVBoxLayout, QWidget

from ..model import timeline_edits, work_edits
from ..model.project_file import SUFFIX
from ..model.ranges import record_frame
from ..model.selection import next_stop, previous_stop
from ..model.state import Marker, Mask, Media, Project
from ..model.timecode import duration
from . import theme
from .actions import words
from .document import Document
from .importing import describe, importable
from .painter.layers import About
from .painter.session import Session
from .painting import PICTURE_FILTER
from .parts import label
from .project_commands import ProjectCommands
from .shortcuts import REMAPPABLE

DISSOLVE = 12
"""Frames, unless said otherwise."""
MEDIA_FILTER = "*.mp4 *.mov *.mkv *.avi *.m4v *.webm *.mxf *.png *.tif *.tiff *.exr *.jpg *.dpx"


class Commands(ProjectCommands):
    """One method ``do_<name>`` per entry of `actions.ENTRIES`; those for projects and files are `ProjectCommands`'."""

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

    def do_quit(self) -> None:
        self._w.close()

    def do_preferences(self) -> None:
        from .preferences_dialog import PreferencesDialog

        dialog = PreferencesDialog(self._w.preferences, self._w)
        dialog.changed.connect(self._preferred)
        dialog.moved.connect(self._storage_moved)
        dialog.failed.connect(self.show_error)
        dialog.open()

    def _storage_moved(self) -> None:
        from .storage_field import restart

        if restart(self._w.bridge):
            text = self.tr("The daemon starts anew with what you chose. What is in the old storage folder stays there.")
        else:
            text = self.tr("What you chose counts from the daemon's next start: jobs are still running.")
        # a notice would make room for the one that the daemon is starting
        self._w.statusBar().showMessage(text, 15000)

    def _preferred(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, self._w.preferences.theme)
        self._w.apply_shortcuts()

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
                return timeline_edits.lay(project, media.id)
            return project if at is None else timeline_edits.lay(project, media.id, at)

        if self._w.document.edit(self.tr("Import {0}").format(media.name), change) and first:
            self._w.timeline.fit()
        if media.id in self._w.document.project.media:
            self._w.shot_actions.shots.look_through(media)

    def append(self, media: str) -> None:
        self._w.document.edit(self.tr("Add clip"), lambda p: timeline_edits.lay(p, media))

    def place(self, media: str, at: int, track: str) -> None:
        self._w.document.edit(self.tr("Add clip"), lambda p: timeline_edits.lay(p, media, at, track))

    def ask_reel(self, media: str) -> None:
        """The name by which other editors know the tape or card."""
        document = self._w.document
        old = document.project.source(media)
        reel, good = QInputDialog.getText(
            self._w,
            self.tr("Reel name"),
            self.tr("Reel of {0}, as timelines for other editors shall say").format(old.name),
            text=old.reel,
        )
        if good:
            document.edit(self.tr("Name the reel"), lambda p: work_edits.set_reel(p, media, reel))

    def remove_media(self, media: str) -> None:
        self._w.document.edit(self.tr("Remove from project"), lambda p: work_edits.remove_media(p, media))

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

    def do_dissolve(self) -> None:
        """How long the chosen clip, or the one under the playhead, takes to come out of the one before."""
        document = self._w.document
        seen = document.seen()
        chosen = next(iter(document.place.clips)) if len(document.place.clips) == 1 else seen.clip.id if seen else None
        if chosen is None:
            return
        clip = document.project.find(chosen)[1]
        frames, good = QInputDialog.getInt(
            self._w,
            self.tr("Dissolve"),
            self.tr("Frames over which {0} comes out of the clip before it; 0 is a cut:").format(
                clip.name or self.tr("the clip")
            ),
            clip.dissolve or DISSOLVE,
            0,
            clip.length,
        )
        if good:
            document.edit(self.tr("Dissolve"), lambda p: timeline_edits.set_dissolve(p, chosen, frames))

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

    def do_add_track(self) -> None:
        """One above the others, empty: drop a clip onto it."""
        self._w.document.edit(self.tr("Add video track"), lambda p: timeline_edits.add_track(p)[0])

    def do_remove_track(self) -> None:
        self._w.document.edit(self.tr("Remove empty tracks"), timeline_edits.without_empty_tracks)

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

    def painting_recovered(self, frame: int) -> None:
        text = self.tr("Keyfollow ended while frame {0} was being painted. What was painted is its edit now.")
        self._w.notice.show_notice(text.format(frame))

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

    def do_all_finals(self) -> None:
        """One after the other, while nobody needs the machine."""
        count = self._w.runs.start_all()
        text = self.tr("{0} finals are queued. Closing the window does not stop them.").format(count)
        self._w.statusBar().showMessage(text if count else self.tr("Every edited shot has a final that is up to date."), 10000)

    def do_pause_editing(self) -> None:
        self._w.preferences.pause_editing = not self._w.preferences.pause_editing

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

    def do_picture_in(self) -> None:
        self._w.viewer.zoom_by(1.25)

    def do_picture_out(self) -> None:
        self._w.viewer.zoom_by(1 / 1.25)

    def do_picture_fit(self) -> None:
        self._w.viewer.fit()

    def do_zoom_out(self) -> None:
        self._w.timeline.zoom(1 / 1.5)

    def do_zoom_in(self) -> None:
        self._w.timeline.zoom(1.5)

    def do_fit(self) -> None:
        self._w.timeline.fit()

    def do_table(self) -> None:
        self._w.show_table(self._w.bottom.currentIndex() == 0)

    def do_queue(self) -> None:
        self._w.show_queue(not self._w.queue.isVisible())

    def do_fullscreen(self) -> None:
        self._w.fill_screen(not self._w.isFullScreen())

    # --- help --------------------------------------------------------------------------------------------------------------

    def do_shortcuts(self) -> None:
        dialog = QDialog(self._w)
        dialog.setWindowTitle(self.tr("Keyboard shortcuts"))
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setHorizontalSpacing(32)
        for row, entry in enumerate(e for e in REMAPPABLE if self._w.keys[e.name]):
            grid.addWidget(label(words(entry.text)), row, 0)
            keys = [QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in self._w.keys[entry.name]]
            grid.addWidget(label("  ".join(keys), "dim"), row, 1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setWidget(inside)
        QVBoxLayout(dialog).addWidget(scroll)
        dialog.resize(520, 640)
        dialog.open()
