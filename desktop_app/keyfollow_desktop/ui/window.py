"""The main window: where everything stands, and what hears of what. What the menus do is in `commands`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from keyfollow.errors import KeyfollowError
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ..bridge import CONNECTED, CONNECTING, FAILED, LOST, Bridge, active
from .actions import ENTRIES, MENUS, words
from .background import Background
from .bin import Bin
from .commands import Commands
from .document import Document
from .inspector import Inspector
from .mask_panel import MaskPanel
from .notice import NoticeBar
from .overlays import Overlays
from .painting import Painting
from .parts import label, tool
from .pausing import Pausing
from .pictures import Pictures
from .preferences import Preferences
from .prepared import Prepared
from .proxies import Proxies
from .queue_drawer import QueueDrawer
from .round_trip import RoundTrip
from .runs import Runs
from .shortcuts import effective
from .shot_actions import ShotActions
from .sound import Player, open_device
from .take_store import TakeStore
from .takes_panel import TakesPanel
from .timeline import Timeline
from .transport import Transport
from .transport_bar import TransportBar
from .viewer import Viewer
from .waveforms import Waveforms

VIEW_BYTES, THUMB_BYTES = 384 << 20, 96 << 20
SWITCH_S = 2e-4
"""How long a thread at work may keep Python from this one. Drawing gives it away and asks for it again a hundred times: at Python's own
5 ms, one picture of the window takes half a second while a project is read."""


class Window(QMainWindow):
    """Owns every part. `bridge` is started by `app.main`, so that a test can do without a daemon."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        sys.setswitchinterval(SWITCH_S)
        self.preferences = preferences
        self.document = Document(self)
        self.bridge = Bridge(self)
        self.background = Background(self)
        self.pictures = Pictures(self, latest=True, bytes_kept=VIEW_BYTES)
        self.thumbnails = Pictures(self, latest=False, bytes_kept=THUMB_BYTES)
        self.takes = TakeStore(lambda: self.document.folder / "takes", self)
        self.runs = Runs(self.document, self.bridge, self.takes, self)
        self.round_trip = RoundTrip(self.document, self.takes, self.background, lambda: preferences.editor, self)
        self.sound = Player(open_device)
        self.transport = Transport(self.document, self, clock=self.sound.now)
        self.waveforms = Waveforms(self)
        self.viewer = Viewer(self.document, self.pictures, self.takes)
        self.painting = Painting(self)
        self.bar = TransportBar(self.document, self.transport, self.viewer)
        self.timeline = Timeline(self.document, self.thumbnails, self.takes)
        self.pausing = Pausing(
            self.bridge,
            lambda: preferences.pause_editing,
            lambda: self.painting.active or self.round_trip.editing is not None,
            self,
        )
        self.prepared = Prepared(self.bridge, self)
        self.timeline.show_prepared(self.prepared)
        self.proxies = self.viewer.proxies = Proxies(self.takes, lambda: preferences.proxies, self)
        self.bin = Bin(self.document, self.thumbnails)
        self.takes_panel = TakesPanel(self.document, self.takes, self.thumbnails, lambda: self.bridge.engines)
        self.overlays = Overlays(self.document, self.takes, self)
        self.masks = MaskPanel(self.document, self.background, self.overlays)
        self.inspector = Inspector(self.document, self.bridge, self.runs, self.thumbnails, self.masks)
        self.queue = QueueDrawer(self.bridge)
        self.notice = NoticeBar()
        self._trouble = "daemon_lost"
        """The code of the notice that goes when the daemon is there again."""
        self.hint = label("", "hint", wrap=True)
        self.commands = Commands(self)
        self.shot_actions = ShotActions(self)
        self._lay_out()
        self._make_menus()
        self._connect()
        self.setAcceptDrops(True)
        self._restore()
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    # --- building ----------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._left = left = QTabWidget(documentMode=True)
        left.tabBar().setDrawBase(False)
        left.addTab(self.bin, self.tr("Bin"))
        left.addTab(self.takes_panel, self.tr("Takes"))
        left.setMinimumWidth(200)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.hint)
        column.addWidget(self.painting.bar)
        column.addWidget(self.painting.around(self.viewer), 1)
        column.addWidget(self.bar)
        self.inspector.setMinimumWidth(280)
        self._across = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        for part, stretch in ((left, 0), (centre, 1), (self.inspector, 0)):
            self._across.addWidget(part)
            self._across.setStretchFactor(self._across.count() - 1, stretch)
        self._across.setSizes([260, 1020, 320])
        self._down = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self._down.addWidget(self._across)
        self.bottom = QStackedWidget()
        self.bottom.addWidget(self.timeline)
        self._down.addWidget(self.bottom)
        self._down.setStretchFactor(0, 1)
        self._down.setSizes([640, 300])
        self.bottom.setMinimumHeight(150)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._down, 1)
        column.addWidget(self.queue)
        self.queue.hide()
        self.setCentralWidget(whole)
        self._daemon = label("", "dim")
        self._queue_button = tool(self.tr("Queue"), checkable=True)
        self._queue_button.toggled.connect(self.queue.setVisible)
        status = self.statusBar()
        status.setSizeGripEnabled(False)
        status.addPermanentWidget(self._daemon)
        status.addPermanentWidget(self._queue_button)

    def _make_menus(self) -> None:
        self.actions_by_name: dict[str, QAction] = {}
        menus = {name: self.menuBar().addMenu(words(text)) for name, text in MENUS.items()}
        for entry in ENTRIES:
            action = QAction(words(entry.text), self)
            slot = getattr(self.commands, f"do_{entry.name}")
            action.triggered.connect(lambda _=False, s=slot: s())
            menus[entry.menu].addAction(action)
            self.actions_by_name[entry.name] = action
            action.setCheckable(entry.name in ("onion", "changes", "safe", "auto_draft", "pause_editing"))
            if entry.name == "auto_draft":
                action.setChecked(self.preferences.draft_on_save)
            if entry.name == "pause_editing":
                action.setChecked(self.preferences.pause_editing)
            if entry.name == "open":
                self._recent = QMenu(self.tr("Open recent"), self)
                self._recent.aboutToShow.connect(self._fill_recent)
                menus[entry.menu].addMenu(self._recent)
            if entry.name in (
                "open_archive",
                "import_timeline",
                "save_as",
                "export_archive",
                "send_blender",
                "redo",
                "ripple",
                "marker",
                "remove_retouch",
                "stop",
                "end",
                "wipe",
                "safe",
                "picture_fit",
                "fit",
            ):
                menus[entry.menu].addSeparator()

        self.apply_shortcuts()

    def apply_shortcuts(self) -> None:
        """Let every action have the keys that the person chose."""
        self.keys = effective(*self.preferences.shortcuts)
        for name, action in self.actions_by_name.items():
            action.setShortcuts([QKeySequence(k) for k in self.keys[name]])

    def _is_key(self, event: QKeyEvent, name: str) -> bool:
        """Whether `event` is about the key of an action, whatever else is held with it."""
        return any(QKeySequence(k) == QKeySequence(event.key()) for k in self.keys[name])

    def _fill_recent(self) -> None:
        self._recent.clear()
        for folder in self.preferences.recent:
            self._recent.addAction(folder.stem).triggered.connect(partial(self._open_recent, folder))
        if self._recent.isEmpty():
            self._recent.addAction(self.tr("Nothing opened yet")).setEnabled(False)

    def _open_recent(self, folder: Path, _: bool = False) -> None:
        self.commands.open_folder(folder)

    def _connect(self) -> None:
        document, commands = self.document, self.commands
        document.changed.connect(self._on_changed)
        document.place_changed.connect(lambda _: self._update_hint())
        document.changed.connect(self.proxies.look)
        self.runs.finished.connect(lambda *_: self.proxies.look(document.project))
        document.kept.connect(self._update_title)
        for source in (
            document.failed,
            commands.failed,
            self.runs.failed,
            self.round_trip.failed,
            self.queue.failed,
            self.masks.failed,
            self.painting.session.failed,
        ):
            source.connect(commands.show_error)
        self.transport.changed.connect(self._play_sound)
        self.transport.looped.connect(self._play_sound)
        self.timeline.show_sound(self.waveforms)
        self.runs.finished.connect(commands.run_finished)
        self.runs.long_final.connect(commands.ask_long_final)
        self.round_trip.warned.connect(self.notice.show_notice)
        self.round_trip.opened.connect(commands.editor_opened)
        self.round_trip.editing_changed.connect(self._update_hint)
        # while the person paints; again when a save is under way, since painting takes longer than what is ready is kept
        self.round_trip.opened.connect(lambda _: self.runs.prepare())
        self.round_trip.saving.connect(self.runs.prepare)
        self.round_trip.calm.connect(self.pictures.expect_still)
        self.round_trip.calm.connect(self.thumbnails.expect_still)
        self.round_trip.decoded.connect(self.bridge.tell_size)
        self.painting.session.opened.connect(self.runs.prepare)
        self.painting.session.opened.connect(self.statusBar().clearMessage)
        self.round_trip.adopted.connect(commands.keyframe_adopted)
        self.painting.session.kept.connect(commands.keyframe_adopted)
        self.painting.session.recovered.connect(commands.painting_recovered)
        self.painting.session.changed.connect(self._on_changed)
        self.painting.session.changed.connect(self.pausing.look)
        self.round_trip.editing_changed.connect(self.pausing.look)
        self.masks.paint_asked.connect(commands.paint_mask)
        self.viewer.overlays.append(self.overlays.draw)
        self.overlays.changed.connect(self.viewer.update)
        self.overlays.said.connect(lambda text: self.statusBar().showMessage(text, 5000))
        self.viewer.example_asked.connect(commands.do_example)
        self.bin.import_asked.connect(commands.do_import)
        self.bin.append_asked.connect(commands.append)
        self.bin.relink_asked.connect(commands.relink)
        self.bin.reel_asked.connect(commands.ask_reel)
        self.bin.remove_asked.connect(commands.remove_media)
        self.takes_panel.compare_asked.connect(self.viewer.compare)
        self.timeline.media_dropped.connect(commands.place)
        self.timeline.files_dropped.connect(commands.import_files)
        self.inspector.edit_asked.connect(commands.do_edit_keyframe)
        self.inspector.paint_asked.connect(commands.do_paint)
        self.runs.tried.connect(commands.keyframe_adopted)
        self.inspector.picture_asked.connect(commands.do_use_picture)
        self.inspector.remove_asked.connect(commands.do_remove_keyframe)
        self.bridge.state_changed.connect(self._on_daemon)
        self.bridge.jobs_changed.connect(self._on_jobs)
        self._on_daemon(CONNECTING, None)
        self._on_jobs()
        self._on_changed()

    def _restore(self) -> None:
        self.resize(1600, 1000)
        for name, part in (("across", self._across), ("down", self._down)):
            if state := self.preferences.layout(name):
                part.restoreState(state)
        if geometry := self.preferences.layout("window"):
            self.restoreGeometry(geometry)

    # --- what is shown -----------------------------------------------------------------------------------------------------

    def _on_changed(self) -> None:
        canvas = self.painting.session.canvas
        stroke = self.tr("Paint")
        undo, redo = self.document.undo_label, self.document.redo_label
        if canvas is not None:
            undo, redo = stroke if canvas.can_undo else "", stroke if canvas.can_redo else ""
        for name, done, text in (("undo", undo, self.tr("Undo")), ("redo", redo, self.tr("Redo"))):
            self.actions_by_name[name].setText(f"{text}: {done}" if done else text)
            self.actions_by_name[name].setEnabled(bool(done))
        self._update_hint()
        self._update_title()

    def _update_hint(self) -> None:
        """What to do next, as long as a person may not know."""
        project = self.document.project
        edited = any(w.keyframes for w in project.work.values())
        taken = any(w.takes for w in project.work.values())
        if self.painting.active:
            text = ""
        elif (open_in := self.round_trip.editing) is not None:
            text = self.tr("Frame {1} is open in {0}. Save it there: it comes back by itself.").format(*open_in)
        elif not project.timeline.length:
            text = self.tr("Double-click a clip in the bin to put it on the timeline.") if project.media else ""
        elif not edited:
            text = self.tr("Go to the frame that shows the thing best. Press E to edit it.")
        elif not taken:
            text = self.tr("Press Enter: a draft carries your edit to every other frame.")
        else:
            text = ""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def _update_title(self) -> None:
        name = self.document.project.name or self.tr("Untitled")
        self.setWindowTitle(f"{name}[*] – Keyfollow")
        self.setWindowModified(self.document.dirty)

    def _on_daemon(self, state: str, error: KeyfollowError | None) -> None:
        able = [e for e in self.bridge.engines.values() if not e.missing]
        ready = self.tr("Ready: {0}").format(", ".join(sorted(e.name for e in able if not e.needs_weights)))
        if other := sorted(e.name for e in able if e.needs_weights):
            # whether a model is here is known when it is looked for: a run without one says so
            ready += self.tr("; with a model: {0}").format(", ".join(other))
        text = {
            CONNECTING: self.tr("Starting the daemon…"),
            CONNECTED: ready,
            LOST: self.tr("The daemon stopped; starting it again…"),
            FAILED: self.tr("No daemon"),
        }[state]
        self._daemon.setText(text)
        if state == FAILED and error is not None:
            self._trouble = error.code
            self.notice.show_error(error, self.tr("Start again"), self.bridge.start)
        elif state == CONNECTED and self.notice.code == self._trouble:
            self.notice.hide()
        elif state == LOST:
            self._trouble = "daemon_lost"
            self.notice.show_notice(
                self.tr("Keyfollow's daemon stopped. It is being started again; running jobs go on from their last frame."),
                code="daemon_lost",
            )

    def _on_jobs(self) -> None:
        count = len(active(self.bridge.jobs))
        self._queue_button.setText(self.tr("Queue ({0})").format(count) if count else self.tr("Queue"))

    def show_table(self, shown: bool) -> None:
        """The timeline as a table in its place, or drawn."""
        if shown and self.bottom.count() == 1:
            from .timeline_table import TimelineTable

            self.bottom.addWidget(TimelineTable(self.document))
        part = self.bottom.widget(int(shown))
        assert part is not None
        self.bottom.setCurrentWidget(part)
        part.setFocus()

    def _play_sound(self) -> None:
        """Sound goes with the picture at its own speed alone."""
        if self.transport.speed == 1:
            project, place = self.document.project, self.document.place
            self.sound.start(project, place.playhead / project.timeline.fps)
        else:
            self.sound.stop()

    def fill_screen(self, full: bool) -> None:
        """The picture alone on the whole screen, or everything again."""
        if full == self.isFullScreen():
            return
        for part in (self._left, self.inspector, self.timeline, self.menuBar(), self.statusBar()):
            part.setVisible(not full)
        if full:
            # a hidden menu bar takes its keys along
            self.addActions(list(self.actions_by_name.values()))
            self.showFullScreen()
        else:
            self.showNormal()

    def show_queue(self, shown: bool) -> None:
        self._queue_button.setChecked(shown)

    # --- keys, drops, the end ----------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys that are held, and keys that belong to the text field that has the focus rather than to a menu."""
        # not by its `type()`: for each that Python has no name for, an enumeration is made, a quarter of the window's first drawing
        if not isinstance(event, QKeyEvent):
            return False
        kind = event.type()
        focus = QApplication.focusWidget()
        if QApplication.activeModalWidget() is not None or (focus is not None and focus.window() is not self):
            return False
        typing = isinstance(focus, (QLineEdit, QPlainTextEdit, QAbstractSpinBox))
        plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        key = event.key()
        if not typing and kind != QEvent.Type.KeyRelease and self.painting.wants(event):
            event.accept()
            if kind == QEvent.Type.KeyPress:
                self.painting.key(event)
            return True
        if kind == QEvent.Type.ShortcutOverride:
            if typing and plain:
                if key == Qt.Key.Key_Escape:
                    self.viewer.setFocus()
                event.accept()
                return True
            presses = isinstance(focus, (QAbstractButton, QComboBox)) and key == Qt.Key.Key_Space
            if presses:
                event.accept()
                return True
            if self._is_key(event, "stop"):
                self.transport.brake = True
        elif not typing and not event.isAutoRepeat():
            pressed = kind == QEvent.Type.KeyPress
            if self._is_key(event, "hold_source"):
                self.viewer.hold_source(pressed)
            elif self._is_key(event, "stop") and not pressed:
                self.transport.brake = False
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [u.toLocalFile() for u in event.mimeData().urls() if u.isLocalFile()]
        if not self.painting.dropped(files):
            QTimer.singleShot(0, lambda: self.commands.import_files(files))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.commands.may_close():
            event.ignore()
            return
        for name, part in (("across", self._across), ("down", self._down)):
            self.preferences.keep_layout(name, part.saveState())
        self.preferences.keep_layout("window", self.saveGeometry())
        self.preferences.flush()
        self.shut_down()
        event.accept()

    def shut_down(self) -> None:
        """Stop every thread and leave the project in order."""
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.transport.stop()
        self.round_trip.forget()
        self.pausing.end()
        self.bridge.close()
        self.proxies.close()
        self.shot_actions.shots.close()
        self.sound.stop()
        self.overlays.close()
        self.waveforms.close()
        self.background.close()
        self.document.flush()
        self.painting.session.close()
        self.pictures.close()
        self.thumbnails.close()
        self.document.shut_down()
